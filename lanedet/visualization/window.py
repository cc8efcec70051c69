"""Pictures to the screen."""

import os
import sys

import cv2

from lanedet.arrays import ByteArray
from lanedet.visualization.text import drawable


def show_image(title: str, image: ByteArray) -> None:
    """Show an image (H, W, 3) uint8, RGB, in a window until a key is pressed.

    Raises:
        ValueError: If there is no screen to show it on.
    """
    # Without a screen, Qt would end the whole process.
    has_screen = sys.platform != "linux" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    try:
        if not has_screen:
            raise ValueError("There is no screen here. Write the pictures to files.")
        title = drawable(title)
        cv2.imshow(title, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        cv2.waitKey(0)
        cv2.destroyWindow(title)
    except cv2.error as error:
        raise ValueError(
            "This OpenCV cannot open windows. Write the pictures to files."
        ) from error
