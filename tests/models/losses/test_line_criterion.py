import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision.ops import sigmoid_focal_loss

from lanedet.models import LineCriterion
from lanedet.models.losses.line_criterion import (
    LabelledLines,
    Lines,
    quality_focal_loss,
)
from lanedet.ops import encode_lines

SHAPE, NUM_ROWS = (59, 164), 30  # a tenth of the benchmark's frame, rows 2 apart
SCALE, STEP = 10.0, 20.0


def labels(*xs: float) -> LabelledLines:
    lanes = [np.array([[x, 58.0], [x, 0.0]]) for x in xs]
    lines = encode_lines(lanes, SHAPE, NUM_ROWS)
    return LabelledLines(torch.from_numpy(lines), SCALE, STEP)


def predicted(*xs: float, logit: float = 0.0) -> Lines:
    """Return upright lines from the bottom to the top, of one refinement."""
    ends = torch.tensor([0.0, NUM_ROWS - 1]).expand(1, len(xs), 2)
    rows = torch.tensor(xs, dtype=torch.float32)[:, None].expand(1, -1, NUM_ROWS)
    return Lines(torch.full((1, len(xs)), logit), ends.clone(), rows.clone())


def score(lines: Lines, label: LabelledLines) -> dict[str, float]:
    losses = LineCriterion()([lines], [label])
    return {name: float(loss) for name, loss in losses.items()}


def test_perfect_lines_cost_only_their_doubts() -> None:
    losses = score(predicted(50, 100, logit=20.0), labels(100, 50))
    assert losses == pytest.approx({"loss_cls": 0, "loss_line": 0, "loss_ends": 0})


def test_by_hand() -> None:
    # One lane, one line 1 pixel of the input, 10 of the benchmark's, beside it.
    lines = predicted(51)
    lines.ends[0, 0, 0] += 3
    losses = score(lines, labels(50))
    assert losses["loss_cls"] == pytest.approx(2 * 0.45 * 0.25 * np.log(2))
    assert losses["loss_line"] == pytest.approx(2 * (1 - 20 / 40))
    assert losses["loss_ends"] == pytest.approx(0.2 * (3 - 0.5) / 2)


def test_overlaps_are_means_over_the_lines_that_learn() -> None:
    # One lies on its lane, one overlaps half of it, and one shows none.
    losses = score(predicted(150, 51, 90), labels(50, 150))
    assert losses["loss_line"] == pytest.approx(2 * (0 + 1 / 2) / 2)


def test_a_line_that_shows_nothing_weighs_the_rest() -> None:
    far = score(predicted(50, 150), labels(50))["loss_cls"]
    assert far == pytest.approx(2 * (0.45 + 0.55) * 0.25 * np.log(2))


def test_targets_of_0_and_1_make_the_focal_loss() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = 5 * torch.randn(4, 9, generator=generator)
    learns = torch.rand(4, 9, generator=generator) < 0.3
    found = quality_focal_loss(logits, learns.float(), torch.where(learns, 0.45, 0.55))
    expected = sigmoid_focal_loss(logits, learns.float(), 0.45, 2.0, "sum")
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(("logit", "expected"), [(0.0, 0), (np.log(3), 0.25**2)])
def test_a_score_learns_the_overlap(logit: float, expected: float) -> None:
    # The line overlaps half: a score of 0.5 is right, one of 0.75 a quarter too much.
    lines, label = predicted(51, logit=logit), labels(50)
    losses = LineCriterion(iou_targets=True)([lines], [label])
    entropy = -(np.log(0.75) + np.log(0.25)) / 2
    assert float(losses["loss_cls"]) == pytest.approx(
        2 * 0.45 * expected * entropy, abs=1e-6
    )
    lines = lines._replace(xs=lines.xs.requires_grad_())
    LineCriterion(iou_targets=True)([lines], [label])["loss_cls"].backward()
    assert lines.xs.grad is None or not lines.xs.grad.any()


def test_a_line_beside_its_lane_learns_0() -> None:
    lines = predicted(60, logit=-30.0)
    losses = LineCriterion(iou_targets=True)([lines], [labels(50)])
    assert float(losses["loss_cls"]) == pytest.approx(0, abs=1e-9)


