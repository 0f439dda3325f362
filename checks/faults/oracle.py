"""Whether a fault is one, without the engine: plain gradients, differences and training loops."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from checks.faults.registry import Fault, Model
from checks.leaves import leaf_names

_STEPS = 30


def confirms(fault: Fault) -> bool:
    """Whether the fault shows in its model and not in the clean twin."""
    shows = _TESTS[fault.verdict]
    faulty, clean = (_compiled(fault.make(given)) for given in (True, False))
    return all(
        shows(faulty, fault, name) and not shows(clean, fault, name) for name in fault.leaves
    )


def _is_disconnected(model: Model, fault: Fault, name: str) -> bool:
    before = _loss(model, model.params)
    return all(_loss(model, _redrawn(model, fault, name, seed)) == before for seed in range(3))


def _is_blocked(model: Model, fault: Fault, name: str) -> bool:
    """The loss changes with it, and the gradient is zero or cannot be had."""
    changes = any(
        abs(_loss(model, _redrawn(model, fault, name, seed)) - _loss(model, model.params)) > 1e-5
        for seed in range(6)
    )
    try:
        slope = _gradient(model, model.params, name)
    except ValueError:  # reverse mode through a loop of unknown length
        return changes
    return changes and float(np.abs(_slice(fault, slope)).max()) < 1e-7


def _is_invariant(model: Model, fault: Fault, name: str) -> bool:
    with jax.enable_x64(True):
        wide = _widened(model)
        before = _loss(wide, wide.params)
        moved = [_loss(wide, _redrawn(wide, fault, name, seed)) for seed in range(3)]
        return all(abs(after - before) < 1e-10 * abs(before) for after in moved)


def _is_stuck(model: Model, fault: Fault, name: str) -> bool:
    dead = [_slice(fault, _gradient(model, p, name)) for p in _training(model)]
    elsewhere = _moved_everywhere(model)
    alive = any(np.any(_slice(fault, _gradient(model, p, name))) for p in elsewhere)
    return alive and not any(x.any() for x in dead)


def _is_unvisited(model: Model, fault: Fault, name: str) -> bool:
    return not _slice(fault, _gradient(model, model.params, name)).any()


def _is_vanishing(model: Model, fault: Fault, name: str) -> bool:
    with jax.enable_x64(True):
        wide = _widened(model)
        names = _names(wide.params)
        sizes = {n: float(np.sqrt(np.mean(_gradient(wide, wide.params, n) ** 2))) for n in names}
        return sizes[name] < 1e-8 * max(sizes.values())


def _is_still(model: Model, fault: Fault, name: str) -> bool:
    """Training as it is leaves at least half of it as it was, bit for bit."""
    path = _training(model)
    first, last = (np.asarray(_leaf(p, name)) for p in (path[0], path[-1]))
    return bool(np.mean(first == last) >= 0.5)


def _is_lost(model: Model, fault: Fault, name: str) -> bool:
    """Nothing moves it, or its gradient is off from that in float64 by more than its size."""
    with jax.enable_x64(True):
        wide = _widened(model)
        true = _gradient(wide, wide.params, name)
    error = np.linalg.norm(_gradient(model, model.params, name) - true)
    return _is_still(model, fault, name) or bool(error > np.linalg.norm(true))


def _is_wrong(model: Model, fault: Fault, name: str) -> bool:
    """The directional derivative against central differences, in float64."""
    with jax.enable_x64(True):
        wide = _widened(model)
        slope, start = _gradient(wide, wide.params, name), np.asarray(_leaf(wide.params, name))
        way = np.random.default_rng(0).standard_normal(start.shape)
        ends = [_loss(wide, _with(wide.params, name, start + h * way)) for h in (1e-6, -1e-6)]
        difference, claimed = (ends[0] - ends[1]) / 2e-6, float(np.sum(slope * way))
        return abs(difference - claimed) > 2e-4 * max(abs(difference), abs(claimed))


def _is_non_finite(model: Model, fault: Fault, name: str) -> bool:
    """Its gradient at some step of training, or what the optimiser makes of it."""
    return any(
        not (np.isfinite(_gradient(model, p, name)).all() and jnp.isfinite(_leaf(p, name)).all())
        for p in _training(model)
    )


_TESTS: dict[str, Callable[[Model, Fault, str], bool]] = {
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


def _compiled(model: Model) -> Model:
    """With the loss alone, on arguments cast as the model's settings say."""
    dtype = model.settings.get("compute_dtype")

    def loss(p: Any, *args: Any) -> Any:
        p, args = (p, args) if dtype is None else (_cast(p, dtype), _cast(args, dtype))
        result = model.loss(p, *args)
        return result[0] if isinstance(result, tuple) else result

    return model._replace(loss=jax.jit(loss))


