import pytest
import torch

from lanedet.models import ENet, encoder_stages, stage_energies


def _features(**sizes: int) -> dict[str, torch.Tensor]:
    return {name: torch.zeros(1, 2, size, size) for name, size in sizes.items()}


@pytest.mark.parametrize(
    ("sizes", "encoder"),
    [
        ({"E1": 8, "E2": 4, "E3": 4, "D1": 8, "D2": 4}, ["E1", "E2", "E3"]),
        ({"layer1": 8, "layer2": 4, "layer3": 4}, ["layer1", "layer2", "layer3"]),
        ({"only": 3}, ["only"]),
    ],
    ids=["decoder", "no decoder", "one stage"],
)
def test_the_encoder_ends_where_features_get_finer(
    sizes: dict[str, int], encoder: list[str]
) -> None:
    assert encoder_stages(_features(**sizes)) == encoder


def test_the_encoder_of_enet() -> None:
    with torch.no_grad():
        features = ENet().eval()(torch.zeros(1, 3, 32, 64))
    assert encoder_stages(features) == ["E1", "E2", "E3", "E4"]


def test_energies_are_sums_of_squares() -> None:
    features = {"a": torch.tensor([[[[1.0, -2.0]], [[3.0, 0.5]]]], requires_grad=True)}
    energy = stage_energies(features)["a"]
    assert energy.tolist() == [[[10.0, 4.25]]]
    assert not energy.requires_grad


def test_stages_come_in_the_order_asked_for() -> None:
    features = _features(E1=8, E2=4, D1=8)
    assert list(stage_energies(features)) == ["E1", "E2"]
    assert list(stage_energies(features, ["D1", "E1"])) == ["D1", "E1"]


@pytest.mark.parametrize("stages", [["E1", "E9"], []])
def test_stages_must_be_there(stages: list[str]) -> None:
    with pytest.raises(ValueError, match=r"got \[.*\]\. Its stages are \['E1', 'E2'\]"):
        stage_energies(_features(E1=8, E2=4), stages)
