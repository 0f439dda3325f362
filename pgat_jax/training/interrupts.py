"""Handles Ctrl-C and SIGTERM: the first lets the loop end in order, a second ends the process."""

import os
import signal
import threading
import time
from typing import Self

import jax

SIGNALS = (signal.SIGINT, signal.SIGTERM)
# A shell reports a process that a signal ended as this number and the signal's: 130 for Ctrl-C.
SHELL_BASE = 128
# What the first signal says before the first step, and during the steps.
BEFORE_STEPS = "stopping before the next step; again to leave at once"
DURING_STEPS = "saving after this step; again to leave at once, without saving"
# Seconds between two looks at the device: the first, their growth per second waited, the longest.
NAP, NAP_GROWTH, LONGEST_NAP = 0.0005, 0.02, 0.05


class Interrupted(Exception):
    """The error of a signal that ended the work in order; its message says how to continue.

    Attributes:
        status: exit status of the process: 130 for Ctrl-C, 143 for SIGTERM.
    """

    def __init__(self, message: str, number: int):
        """Makes the exception.

        Args:
            message: what was saved, and how to continue.
            number: number of the signal.
        """
        super().__init__(message)
        self.status = SHELL_BASE + number


class Interrupts:
    """Records the first Ctrl-C or SIGTERM inside the context; a second ends the process at once.

    It works in the main thread alone, where Python delivers signals. In another thread it records
    nothing.

    Attributes:
        number: number of the signal, or None before one came.
        notice: what the first signal says to the user.
    """

    def __init__(self) -> None:
        """Creates the object; handlers are installed on entry."""
        self.number: int | None = None
        self.notice = BEFORE_STEPS
        self._before: dict = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, _frame: object) -> None:
        if self.number is not None:
            os._exit(SHELL_BASE + number)
        self.number = number
        # not print: a handler may run in the middle of another print
        os.write(2, f"\n{self.notice}\n".encode())


def wait_for_device(array: jax.Array) -> None:
    """Waits until an array is computed, in short pauses, between which Python handles signals.

    Args:
        array: the array.
    """
    started = time.monotonic()
    while not array.is_ready():  # pyright: ignore[reportAttributeAccessIssue]
        time.sleep(min(LONGEST_NAP, NAP + NAP_GROWTH * (time.monotonic() - started)))
