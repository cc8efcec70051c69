import pytest
import torch

from lanedet.models import ExistenceBranch, LogitsExistenceBranch


@pytest.mark.parametrize(
    ("input_shape", "flat"),
    [((288, 800), 4500), ((368, 640), 4600), ((208, 976), 3965)],
)
def test_stage_branch_has_the_authors_sizes(
    input_shape: tuple[int, int], flat: int
) -> None:
    branch = ExistenceBranch(
        stage="E4", in_channels=128, input_shape=input_shape, num_lanes=4
    )
    assert branch.classify[0].in_features == flat


def test_logits_branch_has_scnns_size() -> None:
    # SCNN's Linear(4500, 128): five classes on a quarter of 36x100 pixels.
    branch = LogitsExistenceBranch(input_shape=(288, 800), num_lanes=4)
    assert branch.classify[0].in_features == 4500


def test_logits_branch_reads_nothing_but_the_classes() -> None:
    branch = LogitsExistenceBranch(input_shape=(32, 64), num_lanes=2)
    logits = torch.randn(2, 3, 4, 8, requires_grad=True)
    existence = branch({}, logits)
    assert existence.shape == (2, 2)
    existence.sum().backward()
    assert logits.grad is not None
    assert logits.grad.abs().sum() > 0


def test_sizes_that_cannot_be_pooled() -> None:
    with pytest.raises(ValueError, match=r"multiple of 16.*got \(360, 640\)"):
        LogitsExistenceBranch(input_shape=(360, 640), num_lanes=4)
    LogitsExistenceBranch(input_shape=(360, 640), num_lanes=4, stride=4)
