import numpy as np
import pytest
from exports import exported_file

from lanedet.formats.models import ModelMetadata, read_onnx_metadata
from lanedet.inference.predictors.predictor import open_metadata, read_in_batches


def test_black_images_fill_the_last_batch_and_are_left_out_of_the_readings() -> None:
    sums: list[list[int]] = []

    def read(batch: np.ndarray) -> dict[str, np.ndarray]:
        sums.append(batch.sum((1, 2, 3)).tolist())
        return {"existence": batch[:, 0, 0, :1]}

    pixels = np.arange(1, 4, dtype=np.uint8)[:, None, None, None].repeat(3, axis=3)
    readings = read_in_batches(read, pixels, 2)
    assert sums == [[3, 6], [9, 0]]
    assert readings["existence"].tolist() == [[1], [2], [3]]


@pytest.mark.parametrize("shape", [(), (3,), (4, 2)])
def test_readings_that_are_not_one_of_each_image(shape: tuple[int, ...]) -> None:
    pixels = np.zeros((2, 1, 1, 3), np.uint8)
    with pytest.raises(ValueError, match="existence must be of 2 images, got the shap"):
        read_in_batches(lambda _: {"existence": np.zeros(shape)}, pixels, 2)


def test_metadata_of_another_graph() -> None:
    path = exported_file("maps", "onnx")
    metadata = ModelMetadata.read(read_onnx_metadata(path), path)
    head = {"type": "LineHead", "num_slots": 4}
    other = ModelMetadata(
        {**metadata.description, "head": head}, metadata.facts, metadata.provenance
    )
    with pytest.raises(ValueError, match="cannot be used: A LineDecoder reads lines"):
        open_metadata(path, other.texts())
