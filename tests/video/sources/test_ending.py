from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import pytest

from lanedet.video.sources.ending import (
    Ending,
    StatedLength,
    break_off,
    damage_inside,
)

LENGTH = Fraction(1, 25)
# 30 frames in 1.2 seconds, as four containers state it.
MP4 = StatedLength("mov,mp4,m4a,3gp,3g2,mj2", 30, 1.2, False, LENGTH)
MKV = StatedLength("matroska,webm", None, 1.2, True, LENGTH)
FLV = StatedLength("flv", None, 1.2, False, LENGTH)
AVI = StatedLength("avi", 30, 1.2, False, LENGTH)
TS = StatedLength("mpegts", None, 1.2, False, LENGTH)


def _ending(num_frames: int, **more: object) -> Ending:
    """Frames without a gap, and no packets behind them."""
    end = num_frames * LENGTH
    packet = SimpleNamespace(dts=num_frames - 1, is_corrupt=False, time_base=LENGTH)
    ending = Ending(num_frames, end, end, end, Fraction(0), packet)
    return replace(ending, **more)


@pytest.mark.parametrize("stated", [MP4, MKV, AVI])
@pytest.mark.parametrize(("num_frames", "is_early"), [(30, False), (29, True)])
def test_a_single_frame_is_missed(
    stated: StatedLength, num_frames: int, is_early: bool
) -> None:
    assert _ending(num_frames).is_early(stated) == is_early


@pytest.mark.parametrize(("last_ms", "is_early"), [(5760, False), (5720, True)])
def test_an_avi_of_milliseconds_counts_how_long_its_last_frame_lasts(
    last_ms: int, is_early: bool
) -> None:
    stated = replace(AVI, num_frames=5800)
    packet = SimpleNamespace(dts=last_ms, is_corrupt=False, time_base=Fraction(1, 1000))
    assert _ending(30, last_packet=packet).is_early(stated) == is_early


@pytest.mark.parametrize(("num_frames", "is_early"), [(18, False), (17, True)])
def test_a_rough_duration_is_half_a_second_off(num_frames: int, is_early: bool) -> None:
    assert _ending(num_frames).is_early(FLV) == is_early


def test_a_duration_without_a_count_is_an_estimate() -> None:
    ending = _ending(2)
    assert not ending.is_early(TS)
    assert ending.is_short(TS)
    assert not _ending(30).is_short(TS)


def test_of_nothing_that_is_stated_nothing_is_missed() -> None:
    stated = replace(TS, duration_s=None)
    assert not _ending(2).is_early(stated)
    assert not _ending(2).is_short(stated)


def test_frames_that_an_edit_list_hides_are_not_missed() -> None:
    assert not _ending(28, shown_end=Fraction(6, 5)).is_early(MP4)


def test_a_last_frame_that_is_shown_for_long_is_not_missed() -> None:
    assert not _ending(25, packets_end=Fraction(6, 5)).is_early(MKV)
    assert _ending(25, packets_end=Fraction(1)).is_early(MKV)


def test_a_jump_of_the_clock_is_not_missed() -> None:
    hours = replace(MKV, duration_s=7201.2)
    assert _ending(30).is_early(hours)
    assert not _ending(30, skipped=Fraction(7200)).is_early(hours)


def test_a_damaged_last_packet_is_an_early_end() -> None:
    packet = SimpleNamespace(dts=29, is_corrupt=True)
    assert _ending(30, last_packet=packet).is_early(TS)


def test_what_is_said_of_an_early_end() -> None:
    error = break_off("a.mkv", _ending(20), 30, "it ends there")
    assert str(error).startswith(
        "'a.mkv' breaks off after 20 of 30 frames (0.80 s): it ends there. Copy"
    )
    assert error.reason == "it ends there"
    assert "after 1 frame (0.04 s)" in str(break_off("a.ts", _ending(1), None, "x"))


def test_what_is_said_of_damage() -> None:
    error = damage_inside("a.mkv", 28, Fraction(1, 2))
    assert str(error).startswith(
        "'a.mkv' is damaged: frames are missing from 0.50 s on, 28 frames could be read"
    )
    assert error.reason == "frames are missing from 0.50 s on"
    assert "pieces of them are missing, 1 frame" in str(damage_inside("a", 1, None))
