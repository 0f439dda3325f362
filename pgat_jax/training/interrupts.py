"""Ctrl-C and SIGTERM: the first is noted, so that the loop ends in order; a second ends it all."""

import os
import signal
import threading
from typing import Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(Exception):
    """Work was ended by a signal, in order. The message says how to go on."""

    def __init__(self, message: str, number: int):
        super().__init__(message)
        self.status = 128 + number
        """Exit status of the process, as shells have it: 130 for Ctrl-C, 143 for SIGTERM."""


class Interrupts:
    """Notes the first signal in ``number`` while entered. Off the main thread it notes nothing."""

    def __init__(self) -> None:
        self.number: int | None = None
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
            os._exit(128 + number)
        self.number = number
        # not print: a handler may run in the middle of another print
        os.write(2, b"\nsaving after this step; again to leave at once, without saving\n")
