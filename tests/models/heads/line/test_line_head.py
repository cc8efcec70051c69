import logging
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from lanedet.evaluation import BDD100KMetric, CULaneMetric, TuSimpleMetric
from lanedet.models import (
    DeepSupervision,
    ENet,
    LaneDetector,
    LineHead,
    ResNet,
    SelfAttentionDistiller,
    TimmFeatures,
    TorchvisionFeatures,
    build_model,
    describe_model,
    load_weights,
    save_weights,
)
from lanedet.models.heads.line import LineOutputs
from lanedet.models.heads.line.sketch import SketchOutputs
from lanedet.ops import LetterboxView, StretchView, encode_lines, slots_under_camera
from lanedet.structures import LaneSample

SHAPE, NUM_ROWS = (64, 176), 36
VIEW = dict(type=StretchView, input_shape=SHAPE)
ENET_STAGES = dict(
    E1=dict(stride=4, offset=1.5),
    E4=dict(stride=8, offset=3.5),
)
RESNET_STAGES = dict(
    layer2=dict(stride=8, offset=0.0),
    layer3=dict(stride=16, offset=0.0),
    layer4=dict(stride=32, offset=0.0),
)


def head_config(**changes: Any) -> dict[str, Any]:
    return (
        dict(
            type=LineHead,
            num_slots=8,
            stages=ENET_STAGES,
            num_extra_levels=1,
            num_rows=NUM_ROWS,
            num_points=18,
            hidden_channels=96,
        )
        | changes
    )


def enet(**changes: Any) -> LaneDetector:
    torch.manual_seed(0)
    backbone = dict(type=ENet, decoder=False)
    config = dict(backbone=backbone, head=head_config(), view=VIEW) | changes
    return LaneDetector(**config)


def head(**changes: Any) -> LineHead:
    torch.manual_seed(0)
    config = {k: v for k, v in head_config(**changes).items() if k != "type"}
    return LineHead(**config, input_shape=SHAPE, stage_channels=dict(E1=64, E4=128))


def sample(*lanes: np.ndarray, num_rows: int = NUM_ROWS) -> LaneSample:
    """Return a sample of an image 1640x590 with lanes in the network input."""
    labelled = LaneSample(metainfo={"view": StretchView(SHAPE)((590, 1640))})
    lines = encode_lines(lanes, SHAPE, num_rows)
    labelled.gt_lines = lines
    labelled.gt_existence = torch.ones(1)
    labelled.gt_class_map = torch.zeros(SHAPE, dtype=torch.uint8)
    return labelled


LEFT = np.array([[40.0, 63.0], [80.0, 20.0]])
RIGHT = np.array([[130.0, 63.0], [95.0, 20.0]])


def outputs_of(
    xs: list[Tensor], scores: list[float], ends: list[tuple[float, float]]
) -> LineOutputs:
    """Return outputs of one image and one refinement."""
    logits = torch.tensor(scores).logit()
    nothing = torch.zeros(1, len(xs))
    return LineOutputs(
        logits[None, None],
        torch.tensor(ends, dtype=torch.float32)[None, None],
        torch.stack(xs)[None, None],
        SketchOutputs(nothing, nothing, nothing),
    )


def predict_outputs(
    monkeypatch: pytest.MonkeyPatch, outputs: LineOutputs, **changes: Any
) -> LaneSample:
    """Return what a head makes of outputs."""
    line_head = head(**changes)
    monkeypatch.setattr(line_head, "forward", lambda _: outputs)
    [predicted] = line_head.predict({}, [sample()])
    return predicted


def upright(x: float) -> Tensor:
    return torch.full((NUM_ROWS,), x)


# --- size


