"""The picture of accuracy against time."""

from typing import Any
from xml.etree import ElementTree

from lanedet.ablation import Cost, plot_accuracy


def cost(ms: float, parameters: int) -> Cost:
    return Cost(parameters, {"96x160": 1}, ms, 0, 1.0, 0)


def result(accuracy: float) -> dict[str, Any]:
    return {"metrics": {"tusimple/accuracy": accuracy}}


FREE, PAID = "#0072b2", "#d55e00"
RESULTS = {
    "plain": [result(0.80), result(0.82)],
    "SAD": [result(0.81), result(0.83)],
    "SE": [result(0.84), result(0.84)],
}
COSTS = {"plain": cost(10, 100), "SAD": cost(10, 100), "SE": cost(12, 120)}


def test_a_picture_has_a_mark_for_each_row_in_the_color_of_its_price() -> None:
    picture = plot_accuracy(RESULTS, COSTS).decode()
    ElementTree.fromstring(picture)
    assert FREE in picture
    assert PAID in picture
    for_nothing = plot_accuracy(RESULTS, dict.fromkeys(RESULTS, cost(10, 100))).decode()
    assert FREE in for_nothing
    assert PAID not in for_nothing


def test_a_picture_is_made_alike_every_time() -> None:
    assert plot_accuracy(RESULTS, COSTS) == plot_accuracy(RESULTS, COSTS)
    one_seed = {title: runs[:1] for title, runs in RESULTS.items()}
    assert plot_accuracy(one_seed, COSTS)
