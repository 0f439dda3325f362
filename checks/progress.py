"""One line a stage for whatever takes over two seconds."""

import sys
import time
from collections.abc import Callable

Say = Callable[[str], None]

_SECONDS = 2.0


def progress(stream=None) -> Say:
    """A function to be called at the start of each stage; silent for the first two seconds.

    Lines go to standard error: `checks: STAGE (12 s)`.
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
