"""The real optimiser on the real gradients: which leaves it moves, and when."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from checks.measure.points import root_mean_square
from checks.measure.readings import Measured, narrow
from checks.program.leaves import Partition
from checks.program.runner import Gradient, Runner, widen_array

STEPS = 20
CHECKPOINTS = (1, 3, 8, 20)
_MOST_ASKED = 10_000
_SECONDS_ASKED = 20.0
# Compiled loops over an optimiser take minutes to compile for hundreds of leaves on JAX 0.12.
_MOST_LEAVES_IN_LOOP = 30
_BLOCK = 100


@dataclass(frozen=True)
class Training:
    """What k steps of the optimiser did.

    Attributes:
        leaves: parameters as written, by the number of steps (0 and `CHECKPOINTS`).
        moved: for each leaf, which elements changed at least once.
        movement: for each leaf, the root mean square of its first non-zero move over its own; None
            for a leaf that starts at zero.
        non_finite: leaf -> (step, whether its gradient was already non-finite).
        before_failure: the parameters at which a gradient first was not finite, if any.
        state: the chain's state after the last step.
    """

    leaves: dict[int, list[np.ndarray]]
    moved: list[np.ndarray]
    movement: list[float | None]
    non_finite: dict[int, tuple[int, bool]] = field(default_factory=dict)
    before_failure: list[np.ndarray] | None = None
    state: Any = None

    @property
    def last(self) -> list[np.ndarray]:
        """The parameters after the last step."""
        return self.leaves[max(self.leaves)]


class Record(NamedTuple):
    """What the same gradient did when given again and again.

    Attributes:
        leaves: the parameters now.
        state: the chain's state now.
        moved: for each leaf asked about, which elements changed at least once.
        first: for each of them, the root mean square of its first non-zero move, or 0.
    """

    leaves: list[Any]
    state: Any
    moved: dict[int, Any]
    first: dict[int, Any]


class Chain:
    """An optimiser acting on the list of leaves that can learn.

    Args:
        optimizer: an optax transformation, or any object with `init` and `update`.
        params: the partition that knows the pytree which the optimiser expects.
    """

    def __init__(self, optimizer: Any, params: Partition) -> None:
        self._params = params
        self.optimizer = optimizer
        self.update = optax.with_extra_args_support(optimizer).update
        self._compiled: Callable[..., Any] | None = jax.jit(self._step)
        self._block = jax.jit(self._loop)

    @property
    def can_loop(self) -> bool:
        """Whether the last step could be compiled."""
        return self._compiled is not None

    def init(self, leaves: Sequence[Any]) -> Any:
        """State before the first step."""
        with promoting():
            return self.optimizer.init(self.tree(leaves))

    def step(self, leaves: Sequence[Any], state: Any, gradients: Sequence[Any], loss: Any) -> Any:
        """New leaves, state and updates; un-compiled where the optimiser cannot be compiled."""
        given = ([jnp.asarray(x) for x in leaves], state, [*gradients], jnp.asarray(loss))
        if self._compiled is not None:
            try:
                return self._compiled(*given)
            except (jax.errors.JAXTypeError, TypeError):
                self._compiled = None
        return self._step(*given)

    def repeat(self, count: int, record: "Record", gradients: list[Any], loss: Any) -> "Record":
        """Runs `count` steps of the same gradient; a block of them is one compiled loop."""
        if count == _BLOCK:
            return self._block(record, gradients, loss)
        for _ in range(count):
            record = self._recorded(record, gradients, loss)
        return record

    def _recorded(self, record: "Record", gradients: list[Any], loss: Any) -> "Record":
        old = record.leaves
        new, state, _ = self.step(old, record.state, gradients, loss)
        moved = {i: seen | (new[i] != old[i]) for i, seen in record.moved.items()}
        sizes = {i: jnp.sqrt(jnp.mean(jnp.abs(new[i] - old[i]) ** 2)) for i in moved}
        first = {i: jnp.where(size == 0, sizes[i], size) for i, size in record.first.items()}
        return Record(new, state, moved, first)

    def _loop(self, record: "Record", gradients: list[Any], loss: Any) -> "Record":
        return jax.lax.fori_loop(
            0, _BLOCK, lambda _, now: self._recorded(now, gradients, loss), record
        )

    def tree(self, leaves: Sequence[Any]) -> Any:
        """The leaves in the caller's pytree; what cannot learn is None there."""
        return self._params.build_learning(leaves)

    def _step(self, leaves: list[Any], state: Any, gradients: list[Any], loss: Any) -> Any:
        params = self.tree(leaves)
        with promoting():
            updates, state = self.update(self.tree(gradients), state, params, value=loss)
            moved = optax.apply_updates(params, updates)
        return jax.tree.leaves(moved), state, jax.tree.leaves(updates)


