import contextlib
import json
from pathlib import Path

import numpy as np
import pytest
from fuzzing import mutations

from lanedet.ops import project
from lanedet.video.driving.calibration import Calibration

CAMERA = """\
image_size: [1280, 720]
camera: {height_m: 1.5, pitch_deg: 0, focal_px: 1000}
"""


def _read(tmp_path: Path, text: str) -> Calibration:
    path = tmp_path / "camera.yaml"
    path.write_text(text)
    return Calibration.read(path)


def test_a_camera_by_hand(tmp_path: Path) -> None:
    calibration = _read(tmp_path, CAMERA)
    assert calibration.image_shape == (720, 1280)
    pixels = np.array([[639.5, 459.5], [839.5, 459.5]])
    on_road = project(pixels, calibration.to_road)
    assert on_road == pytest.approx(np.array([[0.0, 15.0], [3.0, 15.0]]))


def test_every_entry_of_the_camera_counts(tmp_path: Path) -> None:
    plain = _read(tmp_path, CAMERA).to_road
    for entry in (
        "height_m: 1.2",
        "pitch_deg: 2",
        "focal_px: [1000, 990]",
        "principal_point: [600, 360]",
        "yaw_deg: 1",
        "roll_deg: -1",
        "lateral_m: 0.3",
    ):
        key = entry.split(":")[0]
        entries = {"height_m": "1.5", "pitch_deg": "0", "focal_px": "1000"}
        entries[key] = entry.split(": ")[1]
        camera = ", ".join(f"{name}: {value}" for name, value in entries.items())
        other = _read(tmp_path, f"image_size: [1280, 720]\ncamera: {{{camera}}}\n")
        assert not np.allclose(other.to_road, plain), key


@pytest.mark.parametrize("sign", [1, -1])
def test_a_homography_of_either_sign_as_json(tmp_path: Path, sign: int) -> None:
    to_road = _read(tmp_path, CAMERA).to_road
    content = {"image_size": [1280, 720], "homography": (sign * to_road).tolist()}
    calibration = _read(tmp_path, json.dumps(content))
    assert calibration.to_road == pytest.approx(to_road)


def test_pictures_of_another_size_show_the_same_road(tmp_path: Path) -> None:
    calibration = _read(tmp_path, CAMERA)
    half = calibration.to_road_from((360, 640))
    # The middles of the pictures' corners meet, half a pixel outside their centres.
    pixels = np.array([[100.0, 500.0], [900.0, 700.0]])
    assert project((pixels + 0.5) / 2 - 0.5, half) == pytest.approx(
        project(pixels, calibration.to_road)
    )


def test_pictures_of_another_aspect_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"is for pictures of 1280x720, these are 720x"
    ):
        _read(tmp_path, CAMERA).to_road_from((1280, 720))


def test_there_must_be_a_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"No calibration at .*driving\.md"):
        Calibration.read(tmp_path / "none.yaml")


