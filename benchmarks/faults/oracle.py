"""Whether a fault is one, without the engine: plain gradients, differences and training loops."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.faults.registry import Fault, Model
from checks import name_leaves

_STEPS = 30


def confirms(fault: Fault) -> bool:
    """Whether the fault shows in its model and not in the clean twin."""
    shows = _TESTS[fault.verdict]
    faulty, clean = (_subject(fault.make(given)) for given in (True, False))
    return all(
        shows(faulty, fault, name) and not shows(clean, fault, name) for name in fault.leaves
    )


@dataclass(frozen=True)
class _Subject:
    """A model with its loss alone, compiled; what costs time is done once for all its leaves."""

    loss: Callable[..., jax.Array]
    slope: Callable[..., Any]
    params: Any
    args: tuple[Any, ...]
    optimizer: Any

    @cached_property
    def wide(self) -> "_Subject":
        """The same in float64."""
        params, args = (_cast(tree, jnp.float64) for tree in (self.params, self.args))
        return replace(self, params=params, args=args)

    @cached_property
    def trained(self) -> list[Any]:
        """Parameters along plain training, first and last included."""

        @jax.jit
        def step(params: Any, state: Any, slopes: Any) -> Any:
            with jax.numpy_dtype_promotion("standard"):  # optax counts on it
                updates, state = self.optimizer.update(slopes, state, params)
            return optax.apply_updates(params, updates), state

        path = [jax.tree.map(jnp.asarray, self.params)]
        state = self.optimizer.init(path[0])
        for _ in range(_STEPS):
            params, state = step(path[-1], state, self.slope(path[-1], *self.args))
            path.append(params)
        return path[:4] + path[-1:]

    @cached_property
    def moved(self) -> list[Any]:
        """All parameters drawn anew, four times."""
        random = np.random.default_rng(1)

        def moved(x: Any) -> Any:
            size = float(jnp.abs(x).max()) or 1.0
            return jnp.asarray(size * random.standard_normal(x.shape), x.dtype)

        arrays = jax.tree.map(jnp.asarray, self.params)
        return [jax.tree.map(moved, arrays) for _ in range(4)]


def _subject(model: Model) -> _Subject:
    """Arguments are cast as the model's settings say."""
    dtype = model.settings.get("compute_dtype")

    def loss(p: Any, *args: Any) -> Any:
        p, args = (p, args) if dtype is None else (_cast(p, dtype), _cast(args, dtype))
        result = model.loss(p, *args)
        return result[0] if isinstance(result, tuple) else result

    optimizer = model.settings.get("optimizer") or optax.adam(1e-3, eps=1e-20)
    slope = jax.jit(jax.grad(loss))
    return _Subject(jax.jit(loss), slope, model.params, model.args, optimizer)


def _is_disconnected(subject: _Subject, fault: Fault, name: str) -> bool:
    before = _loss(subject, subject.params)
    return all(_loss(subject, _redrawn(subject, fault, name, seed)) == before for seed in range(3))


def _is_blocked(subject: _Subject, fault: Fault, name: str) -> bool:
    """The loss changes with it, and the gradient is zero or cannot be had."""
    changes = any(
        abs(_loss(subject, _redrawn(subject, fault, name, seed)) - _loss(subject, subject.params))
        > 1e-5
        for seed in range(6)
    )
    try:
        slope = _gradient(subject, subject.params, name)
    except ValueError:  # reverse mode through a loop of unknown length
        return changes
    return changes and float(np.abs(_slice(fault, slope)).max()) < 1e-7


def _is_invariant(subject: _Subject, fault: Fault, name: str) -> bool:
    with jax.enable_x64(True):
        wide = subject.wide
        before = _loss(wide, wide.params)
        moved = [_loss(wide, _redrawn(wide, fault, name, seed)) for seed in range(3)]
        return all(abs(after - before) < 1e-10 * abs(before) for after in moved)


def _is_stuck(subject: _Subject, fault: Fault, name: str) -> bool:
    dead = [_slice(fault, _gradient(subject, p, name)) for p in subject.trained]
    alive = any(np.any(_slice(fault, _gradient(subject, p, name))) for p in subject.moved)
    return alive and not any(x.any() for x in dead)


def _is_unvisited(subject: _Subject, fault: Fault, name: str) -> bool:
    return not _slice(fault, _gradient(subject, subject.params, name)).any()


