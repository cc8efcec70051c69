"""Pictures as the frames of a video."""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path, PurePath, PurePosixPath

from lanedet.images import ImageError, read_image
from lanedet.video.sources.source import Source, VideoFrame

_NUMBER = re.compile(r"(\d+)")


class ImageSource(Source):
    """Iterate over image files as the frames of a video, once.

    Files that are no whole image are left out and counted, and so is their place in
    time: what comes after them is where it would be. They may differ in size.

    Args:
        paths: The files, at least one. They come in the order of the numbers in their
            names: ``9.jpg`` before ``10.jpg``.
        root: Folder that the frames are named relative to.
        frame_rate: Frames per second, > 0.
        name: What to call the source.

    Raises:
        ValueError: If there is no file or the frame rate is not positive.
    """

    def __init__(
        self, paths: Sequence[Path], root: Path, frame_rate: Fraction | int, name: str
    ) -> None:
        if not paths:
            raise ValueError(f"{name!r} must name at least one image.")
        if frame_rate <= 0:
            raise ValueError(f"frame_rate must be positive, got {frame_rate}.")
        self.name = name
        self.frame_rate = Fraction(frame_rate)
        self.time_base = 1 / self.frame_rate
        self.files = tuple(sorted(paths, key=_natural_order))
        self._names = [path.relative_to(root).as_posix() for path in self.files]
        folders = {str(PurePosixPath(name).parent) for name in self._names}
        self.sequences = tuple(sorted(folders))

    @property
    def expected_frames(self) -> int:
        """Number of files."""
        return len(self.files)

    def __iter__(self) -> Iterator[VideoFrame]:
        """Yield the images in order.

        Raises:
            ImageError: If not one of the files is a whole image.

        Warns:
            UserWarning: Of each file that holds several images, of which one is read.
        """
        index = 0
        for position, (path, name) in enumerate(
            zip(self.files, self._names, strict=True)
        ):
            try:
                image = read_image(path)
            except ImageError:
                self.num_undecodable += 1
                if self.num_undecodable == len(self.files):
                    raise
                continue
            yield VideoFrame(index, position * self.time_base, image, name)
            index += 1

    def close(self) -> None:
        """Do nothing: each file is closed when it was read."""


def _natural_order(path: PurePath) -> list[tuple[bool, int, str]]:
    """Return a key that sorts numbers by their value.

    Example:
        >>> sorted(map(PurePath, ["a/10.jpg", "a/9.jpg"]), key=_natural_order)[0].name
        '9.jpg'
    """
    parts = _NUMBER.split(path.as_posix())
    return [
        (part.isdecimal(), int(part) if part.isdecimal() else 0, part)
        for part in parts  # "²" is a digit, but no number
    ]
