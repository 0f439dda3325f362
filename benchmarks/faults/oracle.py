"""Confirms faults without the checks: by plain gradients, differences and training loops."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.faults.registry import Example, Fault
from checks import name_leaves

_STEPS = 30


def is_confirmed(fault: Fault) -> bool:
    """Returns whether the faulty program shows the fault in all of `fault.leaves`.

    The sound twin must show it in none of them. The test of each verdict uses plain gradients,
    differences and a training of 30 steps, not the checks.

    Args:
        fault: The fault; its verdict is one that a leaf can fail with, such as `blocked`. A
            KeyError is raised for others, such as `alive`.
    """
    shows = _TESTS[fault.verdict]
    faulty, sound = (_compile(fault.make(given)) for given in (True, False))
    return all(
        shows(faulty, fault, name) and not shows(sound, fault, name) for name in fault.leaves
    )


@dataclass(frozen=True)
class _Compiled:
    """A program with its compiled loss; expensive results are computed once for all its leaves."""

    loss: Callable[..., jax.Array]
    slope: Callable[..., Any]
    params: Any
    args: tuple[Any, ...]
    optimizer: Any

    @cached_property
    def wide(self) -> "_Compiled":
        """The program in float64."""
        params, args = (_cast(tree, jnp.float64) for tree in (self.params, self.args))
        return replace(self, params=params, args=args)

    @cached_property
    def trained(self) -> list[Any]:
        """Parameters of plain training: the first four points and the last one."""

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
    def redraws(self) -> list[Any]:
        """Four random redraws of all parameters, at their size."""
        random = np.random.default_rng(1)

        def redraw(x: Any) -> Any:
            size = float(jnp.abs(x).max()) or 1.0
            return jnp.asarray(size * random.standard_normal(x.shape), x.dtype)

        arrays = jax.tree.map(jnp.asarray, self.params)
        return [jax.tree.map(redraw, arrays) for _ in range(4)]


def _compile(model: Example) -> _Compiled:
    """Compiles a program's loss and gradient, with the casts of its settings."""
    dtype = model.settings.get("compute_dtype")

    def loss(p: Any, *args: Any) -> Any:
        p, args = (p, args) if dtype is None else (_cast(p, dtype), _cast(args, dtype))
        result = model.loss(p, *args)
        return result[0] if isinstance(result, tuple) else result

    optimizer = model.settings.get("optimizer") or optax.adam(1e-3, eps=1e-20)
    slope = jax.jit(jax.grad(loss))
    return _Compiled(jax.jit(loss), slope, model.params, model.args, optimizer)


def _is_disconnected(program: _Compiled, fault: Fault, name: str) -> bool:
    before = _loss(program, program.params)
    return all(_loss(program, _redraw(program, fault, name, seed)) == before for seed in range(3))


def _is_blocked(program: _Compiled, fault: Fault, name: str) -> bool:
    """Returns whether the loss changes with the leaf, but its gradient is zero or an error."""
    changes = any(
        abs(_loss(program, _redraw(program, fault, name, seed)) - _loss(program, program.params))
        > 1e-5
        for seed in range(6)
    )
    try:
        slope = _gradient(program, program.params, name)
    except ValueError:  # reverse mode through a loop of unknown length
        return changes
    return changes and float(np.abs(_slice(fault, slope)).max()) < 1e-7


def _is_invariant(program: _Compiled, fault: Fault, name: str) -> bool:
    """Returns whether no change of the leaf changes the loss that leaves each element its sign."""
    with jax.enable_x64(True):
        wide = program.wide
        before, start = _loss(wide, wide.params), _leaf(wide.params, name)
        drawn = [_leaf(_redraw(wide, fault, name, seed), name) for seed in range(3)]
        kept = [jnp.where(start == 0, x, jnp.abs(x) * jnp.sign(start)) for x in drawn]
        redraws = [_loss(wide, _with(wide.params, name, x)) for x in kept]
        return all(abs(after - before) < 1e-10 * abs(before) for after in redraws)


def _is_stuck(program: _Compiled, fault: Fault, name: str) -> bool:
    trained = [_slice(fault, _gradient(program, p, name)) for p in program.trained]
    is_alive = any(np.any(_slice(fault, _gradient(program, p, name))) for p in program.redraws)
    return is_alive and not any(x.any() for x in trained)


def _is_unvisited(program: _Compiled, fault: Fault, name: str) -> bool:
    return not _slice(fault, _gradient(program, program.params, name)).any()


def _is_vanishing(program: _Compiled, fault: Fault, name: str) -> bool:
    with jax.enable_x64(True):
        wide = program.wide
        names = _names(wide.params)
        sizes = {n: float(np.sqrt(np.mean(_gradient(wide, wide.params, n) ** 2))) for n in names}
        return sizes[name] < 1e-8 * max(sizes.values())


def _is_still(program: _Compiled, fault: Fault, name: str) -> bool:
    """Returns whether training leaves at least half of the leaf's elements unchanged."""
    path = program.trained
    first, last = (np.asarray(_leaf(p, name)) for p in (path[0], path[-1]))
    return bool(np.mean(first == last) >= 0.5)


def _is_lost(program: _Compiled, fault: Fault, name: str) -> bool:
    """Returns whether the leaf does not move, or its gradient is mostly rounding error."""
    with jax.enable_x64(True):
        wide = program.wide
        true = _gradient(wide, wide.params, name)
    error = np.linalg.norm(_gradient(program, program.params, name) - true)
    return _is_still(program, fault, name) or bool(error > np.linalg.norm(true))


def _is_wrong(program: _Compiled, fault: Fault, name: str) -> bool:
    """Returns whether a directional derivative differs from central differences in float64."""
    with jax.enable_x64(True):
        wide = program.wide
        slope, start = _gradient(wide, wide.params, name), np.asarray(_leaf(wide.params, name))
        direction = np.random.default_rng(0).standard_normal(start.shape)
        ends = [_loss(wide, _with(wide.params, name, start + h * direction)) for h in (1e-6, -1e-6)]
        difference, claim = (ends[0] - ends[1]) / 2e-6, float(np.sum(slope * direction))
        return abs(difference - claim) > 2e-4 * max(abs(difference), abs(claim))


def _is_non_finite(program: _Compiled, fault: Fault, name: str) -> bool:
    """Returns whether the gradient, or the leaf after an update, is NaN or Inf in training."""
    return any(
        not (np.isfinite(_gradient(program, p, name)).all() and jnp.isfinite(_leaf(p, name)).all())
        for p in program.trained
    )


_TESTS: dict[str, Callable[[_Compiled, Fault, str], bool]] = {
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


def _loss(program: _Compiled, params: Any) -> float:
    return float(program.loss(params, *program.args))


def _gradient(program: _Compiled, params: Any, name: str) -> np.ndarray:
    slopes = program.slope(params, *program.args)
    return np.asarray(_leaf(slopes, name), np.float64)


def _redraw(program: _Compiled, fault: Fault, name: str, seed: int) -> Any:
    start = np.asarray(_leaf(program.params, name))
    size = float(np.abs(start).max()) or 1.0
    random = 2 * size * np.random.default_rng(seed).standard_normal(start.shape)
    is_drawn = np.ones(start.shape, bool)
    if fault.axis is not None:
        is_drawn[:] = False
        np.moveaxis(is_drawn, fault.axis[0], 0)[list(fault.axis[1])] = True
    return _with(program.params, name, np.where(is_drawn, random, start).astype(start.dtype))


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