def _is_vanishing(subject: _Subject, fault: Fault, name: str) -> bool:
    with jax.enable_x64(True):
        wide = subject.wide
        names = _names(wide.params)
        sizes = {n: float(np.sqrt(np.mean(_gradient(wide, wide.params, n) ** 2))) for n in names}
        return sizes[name] < 1e-8 * max(sizes.values())


def _is_still(subject: _Subject, fault: Fault, name: str) -> bool:
    """Training as it is leaves at least half of it as it was, bit for bit."""
    path = subject.trained
    first, last = (np.asarray(_leaf(p, name)) for p in (path[0], path[-1]))
    return bool(np.mean(first == last) >= 0.5)


def _is_lost(subject: _Subject, fault: Fault, name: str) -> bool:
    """Nothing moves it, or its gradient is off from that in float64 by more than its size."""
    with jax.enable_x64(True):
        wide = subject.wide
        true = _gradient(wide, wide.params, name)
    error = np.linalg.norm(_gradient(subject, subject.params, name) - true)
    return _is_still(subject, fault, name) or bool(error > np.linalg.norm(true))


def _is_wrong(subject: _Subject, fault: Fault, name: str) -> bool:
    """The directional derivative against central differences, in float64."""
    with jax.enable_x64(True):
        wide = subject.wide
        slope, start = _gradient(wide, wide.params, name), np.asarray(_leaf(wide.params, name))
        way = np.random.default_rng(0).standard_normal(start.shape)
        ends = [_loss(wide, _with(wide.params, name, start + h * way)) for h in (1e-6, -1e-6)]
        difference, claimed = (ends[0] - ends[1]) / 2e-6, float(np.sum(slope * way))
        return abs(difference - claimed) > 2e-4 * max(abs(difference), abs(claimed))


def _is_non_finite(subject: _Subject, fault: Fault, name: str) -> bool:
    """Its gradient at some step of training, or what the optimiser makes of it."""
    return any(
        not (np.isfinite(_gradient(subject, p, name)).all() and jnp.isfinite(_leaf(p, name)).all())
        for p in subject.trained
    )


_TESTS: dict[str, Callable[[_Subject, Fault, str], bool]] = {
    "disconnected": _is_disconnected,
    "blocked": _is_blocked,
    "invariant": _is_invariant,
    "stuck": _is_stuck,
    "unvisited": _is_unvisited,
    "vanishing": _is_vanishing,
    "underflow": _is_lost,
    "starved": _is_still,
    "wrong": _is_wrong,
    "non_finite": _is_non_finite,
}


def _loss(subject: _Subject, params: Any) -> float:
    return float(subject.loss(params, *subject.args))


def _gradient(subject: _Subject, params: Any, name: str) -> np.ndarray:
    slopes = subject.slope(params, *subject.args)
    return np.asarray(_leaf(slopes, name), np.float64)


def _redrawn(subject: _Subject, fault: Fault, name: str, seed: int) -> Any:
    start = np.asarray(_leaf(subject.params, name))
    size = float(np.abs(start).max()) or 1.0
    drawn = 2 * size * np.random.default_rng(seed).standard_normal(start.shape)
    chosen = np.ones(start.shape, bool)
    if fault.axis is not None:
        chosen[:] = False
        np.moveaxis(chosen, fault.axis[0], 0)[list(fault.axis[1])] = True
    return _with(subject.params, name, np.where(chosen, drawn, start).astype(start.dtype))


def _slice(fault: Fault, array: np.ndarray) -> np.ndarray:
    return array if fault.axis is None else np.take(array, fault.axis[1], fault.axis[0])


def _cast(tree: Any, dtype: Any) -> Any:
    def cast(x: Any) -> Any:
        x = jnp.asarray(x) if isinstance(x, float) else x
        return x.astype(dtype) if jnp.issubdtype(x.dtype, jnp.floating) else x

    return jax.tree.map(cast, tree)


def _names(tree: Any) -> list[str]:
    return name_leaves([path for path, _ in jax.tree_util.tree_leaves_with_path(tree)])


def _leaf(tree: Any, name: str) -> Any:
    return jax.tree.leaves(tree)[_names(tree).index(name)]


def _with(tree: Any, name: str, value: Any) -> Any:
    leaves, treedef = jax.tree.flatten(tree)
    leaves[_names(tree).index(name)] = jnp.asarray(value)
    return jax.tree.unflatten(treedef, leaves)