_SIZE = "image_size: [1280, 720]\n"
_FULL = "height_m: 1.5, pitch_deg: 0, focal_px: 1000"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file must have entries, of image_size, camera, homography"),
        ("[1, 2]", "the file must have entries"),
        ("image_size: [1", r"camera\.yaml: while parsing"),
        (_SIZE, "either 'camera' or 'homography'"),
        (f"{CAMERA}homography: []", "either 'camera' or 'homography'"),
        (f"{CAMERA}homografy: 1", "no entry 'homografy': did you mean 'homography'"),
        (f"camera: {{{_FULL}}}", "'image_size' must be a list of 2 numbers, got None"),
        (f"image_size: [1280.5, 720]\ncamera: {{{_FULL}}}", "two whole numbers > 0"),
        (f"image_size: [0, 720]\ncamera: {{{_FULL}}}", "two whole numbers > 0"),
        (f"{_SIZE}camera: 3", "'camera' must have entries, of height_m"),
        (f"{_SIZE}camera: {{{_FULL}, fov: 3}}", "'camera' has no entry 'fov': use"),
        (f"{_SIZE}camera: {{height_m: 1.5, focal_px: 9}}", "'pitch_deg' is missing"),
        (f"{_SIZE}camera: {{height_m: 1.5, pitch_deg: 1}}", "'focal_px' is missing"),
        (
            f"{_SIZE}camera: {{{_FULL.replace('1.5', '-1.5')}}}",
            r"'height_m' must be a number in \[0.1, 6.0\], got -1.5",
        ),
        (
            f"{_SIZE}camera: {{{_FULL.replace('1.5', 'true')}}}",
            "'height_m' must be a number .* got True",
        ),
        (
            f"{_SIZE}camera: {{{_FULL.replace('1.5', '.nan')}}}",
            "'height_m' must be a number .* got nan",
        ),
        (
            f"{_SIZE}camera: {{{_FULL.replace('1000', '[0, 1000]')}}}",
            "'focal_px' must be at least 1 pixel",
        ),
        (
            f"{_SIZE}camera: {{{_FULL}, principal_point: [1]}}",
            "'principal_point' must be a list of 2 numbers",
        ),
        (
            f"{_SIZE}camera: {{{_FULL.replace('pitch_deg: 0', 'pitch_deg: -30')}}}",
            r"must show the road .* got -8.3 m.*positive pitch_deg looks down",
        ),
        (f"{_SIZE}homography: [[1, 0, 0], [0, 1, 0]]", "three rows of three numbers"),
        (f"{_SIZE}homography: 3", "three rows of three numbers"),
        (f"{_SIZE}homography: [[1, 0], [0, 1], [0, 0]]", "a list of 3 numbers"),
        (f"{_SIZE}homography: [[1, 0, 0], [1, 0, 0], [0, 0, 1]]", "singular"),
        (
            f"{_SIZE}homography: [[1, 0, 0], [0, 1, 0], [0, 0, 1]]",
            "between 0 and 100 m",
        ),
    ],
)
def test_bad_files(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        _read(tmp_path, text)
    assert "camera.yaml" in str(error.value)


HUGE = "1" + "0" * 400


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(CAMERA.replace("1000", HUGE), "'focal_px' must be", id="10^400"),
        pytest.param(CAMERA.replace("1280", HUGE), "'image_size' must be", id="size"),
        pytest.param(CAMERA.replace("1000", "9" * 9999), "digits", id="digits"),
        pytest.param(CAMERA.replace("1000", "0x" + "f" * 9999), "digits", id="hex"),
        pytest.param(CAMERA.replace("720", "70000"), "at most 65536", id="pixels"),
        pytest.param("[" * 60_000, "at most 8 deep", id="deep lists"),
        pytest.param("{a: " * 9_000, "at most 8 deep", id="deep mappings"),
        pytest.param("- " * 30_000, "at most 8 deep", id="deep blocks"),
        pytest.param("#" * 70_000, "at most 65536 bytes", id="large"),
        pytest.param("!!python/name:os.system", "tags", id="a tag of Python"),
        pytest.param("!!timestamp x", "tags", id="a tag of YAML"),
        pytest.param("a: &a [x]\nb: *a\n", "aliases", id="alias"),
        pytest.param("\0", "special characters", id="no text"),
    ],
)
def test_hostile_files(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as reported:
        _read(tmp_path, text)
    assert len(str(reported.value)) < 1000


def test_aliases_that_grow(tmp_path: Path) -> None:
    lines = ["image_size: &a [x, x, x, x, x, x, x, x, x]"]
    for name, before in zip("bcdefghij", "abcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]")
    with pytest.raises(ValueError, match="aliases") as reported:
        _read(tmp_path, "\n".join(lines))
    assert len(str(reported.value)) < 1000


@pytest.mark.parametrize("seed", range(2))
def test_damaged_files_are_read_or_refused(tmp_path: Path, seed: int) -> None:
    _fuzz(tmp_path, seed, 150)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_many_damaged_files_are_read_or_refused(tmp_path: Path, seed: int) -> None:
    _fuzz(tmp_path, seed, 2000)


def _fuzz(tmp_path: Path, seed: int, count: int) -> None:
    homography = {"image_size": [1280, 720], "homography": np.eye(3).tolist()}
    path = tmp_path / "camera.yaml"
    for whole in (CAMERA, json.dumps(homography)):
        for content in mutations(whole.encode(), seed, count):
            path.write_bytes(content)
            with contextlib.suppress(ValueError):
                assert np.isfinite(Calibration.read(path).to_road).all()
