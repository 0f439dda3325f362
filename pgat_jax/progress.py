"""What the user sees while a run is under way: a bar on a terminal, plain lines elsewhere."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from pgat_jax.errors import printable

T = TypeVar("T")
REFRESHES = 4
"""Refreshes a second of a bar."""
LINE_SECONDS = 10.0
"""Least seconds between plain lines that report steps."""
STILL_SECONDS = 20.0
"""Seconds between plain lines that say a long piece of work still goes on."""


class Reporter:
    """Reports on stderr, so that stdout holds results alone."""

    def __init__(self, console: Console | None = None):
        """Reports to ``console``."""
        self._console = console or Console(stderr=True, soft_wrap=True)
        self._bar: Progress | None = None
        self._last = -LINE_SECONDS

    def is_due(self) -> bool:
        """Whether a report of a step would be seen: not too soon after the one before it."""
        pause = 1 / REFRESHES if self._console.is_terminal else LINE_SECONDS
        return time.monotonic() - self._last >= pause

    def say(self, text: str) -> None:
        """A line that stays."""
        self._console.print(printable(text), markup=False, highlight=False, emoji=False)

    def wait(self, text: str, work: Callable[[], T], stop: Callable[[], bool]) -> T | None:
        """Do ``work`` on another thread, so that signals are heard, and say how long it takes.

        Returns its result, or None if ``stop()`` became true first; the work is then abandoned.
        """
        outcome: dict[str, Any] = {}

        def run() -> None:
            try:
                outcome["result"] = work()
            except BaseException as error:
                outcome["error"] = error

        thread = threading.Thread(target=run, daemon=True)
        started = said = time.monotonic()
        self.say(f"{text} ...")
        thread.start()
        while thread.is_alive() and not stop():
            thread.join(0.1)
            if time.monotonic() - said > STILL_SECONDS:
                said = time.monotonic()
                self.say(f"{text} ... {said - started:.0f} s")
        if "error" in outcome:
            raise outcome["error"]
        if "result" in outcome and time.monotonic() - started > 2:
            self.say(f"{text} took {time.monotonic() - started:.1f} s")
        return outcome.get("result")

    def step(self, done: int, total: int, left: float, **shown: str) -> None:
        """Report a step, if it is due or moves a bar.

        Args:
            done: steps, of ``total``.
            total: steps of the whole run.
            left: seconds.
            **shown: texts by name, in order.
        """
        text = "  ".join(f"{key.replace('_per_', '/')} {value}" for key, value in shown.items())
        text = f"{text}  {duration(left)} left"
        if self._console.is_terminal:
            self._move_bar(done, total, text)
        elif self.is_due():
            self.say(text)
        else:
            return
        self._last = time.monotonic()

    def close(self) -> None:
        """Take the bar down."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _move_bar(self, done: int, total: int, text: str) -> None:
        if self._bar is None:
            columns = (BarColumn(bar_width=10), TextColumn("{task.description}", markup=False))
            self._bar = Progress(*columns, console=self._console, refresh_per_second=REFRESHES)
            self._bar.add_task("", total=total)
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=done, description=text)


def duration(seconds: float) -> str:
    """Such as ``2:05:00`` or ``0:00:07``."""
    return str(timedelta(seconds=round(max(seconds, 0))))
