"""Broken labels stop the reader or are counted; they are never passed over."""

import pytest

from lanedet.formats.label_faults import LabelError, LabelFaults


def _read(lines: list[str], faults: LabelFaults) -> list[int]:
    numbers = []
    for line in lines:
        with faults.allow():
            if not line.isdigit():
                raise LabelError(f"{line!r} is no number.")
            numbers.append(int(line))
    return numbers


def test_a_broken_label_stops_the_reader_by_default():
    with pytest.raises(LabelError, match="'x' is no number"):
        _read(["1", "x", "2"], LabelFaults())


def test_skipping_leaves_out_the_broken_label_alone():
    faults = LabelFaults("skip")
    assert _read(["1", "x", "2", "y"], faults) == [1, 2]
    assert faults.messages == ["'x' is no number.", "'y' is no number."]


def test_other_errors_are_never_skipped():
    faults = LabelFaults("skip")
    with pytest.raises(KeyError), faults.allow():
        raise KeyError("lanes")


def test_the_summary_counts_and_shows_the_first():
    faults = LabelFaults("skip")
    assert faults.summary() == ""
    _read(["x"] * 7, faults)
    assert faults.summary().startswith("Left out 7 broken labels")
    assert faults.summary().count("is no number") == 5


def test_on_error_must_be_known():
    with pytest.raises(ValueError, match="'raise' or 'skip', got 'ignore'"):
        LabelFaults("ignore")