def promoting() -> Any:
    """Optax counts on JAX's standard promotion of types, whatever the user's process is set to."""
    return jax.numpy_dtype_promotion("standard")


def default_optimizer(gradients: Sequence[np.ndarray | None]) -> Any:
    """Adam, rate 1e-3, with an eps that is to these gradients what 1e-8 is to gradients near 1."""
    sizes = [float(np.sqrt(np.mean(np.abs(g) ** 2))) for g in gradients if g is not None and g.size]
    typical = float(np.median([s for s in sizes if s > 0] or [1.0]))
    return optax.adam(1e-3, eps=1e-8 * typical)


def train(runner: Runner, chain: Chain, data: Sequence[Measured], steps: int = STEPS) -> Training:
    """Runs k steps of the real optimiser on real gradients, with one batch after the other."""
    leaves, _ = narrow(runner, data[0].point)
    log = _Log(leaves)
    state = chain.init(leaves)
    known = dict(enumerate(m.written for m in data))  # by batch, for as long as no leaf moves
    for step in range(steps):
        batch = step % len(data)
        if batch not in known:
            known[batch] = runner.compute_written(leaves, narrow(runner, data[batch].point)[1])
        gradient = known[batch]
        new, state, _ = chain.step(leaves, state, filled(gradient, leaves), gradient.loss)
        new = [np.asarray(x) for x in new]
        log.add(leaves, new, gradient, step + 1)
        if not all(map(np.array_equal, leaves, new)):
            known = {}
        leaves = new
    return Training(log.leaves, log.moved, log.movement, log.non_finite, log.before_failure, state)


def ask_on(
    chain: Chain,
    leaves: Sequence[Any],
    state: Any,
    gradient: Gradient,
    wanted: Sequence[int],
    is_enough: Callable[[int, np.ndarray], bool],
) -> tuple["Record", int]:
    """The same gradient until every wanted leaf has moved enough: 10,000 times or 20 seconds.

    Returns:
        what moved, and how often the chain was asked.
    """
    leaves = [jnp.asarray(x) for x in leaves]
    given = [jnp.asarray(x) for x in filled(gradient, leaves)]
    moved = {i: jnp.zeros(leaves[i].shape, bool) for i in wanted}
    record = Record(leaves, state, moved, {i: jnp.zeros((), leaves[i].real.dtype) for i in wanted})
    can_loop = len(leaves) <= _MOST_LEAVES_IN_LOOP
    start, asked = time.perf_counter(), 0
    while asked < _MOST_ASKED and time.perf_counter() - start < _SECONDS_ASKED:
        count = _BLOCK if asked >= STEPS and can_loop and chain.can_loop else 1
        record = chain.repeat(count, record, given, jnp.asarray(gradient.loss))
        asked += count
        if all(is_enough(i, np.asarray(record.moved[i])) for i in wanted):
            break
    return record, asked


def filled(gradient: Gradient, leaves: Sequence[Any]) -> list[np.ndarray]:
    """The gradient with zeros for leaves without derivative."""
    pairs = zip(gradient.leaves, leaves)
    return [np.zeros(np.shape(x), np.asarray(x).dtype) if g is None else g for g, x in pairs]


class _Log:
    """Collects what a `Training` reports, step by step."""

    def __init__(self, leaves: list[np.ndarray]) -> None:
        self.leaves = {0: leaves}
        self.moved = [np.zeros(x.shape, bool) for x in leaves]
        self.movement: list[float | None] = [0.0 if x.any() else None for x in leaves]
        self.non_finite: dict[int, tuple[int, bool]] = {}
        self.before_failure: list[np.ndarray] | None = None

    def add(
        self, old: list[np.ndarray], new: list[np.ndarray], gradient: Gradient, step: int
    ) -> None:
        """Adds one step, by number, with the parameters before and after it."""
        if step in CHECKPOINTS:
            self.leaves[step] = new
        for i, (before, after, slope) in enumerate(zip(old, new, gradient.leaves)):
            self.moved[i] |= before != after
            if self.movement[i] == 0:
                self.movement[i] = _relative_move(before, after)
            bad_slope = slope is not None and not np.isfinite(widen_array(slope)).all()
            is_bad = bad_slope or not np.isfinite(widen_array(after)).all()
            if i not in self.non_finite and is_bad:
                self.non_finite[i] = (step, bad_slope)
                if bad_slope and self.before_failure is None:
                    self.before_failure = old


def _relative_move(before: np.ndarray, after: np.ndarray) -> float:
    old, new = widen_array(before), widen_array(after)
    size = root_mean_square(old)
    return root_mean_square(new - old) / size if size > 0 else 0.0
