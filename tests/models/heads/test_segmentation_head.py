import pytest
import torch

from lanedet.models import ExistenceBranch, LaneSegmentationHead


def test_outputs_cover_the_network_input() -> None:
    head = LaneSegmentationHead(
        num_lanes=6,
        in_channels=16,
        seg_stage="D2",
        existence_stage="E4",
        existence_branch=dict(
            type=ExistenceBranch, in_channels=128, input_shape=(48, 64)
        ),
    )
    features = {"D2": torch.zeros(2, 16, 24, 32), "E4": torch.zeros(2, 128, 6, 8)}
    outputs = head.eval()(features)
    assert outputs.seg_logits.shape == (2, 7, 48, 64)
    assert outputs.existence_logits.shape == (2, 6)


@pytest.mark.parametrize(
    ("input_shape", "flat"),
    [((288, 800), 4500), ((368, 640), 4600), ((208, 976), 3965)],
)
def test_existence_branch_has_the_authors_sizes(
    input_shape: tuple[int, int], flat: int
) -> None:
    branch = ExistenceBranch(in_channels=128, input_shape=input_shape, num_lanes=4)
    assert branch.classify[0].in_features == flat


def test_unknown_loss_role() -> None:
    branch = dict(type=ExistenceBranch, in_channels=128, input_shape=(48, 64))
    with pytest.raises(ValueError, match=r"losses must be some of .*got \['sge'\]"):
        LaneSegmentationHead(
            num_lanes=6,
            in_channels=16,
            seg_stage="D2",
            existence_stage="E4",
            existence_branch=branch,
            losses={"sge": {}},
        )


def test_existence_branch_refuses_sizes_it_cannot_pool() -> None:
    with pytest.raises(ValueError, match=r"multiple of 16.*got \(360, 640\)"):
        ExistenceBranch(in_channels=128, input_shape=(360, 640), num_lanes=4)
