"""Cases whose training is written down instead of computed."""

import jax.numpy as jnp
import numpy as np

from benchmarks.faults.registry import Example
from benchmarks.rivals.case import Case, Step


def make_case(gradients, values=None):
    """Builds a case of one leaf `w` from its gradient at each step, and its values."""
    values = range(len(gradients) + 1) if values is None else values
    values = [np.atleast_1d(np.asarray(value, float)) for value in values]
    case = Case(Example(lambda p: p["w"].sum(), {"w": jnp.ones(1)}))
    case.__dict__["steps"] = [
        Step({"w": np.atleast_1d(np.asarray(g, float))}, {"w": before}, {"w": after})
        for g, before, after in zip(gradients, values, values[1:])
    ]
    return case
