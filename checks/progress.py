"""Prints progress messages: one line a stage for calls that take over two seconds."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

# A function that is called with the name of a stage when the stage begins.
Say = Callable[[str], None]

# Seconds that must pass before a line is printed.
_SECONDS = 2.0


def progress(stream: TextIO | None = None) -> Say:
    """Returns a function that prints each stage as it begins, at most one line each two seconds.

    The function is called with the name of the stage. It prints nothing in the first two seconds.

    Args:
        stream: where lines of the form `checks: STAGE (12 s)` go; by default standard error.
    """
    out = stream or sys.stderr
    start = last = time.perf_counter()

    def say(stage: str) -> None:
        nonlocal last
        now = time.perf_counter()
        if now - last > _SECONDS:
            print(f"checks: {stage} ({now - start:.0f} s)", file=out, flush=True)
            last = now

    return say
