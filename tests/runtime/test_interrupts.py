import signal
import threading

import pytest

from lanedet.runtime import hold_interrupts


def test_an_interrupt_waits_for_the_end_of_the_outermost_block() -> None:
    steps = []

    def work() -> None:
        with hold_interrupts():
            with hold_interrupts():
                signal.raise_signal(signal.SIGINT)
                steps.append("inner")
            steps.append("outer")
        steps.append("after")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert steps == ["inner", "outer"]


def test_other_signals_can_be_held_too_and_act_last() -> None:
    order = []

    def work(*numbers: signal.Signals) -> None:
        with hold_interrupts(signal.SIGUSR1):
            for number in numbers:
                signal.raise_signal(number)
            order.append("block")

    previous = signal.signal(signal.SIGUSR1, lambda *_: order.append("other"))
    try:
        with pytest.raises(KeyboardInterrupt):
            work(signal.SIGUSR1, signal.SIGINT)
        assert order == ["block"]  # Ctrl-C went before
        work(signal.SIGUSR1)
        assert order == ["block", "block", "other"]
    finally:
        signal.signal(signal.SIGUSR1, previous)


def test_holding_interrupts_leaves_the_handlers_as_they_were() -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    with hold_interrupts():
        assert [signal.getsignal(number) for number in numbers] != before
    assert [signal.getsignal(number) for number in numbers] == before


def test_interrupts_can_be_held_in_another_thread() -> None:
    done = []

    def work() -> None:
        with hold_interrupts():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done
