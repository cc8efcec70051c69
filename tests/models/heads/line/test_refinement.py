import pytest
import torch

from lanedet.models.heads.line.pyramid import Level
from lanedet.models.heads.line.refinement import Refinement


def refinement(hidden_channels: int = 12, **changes: int) -> Refinement:
    arguments = dict(num_levels=1, channels=2, num_rows=18, num_points=12) | changes
    return Refinement(hidden_channels=hidden_channels, **arguments)


@pytest.mark.parametrize(("hidden", "expected"), [(192, 162_615), (96, 62_967)])
def test_it_has_the_parameters_of_its_layers(hidden: int, expected: int) -> None:
    stage = refinement(hidden, num_levels=3, channels=64, num_rows=72, num_points=36)
    gather = hidden * 6 * 64 + hidden
    mlps = 2 * (hidden * hidden + hidden) + (hidden + 1) + (hidden + 1) * 74
    assert gather + mlps + 3 * 36 == expected
    assert sum(parameter.numel() for parameter in stage.parameters()) == expected


def test_lines_begin_whole_unmoved_and_improbable() -> None:
    torch.manual_seed(0)
    levels = [Level(torch.rand(2, 2, 8, 8), 8, 0)]
    xs = torch.rand(2, 5, 18) * 60
    logits, ends, bent = refinement()(levels, xs, torch.linspace(63, 0, 18), 64)
    torch.testing.assert_close(logits, torch.full((2, 5), -3.0), atol=0.1, rtol=0)
    torch.testing.assert_close(
        ends, torch.tensor([0.0, 17.0]).expand(2, 5, 2), atol=0.1, rtol=0
    )
    torch.testing.assert_close(bent, xs, atol=0.1, rtol=0)


def test_an_output_of_one_moves_a_tenth() -> None:
    stage = refinement()
    with torch.no_grad():
        stage.bend[-1].bias.fill_(1.0)
        stage.bend[-1].weight.zero_()
    xs = torch.full((1, 1, 18), 20.0)
    levels = [Level(torch.zeros(1, 2, 8, 8), 8, 0)]
    _, ends, bent = stage(levels, xs, torch.linspace(63, 0, 18), 64)
    torch.testing.assert_close(ends, torch.tensor([[[1.7, 18.7]]]))
    torch.testing.assert_close(bent, xs + 6.4)


def test_a_line_is_judged_by_what_lies_along_it() -> None:
    torch.manual_seed(0)
    features = torch.zeros(1, 2, 8, 8, requires_grad=True)
    xs = torch.linspace(8, 40, 18)[None, None]
    stage = refinement()
    logits, _, _ = stage([Level(features, 8, 0)], xs, torch.linspace(56, 0, 18), 64)
    logits.sum().backward()
    assert features.grad is not None
    seen = features.grad[0].abs().sum(dim=0) > 0
    for row in range(8):
        columns = seen[row].nonzero().flatten()
        x = 8 + 32 * (56 - 8 * row) / 56
        assert ((columns * 8 - x).abs() < 8 + 5).all()  # the line leans within a cell
        assert len(columns) >= 1


def test_lines_that_come_in_get_no_gradient() -> None:
    xs = torch.rand(1, 3, 18, requires_grad=True)
    levels = [Level(torch.rand(1, 2, 8, 8, requires_grad=True), 8, 0)]
    _, _, bent = refinement()(levels, xs, torch.linspace(63, 0, 18), 64)
    bent.sum().backward()
    assert xs.grad is None


@pytest.mark.parametrize("num_points", [0, 7, 24])
def test_points_come_in_sixes_and_on_rows(num_points: int) -> None:
    with pytest.raises(ValueError, match="multiple of 6 and at most num_rows=18"):
        refinement(num_points=num_points)


def test_hidden_channels_must_divide_into_groups() -> None:
    with pytest.raises(ValueError, match="num_points / 6 = 2, got 13"):
        refinement(13)


def test_points_are_gathered_as_the_grouped_convolution_does() -> None:
    torch.manual_seed(0)
    stage = refinement(24, channels=5)
    features = torch.randn(7, 12, 5)
    torch.testing.assert_close(
        stage._gather(features), stage.gather(features).flatten(1)
    )