def _loss(model: Model, params: Any) -> float:
    return float(model.loss(params, *model.args))


def _gradient(model: Model, params: Any, name: str) -> np.ndarray:
    slopes = jax.grad(model.loss)(params, *model.args)
    return np.asarray(_leaf(slopes, name), np.float64)


def _training(model: Model) -> list[Any]:
    """Parameters along plain training, first and last included."""
    optimizer = model.settings.get("optimizer") or optax.adam(1e-3, eps=1e-20)
    params, state = jax.tree.map(jnp.asarray, model.params), optimizer.init(model.params)
    slope = jax.grad(model.loss)
    path = [params]
    for _ in range(_STEPS):
        gradients = slope(params, *model.args)
        with jax.numpy_dtype_promotion("standard"):  # optax counts on it
            updates, state = optimizer.update(gradients, state, params)
        params = optax.apply_updates(params, updates)
        path.append(params)
    return path[:4] + path[-1:]


def _moved_everywhere(model: Model) -> list[Any]:
    random = np.random.default_rng(1)

    def moved(x: Any) -> Any:
        size = float(jnp.abs(x).max()) or 1.0
        return jnp.asarray(size * random.standard_normal(x.shape), x.dtype)

    arrays = jax.tree.map(jnp.asarray, model.params)
    return [jax.tree.map(moved, arrays) for _ in range(4)]


def _redrawn(model: Model, fault: Fault, name: str, seed: int) -> Any:
    start = np.asarray(_leaf(model.params, name))
    size = float(np.abs(start).max()) or 1.0
    drawn = 2 * size * np.random.default_rng(seed).standard_normal(start.shape)
    chosen = np.ones(start.shape, bool)
    if fault.axis is not None:
        chosen[:] = False
        np.moveaxis(chosen, fault.axis[0], 0)[list(fault.axis[1])] = True
    return _with(model.params, name, np.where(chosen, drawn, start).astype(start.dtype))


def _slice(fault: Fault, array: np.ndarray) -> np.ndarray:
    return array if fault.axis is None else np.take(array, fault.axis[1], fault.axis[0])


def _widened(model: Model) -> Model:
    wide = jnp.float64
    return model._replace(params=_cast(model.params, wide), args=_cast(model.args, wide))


def _cast(tree: Any, dtype: Any) -> Any:
    def cast(x: Any) -> Any:
        x = jnp.asarray(x) if isinstance(x, float) else x
        return x.astype(dtype) if jnp.issubdtype(x.dtype, jnp.floating) else x

    return jax.tree.map(cast, tree)


def _names(tree: Any) -> list[str]:
    return leaf_names([path for path, _ in jax.tree_util.tree_leaves_with_path(tree)])


def _leaf(tree: Any, name: str) -> Any:
    return jax.tree.leaves(tree)[_names(tree).index(name)]


def _with(tree: Any, name: str, value: Any) -> Any:
    leaves, treedef = jax.tree.flatten(tree)
    leaves[_names(tree).index(name)] = jnp.asarray(value)
    return jax.tree.unflatten(treedef, leaves)
