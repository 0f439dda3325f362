"""Whether a program decides in float64 as it does as written.

Comparisons, casts to integers, orders and roundings are decisions. Where one of them falls
otherwise, two losses may differ for another reason than rounding.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from checks.measure.points import Point
from checks.measure.readings import narrow
from checks.program import jaxprs
from checks.program.interpret import Interpreter
from checks.program.leaves import is_key
from checks.program.runner import QUICK, Runner, widen_args, widen_array
from checks.program.shadow import Widener
from checks.program.sites import Run, Site

_STEPS = frozenset({"floor", "ceil", "round", "sign"})


def decides_alike(runner: Runner, point: Point) -> bool:
    """Whether all decisions at a point are the same as written and in float64.

    A loop of unknown length may take another number of steps, which nothing here would show.
    """
    program = runner.program
    if "while" in jaxprs.collect_primitives(program.jaxpr):
        return False
    leaves, args = narrow(runner, point)
    written = _decisions(_Written(), program.jaxpr, program.list_inputs(leaves, args))
    widener, leaves = _Wide(), [*map(widen_array, point.leaves)]
    with jax.enable_x64(True):
        wide = _decisions(
            widener, program.jaxpr, program.list_inputs(leaves, widen_args(point.args))
        )
    return all(map(np.array_equal, written, wide))


def _decisions(interpreter: Interpreter, jaxpr: Any, inputs: list[Any]) -> list[np.ndarray]:
    """In the order of the program."""
    run = jax.jit(lambda given: interpreter.run(jaxpr, given)[1], compiler_options=QUICK)
    notes = run(inputs)
    return [np.asarray(x) for path in sorted(notes) for x in notes[path]]


class _Written(Interpreter):
    """Notes what equations make of floats that is no float, and steps."""

    def after(self, site: Site, operands: list[Any], results: list[Any], feed: Any) -> Run:
        """The results as they are, and the decisions among them."""
        if not any(map(jaxprs.is_differentiable, site.equation.invars)):
            return results, {}
        is_step = site.equation.primitive.name in _STEPS
        made = [x for x in results if is_step or not (is_key(x.dtype) or _is_float(x))]
        return results, {site.path: made} if made else {}


class _Wide(_Written, Widener):
    """The same in float64."""


def _is_float(value: Any) -> bool:
    return jnp.issubdtype(value.dtype, jnp.inexact)
