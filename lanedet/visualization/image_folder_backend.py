"""Pictures of a run as files, in folders."""

from pathlib import Path
from typing import Any

from mmengine.visualization import LocalVisBackend
from mmengine.visualization.vis_backend import force_init_env

from lanedet.arrays import ByteArray


class ImageFolderBackend(LocalVisBackend):
    """Write the pictures of a run where their names say.

    TensorBoard groups pictures by the part of the name before a slash. mmengine's
    backend takes it for a folder that is there already, and writes nothing, without a
    word, where it is not.
    """

    @force_init_env
    def add_image(
        self, name: str, image: ByteArray, step: int = 0, **options: Any
    ) -> None:
        """Write ``<name>_<step>.png`` below the run's folder of pictures.

        Args:
            name: May name folders, as in ``val/attention``.
            image: (H, W, 3) uint8, RGB.
            step: Iteration that the picture belongs to.
            options: For other backends.
        """
        (Path(self._img_save_dir) / name).parent.mkdir(parents=True, exist_ok=True)
        super().add_image(name, image, step, **options)
