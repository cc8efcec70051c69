import json
import os
from pathlib import Path
from typing import Any

import pytest
import safetensors
import torch
from mmengine.registry import MODELS
from safetensors.torch import save_file
from torch import nn

from lanedet.formats.models import MODEL_KEY
from lanedet.models import (
    ConvClassifier,
    DeepSupervision,
    LaneDetector,
    LaneSegmentationHead,
    ResNet,
    TimmFeatures,
    TorchvisionFeatures,
    build_model,
    check_state_dict,
    describe_model,
    is_whole_checkpoint,
    load_weights,
    publish_weights,
    read_checkpoint,
    read_checkpoint_header,
    read_provenance,
    save_weights,
)
from lanedet.models import weights as weights_module
from lanedet.models.descriptions import TooManyNumbersError


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


def test_a_name_that_is_not_utf8(saved: tuple[LaneDetector, Path]) -> None:
    model, path = saved
    odd = path.with_name(os.fsdecode(b"w\xe9.safetensors"))
    try:
        path.rename(odd)
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    loaded = load_weights(odd).state_dict()
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded[name], tensor)
    assert read_provenance(odd)["seed"] == "3"
    assert is_whole_checkpoint(odd)


def test_weights_carry_provenance_and_no_distiller(
    saved: tuple[LaneDetector, Path],
) -> None:
    with safetensors.safe_open(saved[1], framework="pt") as file:
        metadata = file.metadata()
    assert metadata["seed"] == "3"
    assert "distiller" not in json.loads(metadata[MODEL_KEY])


def with_deep_supervision(model_config: dict[str, Any]) -> dict[str, Any]:
    distiller = dict(type=DeepSupervision, stages=["E2", "E3"])
    return {**model_config, "distiller": distiller}


def test_weights_of_a_distiller_are_left_out(
    model_config: dict[str, Any], tmp_path: Path
) -> None:
    config = with_deep_supervision(model_config)
    model: LaneDetector = MODELS.build(config)
    assert "distiller.classifiers.0.weight" in model.state_dict()
    path = tmp_path / "weights.safetensors"
    save_weights(path, describe_model(config), model.state_dict(), {})
    state = read_checkpoint(path)["state_dict"]
    assert not [name for name in state if name.startswith("distiller")]
    inputs = torch.randn(1, 3, 32, 64)
    for ours, theirs in zip(
        load_weights(path)(inputs), model.eval()(inputs), strict=True
    ):
        assert torch.equal(ours, theirs)


