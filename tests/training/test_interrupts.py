import os
import signal
import subprocess
import sys
import threading

import pytest

from pgat_jax.training.interrupts import Interrupts

TWICE = """
import os, signal, time
from pgat_jax.training.interrupts import Interrupts
with Interrupts() as interrupts:
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


def test_a_second_signal_leaves_at_once():
    code = TWICE.format(first=int(signal.SIGTERM), second=int(signal.SIGINT))
    left = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=9)
    assert left.returncode == 130
    assert b"again to leave at once" in left.stderr


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
