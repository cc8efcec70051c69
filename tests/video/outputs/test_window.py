import cv2
import numpy as np
import pytest

from lanedet.video.outputs.window import FrameWindow


@pytest.fixture(autouse=True)
def screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")


def test_without_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(OSError, match=r"DISPLAY is not set.*--out"):
        FrameWindow("drive")


def test_with_an_opencv_that_has_no_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise cv2.error("The function is not implemented.")

    monkeypatch.setattr(cv2, "namedWindow", refuse)
    with pytest.raises(OSError, match=r"built without windows.*opencv-python"):
        FrameWindow("drive")


@pytest.mark.parametrize(
    ("key", "visible", "goes_on"),
    [(-1, 1.0, True), (ord("q"), 1.0, False), (27, 1.0, False), (-1, 0.0, False)],
)
def test_keys_and_closing_end_it(
    monkeypatch: pytest.MonkeyPatch, key: int, visible: float, goes_on: bool
) -> None:
    shown = []
    monkeypatch.setattr(cv2, "namedWindow", lambda *_: None)
    monkeypatch.setattr(cv2, "resizeWindow", lambda *_: None)
    monkeypatch.setattr(cv2, "imshow", lambda _, image: shown.append(image))
    monkeypatch.setattr(cv2, "waitKey", lambda _: key)
    monkeypatch.setattr(cv2, "getWindowProperty", lambda *_: visible)
    window = FrameWindow("drive")
    image = np.full((4, 6, 3), (200, 100, 0), dtype=np.uint8)
    assert window.show(image) is goes_on
    assert shown[0][0, 0].tolist() == [0, 100, 200]  # OpenCV's windows take BGR


@pytest.mark.parametrize(
    ("shape", "size"), [((540, 960), (960, 540)), ((2160, 3840), (1600, 900))]
)
def test_the_window_gets_the_size_of_the_frames_once(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, int], size: tuple[int, int]
) -> None:
    sizes = []
    monkeypatch.setattr(cv2, "namedWindow", lambda *_: None)
    monkeypatch.setattr(cv2, "resizeWindow", lambda _, *size: sizes.append(size))
    monkeypatch.setattr(cv2, "imshow", lambda *_: None)
    monkeypatch.setattr(cv2, "waitKey", lambda _: -1)
    monkeypatch.setattr(cv2, "getWindowProperty", lambda *_: 1.0)
    window = FrameWindow("drive")
    for _ in range(2):
        window.show(np.zeros((*shape, 3), dtype=np.uint8))
    assert sizes == [size]
