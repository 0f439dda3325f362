"""Shows messages to the user while a command works: a bar, or plain lines where none can be shown.

The module depends on rich, the escaping of text and the bar of notebooks.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from pgat_jax.errors import printable
from pgat_jax.notebook import NotebookBar, is_notebook

T = TypeVar("T")
# Refreshes of a bar in a second.
REFRESHES = 4
# Least seconds between two plain lines that report steps.
LINE_SECONDS = 10.0
# Seconds between two plain lines which say that a long piece of work still runs.
STILL_SECONDS = 20.0
# Seconds above which `wait` reports how long the work took.
WORTH_REPORTING = 2.0
# Seconds for which `wait` sleeps between two looks at `stop`.
POLL_SECONDS = 0.1

# Whether no progress is shown in this context.
_IS_QUIET: ContextVar[bool] = ContextVar("is_quiet", default=False)


@contextmanager
def silence(is_quiet: bool) -> Iterator[None]:
    """Shows no progress inside the `with` block; results and errors are shown as always.

    Args:
        is_quiet: False changes nothing.
    """
    token = _IS_QUIET.set(is_quiet or _IS_QUIET.get())
    try:
        yield
    finally:
        _IS_QUIET.reset(token)


def open_progress() -> Console:
    """Returns a console on stderr for messages of progress; inside `silence` it prints nothing."""
    return Console(stderr=True, soft_wrap=True, quiet=_IS_QUIET.get())


class Reporter:
    """Reports on stderr, so that stdout contains results only.

    On a terminal and in a notebook `step` moves a bar; elsewhere it prints a line, at most one in
    `line_seconds`. All arguments have defaults: a console, `line_seconds` (10) and a clock.
    """

    def __init__(
        self,
        console: Console | None = None,
        line_seconds: float = LINE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ):
        """Prepares a reporter; nothing is printed yet.

        Args:
            console: where the reports go; stderr by default.
            line_seconds: least seconds between two plain lines that report steps.
            clock: returns the time in seconds.
        """
        self._console = console or open_progress()
        self._clock = clock
        is_shown = is_notebook() and not self._console.quiet
        self._notebook_bar = NotebookBar() if is_shown else None
        has_bar = self._console.is_terminal or is_shown
        self._pause = 1 / REFRESHES if has_bar else line_seconds
        self._bar: Progress | None = None
        self._due_at = clock()

    def is_due(self) -> bool:
        """Returns whether the report of a step would be seen: the last one is not too recent."""
        return self._clock() >= self._due_at

    def say(self, text: str) -> None:
        """Prints a line that stays.

        Args:
            text: the line.
        """
        self._console.print(printable(text), markup=False, highlight=False, emoji=False)

    def wait(self, text: str, work: Callable[[], T], stop: Callable[[], bool]) -> T | None:
        """Does work on another thread, so that this one receives signals, and reports its time.

        Args:
            text: what the work is, for the user.
            work: the function to call.
            stop: returns whether to stop waiting; the thread then runs on without being waited for.

        Returns:
            The result of `work`, or None if `stop()` became true first.

        Raises:
            BaseException: the exception that `work` raised.
        """
        outcome: dict[str, Any] = {}

        def run() -> None:
            try:
                outcome["result"] = work()
            except BaseException as error:
                outcome["error"] = error

        thread = threading.Thread(target=run, daemon=True)
        started = reported = self._clock()
        self.say(f"{text} ...")
        thread.start()
        while thread.is_alive() and not stop():
            thread.join(POLL_SECONDS)
            if self._clock() - reported > STILL_SECONDS:
                reported = self._clock()
                self.say(f"{text} ... {reported - started:.0f} s")
        if "error" in outcome:
            raise outcome["error"]
        if "result" in outcome and self._clock() - started > WORTH_REPORTING:
            self.say(f"{text} took {self._clock() - started:.1f} s")
        return outcome.get("result")

    def step(self, done: int, total: int, left: float, **fields: str) -> None:
        """Reports a step: moves the bar, or prints a line if one is due.

        Args:
            done: steps taken.
            total: steps of the whole run.
            left: seconds until the end.
            **fields: texts by name, in the order in which they are shown.
        """
        text = "  ".join(f"{key.replace('_per_', '/')} {value}" for key, value in fields.items())
        text = f"{text}  {format_duration(left)} left"
        if self._notebook_bar is not None:
            if not self.is_due():
                return
            self._notebook_bar.update(done, total, text)
        elif self._console.is_terminal:
            self._move_bar(done, total, text)
        elif self.is_due():
            self.say(text)
        else:
            return
        self._due_at = self._clock() + self._pause

    def close(self) -> None:
        """Removes the bar, if there is one; the next `step` makes a new one."""
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


def format_duration(seconds: float) -> str:
    """Formats seconds as `2:05:00` or `0:00:07`.

    Args:
        seconds: the duration; negative seconds count as 0.
    """
    return str(timedelta(seconds=round(max(seconds, 0))))
