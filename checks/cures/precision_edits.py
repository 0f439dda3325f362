"""Edits of types: float32 instead of half precision, a float32 copy of a leaf, or float64."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

from checks.cures.diagnosed_loss import DiagnosedLoss
from checks.cures.edits import Edit
from checks.cures.failures import Failures
from checks.program import jaxprs
from checks.program.interpret import Interpreter
from checks.program.places import find_place
from checks.program.shadow import Widener
from checks.program.sites import Feeds, Run

# Floats of so many bits or fewer are half precision.
_HALF_BITS = 16


def propose_precision_edits(failures: Failures) -> Iterable[Edit]:
    """Proposes wider types of a leaf or of the program, for `underflow` and `non_finite` leaves.

    Args:
        failures: the failing leaves and their loss.
    """
    failing = failures.select("underflow", "non_finite")
    leaves = tuple(f.leaf for f in failing)
    learning = failures.loss.program.params.learning
    for one in failing:
        if one.verdict == "underflow" and is_half(learning[one.leaf].dtype):
            yield _keep_master(failures, one.leaf)
    if not leaves:
        return
    if half := _find_first_half(failures):
        text = f"compute in float32 instead of {half}"
        yield Edit("equation", text, leaves, lambda loss: loss.rewrite(_HalfWidener()))
    yield Edit("equation", "compute everything in float64", leaves, DiagnosedLoss.widen)


def is_half(dtype: Any) -> bool:
    """Returns whether a type is a float of 16 bits or fewer.

    Args:
        dtype: a JAX or numpy dtype.
    """
    is_float = jnp.issubdtype(dtype, jnp.floating)
    return is_float and jnp.finfo(dtype).bits <= _HALF_BITS


def widen_half_dtype(dtype: Any) -> Any:
    """Returns float32 for a float of 16 bits or fewer, and other types as they are.

    Args:
        dtype: a JAX or numpy dtype.
    """
    return jnp.dtype("float32") if is_half(dtype) else dtype


class _HalfWidener(Widener):
    """Runs a jaxpr with float32 in place of every narrower float."""

    type_of = staticmethod(widen_half_dtype)

    def run(self, closed: Any, operands: Any, feeds: Feeds | None = None) -> Run:
        """Runs the jaxpr on widened operands."""
        return super().run(closed, [self.widen(x) for x in operands], feeds)


def _find_first_half(failures: Failures) -> str | None:
    """Returns type and place of the first half-precision float that depends on a leaf."""
    for seen in failures.walk():
        equation = seen.site.equation
        half = [x for x in equation.outvars if is_half(getattr(x.aval, "dtype", jnp.int32))]
        if half and seen.arriving and jaxprs.find_callee(equation) is None:
            return f"{half[0].aval.dtype} at {find_place(equation, seen.site.enclosing)}"
    return None


def _keep_master(failures: Failures, leaf: int) -> Edit:
    name = failures.loss.program.params.names[leaf]
    text = f"keep a float32 copy of {name} that the optimiser updates"
    return Edit("optimizer", text, (leaf,), lambda loss: _add_master(loss, leaf))


def _add_master(loss: DiagnosedLoss, leaf: int) -> DiagnosedLoss:
    """Makes the leaf float32, and casts it to its own type before anything is computed with it."""
    old = loss.program
    dtype = old.params.learning[leaf].dtype
    learning = list(old.params.learning)
    learning[leaf] = jnp.asarray(learning[leaf], jnp.float32)
    inputs = [jaxprs.get_struct(x) for x in jaxprs.open_jaxpr(old.jaxpr).invars]
    inputs[leaf] = jax.ShapeDtypeStruct(inputs[leaf].shape, jnp.float32)

    def cast(*given: Any) -> list[Any]:
        values = [x.astype(dtype) if i == leaf else x for i, x in enumerate(given)]
        return Interpreter().run(old.jaxpr, values)[0]

    params = replace(old.params, learning=tuple(learning))
    program = replace(old, jaxpr=jax.make_jaxpr(cast)(*inputs), params=params)
    return loss.replace_program(program).replace_optimizer(loss.chain.optimizer)