def test_without_lanes_every_line_is_wrong() -> None:
    losses = score(predicted(50, 150), labels())
    assert losses["loss_cls"] == pytest.approx(2 * 2 * 0.55 * 0.25 * np.log(2))
    assert losses["loss_line"] == losses["loss_ends"] == 0


def assigned(lines: Lines, label: LabelledLines) -> list[int]:
    [one] = LineCriterion().assign(lines, label).tolist()
    return one


def test_lines_learn_the_lane_near_them() -> None:
    assert assigned(predicted(99, 20, 51), labels(50, 100)) == [1, -1, 0]


def test_of_two_lines_on_a_lane_both_learn_it() -> None:
    assert assigned(predicted(50, 50.2, 150), labels(50)) == [0, -1, -1]
    assert assigned(predicted(50, 50, 150), labels(50)) == [0, 0, -1]


def test_the_surer_of_equal_lines_is_taken() -> None:
    lines = predicted(54, 54)
    lines.logits[0, 1] = 1.0
    assert assigned(lines, labels(50)) == [-1, 0]


def test_lanes_far_from_all_lines_are_learned_too() -> None:
    assert sorted(assigned(predicted(10, 12, 14), labels(120, 150))) == [-1, 0, 1]


def gradients(lines: Lines, label: LabelledLines) -> list[Tensor]:
    leaves = [each.detach().requires_grad_() for each in lines]
    losses = LineCriterion()([Lines(*leaves)], [label])
    torch.stack([*losses.values()]).sum().backward()
    return [leaf.grad for leaf in leaves if leaf.grad is not None]


@pytest.mark.parametrize("xs", [(), (50,), (50, 50.5, 51, 160, 3)])
def test_gradients_reach_everything_and_are_finite(xs: tuple[float, ...]) -> None:
    found = gradients(predicted(10, 60, 90, logit=-30.0), labels(*xs))
    assert len(found) == 3
    assert all(gradient.isfinite().all() for gradient in found)


def test_what_is_not_finite_shows_in_the_loss_and_stops_nothing() -> None:
    lines = predicted(50, 100)
    lines.xs[0, 0, 3] = float("nan")
    lines.logits[0, 1] = float("inf")
    losses = score(lines, labels(50, 100))
    assert not np.isfinite(losses["loss_line"])


def test_a_batch_is_the_mean_of_its_images() -> None:
    images = [
        (predicted(51, 99, 130), labels(50, 100)),
        (predicted(20, 60), labels()),
        (predicted(33), labels(40, 50, 60)),
    ]
    together = LineCriterion()(*zip(*images, strict=True))
    for name, loss in together.items():
        alone = [score(*image)[name] for image in images]
        assert float(loss) == pytest.approx(np.mean(alone), rel=1e-5)


def test_refinements_are_judged_by_themselves_and_count_alike() -> None:
    # The first learns one lane from three lines, the second from one.
    stages = predicted(50, 50, 50.1), predicted(52, 150, 10)
    label = labels(50)
    both = Lines(*(torch.cat(each) for each in zip(*stages, strict=True)))
    assert LineCriterion().assign(both, label).tolist() == [
        assigned(stage, label) for stage in stages
    ]
    alone = [score(stage, label) for stage in stages]
    for name, loss in score(both, label).items():
        assert loss == pytest.approx((alone[0][name] + alone[1][name]) / 2, rel=1e-5)


def test_the_order_of_lanes_and_lines_does_not_matter() -> None:
    there = score(predicted(51, 99, 130), labels(50, 100, 10))
    assert there == pytest.approx(score(predicted(130, 51, 99), labels(10, 100, 50)))


def test_the_size_of_the_input_does_not_matter() -> None:
    # The same lines in an input of twice the width.
    label = labels(50, 100)
    wide = LabelledLines(
        torch.cat([label.lines[:, :2], 2 * label.lines[:, 2:]], dim=1), SCALE / 2, STEP
    )
    lines = predicted(51, 97)
    wide_lines = lines._replace(xs=2 * lines.xs)
    assert score(lines, label) == pytest.approx(score(wide_lines, wide))
