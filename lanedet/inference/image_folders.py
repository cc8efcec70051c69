"""Images that a user names, and where the pictures made of them go."""

from pathlib import Path

_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


def find_images(source: Path | str) -> list[Path]:
    """Return the image files that ``source`` names, itself or in its folders, sorted.

    Raises:
        FileNotFoundError: If there is no such file or folder, or no image in it.
    """
    source = Path(source)
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise FileNotFoundError(f"No image or folder at {str(source)!r}.")
    found = [
        path
        for path in sorted(source.rglob("*"))
        if path.suffix.lower() in _SUFFIXES and path.is_file()
    ]
    if not found:
        raise FileNotFoundError(
            f"No images in {str(source)!r}: no file in it or its folders ends in "
            f"{', '.join(_SUFFIXES)}."
        )
    return found


def check_out(source: Path | str, out: Path | str) -> None:
    """Raise ValueError if pictures in the folder ``out`` could replace the sources.

    Pictures inside a source folder would be taken for images the next time.
    """
    source, out = Path(source).resolve(), Path(out).resolve()
    folder = source if source.is_dir() else source.parent
    if out == folder or (source.is_dir() and folder in out.parents):
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
        >>> out_path(Path("clips/1/20.jpg"), "clips/1/20.jpg", "out").as_posix()
        'out/20.jpg'
    """
    source = Path(source)
    name = Path(image.name) if image == source else image.relative_to(source)
    if image.suffix.lower() not in _SUFFIXES:
        name = name.with_name(f"{name.name}.png")
    return Path(out) / name
