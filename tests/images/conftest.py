"""One small file of every format that OpenCV writes."""

import cv2
import numpy as np
import pytest

SHAPE = (67, 93)  # sides whose bytes stand nowhere else in a header
SUFFIXES = (
    *(".jpg", ".png", ".gif", ".bmp", ".webp", ".tiff", ".avif", ".jp2"),
    *(".pbm", ".pgm", ".ppm", ".pam", ".pfm", ".hdr", ".ras"),
)


@pytest.fixture(scope="session")
def whole_files() -> dict[str, bytes]:
    """Return the content of a whole file of ``SHAPE`` for each of ``SUFFIXES``.

    A format that this build of OpenCV does not have is left out.
    """
    ys, xs = np.indices(SHAPE)
    waves = [np.sin(xs / 9), np.cos(ys / 7), np.sin((xs + ys) / 11)]
    image = (128 + 100 * np.stack(waves, axis=2)).astype(np.uint8)
    files = {}
    for suffix in SUFFIXES:
        pixels = image[..., 0] if suffix in (".pbm", ".pgm") else image
        if suffix in (".pfm", ".hdr"):
            pixels = pixels.astype(np.float32)
        if cv2.haveImageWriter(f"image{suffix}"):
            options = [cv2.IMWRITE_WEBP_QUALITY, 80] if suffix == ".webp" else []
            files[suffix] = cv2.imencode(suffix, pixels, options)[1].tobytes()
    return files


@pytest.fixture(params=SUFFIXES)
def whole_file(
    request: pytest.FixtureRequest, whole_files: dict[str, bytes]
) -> tuple[str, bytes]:
    """Return suffix and content of a whole file of each format in turn."""
    if request.param not in whole_files:
        pytest.skip(f"This OpenCV writes no {request.param}.")
    return request.param, whole_files[request.param]
