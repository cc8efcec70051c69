from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lanedet.benchmark.subject_process import SubjectError, SubjectProcess

PEER = """
import os, sys, time

def load(seconds=0.0):
    print("loading")
    time.sleep(seconds)
    held = bytearray(64 * 2**20)

    def find(images):
        print(len(images), "images")
        time.sleep(0.01 * len(images))
        assert images[0].shape == (4, 6, 3) and images[0][1, 2, 0] == 9
        return [[[(1.0, 2.0), (3.0, 4.0)]] for _ in images]

    return find

def load_burner():
    def find(images):
        end = time.process_time() + 0.02
        while time.process_time() < end:
            pass
    return find

def load_other():
    return lambda images: [[{"line": object()}, "left"] for _ in images]

def load_nothing():
    raise ValueError("no such weights")

def load_endless():
    time.sleep(3600)

def load_ever_slower():
    return lambda images: time.sleep(3600 * (len(images) - 1))

def load_mortal():
    def find(images):
        if len(images) > 1:
            os._exit(7)
    return find
"""


@pytest.fixture
def open_peer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., SubjectProcess]:
    (tmp_path / "peer.py").write_text(PEER)
    monkeypatch.chdir(tmp_path)
    image = np.zeros((4, 6, 3), dtype=np.uint8)
    image[1, 2, 0] = 9
    np.save(tmp_path / "image.npy", image)

    def make(load: str, limit_s: float = 600, **arguments: float) -> SubjectProcess:
        return SubjectProcess(
            load, arguments, tmp_path / "image.npy", cores=1, limit_s=limit_s
        )

    return make


def test_a_subject_is_timed_whatever_it_prints(open_peer) -> None:
    with open_peer("peer:load", seconds=0.2) as process:
        start = process.start()
        one, four = process.run(3, 1), process.run(2, 4)
    assert start.lanes == [[[1.0, 2.0], [3.0, 4.0]]]
    assert 0.2 <= start.load_s < start.ready_s
    assert (len(one.seconds), len(four.seconds)) == (3, 2)
    assert min(one.seconds) >= 0.01
    assert min(four.seconds) >= 0.04
    # It sleeps.
    assert max(one.core_seconds) < 0.005
    assert one.peak_bytes is None or one.peak_bytes > 64 * 2**20


def test_a_peer_may_say_its_lanes_in_its_own_way(open_peer) -> None:
    with open_peer("peer:load_other") as process:
        assert process.start().lanes is None
        assert len(process.run(2, 1).seconds) == 2


def test_what_a_subject_computes_is_told_from_what_it_waits(open_peer) -> None:
    with open_peer("peer:load_burner") as process:
        assert process.start().lanes is None
        runs = process.run(2, 1)
    assert min(runs.core_seconds) >= 0.02


@pytest.mark.parametrize(
    ("load", "reason"),
    [
        ("peer:load_nothing", "ValueError: no such weights"),
        ("peer:load_else", "AttributeError: .*load_else"),
        ("absent:load", "ModuleNotFoundError: .*absent"),
    ],
)
def test_a_subject_that_cannot_be_loaded(open_peer, load: str, reason: str) -> None:
    with open_peer(load) as process, pytest.raises(SubjectError, match=reason):
        process.start()


def test_a_subject_that_never_loads(open_peer) -> None:
    message = r"gave no answer in 0\.5 s, and was ended"
    with open_peer("peer:load_endless", limit_s=0.5) as process:
        with pytest.raises(SubjectError, match=message):
            process.start()
        with pytest.raises(SubjectError, match="process ended with"):
            process.run(1, 1)


def test_a_call_that_never_ends(open_peer) -> None:
    with open_peer("peer:load_ever_slower", limit_s=300) as process:
        process.start()
        process.run(1, 1)
        process.limit_s = 0.5
        with pytest.raises(SubjectError, match=r"gave no answer in 0\.5 s"):
            process.run(1, 2)


def test_a_process_that_ends(open_peer) -> None:
    with open_peer("peer:load_mortal") as process:
        process.start()
        with pytest.raises(SubjectError, match="ended with 7"):
            process.run(1, 2)
