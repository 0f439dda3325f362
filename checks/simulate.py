"""The real optimiser on the real gradients: which leaves it moves, and when."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from checks.leaves import Partition
from checks.readings import narrow
from checks.points import Point
from checks.runner import Gradient, Runner, wide_array

STEPS = 20
CHECKPOINTS = (1, 3, 8, 20)
_MOST_ASKED = 10_000
_SECONDS_ASKED = 20.0


@dataclass
class Training:
    """What k steps did.

    Attributes:
        leaves: parameters as written, by the number of steps (0 and `CHECKPOINTS`).
        moved: for each leaf, which elements changed at least once.
        non_finite: leaf -> (step, whether its gradient was already non-finite).
    """

    leaves: dict[int, list[np.ndarray]]
    moved: list[np.ndarray]
    non_finite: dict[int, tuple[int, bool]] = field(default_factory=dict)


class Chain:
    """An optimiser acting on the list of leaves that can learn.

    Args:
        optimizer: an optax transformation, or any object with `init` and `update`.
        params: the partition that knows the pytree which the optimiser expects.
    """

    def __init__(self, optimizer: Any, params: Partition) -> None:
        self._params = params
        self._optimizer = optimizer
        self.update = optax.with_extra_args_support(optimizer).update
        self._compiled: Callable[..., Any] | None = jax.jit(self._step)

    def init(self, leaves: Sequence[Any]) -> Any:
        """State before the first step."""
        return self._optimizer.init(self.tree(leaves))

    def step(self, leaves: Sequence[Any], state: Any, gradients: Sequence[Any], loss: Any) -> Any:
        """New leaves, state and updates; un-compiled where the optimiser cannot be compiled."""
        given = ([jnp.asarray(x) for x in leaves], state, [*gradients], jnp.asarray(loss))
        if self._compiled is not None:
            try:
                return self._compiled(*given)
            except (jax.errors.JAXTypeError, TypeError):
                self._compiled = None
        return self._step(*given)

    def tree(self, leaves: Sequence[Any]) -> Any:
        """The leaves in the caller's pytree; what cannot learn is None there."""
        return self._params.build_learning(leaves)

    def _step(self, leaves: list[Any], state: Any, gradients: list[Any], loss: Any) -> Any:
        params = self.tree(leaves)
        updates, state = self.update(self.tree(gradients), state, params, value=loss)
        moved = optax.apply_updates(params, updates)
        return jax.tree.leaves(moved), state, jax.tree.leaves(updates)


def default_optimizer(gradients: Sequence[np.ndarray | None]) -> Any:
    """Adam, rate 1e-3, with an eps that is to these gradients what 1e-8 is to gradients near 1."""
    sizes = [float(np.sqrt(np.mean(np.abs(g) ** 2))) for g in gradients if g is not None and g.size]
    typical = float(np.median([s for s in sizes if s > 0] or [1.0]))
    return optax.adam(1e-3, eps=1e-8 * typical)


def train(
    runner: Runner, chain: Chain, datasets: Sequence[Point], steps: int = STEPS
) -> tuple[Training, Any]:
    """Runs k steps of the real chain on real gradients, round the batches; and its last state."""
    leaves, _ = narrow(runner, datasets[0])
    result = Training({0: leaves}, [np.zeros(x.shape, bool) for x in leaves])
    state = chain.init(leaves)
    for step in range(steps):
        args = narrow(runner, datasets[step % len(datasets)])[1]
        gradient = runner.written(leaves, args)
        new, state, _ = chain.step(leaves, state, filled(gradient, leaves), gradient.loss)
        new = [np.asarray(x) for x in new]
        _record(result, leaves, new, gradient, step + 1)
        leaves = new
    return result, state


def ask_on(
    chain: Chain,
    leaves: Sequence[Any],
    state: Any,
    gradient: Gradient,
    wanted: Sequence[int],
    is_enough: Callable[[int, np.ndarray], bool],
) -> tuple[dict[int, np.ndarray], int]:
    """The same gradient again and again, until every wanted leaf has moved enough.

    Returns:
        which elements of each wanted leaf moved, and how often the chain was asked: at most
        10,000 times, or for 20 seconds.
    """
    given = filled(gradient, leaves)
    start = time.perf_counter()
    moved = {i: np.zeros(np.shape(leaves[i]), bool) for i in wanted}
    leaves, asked = list(leaves), 0
    while asked < _MOST_ASKED and time.perf_counter() - start < _SECONDS_ASKED:
        new, state, _ = chain.step(leaves, state, given, gradient.loss)
        asked += 1
        for i in wanted:
            moved[i] |= np.asarray(new[i]) != np.asarray(leaves[i])
        leaves = new
        if all(is_enough(i, moved[i]) for i in wanted):
            break
    return moved, asked


def filled(gradient: Gradient, leaves: Sequence[Any]) -> list[np.ndarray]:
    """The gradient with zeros for leaves without derivative."""
    pairs = zip(gradient.leaves, leaves)
    return [np.zeros(np.shape(x), np.asarray(x).dtype) if g is None else g for g, x in pairs]


def _record(
    result: Training, old: list[np.ndarray], new: list[np.ndarray], gradient: Gradient, step: int
) -> None:
    if step in CHECKPOINTS:
        result.leaves[step] = new
    for i, (before, after, slope) in enumerate(zip(old, new, gradient.leaves)):
        result.moved[i] |= before != after
        bad_slope = slope is not None and not np.isfinite(wide_array(slope)).all()
        if i not in result.non_finite and (bad_slope or not np.isfinite(wide_array(after)).all()):
            result.non_finite[i] = (step, bad_slope)