def test_parameters_on_enets_encoder() -> None:
    model = enet()
    refinement = (96 * 3 * 6 * 64 // 3 + 96) + 2 * (96 * 96 + 96) + 97 + 97 * 38
    pyramid = (64 + 128 + 2) * 64 + 3 * (9 * 64 * 64 + 128)
    sketch = (64 * 64 + 64) + (64 * 3 + 3)
    expected = pyramid + sketch + 2 * (refinement + 3 * 18)
    assert sum(p.numel() for p in model.head.parameters()) == expected
    decoder = sum(
        p.numel()
        for name, p in ENet().named_parameters()
        if name.startswith(("up", "d1", "d2"))
    )
    whole = sum(p.numel() for p in ENet().parameters())
    assert sum(p.numel() for p in model.backbone.parameters()) == whole - decoder


@pytest.mark.parametrize(("depth", "body"), [(18, 11_176_512), (34, 21_284_672)])
def test_parameters_on_strided_resnets(depth: int, body: int) -> None:
    model = LaneDetector(
        backbone=dict(type=ResNet, depth=depth, weights=None, output_stride=32),
        head=dict(type=LineHead, num_slots=8, num_rows=72, stages=RESNET_STAGES),
        view=dict(type=StretchView, input_shape=(288, 800)),
    )
    assert sum(p.numel() for p in model.backbone.parameters()) == body
    expected = (168_320 + 3 * 64) + 4_355 + 2 * 162_615
    assert sum(p.numel() for p in model.head.parameters()) == expected


# --- forward


@pytest.mark.parametrize("shape", [(64, 176), (72, 88), (192, 336)])
def test_any_size_that_the_backbone_takes(shape: tuple[int, int]) -> None:
    model = enet(view=dict(type=StretchView, input_shape=shape)).eval()
    with torch.no_grad():
        outputs = model(torch.rand(2, 3, *shape))
    assert outputs.logits.shape == (2, 2, 40)
    assert outputs.ends.shape == (2, 2, 40, 2)
    assert outputs.xs.shape == (2, 2, 40, NUM_ROWS)
    assert all(each.isfinite().all() for each in outputs[:3])


def test_networks_of_torchvision_and_timm_will_do() -> None:
    pytest.importorskip("timm", reason="needs the extra timm")
    of_torchvision = dict(layer2="layer2", layer3="layer3", layer4="layer4")
    of_timm = dict(layer2=2, layer3=3, layer4=4)
    for backbone in (
        dict(type=TorchvisionFeatures, name="resnet18", stages=of_torchvision),
        dict(type=TimmFeatures, name="mobilenetv3_small_050", stages=of_timm),
    ):
        model = LaneDetector(
            backbone=dict(backbone, weights=None),
            head=dict(
                type=LineHead, num_slots=8, stages=RESNET_STAGES, num_rows=NUM_ROWS
            ),
            view=dict(type=StretchView, input_shape=(64, 192)),
        )
        losses = model.loss(torch.rand(2, 3, 64, 192), [sample(LEFT)] * 2)
        assert all(loss.isfinite() for loss in losses.values())


def test_a_third_refinement_goes_on_from_the_second() -> None:
    two, three = head().eval(), head(num_refinements=3).eval()
    two.load_state_dict(
        {
            name: value
            for name, value in three.state_dict().items()
            if not name.startswith("refinements.2.")
        }
    )
    features = {"E1": torch.rand(1, 64, 16, 44), "E4": torch.rand(1, 128, 8, 22)}
    with torch.no_grad():
        three.refinements[2].bend[-1].bias[2 + 20] += 10 / 17.6
        first, whole = two(features), three(features)
    assert whole.xs.shape == (1, 3, 40, NUM_ROWS)
    for name in ("logits", "ends", "xs"):
        assert torch.equal(getattr(whole, name)[:, :2], getattr(first, name))
    moved = whole.xs[:, 2, :, 20] - whole.xs[:, 1, :, 20]
    torch.testing.assert_close(moved, torch.full((1, 40), 10.0), atol=0.5, rtol=0)


def test_with_a_curved_sketch_a_head_begins_as_without() -> None:
    straight, curved = head().eval(), head(curved_sketch=True).eval()
    features = {"E1": torch.rand(1, 64, 16, 44), "E4": torch.rand(1, 128, 8, 22)}
    with torch.no_grad():
        expected, outputs = straight(features), curved(features)
    for one, other in zip(expected[:3], outputs[:3], strict=True):
        assert torch.equal(one, other)


def test_a_curved_sketch_learns_how_the_lanes_bend() -> None:
    line_head = head(curved_sketch=True)
    features = {"E1": torch.rand(1, 64, 16, 44), "E4": torch.rand(1, 128, 8, 22)}
    ys = np.linspace(63, 20, 100)
    bent = np.stack([60 + 300 / (ys - 10), ys], axis=1)
    loss = line_head.loss(features, [sample(bent)])["loss_sketch_line"]
    loss.backward()
    # 300 px^2 to the right: more strength is wanted, and a horizon higher than 0.4.
    strength, horizon = line_head.sketch.bend.bias.grad
    assert strength < 0 < horizon


def test_the_second_refinement_looks_along_what_the_first_bent() -> None:
    line_head = head().eval()
    features = {"E1": torch.rand(1, 64, 16, 44), "E4": torch.rand(1, 128, 8, 22)}
    seen = []
    line_head.refinements[1].register_forward_pre_hook(
        lambda _, arguments: seen.append(arguments[1])
    )
    with torch.no_grad():
        before = line_head(features)
        line_head.refinements[0].bend[-1].bias[2 + 20] += 10 / 17.6
        after = line_head(features)
    moved = seen[1] - seen[0]
    torch.testing.assert_close(moved[..., 20], torch.full((1, 40), 10.0))
    assert moved[..., :20].abs().max() < 1e-3
    torch.testing.assert_close(seen[0], before.xs[:, 0])
    assert (after.logits[:, 1] != before.logits[:, 1]).any()


def test_images_of_a_batch_do_not_see_one_another() -> None:
    model = enet().eval()
    inputs = torch.rand(3, 3, *SHAPE)
    with torch.no_grad():
        together = model(inputs)
        alone = model(inputs[1:2])
    for name in ("logits", "ends", "xs"):
        torch.testing.assert_close(
            getattr(together, name)[1:2], getattr(alone, name), atol=1e-3, rtol=1e-4
        )


def test_wrong_strides_are_told() -> None:
    stages = ENET_STAGES | {"E4": dict(stride=16, offset=7.5)}
    model = enet(head=head_config(stages=stages))
    with pytest.raises(ValueError, match="Give the head the strides"):
        model(torch.rand(1, 3, *SHAPE))


# --- loss


@pytest.mark.parametrize(
    "lanes",
    [
        pytest.param([], id="no lane"),
        pytest.param([LEFT, RIGHT], id="two lanes"),
        pytest.param([LEFT, LEFT, LEFT + 1], id="copies and a fork"),
        pytest.param(
            [LEFT + np.array([i, 0]) for i in range(45)], id="more than proposals"
        ),
    ],
)
def test_losses_are_finite_and_reach_every_parameter(lanes: list[np.ndarray]) -> None:
    model = enet(head=head_config(curved_sketch=True, num_refinements=3))
    losses = model.loss(torch.rand(2, 3, *SHAPE), [sample(*lanes), sample()])
    assert sorted(losses) == [
        *("loss_cls", "loss_ends", "loss_line"),
        *("loss_sketch_cls", "loss_sketch_line"),
    ]
    torch.stack([*losses.values()]).sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


def test_more_lanes_than_proposals_are_told_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[str] = []
    monkeypatch.setattr(
        "lanedet.models.heads.line.line_head.print_log",
        lambda message, logger, level: (
            reported.append(message) if level == logging.WARNING else None
        ),
    )
    model = enet()
    many = sample(*[LEFT + np.array([i, 0]) for i in range(45)])
    for _ in range(2):
        model.loss(torch.rand(1, 3, *SHAPE), [many])
    assert len(reported) == 1
    assert "45 lanes, more than the head's 40 proposals" in reported[0]


def test_a_batch_is_the_mean_of_its_images() -> None:
    model = enet().eval()
    inputs = torch.rand(3, 3, *SHAPE)
    samples = [sample(LEFT, RIGHT), sample(), sample(LEFT)]
    with torch.no_grad():
        together = model.loss(inputs, samples)
        alone = [model.loss(inputs[i : i + 1], samples[i : i + 1]) for i in range(3)]
    for name, loss in together.items():
        mean = torch.stack([each[name] for each in alone]).mean()
        torch.testing.assert_close(loss, mean, atol=1e-3, rtol=1e-3)


def test_labels_must_have_the_heads_rows() -> None:
    with pytest.raises(
        ValueError, match="num_rows=36, but the labels were made for 72"
    ):
        enet().loss(torch.rand(1, 3, *SHAPE), [sample(LEFT, num_rows=72)])


def test_distillers_add_terms_and_change_no_lane() -> None:
    distillers = [
        dict(type=DeepSupervision, stages=["E4"]),
        dict(type=SelfAttentionDistiller, start=0.0),
    ]
    model, plain = enet(distiller=distillers), enet()
    losses = model.loss(torch.rand(1, 3, *SHAPE), [sample(LEFT)])
    assert {"loss_deep_supervision", "loss_sad", "loss_line"} <= losses.keys()
    kept = {
        k: v for k, v in model.state_dict().items() if k.split(".")[0] != "distiller"
    }
    plain.load_state_dict(kept)
    inputs = torch.rand(1, 3, *SHAPE)
    with torch.no_grad():
        found, expected = model.eval()(inputs), plain.eval()(inputs)
    for one, other in zip(found[:3], expected[:3], strict=True):
        assert torch.equal(one, other)


# --- predict


def test_lanes_come_back_from_rows_to_the_image(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    labelled = torch.from_numpy(sample(RIGHT, LEFT).gt_lines)
    outputs = outputs_of(
        [*labelled[:, 2:]],
        [0.9, 0.7],
        [tuple(each) for each in labelled[:, :2].tolist()],
    )
    predicted = predict_outputs(monkeypatch, outputs)
    for lane, expected in zip(predicted.pred_lanes, [LEFT, RIGHT], strict=True):
        np.testing.assert_allclose(
            lane[[0, -1]], predicted.view.to_original(expected), atol=0.01
        )
    assert predicted.pred_scores == pytest.approx([0.7, 0.9])
    assert predicted.pred_names == ["ego left", "ego right"]
    class_map = predicted.pred_class_map
    assert class_map.shape == SHAPE
    assert set(np.unique(class_map).tolist()) == {0, 4, 5}
    assert class_map[40, 61] == 4  # where the left lane is half-way


def test_names_do_not_change_when_they_are_given_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    xs = [upright(x) + torch.linspace(-8, 8, NUM_ROWS) for x in (20, 70, 100, 130, 160)]
    predicted = predict_outputs(monkeypatch, outputs_of(xs, [0.9] * 5, [(0, 35)] * 5))
    again = slots_under_camera(predicted.pred_lanes, predicted.pred_slots, 590, 8)
    assert len(again) == 5
    assert again == predicted.pred_slots


def test_copies_the_improbable_the_short_and_the_unseen_are_no_lanes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    xs = [upright(x) for x in (50, 51, 80, 110, 400, float("nan"))]
    ends = [(0, 35), (0, 35), (0, 35), (9, 9.5), (0, 35), (0, 35)]
    outputs = outputs_of(xs, [0.8, 0.9, 0.3, 0.9, 0.9, 0.9], ends)
    predicted = predict_outputs(monkeypatch, outputs)
    assert predicted.pred_scores == pytest.approx([0.9])


def test_no_more_lanes_than_names_and_the_best_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    xs = [upright(x) for x in (20, 60, 100, 140)]
    outputs = outputs_of(xs, [0.5, 0.9, 0.6, 0.8], [(0, 35)] * 4)
    predicted = predict_outputs(monkeypatch, outputs, num_slots=3)
    assert predicted.pred_scores == pytest.approx([0.9, 0.6, 0.8])
    assert len(set(predicted.pred_slots)) == 3


def test_nothing_found_is_no_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    predicted = predict_outputs(monkeypatch, outputs_of([upright(9)], [0.1], [(0, 35)]))
    assert predicted.pred_lanes == predicted.pred_names == []
    assert not predicted.pred_class_map.any()


@pytest.mark.parametrize("num_lanes", [0, 1, 3, 5])
def test_perfect_lines_have_the_best_score_of_every_benchmark(
    num_lanes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bottoms = np.linspace(12, 160, num_lanes)
    lanes = [np.array([[x, 63.0], [70 + x / 5, 20.0]]) for x in bottoms]
    labelled = torch.from_numpy(sample(*lanes).gt_lines)
    outputs = outputs_of(
        [*labelled[:, 2:], upright(3)],  # and one that shows nothing
        [0.9] * num_lanes + [0.1],
        [*map(tuple, labelled[:, :2].tolist()), (0, 35)],
    )
    predicted = predict_outputs(monkeypatch, outputs)
    assert len(set(predicted.pred_names)) == num_lanes
    predicted.gt_lanes = [predicted.view.to_original(lane) for lane in lanes]
    predicted.set_metainfo(
        dict(raw_file="a/b.jpg", ori_shape=(590, 1640), rows=np.arange(200.0, 585, 10))
    )
    metrics = [
        CULaneMetric(to_border=False),
        TuSimpleMetric(),
        BDD100KMetric(),
    ]
    scores = {}
    for metric in metrics:
        metric.process(None, [predicted])
        scores |= metric.compute_metrics(metric.results)
    assert (scores["tp"], scores["fn"]) == (num_lanes, 0)
    if num_lanes:
        assert scores["f1"] == scores["accuracy"] == 1.0
        assert scores["sad_accuracy"] > 0.99


# --- as a part of the whole


def sure(model: LaneDetector) -> LaneDetector:
    """Return a model that finds lanes, of scores that are not alike."""
    with torch.no_grad():
        last = model.head.refinements[-1].judge[-1]
        last.weight.normal_(generator=torch.Generator().manual_seed(1))
        last.bias.zero_()
    model.head.decode.min_score = 1e-9
    return model.eval()


def lanes_of(model: LaneDetector, inputs: Tensor) -> list[np.ndarray]:
    with torch.inference_mode():
        [predicted] = model(inputs, [sample()], mode="predict")
    return predicted.pred_lanes


def test_weights_files_hold_it(tmp_path: Any) -> None:
    model = sure(enet())
    config = dict(
        type=LaneDetector,
        backbone=dict(type=ENet, decoder=False),
        head=head_config(),
        view=dict(type=LetterboxView, input_shape=SHAPE),
        distiller=[dict(type=SelfAttentionDistiller)],
    )
    description = describe_model(config)
    assert "distiller" not in description
    save_weights(tmp_path / "line.safetensors", description, model.state_dict(), {})
    loaded = load_weights(tmp_path / "line.safetensors")
    assert isinstance(build_model(description).head, LineHead)
    inputs = torch.rand(1, 3, *SHAPE)
    with torch.no_grad():
        assert torch.equal(loaded(inputs).xs, model(inputs).xs)


def test_fused_it_finds_the_same_lanes() -> None:
    model = enet()
    for _ in range(3):  # so that the statistics are no longer those of the start
        model(torch.rand(4, 3, *SHAPE))
    model = sure(model)
    inputs = torch.rand(1, 3, *SHAPE)
    lanes, fused = lanes_of(model, inputs), lanes_of(model.fused(), inputs)
    assert len(lanes) >= 2
    assert len(lanes) == len(fused)
    for lane, other in zip(lanes, fused, strict=True):
        np.testing.assert_allclose(other, lane, atol=0.05)


def test_half_precision_moves_no_line_by_half_a_pixel() -> None:
    model = enet(view=dict(type=StretchView, input_shape=(288, 800))).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for refinement in model.head.refinements:  # so that lines do move
            refinement.bend[-1].weight.normal_(std=0.2, generator=generator)
        inputs = torch.rand(1, 3, 288, 800)
        whole, half = model(inputs), model.half()(inputs.half())
    assert (whole.xs[:, 1] - whole.xs[:, 0]).abs().max() > 4
    assert half.xs.dtype == torch.float32
    seen = (whole.xs > 0) & (whole.xs < 800)
    assert (half.xs - whole.xs)[seen].abs().max() < 0.5
    assert (half.ends - whole.ends).abs().max() * 287 / 35 < 0.5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(num_slots=0), "num_slots must be at least 1"),
        (dict(min_score=0.0), "min_score must lie in"),
        (dict(drawn_width=0.0), "drawn_width must lie in"),
        (dict(stages=dict(E5=dict(stride=8, offset=0.0))), "reads the stage 'E5'"),
        (dict(min_distance=0.0), "min_distance be positive"),
        (dict(sketch_shape=(0, 10)), "sketch_shape: rows must be at least 1"),
        (dict(num_refinements=0), "num_refinements must be at least 1"),
        (dict(num_extra_levels=-1), "0 extra levels or more"),
    ],
)
def test_arguments_out_of_range(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        head(**changes)


def test_more_rows_than_pixels_are_refused() -> None:
    with pytest.raises(ValueError, match="num_rows must be at least 1 and at most 64"):
        enet(head=head_config(num_rows=72))
