import numpy as np
import pytest

from lanedet.simulation.world.pattern import SOLID, Pattern


@pytest.mark.parametrize(
    ("start", "end", "share"),
    [
        pytest.param(0.0, 3.0, 1.0, id="inside a dash"),
        pytest.param(4.0, 11.0, 0.0, id="inside a gap"),
        pytest.param(1.5, 4.5, 0.5, id="half of each"),
        pytest.param(-12.0, 0.0, 0.25, id="a whole period, before station 0"),
        pytest.param(2.0, 13.0, 2 / 11, id="from dash to dash"),
    ],
)
def test_painted_share_of_dashes(start: float, end: float, share: float) -> None:
    dashes = Pattern(12.0, ((0.0, 3.0),))
    found = dashes.painted_share(np.array([start]), np.array([end]))
    assert found == pytest.approx(share)


def test_painted_share_of_several_pieces() -> None:
    dots = Pattern(10.0, ((0.0, 1.0), (4.0, 2.0)))
    found = dots.painted_share(np.array([0.0, 5.0]), np.array([10.0, 7.0]))
    assert found == pytest.approx([0.3, 0.5])


@pytest.mark.parametrize("number", [np.float32, np.float64])
def test_painted_share_keeps_type_and_shape(number: type[np.floating]) -> None:
    dots = Pattern(10.0, ((0.0, 2.0), (5.0, 1.0)))
    starts = np.arange(-300, 300, dtype=number).reshape(3, 200)
    found = dots.painted_share(starts, starts + number(0.5))
    rest = np.arange(-300, 300).reshape(3, 200) % 10
    assert found.dtype == number
    assert np.array_equal(found, np.isin(rest, (0, 1, 5)))


def test_painted_share_of_nothing() -> None:
    starts = np.array([0.0, 3.0])
    assert Pattern(10.0, ()).painted_share(starts, starts + 1).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("number", [np.int64, np.float16])
def test_painted_share_refuses_other_types(number: type[np.number]) -> None:
    starts = np.arange(3).astype(number)
    with pytest.raises(TypeError, match="float32 or of float64"):
        SOLID.painted_share(starts, starts + number(1))


def test_solid_pattern_is_painted_everywhere() -> None:
    starts = np.linspace(-7, 2000, 50)
    assert SOLID.painted_share(starts, starts + 0.37) == pytest.approx(1.0)
