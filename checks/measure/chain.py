"""Applies the caller's optimiser to the list of leaves that can learn.

The module depends on optax and `checks/program`.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from checks.program import jaxprs
from checks.program.leaves import Partition
from checks.program.runner import QUICK, Gradient

# A chain that does not move a leaf is given the same gradient again: warm-up from zero and
# accumulation are no faults. The number of steps depends on the sizes of the leaves and not on the
# clock, so that a verdict is the same on every machine.
_MOST_REPEATS = 10_000
_FEWEST_REPEATS = 100
# Most work of all steps, in updated elements; some 20 s of one core.
_MOST_WORK = 4e9
# What a step that is not compiled costs for each leaf, in updated elements.
_UNCOMPILED = 200_000
# The first steps are taken one by one; most chains move a leaf within them.
_SINGLE_STEPS = 20
# Number of steps in a compiled loop.
_BLOCK = 100


class Repetition(NamedTuple):
    """What an optimiser did with the same gradient in many steps.

    Attributes:
        leaves: the parameters after the last step, one array for each leaf.
        state: the optimiser's state after the last step.
        moved: index of a wanted leaf -> booleans in its shape, which elements changed at least
            once.
        first: index of a wanted leaf -> the root mean square of its first non-zero move, or 0.
    """

    leaves: list[Any]
    state: Any
    moved: dict[int, Any]
    first: dict[int, Any]


class TracedStep(NamedTuple):
    """The program of one optimiser step.

    Attributes:
        jaxpr: closed; inputs are the leaves, the arrays of the state, the gradients and the loss;
            outputs are the new leaves, the arrays of the new state and the updates.
        leaves: the parameters that it was traced with.
        state: the arrays of the state that it was traced with.
    """

    jaxpr: Any
    leaves: list[Any]
    state: list[Any]


class Chain:
    """An optimiser acting on a list of leaves.

    Args:
        optimizer: an optax transformation, or any object with `init` and `update`.
        params: the parameters, split by `partition`, with the pytree that the optimiser expects.

    Attributes:
        optimizer: as given.
        update: its `update` function, which also takes the argument `value`, the loss.
    """

    def __init__(self, optimizer: Any, params: Partition) -> None:
        self._params = params
        self.optimizer = optimizer
        self.update = optax.with_extra_args_support(optimizer).update
        self._compiled: Callable[..., Any] | None = jax.jit(self._step)
        self._block = jax.jit(self._loop, compiler_options=QUICK)

    @property
    def can_loop(self) -> bool:
        """Whether the optimiser can be compiled: true until a compiled step has failed."""
        return self._compiled is not None

    def init(self, leaves: Sequence[Any]) -> Any:
        """Returns the optimiser's state before the first step.

        Args:
            leaves: one array for each leaf that can learn.
        """
        with allow_promotion():
            return self.optimizer.init(self.tree(leaves))

    def step(self, leaves: Sequence[Any], state: Any, gradients: Sequence[Any], loss: Any) -> Any:
        """Takes one step, compiled if the optimiser can be compiled.

        Args:
            leaves: the parameters, one array for each leaf that can learn.
            state: the optimiser's state, from `init` or from the step before.
            gradients: one array for each leaf, in the leaf's shape.
            loss: the value of the loss, which some optimisers use.

        Returns:
            Three parts: the list of new leaves, the new state, and the list of updates.
        """
        given = ([jnp.asarray(x) for x in leaves], state, [*gradients], jnp.asarray(loss))
        if self._compiled is not None:
            try:
                return self._compiled(*given)
            except (jax.errors.JAXTypeError, TypeError):
                self._compiled = None
        return self._step(*given)

    def trace(self, leaves: Sequence[Any], state: Any) -> TracedStep | None:
        """Traces one step; nothing is computed.

        Args:
            leaves: the parameters, one array for each leaf that can learn.
            state: the optimiser's state, from `init` or from a step.

        Returns:
            The program of the step; None for an optimiser that cannot be traced, or whose state
            has other arrays after a step.
        """
        given, arrays = [jnp.asarray(x) for x in leaves], jax.tree.leaves(state)

        def step(leaves: list[Any], arrays: list[Any], gradients: list[Any], loss: Any) -> Any:
            before = jax.tree.unflatten(jax.tree.structure(state), arrays)
            new, after, updates = self._step(leaves, before, gradients, loss)
            return new, jax.tree.leaves(after), updates

        try:
            jaxpr = jax.make_jaxpr(step)(given, arrays, given, jnp.zeros(()))
        except Exception:  # as an optimiser that branches on values in Python
            return None
        is_whole = len(jaxprs.open_jaxpr(jaxpr).outvars) == 2 * len(given) + len(arrays)
        return TracedStep(jaxpr, given, arrays) if is_whole else None

    def repeat(
        self, count: int, repetition: Repetition, gradients: list[Any], loss: Any
    ) -> Repetition:
        """Takes further steps with the same gradient; a block of steps is one compiled loop.

        Args:
            count: the number of steps.
            repetition: the leaves, the state and the moves before these steps.
            gradients: one for each leaf.
            loss: the value of the loss, which some optimisers use.

        Returns:
            What the optimiser did in all steps, those before included.
        """
        if count == _BLOCK:
            return self._block(repetition, gradients, loss)
        for _ in range(count):
            repetition = self._add_step(repetition, gradients, loss)
        return repetition

    def _add_step(self, repetition: Repetition, gradients: list[Any], loss: Any) -> Repetition:
        old = repetition.leaves
        new, state, _ = self.step(old, repetition.state, gradients, loss)
        moved = {i: seen | (new[i] != old[i]) for i, seen in repetition.moved.items()}
        sizes = {i: jnp.sqrt(jnp.mean(jnp.abs(new[i] - old[i]) ** 2)) for i in moved}
        first = {i: jnp.where(size == 0, sizes[i], size) for i, size in repetition.first.items()}
        return Repetition(new, state, moved, first)

    def _loop(self, repetition: Repetition, gradients: list[Any], loss: Any) -> Repetition:
        return jax.lax.fori_loop(
            0, _BLOCK, lambda _, now: self._add_step(now, gradients, loss), repetition
        )

    def tree(self, leaves: Sequence[Any]) -> Any:
        """Returns the leaves in the caller's pytree, with None for all that cannot learn.

        Args:
            leaves: one array for each leaf that can learn.
        """
        return self._params.build_learning(leaves)

    def _step(self, leaves: list[Any], state: Any, gradients: list[Any], loss: Any) -> Any:
        params = self.tree(leaves)
        with allow_promotion():
            updates, state = self.update(self.tree(gradients), state, params, value=loss)
            moved = optax.apply_updates(params, updates)
        return jax.tree.leaves(moved), state, jax.tree.leaves(updates)


def allow_promotion() -> Any:
    """Returns a context with JAX's standard promotion of types, which optax relies on."""
    return jax.numpy_dtype_promotion("standard")


