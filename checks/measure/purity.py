"""Checks that a program with callbacks returns the same loss twice."""

import jax
import numpy as np

from checks.measure.points import Point
from checks.measure.readings import narrow_point
from checks.program import jaxprs
from checks.program.runner import Runner
from checks.program.trace import NotALoss, make_impure_error


def check_purity(runner: Runner, point: Point) -> None:
    """Runs a program with callbacks twice at a point; does nothing for a program without callbacks.

    Args:
        runner: the compiled program.
        point: parameters and inputs.

    Raises:
        NotALoss: a callback raises, or the two losses differ.
    """
    if not jaxprs.CALLBACKS & jaxprs.collect_primitives(runner.program.jaxpr):
        return
    try:
        one, two = (runner.compute_written(*narrow_point(runner, point)).loss for _ in range(2))
    except jax.errors.JaxRuntimeError as error:
        last = str(error).strip().splitlines()[-1]
        raise NotALoss(f"a loss must not raise: got {last} in a callback") from error
    if one != two and not (np.isnan(one) and np.isnan(two)):
        raise make_impure_error(f"{one} and {two} from two runs at the same point")
