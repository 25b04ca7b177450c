"""What is cut off, and what is let finish."""

import signal
import threading

import pytest

from problems.optimisation.portfolio.time_limit import Overrun, time_limit


def test_what_does_not_end_is_cut_off_once_it_is_not_busy() -> None:
    asked: list[bool] = []

    def busy() -> bool:
        asked.append(True)
        return len(asked) < 3

    with pytest.raises(Overrun), time_limit(0.01, busy):
        threading.Event().wait(60)
    assert len(asked) == 3


def test_what_ends_in_time_is_left_alone_and_the_alarm_is_taken_back() -> None:
    before, left_s = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)[0]
    with time_limit(6000.0, lambda: False):
        assert signal.getsignal(signal.SIGALRM) is not before
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 5000
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL)[0] <= left_s


def test_outside_the_main_thread_it_does_nothing() -> None:
    told: list[bool] = []
    before = signal.getsignal(signal.SIGALRM)

    def run() -> None:
        with time_limit(60.0, lambda: False):
            told.append(signal.getsignal(signal.SIGALRM) is before)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    assert told == [True]
