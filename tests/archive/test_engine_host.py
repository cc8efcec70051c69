"""An engine that runs elsewhere hands over all reports, and then its error."""

import threading
from collections.abc import Iterator, Sequence
from types import SimpleNamespace

import pytest

from lanedet.archive import engine_host
from lanedet.archive.engine_host import EngineHost, HostedEngine
from lanedet.archive.reports import Report, StretchReport


class Engine:
    """Reports on each stretch, and raises what is none."""

    def run(self, stretches: Sequence[object]) -> Iterator[Report]:
        for stretch in stretches:
            if isinstance(stretch, Exception):
                raise stretch
            yield StretchReport()


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> EngineHost:
    monkeypatch.setattr(engine_host, "RayEngine", lambda *_: Engine())
    monkeypatch.setattr(engine_host, "quieten", lambda: None)  # imports Ray Data
    return EngineHost(None, 1, 0.0, wait_s=0.1)  # type: ignore[arg-type]


def take_all(host: EngineHost) -> int:
    number, is_done = 0, False
    while not is_done:
        reports, is_done = host.take()
        number += len(reports)
    return number


def test_all_reports_are_handed_over_in_every_round(host: EngineHost) -> None:
    for number in (100, 0, 3):
        host.begin([None] * number)  # type: ignore[list-item]
        assert take_all(host) == number


def test_the_error_comes_after_the_reports_before_it(host: EngineHost) -> None:
    host.begin([None, None, RuntimeError("it burns")])  # type: ignore[list-item]
    number = 0
    with pytest.raises(RuntimeError, match="it burns"):  # noqa: PT012
        while True:
            number += len(host.take()[0])
    assert number == 2


def test_nothing_is_waited_for_long(host: EngineHost) -> None:
    assert host.take() == ([], False)


def test_an_answer_that_never_comes_does_not_hold_the_process() -> None:
    asked, ended = threading.Event(), threading.Event()

    def get(_: object) -> tuple[int, float]:
        asked.set()
        ended.wait()
        return 0, 0.0

    engine = HostedEngine.__new__(HostedEngine)
    engine._ray = SimpleNamespace(
        get=get, exceptions=SimpleNamespace(RayActorError=OSError)
    )
    before = set(threading.enumerate())
    threading.Thread(target=engine._answer, args=(None,), daemon=True).start()
    asked.wait()
    new = set(threading.enumerate()) - before
    ended.set()
    assert len(new) == 2
    assert all(thread.daemon for thread in new)
