"""Edits of types: half precision lifted, a master copy of the weights, float64."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

from checks.cures.edits import Edit, Ward
from checks.cures.subject import Subject
from checks.program import jaxprs
from checks.program.interpret import Interpreter
from checks.program.places import find_place
from checks.program.shadow import Widener
from checks.program.sites import Feeds, Run


def precision_edits(ward: Ward) -> Iterable[Edit]:
    """For leaves lost in rounding or overflow: wider types of one leaf, or of the program."""
    patients = ward.ill_with("underflow", "non_finite")
    leaves = tuple(p.leaf for p in patients)
    learning = ward.subject.program.params.learning
    for patient in patients:
        if patient.verdict == "underflow" and is_half(learning[patient.leaf].dtype):
            yield _master(ward, patient.leaf)
    if not leaves:
        return
    if cast := _first_half(ward):
        text = f"compute in float32 what becomes {cast}"
        yield Edit("equation", text, leaves, lambda subject: subject.rewritten(_Lifter()))
    yield Edit("equation", "compute in float64 throughout", leaves, Subject.in_float64)


def is_half(dtype: Any) -> bool:
    """Whether a type is a float of 16 bits or fewer."""
    is_float = jnp.issubdtype(dtype, jnp.floating)
    return is_float and jnp.finfo(dtype).bits <= 16


def lifted_dtype(dtype: Any) -> Any:
    """float32 for floats of 16 bits or fewer, else the type itself."""
    return jnp.dtype("float32") if is_half(dtype) else dtype


class _Lifter(Widener):
    """Runs a jaxpr with float32 in the place of every narrower float."""

    type_of = staticmethod(lifted_dtype)

    def run(self, closed: Any, operands: Any, feeds: Feeds | None = None) -> Run:
        """Results and notes; operands are lifted too."""
        return super().run(closed, [self.widen(x) for x in operands], feeds)


def _first_half(ward: Ward) -> str | None:
    """Type and place of the first equation on a leaf's way that makes a half-precision float."""
    for seen in ward.seen():
        equation = seen.site.equation
        half = [x for x in equation.outvars if is_half(getattr(x.aval, "dtype", jnp.int32))]
        if half and seen.arriving and jaxprs.find_callee(equation) is None:
            return f"{half[0].aval.dtype} at {find_place(equation, seen.site.enclosing)}"
    return None


def _master(ward: Ward, leaf: int) -> Edit:
    name = ward.subject.program.params.names[leaf]
    text = f"keep a float32 copy of {name} that the optimiser updates"
    return Edit("optimizer", text, (leaf,), lambda subject: _with_master(subject, leaf))


def _with_master(subject: Subject, leaf: int) -> Subject:
    """The leaf in float32, cast to its first type before anything is computed with it."""
    old = subject.program
    dtype = old.params.learning[leaf].dtype
    learning = list(old.params.learning)
    learning[leaf] = jnp.asarray(learning[leaf], jnp.float32)
    inputs = [jaxprs.get_struct(x) for x in jaxprs.open_jaxpr(old.jaxpr).invars]
    inputs[leaf] = jax.ShapeDtypeStruct(inputs[leaf].shape, jnp.float32)

    def cast(*given: Any) -> list[Any]:
        values = [x.astype(dtype) if i == leaf else x for i, x in enumerate(given)]
        return Interpreter().run(old.jaxpr, values)[0]

    params = replace(old.params, learning=tuple(learning))
    edited = subject.on(replace(old, jaxpr=jax.make_jaxpr(cast)(*inputs), params=params))
    return edited.with_optimizer(subject.chain.optimizer)
