import torch

from lanedet.models import LaneDetector, LaneGraph, build_detector
from lanedet.ops import StretchView

MEAN = (123.675, 116.28, 103.53)  # none of them is a number of float16


def _detector() -> LaneDetector:
    return build_detector("enet", num_lanes=2, view=StretchView((64, 96))).fuse()


def _images() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (2, 64, 96, 3), dtype=torch.uint8, generator=generator)


def test_pictures_are_normalised_as_the_detector_does_bit_for_bit() -> None:
    detector, images = _detector(), _images()
    planes = images.permute(0, 3, 1, 2)
    expected = detector.data_preprocessor({"inputs": list(planes)})["inputs"]
    before = images.clone()
    inputs = LaneGraph(detector).normalise(images)
    assert torch.equal(inputs, expected)
    assert inputs.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(images, before)


def test_half_of_the_digits_are_the_networks_alone() -> None:
    detector, images = _detector(), _images()
    plain = LaneGraph(detector).normalise(images)
    graph = LaneGraph(detector, half=True)
    torch.testing.assert_close(graph.mean, torch.tensor(MEAN), atol=0, rtol=0)
    assert graph.std.dtype == torch.float32
    assert torch.equal(graph.normalise(images), plain.half())
    network = (*graph.backbone.parameters(), *graph.head.parameters())
    assert {parameter.dtype for parameter in network} == {torch.float16}
    readings = graph(images, torch.tensor([0, 64, 0, 96]))
    assert readings["rows"].dtype == torch.float32
