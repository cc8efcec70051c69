import threading
from collections.abc import Iterator

import pytest

from lanedet.video import FrameQueue, ReadAhead, WriteBehind


def _numbers(count: int, error: Exception | None = None) -> Iterator[int]:
    yield from range(count)
    if error is not None:
        raise error


def test_items_come_in_order_from_another_thread() -> None:
    names = []

    def items() -> Iterator[int]:
        for number in _numbers(50):
            names.append(threading.current_thread().name)
            yield number

    with ReadAhead(items(), FrameQueue(3)) as ahead:
        assert list(ahead) == list(range(50))
    assert set(names) == {"reader"}


def test_a_full_queue_waits() -> None:
    made = []

    def items() -> Iterator[int]:
        for number in _numbers(50):
            made.append(number)
            yield number

    with ReadAhead(items(), FrameQueue(3)) as ahead:
        iterator = iter(ahead)
        assert next(iterator) == 0
        # Three in the queue, and one in hand.
        assert max(made, default=0) <= 5
    assert max(made) <= 6


def test_a_live_queue_loses_the_oldest() -> None:
    queue: FrameQueue[int] = FrameQueue(2, drops=True)
    for number in range(7):
        assert queue.put(number)
    queue.end()
    assert list(queue) == [5, 6]
    assert queue.num_dropped == 5


def test_an_error_of_the_reader_comes_after_its_items() -> None:
    seen = []
    with (
        pytest.raises(ValueError, match="cut off"),
        ReadAhead(_numbers(5, ValueError("cut off")), FrameQueue(2)) as ahead,
    ):
        seen.extend(ahead)
    assert seen == list(range(5))


def test_leaving_ends_a_reader_that_waits() -> None:
    before = threading.active_count()
    with ReadAhead(_numbers(10**9), FrameQueue(2)) as ahead:
        next(iter(ahead))
    assert threading.active_count() == before


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_all_items_are_written_whatever_leaves_the_block(error) -> None:
    written = []

    def work() -> None:
        with WriteBehind(written.append, 3) as behind:
            for number in range(20):
                behind.put(number)
            if error is not None:
                raise error

    if error is None:
        work()
    else:
        with pytest.raises(error):
            work()
    assert written == list(range(20))


@pytest.mark.parametrize("num_items", [4, 50])
def test_an_error_of_the_writer_reaches_the_other_thread(num_items: int) -> None:
    written = []

    def write(number: int) -> None:
        if number == 3:
            raise OSError("disk full")
        written.append(number)

    def work() -> None:
        with WriteBehind(write, 2) as behind:
            for number in range(num_items):
                behind.put(number)

    with pytest.raises(OSError, match="disk full"):
        work()
    assert written == [0, 1, 2]


def test_the_size_must_be_positive() -> None:
    with pytest.raises(ValueError, match="size must be at least 1, got 0"):
        FrameQueue(0)
