"""Images that a user names, and where the pictures made of them go."""

import os
from collections.abc import Iterable, Iterator
from glob import has_magic
from pathlib import Path

from lanedet.files import check_distinct_outputs, is_hidden
from lanedet.images.writing import check_image_path

IMAGE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
"""How the names of images end, in small letters."""

VIDEO_SUFFIXES = (
    *(".3gp", ".asf", ".avi", ".flv", ".h264", ".h265", ".hevc", ".insv", ".lrv"),
    *(".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ts"),
    *(".webm", ".wmv"),
)
"""How the names of videos end, likewise."""

_VIDEO_HINT = "Videos are given one at a time, to lanedet video."


def find_images(source: Path | str) -> list[Path]:
    """Return the image files that ``source`` names, sorted.

    Args:
        source: An image, of any name; a folder, for the images in it and its folders;
            or a pattern such as ``clips/*/20.jpg``, which may name folders too. What
            is hidden in them (:func:`lanedet.files.is_hidden`) is left out.

    Raises:
        FileNotFoundError: If there is no such file or folder, or no image in it.
        ValueError: If it is a video or an empty name.
    """
    if source == "":  # which a path takes for the folder one is in
        raise ValueError(
            "Images must be named by a file, a folder or a pattern, got ''. For the "
            "folder you are in use '.'."
        )
    source = Path(source)
    if source.is_file():
        if _is_video(source):
            raise ValueError(
                f"{str(source)!r} is a video; images are wanted here. {_VIDEO_HINT}"
            )
        return [source]
    if not source.is_dir() and not _is_pattern(source):
        raise FileNotFoundError(f"No image or folder at {str(source)!r}.")
    found = set(_all_in(source))
    images = sorted(
        path
        for path in found
        if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()
    )
    if not images:
        hint = f" {_VIDEO_HINT}" if any(map(_is_video, found)) else ""
        raise FileNotFoundError(
            f"No images in {str(source)!r}: no file in it or its folders ends in "
            f"{', '.join(IMAGE_SUFFIXES)}.{hint}"
        )
    return images


def find_videos(source: Path | str) -> list[Path]:
    """Return the videos in a folder and its folders, sorted, without what is hidden.

    Args:
        source: The folder, or a pattern, which may name folders too.
    """
    return sorted(
        path for path in _all_in(Path(source)) if _is_video(path) and path.is_file()
    )


def image_root(source: Path | str) -> Path:
    """Return the folder that holds all images that ``source`` names."""
    source = Path(source)
    if _is_pattern(source):
        return next(folder for folder in source.parents if not has_magic(str(folder)))
    return source.parent if source.is_file() else source


def plan_outputs(
    images: Iterable[Path], source: Path | str, out: Path | str
) -> dict[Path, Path]:
    """Return where in the folder ``out`` the picture of each image goes.

    Args:
        images: What :func:`find_images` found.
        source: Where it looked.
        out: Folder for the pictures.

    Raises:
        ValueError: If a picture could replace an image, or another picture. Pictures
            inside a source folder would be taken for images the next time.
        OSError: If the name of a picture is too long.

    Example:
        >>> image = Path("clips/1/20.jpg")
        >>> for source in ("clips", "clips/*/20.jpg", "clips/1/20.jpg"):
        ...     print(plan_outputs([image], source, "out")[image].as_posix())
        out/1/20.jpg
        out/1/20.jpg
        out/20.jpg
    """
    root, folder = image_root(source).resolve(), Path(out).resolve()
    if folder == root or (not Path(source).is_file() and root in folder.parents):
        raise ValueError(
            "The pictures must go to a folder apart from the images, got "
            f"{str(folder)!r}."
        )
    outputs = {image: _out_path(image, source, out) for image in images}
    check_distinct_outputs(outputs.items())
    for path in outputs.values():
        check_image_path(path)
    return outputs


def _out_path(image: Path, source: Path | str, out: Path | str) -> Path:
    """Return where in the folder ``out`` the picture of an image goes.

    Folders below ``source`` are kept: benchmarks name images alike in every clip. So
    is the format, else two images could have one picture; what is no image by its
    name becomes a PNG file.

    Raises:
        ValueError: If a pattern leads to images outside its own folder.
    """
    source = Path(source)
    name = (
        Path(image.name)
        if image == source
        # A pattern may lead out of a folder and into the next.
        else Path(os.path.normpath(image.relative_to(image_root(source))))
    )
    if ".." in name.parts:
        raise ValueError(
            f"The pattern must stay within {str(image_root(source))!r}, where its "
            f"images are, got {str(source)!r}."
        )
    if image.suffix.lower() not in IMAGE_SUFFIXES:
        name = name.with_name(f"{name.name}.png")
    return Path(out) / name


def _all_in(source: Path) -> Iterator[Path]:
    """Yield what a folder holds, or what a pattern names and the folders of it hold.

    Without what is hidden: systems keep thumbnails and notes on files there.
    """
    root = image_root(source)
    for path in root.glob("*" if root == source else str(source.relative_to(root))):
        for each in (path, *(path.rglob("*") if path.is_dir() else ())):
            if not any(map(is_hidden, each.relative_to(root).parts)):
                yield each


def _is_video(path: Path) -> bool:
    return path.suffix.lower() in VIDEO_SUFFIXES


def _is_pattern(source: Path) -> bool:
    return has_magic(str(source)) and not source.exists()
