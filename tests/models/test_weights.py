import json
from pathlib import Path
from typing import Any

import pytest
import safetensors
import torch
from mmengine.registry import MODELS
from safetensors.torch import save_file
from torch import nn

from lanedet.models import (
    MODEL_KEY,
    LaneDetector,
    build_model,
    describe_model,
    load_weights,
    read_checkpoint,
    save_weights,
)


@pytest.fixture
def saved(model_config: dict[str, Any], tmp_path: Path) -> tuple[LaneDetector, Path]:
    model: LaneDetector = MODELS.build(model_config)
    path = tmp_path / "weights.safetensors"
    save_weights(path, describe_model(model_config), model.state_dict(), {"seed": "3"})
    return model, path


def test_round_trip_gives_the_same_predictions(
    saved: tuple[LaneDetector, Path],
) -> None:
    model, path = saved
    inputs = torch.randn(1, 3, 32, 64)
    loaded = load_weights(path)
    assert not loaded.training
    for ours, theirs in zip(loaded(inputs), model.eval()(inputs), strict=True):
        assert torch.equal(ours, theirs)


def test_weights_carry_provenance_and_no_distiller(
    saved: tuple[LaneDetector, Path],
) -> None:
    with safetensors.safe_open(saved[1], framework="pt") as file:
        metadata = file.metadata()
    assert metadata["seed"] == "3"
    assert "distiller" not in json.loads(metadata[MODEL_KEY])


def test_writing_leaves_no_partial_file(saved: tuple[LaneDetector, Path]) -> None:
    assert [path.name for path in saved[1].parent.iterdir()] == [saved[1].name]


def test_description_is_json_and_builds_the_same_model(
    model_config: dict[str, Any],
) -> None:
    description = json.loads(json.dumps(describe_model(model_config)))
    model = build_model(description)
    reference: LaneDetector = MODELS.build(model_config)
    assert model.state_dict().keys() == reference.state_dict().keys()
    assert model.view((36, 64)) == reference.view((36, 64))


def test_class_outside_the_list_is_not_described(model_config: dict[str, Any]) -> None:
    model_config["backbone"] = dict(type=nn.Identity)
    with pytest.raises(ValueError, match=r"cannot name Identity. Known are"):
        describe_model(model_config)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"type": "os.system"}, "'os.system', which is not", id="class"),
        pytest.param({"extra": 1}, "does not fit.*extra", id="argument"),
        pytest.param({"mean": [1.0, 2.0]}, "does not fit", id="value"),
        pytest.param({"_scope_": "this"}, "no keys like '_scope_'", id="import"),
    ],
)
def test_strange_description(
    model_config: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        build_model({**describe_model(model_config), **change})


def test_description_of_a_part_is_no_detector() -> None:
    with pytest.raises(ValueError, match="must be that of a LaneDetector, got 'ENet'"):
        build_model({"type": "ENet"})


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"No weights or checkpoint.*make demo"):
        load_weights(tmp_path / "none.safetensors")


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_damaged_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(b"no weights at all")
    with pytest.raises(ValueError, match=r"no whole weights file|damaged"):
        load_weights(path)


def test_cut_off_weights(saved: tuple[LaneDetector, Path]) -> None:
    path = saved[1]
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="no whole weights file"):
        load_weights(path)


def test_weights_of_another_program(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(ValueError, match="does not say what model it holds"):
        load_weights(path)


def test_weights_of_another_model(
    saved: tuple[LaneDetector, Path], model_config: dict[str, Any]
) -> None:
    model, path = saved
    model_config["head"]["num_lanes"] = 6
    save_weights(path, describe_model(model_config), model.state_dict(), {})
    with pytest.raises(ValueError, match=r"another model.*tensors differ: head"):
        load_weights(path)


class Bomb:
    """Would write a file when unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return (Path.touch, (self.target,))


def test_checkpoint_with_code_is_refused_and_not_run(tmp_path: Path) -> None:
    torch.save({"state_dict": Bomb(tmp_path / "boom")}, tmp_path / "evil.pth")
    with pytest.raises(ValueError, match="would run code, which is refused"):
        read_checkpoint(tmp_path / "evil.pth")
    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize("content", [{"meta": "x"}, {"meta": None}])
def test_checkpoint_of_another_form(tmp_path: Path, content: dict[str, Any]) -> None:
    torch.save(content, tmp_path / "strange.pth")
    with pytest.raises(ValueError, match="it must hold a dict"):
        load_weights(tmp_path / "strange.pth")


def test_checkpoint_that_is_no_dict(tmp_path: Path) -> None:
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(ValueError, match="it must hold a dict"):
        read_checkpoint(tmp_path / "list.pth")
