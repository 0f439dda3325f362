"""A program compiled for measuring: losses and gradients, as written and in float64."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import numpy as np

from checks.program.interpret import Interpreter
from checks.program.leaves import Partition, is_key
from checks.program.shadow import shadow, widened_dtype
from checks.program.trace import Program

# Each program is run a few times only, so compiling it fast matters more than running it fast:
# level 0 halves the time that XLA takes on CPU.
QUICK = {"xla_backend_optimization_level": 0}


class Gradient(NamedTuple):
    """A loss and its gradient in numpy; leaves without a derivative have None."""

    loss: float
    leaves: list[np.ndarray | None]

    @property
    def is_finite(self) -> bool:
        """Whether the loss and every element are finite."""
        parts = (np.isfinite(x).all() for x in self.leaves if x is not None)
        return bool(np.isfinite(self.loss)) and all(parts)


class Runner:
    """Runs one traced program; everything is compiled at its first use and once.

    Args:
        program: the traced loss.
        watched: indices of the leaves that have a derivative, by the static proof.
    """

    def __init__(self, program: Program, watched: Sequence[int]) -> None:
        self.program, self.watched = program, tuple(watched)
        self.shadow = shadow(program.jaxpr)
        written, wide = self._loss_of(program.jaxpr), self._loss_of(self.shadow)
        self._written = jax.jit(jax.value_and_grad(written), compiler_options=QUICK)
        self._wide = jax.jit(jax.value_and_grad(wide), compiler_options=QUICK)
        self._wide_loss = jax.jit(wide, compiler_options=QUICK)

    def written(self, leaves: Sequence[Any], args: Partition) -> Gradient:
        """Loss and gradient in the types of the program itself."""
        return self._gradient(self._written(*self._split(leaves, args)))

    def wide(self, leaves: Sequence[np.ndarray], args: Partition) -> Gradient:
        """Loss and gradient in float64."""
        with jax.enable_x64(True):
            return self._gradient(self._wide(*self._split(*self._widened(leaves, args))))

    def wide_loss(self, leaves: Sequence[np.ndarray], args: Partition) -> float:
        """The loss alone, in float64."""
        with jax.enable_x64(True):
            return float(self._wide_loss(*self._split(*self._widened(leaves, args))))

    def gradient_program(self, leaves: Sequence[Any], args: Partition) -> tuple[Any, list[Any]]:
        """The loss and gradient as written, as a closed jaxpr, and its inputs at a point.

        Outputs are the loss and then the gradient of each watched leaf.
        """
        moved, rest = self._split(leaves, args)

        def program(given: list[Any]) -> list[Any]:
            function = jax.value_and_grad(self._loss_of(self.program.jaxpr))
            loss, slopes = function(given[: len(moved)], given[len(moved) :])
            return [loss, *slopes]

        return jax.make_jaxpr(program)([*moved, *rest]), [*moved, *rest]

    def _loss_of(self, closed: Any) -> Any:
        def loss(moved: list[Any], rest: list[Any]) -> Any:
            values = iter(rest)
            chosen = dict(zip(self.watched, moved))
            count = len(moved) + len(rest)
            inputs = [chosen[i] if i in chosen else next(values) for i in range(count)]
            return Interpreter().run(closed, inputs)[0][0]

        return loss

    def _split(self, leaves: Sequence[Any], args: Partition) -> tuple[list[Any], list[Any]]:
        inputs = self.program.inputs(leaves, args)
        rest = [x for i, x in enumerate(inputs) if i not in set(self.watched)]
        return [inputs[i] for i in self.watched], rest

    def _widened(self, leaves: Sequence[np.ndarray], args: Partition) -> tuple[Any, Partition]:
        return [wide_array(x) for x in leaves], wide_args(args)

    def _gradient(self, result: Any) -> Gradient:
        loss, moved = result
        leaves: list[np.ndarray | None] = [None] * self.program.leaf_count
        for i, x in zip(self.watched, moved):
            leaves[i] = np.asarray(x)
        return Gradient(float(loss), leaves)


def wide_array(value: Any) -> np.ndarray:
    """A float or complex array as numpy float64 or complex128."""
    return np.asarray(value).astype(widened_dtype(value.dtype))


def wide_args(args: Partition) -> Partition:
    """Arguments with their float arrays widened; the others as they are."""
    held = tuple(x if is_key(x.dtype) else np.asarray(x) for x in args.held)
    return replace(args, learning=tuple(map(wide_array, args.learning)), held=held)
