import pytest

from lanedet.evaluation.published import BDD100K, CULANE, TUSIMPLE, PublishedResult
from lanedet.evaluation.tables import BENCHMARKS, benchmark_table

SCORE = {"accuracy": 0.95, "fp": 0.06, "fn": 0.04, "f1": 0.9}
OWN = {f"tusimple/{name}": value for name, value in SCORE.items()}


def row_of(lines: list[str], method: str) -> list[str]:
    (line,) = (line for line in lines if line.startswith(method))
    return line.removeprefix(method).split()


def test_published_rows_beside_the_test_set() -> None:
    lines = benchmark_table(OWN, 2782)
    assert lines[0].split() == [
        "TuSimple,",
        "test",
        "set",
        "accuracy",
        "fp",
        "fn",
        "f1",
    ]
    assert row_of(lines, "this run") == ["0.9500", "0.0600", "0.0400", "0.9000"]
    expected = ["0.9664", "0.0602", "0.0205", "-", "[1]"]
    assert row_of(lines, "ENet-SAD (paper)") == expected
    assert "[1] github.com/cardwing/Codes-for-Lane-Detection (README)" in lines


def test_columns_stand_under_their_heads() -> None:
    lines = benchmark_table(OWN, 2782)
    ends = {line.rindex("0.9500") + 6 for line in lines if "0.9500" in line}
    assert ends == {lines[0].index("accuracy") + len("accuracy")}


def test_no_published_rows_beside_other_images() -> None:
    lines = benchmark_table(OWN, 63)
    assert lines[0].startswith("TuSimple metrics on 63 images")
    assert not any("paper" in line for line in lines)
    assert lines[-1].endswith("2,782 images.")


def test_categories_of_culane() -> None:
    own = {"culane/f1": 0.7, "culane/f1_night": 0.6, "culane/fp_cross": 2000.0}
    lines = benchmark_table(own, 34680)
    assert lines[0].split()[-3:] == ["f1", "night", "fp_cross"]
    assert row_of(lines, "SCNN")[:3] == ["0.7160", "0.6610", "1990"]


def test_counts_of_culane() -> None:
    own = {
        "culane/f1": 0.6,
        "culane/tp": 1200.0,
        "culane/recall": 0.5,
        "culane/tp_night": 7.0,
        "culane/fp_cross": 1995.0,
    }
    lines = benchmark_table(own, 34680)
    assert row_of(lines, "all") == ["1,200", "-", "-", "-", "0.5000"]
    assert row_of(lines, "night") == ["7", "-", "-", "-", "-"]
    assert row_of(lines, "cross") == ["-", "1,995", "-", "-", "-"]
    assert not any(line.startswith("culane/") for line in lines)


def test_rows_of_other_protocols_are_left_out() -> None:
    lines = benchmark_table({"bdd100k/multitask_iou": 0.2}, 10000)
    assert row_of(lines, "YOLOP")[0] == "0.2620"
    assert not any("SAD (paper)" in line for line in lines)


def test_other_numbers_follow() -> None:
    lines = benchmark_table({**OWN, "speed": 3.0}, 5)
    assert lines[-1] == "speed  3.0000"
    assert benchmark_table({"speed": 3.0}, 5) == ["speed  3.0000"]


@pytest.mark.parametrize(
    ("results", "prefix"),
    [(TUSIMPLE, "tusimple"), (CULANE, "culane"), (BDD100K, "bdd100k")],
)
def test_published_numbers_fit_the_columns(
    results: list[PublishedResult], prefix: str
) -> None:
    for result in results:
        assert result.source.startswith("github.com/")
        assert result.values.keys() <= BENCHMARKS[prefix].columns.keys()
        shares = [v for k, v in result.values.items() if k != "fp_cross"]
        assert all(0 < value < 1 for value in shares)