def make_default_optimizer(gradients: Sequence[np.ndarray | None]) -> Any:
    """Returns Adam with rate 1e-3 and an eps of 1e-8 times the median size of the gradients.

    The size of a gradient is its root mean square. Gradients of zero are left out of the median; if
    all are zero, it is 1.

    Args:
        gradients: one for each leaf; None for a leaf without a derivative.
    """
    sizes = [float(np.sqrt(np.mean(np.abs(g) ** 2))) for g in gradients if g is not None and g.size]
    typical = float(np.median([s for s in sizes if s > 0] or [1.0]))
    return optax.adam(1e-3, eps=1e-8 * typical)


def repeat_gradient(
    chain: Chain,
    leaves: Sequence[Any],
    state: Any,
    gradient: Gradient,
    wanted: Sequence[int],
    is_enough: Callable[[int, np.ndarray], bool],
) -> tuple[Repetition, int]:
    """Takes optimiser steps with the same gradient until all wanted leaves have moved enough.

    It ends after 10,000 steps in any case, and after fewer if the leaves are large: after the steps
    that update 4e9 elements in all, but not before 100.

    Args:
        chain: the optimiser.
        leaves: the parameters.
        state: the optimiser's state.
        gradient: the gradient of all leaves.
        wanted: indices of the leaves that are to move.
        is_enough: called as `is_enough(leaf, moved)` with the index of a wanted leaf and booleans
            in its shape, which elements have moved; returns whether the leaf has moved enough.

    Returns:
        What the optimiser did, and the number of steps.
    """
    leaves = [jnp.asarray(x) for x in leaves]
    given = [jnp.asarray(x) for x in fill_gradient(gradient, leaves)]
    moved = {i: jnp.zeros(leaves[i].shape, bool) for i in wanted}
    repetition = Repetition(
        leaves, state, moved, {i: jnp.zeros((), leaves[i].real.dtype) for i in wanted}
    )
    asked = 0
    while asked < _count_repeats(chain, leaves):
        count = _BLOCK if asked >= _SINGLE_STEPS and chain.can_loop else 1
        repetition = chain.repeat(count, repetition, given, jnp.asarray(gradient.loss))
        asked += count
        if all(is_enough(i, np.asarray(repetition.moved[i])) for i in wanted):
            break
    return repetition, asked


def _count_repeats(chain: Chain, leaves: Sequence[Any]) -> int:
    """Returns how often a chain is given the same gradient at most."""
    work = sum(x.size for x in leaves) + (0 if chain.can_loop else _UNCOMPILED * len(leaves))
    return int(np.clip(_MOST_WORK / max(work, 1), _FEWEST_REPEATS, _MOST_REPEATS))


def fill_gradient(gradient: Gradient, leaves: Sequence[Any]) -> list[np.ndarray]:
    """Returns the gradient of each leaf, zeros for a leaf without a derivative.

    Args:
        gradient: a gradient whose missing parts are None.
        leaves: one array for each leaf, which gives the shape and type of the zeros.
    """
    pairs = zip(gradient.leaves, leaves)
    return [np.zeros(np.shape(x), np.asarray(x).dtype) if g is None else g for g, x in pairs]