def test_training_checkpoint_with_weights_of_a_distiller(
    model_config: dict[str, Any], tmp_path: Path
) -> None:
    config = with_deep_supervision(model_config)
    model: LaneDetector = MODELS.build(config)
    path = tmp_path / "iter_1.pth"
    meta = {MODEL_KEY: describe_model(config)}
    torch.save({"meta": meta, "state_dict": model.state_dict()}, path)
    loaded = load_weights(path)
    assert loaded.distiller is None
    inputs = torch.randn(1, 3, 32, 64)
    for ours, theirs in zip(loaded(inputs), model.eval()(inputs), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize(
    ("backbone", "stage"),
    [
        (dict(type=ResNet, weights="/home/someone/resnet18.pth"), "layer4"),
        (
            dict(
                type=TorchvisionFeatures,
                name="mobilenet_v3_small",
                stages={"S2": "features.3"},
                weights="imagenet",
            ),
            "S2",
        ),
        (
            dict(type=TimmFeatures, name="resnet10t", stages={"S3": 2}, weights=None),
            "S3",
        ),
    ],
    ids=["resnet", "torchvision", "timm"],
)
def test_other_backbones_load_without_their_pretrained_weights(
    model_config: dict[str, Any],
    tmp_path: Path,
    backbone: dict[str, Any],
    stage: str,
) -> None:
    if backbone["type"] is TimmFeatures:
        pytest.importorskip("timm", reason="Needs the extra lanedet[timm].")
    config = {
        **model_config,
        "backbone": backbone,
        "head": dict(
            type=LaneSegmentationHead,
            num_lanes=1,
            seg_stage=stage,
            classifier=dict(type=ConvClassifier),
            upsampling=8,
            existence_branch=None,
        ),
        "distiller": None,
    }
    model: LaneDetector = MODELS.build(config)
    path = tmp_path / "weights.safetensors"
    save_weights(path, describe_model(config), model.state_dict(), {})
    with safetensors.safe_open(path, framework="pt") as file:
        assert json.loads(file.metadata()[MODEL_KEY])["backbone"]["weights"] is None
    inputs = torch.randn(1, 3, 32, 64)
    ours, _ = load_weights(path)(inputs)
    theirs, _ = model.eval()(inputs)
    assert torch.equal(ours, theirs)


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


def test_a_config_is_not_taken_for_damaged_weights(tmp_path: Path) -> None:
    config = tmp_path / "enet.py"
    config.write_text("model = dict()\n")
    with pytest.raises(ValueError, match=r"enet\.py' is a config, which holds no weig"):
        load_weights(config)


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
    with pytest.raises(
        FileNotFoundError, match=r"No weights or checkpoint.*demo --train"
    ):
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
    with pytest.raises(
        ValueError, match=r"weights.safetensors' holds another model.*differ: head"
    ):
        load_weights(path)


def test_differing_tensors_are_counted_once() -> None:
    ours, theirs = nn.Linear(2, 1), nn.Sequential(nn.Linear(2, 1), nn.Linear(2, 1))
    with pytest.raises(ValueError, match=r"'x.pth' holds .*\(6 of 6 tensors differ"):
        check_state_dict(ours, theirs.state_dict(), "x.pth")
    shape = {"weight": torch.zeros(3, 2), "bias": torch.zeros(1)}
    with pytest.raises(ValueError, match=r"\(1 of 2 tensors differ: weight has shape"):
        check_state_dict(ours, shape, "x.pth")


def test_a_model_without_a_distiller_passes_over_one(
    model_config: dict[str, Any],
) -> None:
    supervised: LaneDetector = MODELS.build(with_deep_supervision(model_config))
    plain: LaneDetector = MODELS.build({**model_config, "distiller": None})
    check_state_dict(plain, supervised.state_dict(), "iter_1.pth")
    with pytest.raises(ValueError, match=r"\(4 of \d+ tensors differ: distiller.*miss"):
        check_state_dict(supervised, plain.state_dict(), "iter_1.pth")


def test_description_that_cannot_be_built_names_the_file(
    saved: tuple[LaneDetector, Path], model_config: dict[str, Any]
) -> None:
    model, path = saved
    description = describe_model(model_config)
    description["head"]["seg_stage"] = "D9"
    save_weights(path, description, model.state_dict(), {})
    with pytest.raises(ValueError, match=r"weights.safetensors' describes.*'D9'"):
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


def test_published_weights_are_rounded_and_keep_their_labels(
    saved: tuple[LaneDetector, Path], tmp_path: Path
) -> None:
    model, path = saved
    published = tmp_path / "published.safetensors"
    publish_weights(path, published, {"licence": "MIT"})
    assert read_provenance(published) == {"seed": "3", "licence": "MIT"}
    assert published.stat().st_size < 0.7 * path.stat().st_size
    loaded = load_weights(published).state_dict()
    for name, tensor in model.state_dict().items():
        if name.startswith("distiller."):
            continue
        assert loaded[name].dtype == tensor.dtype
        is_exact = "running_" in name or not tensor.is_floating_point()
        expected = tensor if is_exact else tensor.half().float()
        assert torch.equal(loaded[name], expected)


def test_published_weights_can_be_the_mean_of_several(
    saved: tuple[LaneDetector, Path], tmp_path: Path
) -> None:
    model, path = saved
    description = read_checkpoint(path)["meta"][MODEL_KEY]
    states = [model.state_dict()]
    others = []
    for factor in (2, 6):
        states.append({k: (v * factor).to(v.dtype) for k, v in states[0].items()})
        others.append(tmp_path / f"times_{factor}.safetensors")
        save_weights(others[-1], description, states[-1], {})
    published = tmp_path / "published.safetensors"
    publish_weights(path, published, {}, others)
    loaded = load_weights(published).state_dict()
    for name, tensor in loaded.items():
        first = states[0][name]
        # (1 + 2 + 6) / 3 = 3; the number of batches seen is the first file's.
        expected = 3 * first if first.is_floating_point() else first
        torch.testing.assert_close(tensor, expected, rtol=2e-3, atol=1e-6)


def test_a_mean_of_different_models(
    saved: tuple[LaneDetector, Path], tmp_path: Path
) -> None:
    model, path = saved
    description = read_checkpoint(path)["meta"][MODEL_KEY]
    other = tmp_path / "other.safetensors"
    save_weights(other, description | {"more": 1}, model.state_dict(), {})
    with pytest.raises(ValueError, match=r"other\.safetensors' must hold the same mod"):
        publish_weights(path, tmp_path / "published.safetensors", {}, [other])


def test_weights_that_cannot_be_published(
    saved: tuple[LaneDetector, Path], tmp_path: Path
) -> None:
    model, path = saved
    with pytest.raises(ValueError, match=r"must end in \.safetensors"):
        publish_weights(path, tmp_path / "published.bin", {})
    with torch.no_grad():
        next(model.parameters()).fill_(1e6)
    description = read_checkpoint(path)["meta"][MODEL_KEY]
    save_weights(path, description, model.state_dict(), {})
    with pytest.raises(ValueError, match="does not fit into float16"):
        publish_weights(path, tmp_path / "published.safetensors", {})
    assert not (tmp_path / "published.safetensors").exists()


def with_first(state: dict[str, Any], end: str, change: Any) -> dict[str, Any]:
    """The tensors with the first one whose name ends so changed."""
    name = next(name for name in state if name.endswith(end))
    return {**state, name: change(state[name].clone())}


def filled(value: float) -> Any:
    def change(tensor: torch.Tensor) -> torch.Tensor:
        tensor[(-1,) * tensor.ndim] = value
        return tensor

    return change


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize(
    ("end", "change", "message"),
    [
        ("classifier.weight", filled(float("nan")), "not finite"),
        ("classifier.bias", filled(float("inf")), "not finite"),
        ("running_mean", filled(float("-inf")), "not finite"),
        ("running_var", filled(float("nan")), "not finite"),
        ("running_var", filled(-1e-6), "a variance below 0"),
        ("classifier.weight", lambda t: t.double() + 1e300, "not finite"),
        ("classifier.weight", lambda t: t.to(torch.int8), "is of torch.int8"),
        ("classifier.weight", lambda t: t.bool(), "is of torch.bool"),
        ("num_batches_tracked", lambda t: t.float(), "is of torch.float32"),
    ],
)
def test_numbers_of_no_trained_model(
    model_config: dict[str, Any],
    tmp_path: Path,
    suffix: str,
    end: str,
    change: Any,
    message: str,
) -> None:
    model: LaneDetector = MODELS.build({**model_config, "distiller": None})
    state = with_first(model.state_dict(), end, change)
    description, path = describe_model(model_config), tmp_path / f"odd{suffix}"
    if suffix == ".pth":
        torch.save({"meta": {MODEL_KEY: description}, "state_dict": state}, path)
    else:
        save_weights(path, description, state, {})
    with pytest.raises(ValueError, match=rf"odd{suffix}' holds .*{message}"):
        load_weights(path)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_numbers_of_other_widths_become_the_models(
    model_config: dict[str, Any], tmp_path: Path, dtype: torch.dtype
) -> None:
    model: LaneDetector = MODELS.build({**model_config, "distiller": None})
    path = tmp_path / "weights.safetensors"
    state = with_first(model.state_dict(), "classifier.weight", lambda t: t.to(dtype))
    save_weights(path, describe_model(model_config), state, {})
    loaded = load_weights(path).state_dict()
    for name, tensor in model.state_dict().items():
        assert loaded[name].dtype == tensor.dtype
        assert torch.equal(loaded[name], state[name].to(tensor.dtype))


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_shapes_are_compared_before_numbers_are_read(
    saved: tuple[LaneDetector, Path],
    model_config: dict[str, Any],
    suffix: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, path = saved
    path = path.with_suffix(suffix)
    model_config["head"]["num_lanes"] = 255
    description = describe_model(model_config)
    if suffix == ".pth":
        state = model.state_dict()
        torch.save({"meta": {MODEL_KEY: description}, "state_dict": state}, path)
    else:
        save_weights(path, description, model.state_dict(), {})
    devices = []
    read = weights_module.read_checkpoint

    def spy(path: Path, device: torch.device) -> dict[str, Any]:
        devices.append(torch.device(device).type)
        return read(path, device)

    monkeypatch.setattr(weights_module, "read_checkpoint", spy)
    with pytest.raises(ValueError, match=r"4 of \d+ tensors differ: head\.class"):
        load_weights(path)
    assert devices == ["meta"]


def test_a_loaded_model_shares_what_the_built_one_shares(
    saved: tuple[LaneDetector, Path],
) -> None:
    loaded = load_weights(saved[1])
    names = [name for name, _ in loaded.named_parameters()]
    assert names == [
        name
        for name, _ in saved[0].named_parameters()
        if not name.startswith("distiller")
    ]
    assert not any(buffer.is_meta for buffer in loaded.buffers())
    assert all(parameter.requires_grad for parameter in loaded.parameters())


def test_weights_can_be_read_by_whom_the_umask_lets(
    model_config: dict[str, Any], tmp_path: Path
) -> None:
    model: LaneDetector = MODELS.build(model_config)
    path = tmp_path / "weights.safetensors"
    previous = os.umask(0o027)
    try:
        save_weights(path, describe_model(model_config), model.state_dict(), {})
    finally:
        os.umask(previous)
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("name", [None, 3, 2.5, b"weight"])
def test_tensors_have_names(tmp_path: Path, name: Any) -> None:
    torch.save({"state_dict": {name: torch.ones(1)}}, tmp_path / "odd.pth")
    with pytest.raises(ValueError, match=r"odd\.pth' is no checkpoint.*must have name"):
        read_checkpoint(tmp_path / "odd.pth")


@pytest.mark.parametrize("text", ["[]", "3", "[" * 5000, '{"a":' * 5000, "NaN", "x"])
def test_a_description_of_another_form(tmp_path: Path, text: str) -> None:
    path = tmp_path / "odd.safetensors"
    save_file({"x": torch.zeros(1)}, path, metadata={MODEL_KEY: text})
    with pytest.raises(ValueError, match=r"odd\.safetensors' (describes|is no whole)"):
        load_weights(path)


def test_a_header_has_no_numbers(saved: tuple[LaneDetector, Path]) -> None:
    header, whole = read_checkpoint_header(saved[1]), read_checkpoint(saved[1])
    assert header["meta"] == whole["meta"]
    assert list(header["state_dict"]) == list(whole["state_dict"])
    assert all(tensor.is_meta for tensor in header["state_dict"].values())


def test_a_mean_with_weights_that_lack_a_tensor(
    saved: tuple[LaneDetector, Path], tmp_path: Path
) -> None:
    model, path = saved
    description = read_checkpoint(path)["meta"][MODEL_KEY]
    other = tmp_path / "other.safetensors"
    state = dict(model.state_dict())
    state.pop("head.classifier.bias")
    save_weights(other, description, state, {})
    with pytest.raises(ValueError, match=r"other\.safetensors' must hold the tensors"):
        publish_weights(path, tmp_path / "published.safetensors", {}, [other])
    state = with_first(model.state_dict(), "running_var", filled(float("nan")))
    save_weights(other, description, state, {})
    with pytest.raises(
        ValueError, match=r"other\.safetensors' cannot be published.*not f"
    ):
        publish_weights(path, tmp_path / "published.safetensors", {}, [other])


def test_a_model_of_many_more_numbers_than_the_file_is_never_built(
    saved: tuple[LaneDetector, Path], tmp_path: Path
) -> None:
    description = read_checkpoint(saved[1])["meta"][MODEL_KEY]
    description["backbone"] = {"type": "ResNet", "depth": 34, "weights": None}
    description["head"] |= {"seg_stage": "layer4", "existence_branch": None}
    path = tmp_path / "other.safetensors"
    save_weights(path, description, saved[0].state_dict(), {})
    with pytest.raises(ValueError, match="another model than the config describes"):
        load_weights(path)
    with pytest.raises(TooManyNumbersError, match="at most 10000000 numbers"):
        build_model(description, max_numbers=10**7)
    build_model(description, max_numbers=3 * 10**7)


def test_loading_draws_no_random_numbers(saved: tuple[LaneDetector, Path]) -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    load_weights(saved[1])
    assert torch.equal(torch.rand(1), expected)
