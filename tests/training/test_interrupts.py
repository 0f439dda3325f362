"""Signals: the first is noted, a second leaves, and waiting lets them through."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from pgat_jax.training.interrupts import (
    BEFORE_STEPS,
    DURING_STEPS,
    SIGNALS,
    Interrupted,
    Interrupts,
    wait_for_device,
)

TWICE = """
import os, signal, time
from pgat_jax.training.interrupts import Interrupts
with Interrupts() as interrupts:
    {before}
    os.kill(os.getpid(), {first})
    assert interrupts.number == {first}
    os.kill(os.getpid(), {second})
    time.sleep(10)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_noted_and_handlers_come_back(number):
    before = signal.getsignal(number)
    with Interrupts() as interrupts:
        assert interrupts.number is None
        os.kill(os.getpid(), number)
        assert interrupts.number == number
    assert signal.getsignal(number) == before


@pytest.mark.parametrize(
    "before, notice",
    [("pass", BEFORE_STEPS), (f"interrupts.notice = {DURING_STEPS!r}", DURING_STEPS)],
)
def test_a_second_signal_leaves_at_once_and_the_first_says_so(before, notice):
    code = TWICE.format(before=before, first=int(signal.SIGTERM), second=int(signal.SIGINT))
    left = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=9)
    assert left.returncode == 130
    assert left.stderr == f"\n{notice}\n"
    assert "again to leave at once" in notice


def test_before_the_first_step_nothing_is_said_of_saving():
    assert "sav" not in BEFORE_STEPS
    assert "saving after this step" in DURING_STEPS


def test_off_the_main_thread_nothing_is_installed():
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def work():
        with Interrupts():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_exit_status_is_that_of_a_shell(number, status):
    end = Interrupted("saved", number)
    assert (end.status, str(end)) == (status, "saved")
    assert number in SIGNALS


def test_waiting_ends_when_the_array_is_ready_and_signals_come_in_between():
    class Array:
        """Ready after ten looks; a signal comes at the fifth."""

        looks = 0

        def is_ready(self) -> bool:
            self.looks += 1
            if self.looks == 5:
                os.kill(os.getpid(), signal.SIGINT)
            return self.looks > 10

    array = Array()
    with Interrupts() as interrupts:
        wait_for_device(array)
    assert array.looks == 11
    assert interrupts.number == signal.SIGINT
