"""Finds leaves whose gradient is zero because a constant vanishes in the program's types."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import numpy as np

from checks.measure.points import Point
from checks.program import jaxprs
from checks.program.bits import has_leaf
from checks.program.places import find_place
from checks.program.runner import Runner
from checks.program.wide_trace import find_narrow_types, find_vanishing_type, trace_wide
from checks.proofs.context import walk
from checks.proofs.dependence import Dependence


class VanishedConstant(NamedTuple):
    """A constant of the user's function that is zero in the program's types.

    Attributes:
        value: the constant.
        dtype: name of the type in which it is zero.
        place: the equation that reads it: `path:line primitive in module/path`.
        leaves: bit set (bit i stands for input i) of the inputs whose tangent enters the equation.
    """

    value: float
    dtype: str
    place: str
    leaves: int


class LostGradient(NamedTuple):
    """A leaf whose gradient is zero in the program and not in the float64 trace of its function.

    Attributes:
        size: the largest |gradient| in that trace.
        constants: the constants between the leaf and the loss that vanish, in program order.
    """

    size: float
    constants: tuple[VanishedConstant, ...]


def find_lost_gradients(
    runner: Runner, leaves: Sequence[int], point: Point
) -> dict[int, LostGradient]:
    """Finds the leaves whose gradient a constant takes away by vanishing while JAX traces.

    Args:
        runner: the compiled program.
        leaves: indices of leaves whose gradient is exactly zero in float64.
        point: parameters and data to measure at.

    Returns:
        Leaf index -> what was lost, for the leaves with a finite gradient other than zero in the
        float64 trace and with a constant that explains it.
    """
    if not leaves or (wide := trace_wide(runner.program)) is None:
        return {}
    constants = _find_constants(wide, find_narrow_types(runner.program.jaxpr), leaves)
    if not constants:
        return {}
    with jax.enable_x64(True):
        other = Runner(replace(runner.program, jaxpr=wide), leaves)
        slopes = other.compute_wide(point.leaves, point.args).leaves
    found = {}
    for leaf in leaves:
        own = tuple(one for one in constants if has_leaf(one.leaves, leaf))
        size = float(np.max(np.abs(slope), initial=0)) if (slope := slopes[leaf]) is not None else 0
        if own and np.isfinite(size) and size > 0:
            found[leaf] = LostGradient(size, own)
    return found


def _find_constants(wide: Any, types: list[Any], leaves: Sequence[int]) -> list[VanishedConstant]:
    found = []
    for seen in walk(Dependence(ask_rules=False), wide, sum(1 << i for i in leaves)):
        equation = seen.site.equation
        for value in (x.val for x in equation.invars if jaxprs.is_literal(x)):
            if seen.arriving and (dtype := find_vanishing_type(value, types)) is not None:
                place = find_place(equation, seen.site.enclosing)
                found.append(VanishedConstant(float(value), str(dtype), place, seen.arriving))
    return found
