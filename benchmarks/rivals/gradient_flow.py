"""The rules of GradientFlow (andrewjc/GradientFlow), a toolkit for PyTorch, with its defaults.

It watches the norms of gradients over 20 steps. There they are the gradients of the outputs of
modules; here they are those of the parameters, for which the same rules are read.
"""

import numpy as np

from benchmarks.rivals.case import Case
from benchmarks.rivals.tool import Alarm, Tool

# The defaults of its configuration. A norm below _ZERO counts as zero.
_VANISHING, _EXPLODING, _DEAD_SHARE, _UNSTABLE, _ZERO = 1e-6, 10.0, 0.9, 3.0, 1e-12


def find_flow_issues(case: Case) -> list[Alarm]:
    """Returns an alarm for each leaf whose gradient norms break one of the five rules.

    Args:
        case: The program.
    """
    alarms = []
    for name in case.names:
        norms = np.array([_measure_norm(step.gradients[name]) for step in case.steps])
        if issues := _find_issues(norms):
            alarms.append(Alarm(name, ", ".join(issues)))
    return alarms


def _measure_norm(gradient: np.ndarray) -> float:
    return float(np.linalg.norm(gradient.astype(complex).ravel()))


def _find_issues(norms: np.ndarray) -> list[str]:
    """Returns the names of the broken rules, of the norms of one leaf over the steps."""
    finite = norms[np.isfinite(norms)]
    mean, largest = (finite.mean(), finite.max()) if finite.size else (0.0, 0.0)
    rules = {
        "vanishing": 0 < mean < _VANISHING,
        "exploding": largest > _EXPLODING,
        "dead": np.mean(norms < _ZERO) > _DEAD_SHARE,
        "unstable": mean > 0 and finite.std() > _UNSTABLE * mean,
        "numerical": finite.size < norms.size,
    }
    return [name for name, is_broken in rules.items() if is_broken]


GRADIENT_FLOW = Tool(
    "GradientFlow's rules",
    find_flow_issues,
    "norms of the gradient over 20 steps: the mean is below 1e-6, the largest above 10, over 90% "
    "are below 1e-12, the standard deviation is over 3 times the mean, or one is not finite",
    {"vanishing": "vanishing", "numerical": "non_finite"},
)
