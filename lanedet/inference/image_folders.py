"""Images that a user names, and where the pictures made of them go."""

from collections.abc import Iterator
from glob import has_magic
from pathlib import Path

_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
_VIDEO_SUFFIXES = (".avi", ".flv", ".m4v", ".mkv", ".mov", ".mp4", ".mpg", ".ts")
_VIDEO_HINT = "Videos are given one at a time, to tools/infer_video.py."


def find_images(source: Path | str) -> list[Path]:
    """Return the image files that ``source`` names, sorted.

    Args:
        source: An image, of any name; a folder, for the images in it and its folders;
            or a pattern such as ``clips/*/20.jpg``, which may name folders too.

    Raises:
        FileNotFoundError: If there is no such file or folder, or no image in it.
        ValueError: If it is a video.
    """
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
        path for path in found if path.suffix.lower() in _SUFFIXES and path.is_file()
    )
    if not images:
        hint = f" {_VIDEO_HINT}" if any(map(_is_video, found)) else ""
        raise FileNotFoundError(
            f"No images in {str(source)!r}: no file in it or its folders ends in "
            f"{', '.join(_SUFFIXES)}.{hint}"
        )
    return images


def check_out(source: Path | str, out: Path | str) -> None:
    """Raise ValueError if pictures in the folder ``out`` could replace the sources.

    Pictures inside a source folder would be taken for images the next time.
    """
    root, out = _root(Path(source)).resolve(), Path(out).resolve()
    if out == root or (not Path(source).is_file() and root in out.parents):
        raise ValueError(
            f"The pictures must go to a folder apart from the images, got {str(out)!r}."
        )


def out_path(image: Path, source: Path | str, out: Path | str) -> Path:
    """Return where in the folder ``out`` the picture of an image goes.

    Folders below ``source`` are kept: benchmarks name images alike in every clip. So
    is the format, else two images could have one picture; what is no image by its
    name becomes a PNG file.

    Example:
        >>> out_path(Path("clips/1/20.jpg"), "clips", "out").as_posix()
        'out/1/20.jpg'
        >>> out_path(Path("clips/1/20.jpg"), "clips/*/20.jpg", "out").as_posix()
        'out/1/20.jpg'
        >>> out_path(Path("clips/1/20.jpg"), "clips/1/20.jpg", "out").as_posix()
        'out/20.jpg'
    """
    source = Path(source)
    name = Path(image.name) if image == source else image.relative_to(_root(source))
    if image.suffix.lower() not in _SUFFIXES:
        name = name.with_name(f"{name.name}.png")
    return Path(out) / name


def _all_in(source: Path) -> Iterator[Path]:
    """Yield what a folder holds, or what a pattern names and the folders of it hold."""
    root = _root(source)
    for path in root.glob("*" if root == source else str(source.relative_to(root))):
        yield path
        if path.is_dir():
            yield from path.rglob("*")


def _root(source: Path) -> Path:
    """Return the folder that holds all that ``source`` names."""
    if _is_pattern(source):
        return next(folder for folder in source.parents if not has_magic(str(folder)))
    return source.parent if source.is_file() else source


def _is_video(path: Path) -> bool:
    return path.suffix.lower() in _VIDEO_SUFFIXES


def _is_pattern(source: Path) -> bool:
    return has_magic(str(source)) and not source.exists()
