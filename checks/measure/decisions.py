"""Compares the decisions that a program makes in its own types and in float64.

Comparisons, casts to integers, orders and roundings are decisions. If one of them differs, two
losses may differ for another reason than rounding.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from checks.measure.points import Point
from checks.measure.readings import narrow_point
from checks.program import jaxprs
from checks.program.interpret import Interpreter
from checks.program.leaves import is_key
from checks.program.runner import QUICK, Runner, widen_args, widen_array
from checks.program.shadow import Widener
from checks.program.sites import Run, Site

_STEPS = frozenset({"floor", "ceil", "round", "sign"})


def has_same_decisions(runner: Runner, point: Point) -> bool:
    """Returns whether all decisions at a point are the same in the program's types and in float64.

    Decisions are comparisons, casts to integers, orders and roundings. It returns False for a
    program with a loop of unknown length: the loop may take another number of steps, which is not
    seen here.

    Args:
        runner: the compiled program.
        point: parameters and inputs.
    """
    program = runner.program
    if "while" in jaxprs.collect_primitives(program.jaxpr):
        return False
    leaves, args = narrow_point(runner, point)
    written = _collect_decisions(
        DecisionRecorder(), program.jaxpr, program.list_inputs(leaves, args)
    )
    widener, leaves = _WideDecisions(), [*map(widen_array, point.leaves)]
    with jax.enable_x64(True):
        wide = _collect_decisions(
            widener, program.jaxpr, program.list_inputs(leaves, widen_args(point.args))
        )
    return all(map(np.array_equal, written, wide))


def _collect_decisions(interpreter: Interpreter, jaxpr: Any, inputs: list[Any]) -> list[np.ndarray]:
    """Returns what the program decides, in program order."""
    run = jax.jit(lambda given: interpreter.run(jaxpr, given)[1], compiler_options=QUICK)
    notes = run(inputs)
    return [np.asarray(x) for path in sorted(notes) for x in notes[path]]


class DecisionRecorder(Interpreter):
    """Notes results that are not floats although operands are, and step functions' results."""

    def after(self, site: Site, operands: list[Any], results: list[Any], feed: Any) -> Run:
        """Returns the results unchanged, and notes the decisions among them."""
        del operands, feed
        if not any(map(jaxprs.is_differentiable, site.equation.invars)):
            return results, {}
        made = [x for x in results if is_decision(site, x)]
        return results, {site.path: made} if made else {}


class _WideDecisions(DecisionRecorder, Widener):
    """Notes the same decisions in float64."""


def is_decision(site: Site, result: Any) -> bool:
    """Returns whether a result of an equation that reads floats is a decision.

    Args:
        site: the equation.
        result: one of its results.
    """
    is_step = site.equation.primitive.name in _STEPS
    return is_step or not (is_key(result.dtype) or _is_float(result))


def _is_float(value: Any) -> bool:
    return jnp.issubdtype(value.dtype, jnp.inexact)
