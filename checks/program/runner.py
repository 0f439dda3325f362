"""Compiles a program for measuring: losses and gradients, in the program's types and in float64.

The module depends on the other modules of `checks/program` only.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import numpy as np

from checks.program.interpret import Interpreter
from checks.program.leaves import Partition, is_key
from checks.program.shadow import make_shadow, widen_dtype
from checks.program.trace import Program

# Each program is run a few times only, so compiling it fast matters more than running it fast:
# level 0 halves the time that XLA takes on CPU.
QUICK = {"xla_backend_optimization_level": 0}


class Gradient(NamedTuple):
    """A loss and its gradient in numpy.

    Attributes:
        loss: the value of the loss.
        leaves: for each leaf that can learn, in order, its gradient in the leaf's shape; None for a
            leaf without a derivative.
    """

    loss: float
    leaves: list[np.ndarray | None]


class Runner:
    """Runs one traced program; compiles each function at its first use.

    Args:
        program: the traced loss; its inputs have values.
        watched: indices of the leaves that have a derivative, by the static proof. Only their
            gradients are computed.

    Attributes:
        program: as given.
        watched: as given.
        shadow: the program in float64, a closed jaxpr.
    """

    def __init__(self, program: Program, watched: Sequence[int]) -> None:
        self.program, self.watched = program, tuple(watched)
        self.shadow = make_shadow(program.jaxpr)
        written, wide = self._make_loss(program.jaxpr), self._make_loss(self.shadow)
        self._written = jax.jit(jax.value_and_grad(written), compiler_options=QUICK)
        self._wide = jax.jit(jax.value_and_grad(wide), compiler_options=QUICK)
        self._wide_loss = jax.jit(wide, compiler_options=QUICK)

    def compute_written(self, leaves: Sequence[Any], args: Partition) -> Gradient:
        """Computes the loss and its gradient in the program's own types.

        Args:
            leaves: one array for each leaf that can learn.
            args: the loss's further arguments, split by `partition`.
        """
        return self._collect(self._written(*self._split(leaves, args)))

    def compute_wide(self, leaves: Sequence[np.ndarray], args: Partition) -> Gradient:
        """Computes the loss and its gradient in float64.

        Args:
            leaves: one array for each leaf that can learn.
            args: the loss's further arguments, split by `partition`.
        """
        with jax.enable_x64(True):
            return self._collect(self._wide(*self._split(*_widen(leaves, args))))

    def compute_wide_loss(self, leaves: Sequence[np.ndarray], args: Partition) -> float:
        """Computes the loss in float64, without its gradient.

        Args:
            leaves: one array for each leaf that can learn.
            args: the loss's further arguments, split by `partition`.
        """
        with jax.enable_x64(True):
            return float(self._wide_loss(*self._split(*_widen(leaves, args))))

    def trace_gradient(self, leaves: Sequence[Any], args: Partition) -> tuple[Any, list[Any]]:
        """Traces the loss and its gradient in the types of the program itself.

        Args:
            leaves: one array for each leaf that can learn.
            args: the loss's further arguments, split by `partition`.

        Returns:
            A closed jaxpr, whose outputs are the loss and then the gradient of each watched leaf,
            and its inputs at this point.
        """
        moved, rest = self._split(leaves, args)

        def program(given: list[Any]) -> list[Any]:
            function = jax.value_and_grad(self._make_loss(self.program.jaxpr))
            loss, slopes = function(given[: len(moved)], given[len(moved) :])
            return [loss, *slopes]

        return jax.make_jaxpr(program)([*moved, *rest]), [*moved, *rest]

    def list_gradient_inputs(self, leaves: Sequence[Any], args: Partition) -> list[Any]:
        """Returns the inputs, at one point, of the program that `trace_gradient` returns.

        Args:
            leaves: one array for each leaf that can learn.
            args: the loss's further arguments, split by `partition`.
        """
        moved, rest = self._split(leaves, args)
        return [*moved, *rest]

    def _make_loss(self, closed: Any) -> Callable[[list[Any], list[Any]], Any]:
        """Returns the program's loss as a function of the watched leaves and the other inputs."""

        def loss(moved: list[Any], rest: list[Any]) -> Any:
            others = iter(rest)
            watched = dict(zip(self.watched, moved))
            count = len(moved) + len(rest)
            inputs = [watched[i] if i in watched else next(others) for i in range(count)]
            return Interpreter().run(closed, inputs)[0][0]

        return loss

    def _split(self, leaves: Sequence[Any], args: Partition) -> tuple[list[Any], list[Any]]:
        inputs = self.program.list_inputs(leaves, args)
        rest = [x for i, x in enumerate(inputs) if i not in set(self.watched)]
        return [inputs[i] for i in self.watched], rest

    def _collect(self, result: Any) -> Gradient:
        loss, moved = result
        leaves: list[np.ndarray | None] = [None] * self.program.leaf_count
        for i, x in zip(self.watched, moved):
            leaves[i] = np.asarray(x)
        return Gradient(float(loss), leaves)


def widen_array(value: Any) -> np.ndarray:
    """Returns a float or complex array as a numpy array of float64 or complex128.

    Args:
        value: a JAX or numpy array of floats or complex numbers; one of another type keeps its
            type. A wide numpy array is returned as it is, so the result is not to be written to.
    """
    return np.asarray(value).astype(widen_dtype(value.dtype), copy=False)


def widen_args(args: Partition) -> Partition:
    """Returns arguments with their float arrays widened and the others as they are.

    Args:
        args: the further arguments of a loss, split by `partition`.
    """
    fixed = tuple(x if is_key(x.dtype) else np.asarray(x) for x in args.fixed)
    return replace(args, learning=tuple(map(widen_array, args.learning)), fixed=fixed)


def _widen(leaves: Sequence[Any], args: Partition) -> tuple[list[np.ndarray], Partition]:
    return [widen_array(x) for x in leaves], widen_args(args)
