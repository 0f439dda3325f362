"""The checks of torcheck 1.0.1, a library for PyTorch, that need no numbers from the user.

After each step of the optimiser it compares every parameter with its value before, and looks for
NaN and infinite elements. The first step with an error ends the training. Its range check is left
out: it takes the range of a module's outputs from the user.
"""

import numpy as np

from benchmarks.rivals.case import Case
from benchmarks.rivals.tool import Alarm, Tool


def find_unchanged(case: Case) -> list[Alarm]:
    """Returns the errors of the first step that has some.

    Args:
        case: The program.
    """
    for step in case.steps:
        errors = {name: _find_errors(step.before[name], step.after[name]) for name in case.names}
        if any(errors.values()):
            return [Alarm(name, ", ".join(texts)) for name, texts in errors.items() if texts]
    return []


def _find_errors(before: np.ndarray, after: np.ndarray) -> list[str]:
    rules = {
        "should change": bool(np.all(before == after)),
        "contains NaN": bool(np.any(np.isnan(after))),
        "contains inf": bool(np.any(np.isinf(after))),
    }
    return [text for text, is_broken in rules.items() if is_broken]


TORCHECK = Tool(
    "torcheck's checks",
    find_unchanged,
    "after each of 20 steps: a parameter has not changed, or has a NaN or infinite element",
    {"contains NaN": "non_finite", "contains inf": "non_finite"},
)
