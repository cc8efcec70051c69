"""A window that shows frames while they are made."""

import os
import sys

import cv2

from lanedet.arrays import ByteArray

_LARGEST_WIDTH, _LARGEST_HEIGHT = 1600, 900  # pixels; it can be made larger by hand
_QUIT_KEYS = (27, ord("q"))  # Esc


class FrameWindow:
    """A window on the screen. Its methods must be called by one thread.

    Args:
        title: What stands above it.

    Raises:
        OSError: If there is no screen, or OpenCV was built without windows.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._has_size = False
        has_screen = any(os.environ.get(v) for v in ("DISPLAY", "WAYLAND_DISPLAY"))
        if sys.platform == "linux" and not has_screen:
            # Without one, OpenCV's window library would end the whole process.
            raise OSError(
                "There is no screen to show frames on: DISPLAY is not set. Write a "
                "clip instead, with --out."
            )
        try:
            cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_GUI_NORMAL)
        except cv2.error as error:
            raise OSError(
                "This OpenCV was built without windows. Install opencv-python after "
                "opencv-python-headless, or write a clip instead, with --out."
            ) from error

    def show(self, image: ByteArray) -> bool:
        """Show a picture; return whether the user wants to go on.

        Args:
            image: (H, W, 3) uint8, RGB.
        """
        if not self._has_size:  # a new window is small, whatever it is to show
            height, width = image.shape[:2]
            scale = min(1, _LARGEST_WIDTH / width, _LARGEST_HEIGHT / height)
            cv2.resizeWindow(self._title, round(width * scale), round(height * scale))
            self._has_size = True
        cv2.imshow(self._title, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        if cv2.waitKey(1) in _QUIT_KEYS:
            return False
        return cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) >= 1

    def close(self) -> None:
        """Close the window."""
        cv2.destroyWindow(self._title)
