"""Measures how much of a gradient in the program's types is rounding."""

from collections.abc import Sequence

import numpy as np

from checks.measure.decisions import has_same_decisions
from checks.measure.points import root_mean_square
from checks.measure.readings import Measurement
from checks.measure.survey import Survey
from checks.program.runner import Runner, widen_array

# A gradient as written whose error is larger than the gradient itself is lost in rounding.
LOST = 1.0
# Losses as written and in float64 that differ by less come from the same decisions.
_AGREES = 0.01


def measure_rounding(runner: Runner, survey: Survey, leaves: Sequence[int]) -> dict[int, float]:
    """Measures the relative error of the gradient in the program's types against float64.

    The error is the smallest over the batches. Batches at which the two programs decide differently
    are left out.

    Args:
        runner: the compiled program.
        survey: gradients at the data.
        leaves: indices of the leaves to compare.

    Returns:
        Leaf index -> the root mean square of the error over that of the float64 gradient, for the
        leaves that can be compared at some batch.
    """
    errors: dict[int, float] = {}
    for measured in survey.data:
        own = {i: error for i in leaves if (error := _error(measured, i)) is not None}
        if _is_comparable(runner, measured, max(own.values(), default=0.0)):
            for i, error in own.items():
                errors[i] = min(error, errors.get(i, np.inf))
    return errors


def _is_comparable(runner: Runner, measured: Measurement, error: float) -> bool:
    """Returns whether both losses can be compared: they agree, or all decisions do."""
    wide, written = measured.wide.loss, measured.written.loss
    if abs(wide - written) <= _AGREES * abs(wide):
        return True
    is_lost = bool(np.isfinite(written)) and error > LOST
    return is_lost and has_same_decisions(runner, measured.point)


def _error(measured: Measurement, leaf: int) -> float | None:
    """Returns the relative error of the gradient in the program's types, None without one."""
    exact, rough = measured.wide.leaves[leaf], measured.written.leaves[leaf]
    if exact is None or rough is None:
        return None
    size = root_mean_square(exact)
    return root_mean_square(widen_array(rough) - exact) / size if size > 0 else None
