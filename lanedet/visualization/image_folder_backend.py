"""Pictures of a run as files, in folders."""

from pathlib import Path
from typing import Any

from mmengine.visualization import LocalVisBackend
from mmengine.visualization.vis_backend import force_init_env

from lanedet.arrays import ByteArray
from lanedet.images import write_image


class ImageFolderBackend(LocalVisBackend):
    """Write the pictures of a run where their names say.

    TensorBoard groups pictures by the part of the name before a slash. mmengine's
    backend takes it for a folder that is there already, and writes nothing, without a
    word, where it is not. It also hands OpenCV the name of the run's folder, which ends
    the process where that is not UTF-8.
    """

    @force_init_env
    def add_image(
        self, name: str, image: ByteArray, step: int = 0, **_options: Any
    ) -> None:
        """Write ``<name>_<step>.png`` below the run's folder of pictures.

        Args:
            name: May name folders, as in ``val/attention``.
            image: (H, W, 3) uint8, RGB.
            step: Iteration that the picture belongs to.
            _options: For other backends.

        Raises:
            OSError: If it cannot be written.
        """
        write_image(Path(self._img_save_dir) / f"{name}_{step}.png", image)
