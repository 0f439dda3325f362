"""`jax_debug_nans`: a training step that makes a NaN raises."""

import contextlib
import re
import sys
import traceback

import jax

from benchmarks.rivals.case import STEPS, Case
from benchmarks.rivals.tool import WHOLE, Alarm, Tool

# The file and the line of a frame, in a printed traceback.
_FRAME = re.compile(r'File "(.+?)", line (\d+)')


def find_nans(case: Case) -> list[Alarm]:
    """Returns an alarm on the program as a whole if a step of training makes a NaN.

    Args:
        case: The program.
    """
    step, params = case.make_step(), case.params
    state = case.optimizer.init(params)
    try:
        # JAX prints where it looks again; standard output is the command's.
        with jax.debug_nans(True), contextlib.redirect_stdout(sys.stderr):
            for _ in range(STEPS):
                _, params, state = jax.block_until_ready(step(params, state))
    except FloatingPointError as error:
        return [Alarm(WHOLE, "NaN", _find_places(error))]
    return []


def _find_places(error: Exception) -> tuple[str, ...]:
    """Returns `file.py:line` of each frame of an error's traceback, its causes included."""
    text = "".join(traceback.format_exception(error))
    return tuple(f"{file.rpartition('/')[2]}:{line} frame" for file, line in _FRAME.findall(text))


DEBUG_NANS = Tool(
    "jax_debug_nans",
    find_nans,
    "20 training steps with `jax_debug_nans` set",
    {"NaN": "non_finite"},
)
