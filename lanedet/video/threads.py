"""Steps of the pipeline in threads of their own, with bounded queues between them."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from types import TracebackType
from typing import Generic, Self, TypeVar

import cv2

from lanedet.runtime import hold_interrupts

T = TypeVar("T")
R = TypeVar("R")


class FrameQueue(Generic[T]):
    """A bounded queue between two threads, either of which may leave.

    Args:
        size: Items that it holds, at least 1.
        drops: Whether a full queue loses its oldest item to a new one. Otherwise the
            new one waits.

    Raises:
        ValueError: If ``size`` is below 1.

    Attributes:
        num_dropped: Items lost so far.
    """

    def __init__(self, size: int, *, drops: bool = False) -> None:
        if size < 1:
            raise ValueError(f"size must be at least 1, got {size}.")
        self.num_dropped = 0
        self._size, self._drops = size, drops
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._has_ended = self._is_left = False
        self._error: BaseException | None = None

    def put(self, item: T) -> bool:
        """Add an item; return whether anybody will take it."""
        with self._changed:
            while len(self._items) >= self._size and not self._is_left:
                if self._drops:
                    self._items.popleft()
                    self.num_dropped += 1
                else:
                    self._changed.wait()
            self._items.append(item)
            self._changed.notify_all()
            return not self._is_left

    def end(self, error: BaseException | None = None) -> None:
        """Say that nothing more comes, and why if it is for an error."""
        with self._changed:
            self._has_ended, self._error = True, error
            self._changed.notify_all()

    def leave(self) -> None:
        """Say that nothing more will be taken."""
        with self._changed:
            self._is_left = True
            self._changed.notify_all()

    def __iter__(self) -> Iterator[T]:
        """Yield the items until the end, then raise the error if there is one."""
        while True:
            with self._changed:
                while not self._items and not self._has_ended:
                    self._changed.wait()
                if not self._items:
                    break
                item = self._items.popleft()
                self._changed.notify_all()
            yield item
        if self._error is not None:
            raise self._error


class ReadAhead(Generic[T]):
    """Iterate over items that a thread of its own makes, some of them ahead.

    Use it as a context manager. What the items raise is raised here, after the items
    before it. Leaving the block ends the thread after the item it is at.

    Args:
        items: Touched by the thread only.
        queue: What they go through.
    """

    def __init__(self, items: Iterable[T], queue: FrameQueue[T]) -> None:
        self._items = items
        self._queue = queue
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)

    def __iter__(self) -> Iterator[T]:
        """Yield the items in order."""
        return iter(self._queue)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._queue.leave()
        self._thread.join()

    def _run(self) -> None:
        try:
            for item in self._items:
                if not self._queue.put(item):
                    break
        except BaseException as error:  # to be raised by the other thread
            self._queue.end(error)
        else:
            self._queue.end()


@contextmanager
def map_ahead(
    function: Callable[[T], R],
    items: Iterable[T],
    num_threads: int,
    begin: Callable[[], object],
) -> Iterator[Iterator[R]]:
    """Yield what threads of their own make of items, in the order of the items.

    What an item raises, or the function on it, is raised after the results before it.
    Leaving the block ends the threads after the items that they are at.

    Args:
        function: Called by several threads at once.
        items: Touched by one thread only.
        num_threads: How many call the function, at least 1. As many results wait.
        begin: Called once by each of these threads.
    """
    with ThreadPoolExecutor(num_threads, "worker", begin) as workers:
        queue: FrameQueue[Future[R]] = FrameQueue(num_threads)
        started = (workers.submit(function, item) for item in items)
        with ReadAhead(started, queue) as futures:
            yield (future.result() for future in futures)


class WriteBehind(Generic[T]):
    """Hand items to a function that a thread of its own calls, some of them later.

    Use it as a context manager. Leaving the block, also by an exception or Ctrl-C,
    waits until every item is written. What the function raises is raised by the next
    ``put`` or when the block is left; the items after it are lost.

    Args:
        write: Called by the thread only.
        size: Items that may wait, at least 1.
    """

    def __init__(self, write: Callable[[T], None], size: int) -> None:
        self._write = write
        self._queue: FrameQueue[T] = FrameQueue(size)
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._error: BaseException | None = None

    def put(self, item: T) -> None:
        """Hand over an item; wait while too many are waiting."""
        with hold_interrupts():  # the item is either handed over or not
            is_taken = self._queue.put(item)
        if not is_taken and self._error is not None:
            raise self._error

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._queue.end()
        with hold_interrupts():
            self._thread.join()
        if self._error is not None and self._error is not error:
            raise self._error

    def _run(self) -> None:
        try:
            for item in self._queue:
                self._write(item)
        except BaseException as error:  # to be raised by the other thread
            self._error = error
            self._queue.leave()


@contextmanager
def single_threaded_opencv() -> Iterator[None]:
    """Let OpenCV use no threads of its own."""
    num_threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(num_threads)
