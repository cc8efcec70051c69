"""A ledger knows how far the work is, whatever becomes of it."""

import pytest

from lanedet.archive.reports import WorkLedger


def test_progress_is_of_what_is_done_and_of_what_is_in_work() -> None:
    ledger = WorkLedger()
    ledger.begin("a.mp4")
    ledger.advance("a.mp4", 10, 0.25)
    ledger.advance("a.mp4", 10, 0.25)
    assert ledger.progress() == (20, 0.5)
    ledger.end("a.mp4", 1.0)
    assert ledger.progress() == (20, 1.0)


def test_what_fails_early_counts_wholly() -> None:
    ledger = WorkLedger()
    for name in ("b.mp4, stretch 1 of 2", "b.mp4, stretch 2 of 2"):
        ledger.begin(name)
        ledger.advance(name, 5, 0.1)
        ledger.end(name, 0.5)
    assert ledger.progress() == (10, 1.0)


def test_what_a_worker_had_done_when_it_died_does_not_count_twice() -> None:
    ledger = WorkLedger()
    assert ledger.begin("a.mp4") == 1
    ledger.advance("a.mp4", 10, 0.75)
    assert ledger.begin("a.mp4") == 2
    assert ledger.progress() == (10, 0.0)
    ledger.advance("a.mp4", 4, 0.3)
    assert ledger.progress() == (14, pytest.approx(0.3))


def test_a_clip_is_whole_with_the_last_of_its_stretches() -> None:
    ledger = WorkLedger()
    assert not ledger.finish_stretch("a.mp4", 1, 2)
    assert not ledger.finish_stretch("a.mp4", 1, 2)
    assert ledger.finish_stretch("a.mp4", 0, 2)
    ledger.forget("a.mp4")
    assert not ledger.finish_stretch("a.mp4", 0, 2)
