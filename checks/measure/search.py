"""Looks for inputs that give a gradient to slices that are about to be called stuck.

The parameters stay as they are. First it is proved which slices have none at any input; for the
others inputs are drawn, many in one compiled program, and moved by gradient steps towards the kinks
behind which the slices lie. Nothing is run if there are no such slices.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from checks.measure.points import Point, Sampler, compute_unit_scales
from checks.measure.readings import Measurement, measure_point, narrow_point
from checks.measure.smooth import STEPS, make_climb
from checks.measure.work import count_work
from checks.measure.zeros import find_possible
from checks.program.custom_rules import describe_error
from checks.program.interpret import Interpreter
from checks.program.leaves import Partition, is_key
from checks.program.runner import QUICK, Runner, widen_args

# A slice that has a gradient at one input in so many is to be found, but for this chance.
RARITY = 10_000
MISS = 0.01
NEEDED = math.ceil(RARITY * math.log(1 / MISS))
# Evaluations of a batch that are compiled as one program.
_TOGETHER = 32
# Chunks that are drawn before the inputs are moved.
_FIRST_CHUNKS = 2
# Multiplications that are spent on drawing, and on moving: some seconds each.
_BUDGET = 4_000_000_000
# A step of a climb differentiates a gradient.
_CLIMB_WORK = 5
_MOST_CLIMBS = 8
# Climbs without a find after which the inputs count as searched.
_VAIN_CLIMBS = 4
# Found inputs that are measured as points, and how many of them in a row may show nothing.
_MOST_POINTS = 32
_PATIENCE = 4

# Leaf index -> for each view a boolean array [slices].
Slices = dict[int, list[np.ndarray]]


class Search(NamedTuple):
    """What was tried to give a gradient to slices without changing parameters.

    Attributes:
        found: measurements at the inputs that give one to some slice, of the kind `inputs`.
        never: leaf -> for each view, the slices that are proved to have none at any input.
        open: leaf -> for each view, the slices for which too few inputs were tried.
        samples: number of independent inputs drawn.
        climbs: number of times that inputs were moved by gradient steps.
        failures: sentences on what JAX could not do with the program.
    """

    found: list[Measurement]
    never: Slices
    open: Slices
    samples: int
    climbs: int
    failures: tuple[str, ...] = ()

    def describe(self) -> str:
        """Returns a sentence on what was tried."""
        parts = []
        if self.samples:
            miss = (1 - 1 / RARITY) ** self.samples
            parts.append(
                f"none at {self.samples:,} drawn inputs (a gradient at one input in {RARITY:,} "
                f"would be missed with probability {miss:.2g})"
            )
        if self.climbs:
            parts.append(f"nor after {self.climbs} times {STEPS} gradient steps on the inputs")
        parts += self.failures
        return ", ".join(parts) or "too large to try other inputs"


def search_inputs(runner: Runner, sampler: Sampler, data: Point, targets: Slices) -> Search:
    """Tries to give a gradient to slices by other inputs.

    Args:
        runner: the compiled program.
        sampler: its draws are copied, so that later draws are as without the search.
        data: the caller's parameters and data.
        targets: leaf -> for each view, which slices to try.
    """
    possible = find_possible(runner, data)
    never = {i: _by_view(~possible[i], views, np.all) for i, views in targets.items()}
    rest = {i: [v & ~n for v, n in zip(views, never[i])] for i, views in targets.items()}
    rest = {i: views for i, views in rest.items() if any(v.any() for v in views)}
    if not rest:
        return Search([], never, {}, 0, 0)
    hunt = _Hunt(runner, sampler.split(), data, rest)
    failures = [
        _attempt("drawn", hunt.draw, _FIRST_CHUNKS),
        _attempt("moved by gradient steps", hunt.climb),
        _attempt("drawn", hunt.draw, math.ceil(NEEDED / (_TOGETHER * hunt.samples_each))),
    ]
    is_enough = hunt.samples >= NEEDED or hunt.vain_climbs >= _VAIN_CLIMBS
    left = {} if is_enough else hunt.pending
    said = tuple(dict.fromkeys(x for x in failures if x))
    return Search(hunt.found, never, left, hunt.samples, hunt.climbs, said)


def _attempt(what: str, run: Callable[..., None], *args: int) -> str:
    """Runs a part of the search; returns why it failed, or an empty string."""
    try:
        run(*args)
    except Exception as error:  # a program that JAX cannot batch, or differentiate twice
        return f"inputs were not {what} ({describe_error(error)})"
    return ""


class _Hunt:
    """Draws and moves inputs while slices are pending."""

    def __init__(self, runner: Runner, sampler: Sampler, data: Point, pending: Slices) -> None:
        self._runner, self._sampler, self._data = runner, sampler, data
        self.pending = pending
        self.found: list[Measurement] = []
        self.samples = self.climbs = self.vain_climbs = 0
        closed, _ = runner.trace_gradient(*narrow_point(runner, data))
        self._work = count_work(closed)
        self._batch = _find_batch(runner, data)
        self.samples_each = self._batch or 1
        self._leaves = list(pending)
        self._flags = _make_flags(runner, self._leaves)
        self._vain = 0

    def draw(self, chunks: int) -> None:
        """Draws inputs until so many chunks were drawn, or as many as the budget allows."""
        most = min(chunks, _BUDGET // (self._work * _TOGETHER))
        for _ in range(most - self.samples // (_TOGETHER * self.samples_each)):
            if not self._is_pending():
                return
            self._try([self._sampler.draw_inputs().args for _ in range(_TOGETHER)])
            self.samples += _TOGETHER * self.samples_each

    def climb(self) -> None:
        """Moves drawn inputs towards the kinks of pending slices."""
        args = self._data.args
        one = self._work * STEPS * (_CLIMB_WORK + 1)
        most = min(_MOST_CLIMBS, _BUDGET // one)
        scales = [_find_scale(np.asarray(x)) for x in args.learning]
        if most < _VAIN_CLIMBS or not self._is_pending() or not any(s.any() for s in scales):
            return
        is_signed = [bool((np.asarray(x) < 0).any()) or not np.any(x) for x in args.learning]
        views = [(i, _list_other_axes(self._data.leaves[i].ndim)) for i in self._leaves]
        climb = make_climb(self._runner, views, scales, self._batch, is_signed)
        while self.climbs < most and self.vain_climbs < _VAIN_CLIMBS and self._is_pending():
            before = self._count()
            self._try(self._climb_once(climb, self.climbs))
            self.climbs += 1
            self.vain_climbs = self.vain_climbs + 1 if self._count() == before else 0

    def _climb_once(self, climb: Any, number: int) -> list[Partition]:
        """Returns the inputs after each step of one climb."""
        drawn = widen_args(self._sampler.draw_inputs().args)
        weights = _choose_focus([self.pending[i] for i in self._leaves], number)
        with jax.enable_x64(True):
            given = list(drawn.learning), list(drawn.fixed)
            path = climb([*map(jnp.asarray, self._data.leaves)], *given, weights)
        columns = [np.asarray(x) for x in path]
        return [replace(drawn, learning=tuple(x[i] for x in columns)) for i in range(STEPS)]

    def _try(self, args: Sequence[Partition]) -> None:
        """Measures as points those of the inputs that give a pending slice a gradient."""
        with jax.enable_x64(True):
            stacks = [
                _stack(x) for x in zip(*((*a.learning, *a.fixed) for a in map(widen_args, args)))
            ]
            flags = [np.asarray(x) for x in self._flags(list(self._data.leaves), stacks)]
        wanted = np.concatenate([v for i in self._leaves for v in self.pending[i]])
        hits = np.concatenate(flags, axis=1) & wanted
        while hits.any() and len(self.found) < _MOST_POINTS and self._vain < _PATIENCE:
            best = int(hits.sum(axis=1).argmax())
            before = self._count()
            self._measure(args[best])
            self._vain = self._vain + 1 if self._count() == before else 0
            hits &= ~hits[best]

    def _measure(self, args: Partition) -> None:
        point = replace(self._data, kind="inputs", args=args)
        measured = measure_point(self._runner, self._sampler, point)
        self.found.append(measured)
        for leaf in self._leaves:
            if (reading := measured.readings[leaf]) is not None:
                self.pending[leaf] = [
                    v & ~alive for v, alive in zip(self.pending[leaf], reading.alive)
                ]

    def _count(self) -> int:
        return sum(int(v.sum()) for views in self.pending.values() for v in views)

    def _is_pending(self) -> bool:
        return self._count() > 0 and self._vain < _PATIENCE


def _make_flags(runner: Runner, leaves: Sequence[int]) -> Any:
    """Compiles which slices have a gradient, at many inputs: for each leaf [inputs, slices]."""
    program = runner.program

    def flags(values: list[Any], args: list[Any]) -> list[Any]:
        def loss(moved: list[Any]) -> Any:
            given = list(values)
            for leaf, x in zip(leaves, moved):
                given[leaf] = x
            inputs = [*given, *program.params.fixed, *args]
            return Interpreter().run(runner.shadow, inputs)[0][0]

        slopes = jax.grad(loss)([values[leaf] for leaf in leaves])
        return [
            jnp.concatenate(
                [
                    jnp.any(jnp.isfinite(x) & (x != 0), axis=rest).reshape(-1)
                    for rest in _list_other_axes(x.ndim)
                ]
            )
            for x in slopes
        ]

    return jax.jit(jax.vmap(flags, in_axes=(None, 0)), compiler_options=QUICK)


def _stack(values: Sequence[Any]) -> Any:
    return jnp.stack(values) if is_key(values[0].dtype) else np.stack(values)


def _list_other_axes(ndim: int) -> list[tuple[int, ...]]:
    """Returns for each view of a leaf the axes that are not the view's."""
    axes = tuple(range(ndim))
    return [axes, *(tuple(a for a in axes if a != axis) for axis in axes)]


def _by_view(mask: np.ndarray, views: Sequence[np.ndarray], reduce: Any) -> list[np.ndarray]:
    axes = _list_other_axes(mask.ndim)
    return [v & reduce(mask, axis=rest).reshape(v.shape) for v, rest in zip(views, axes)]


def _choose_focus(pending: Sequence[list[np.ndarray]], number: int) -> list[list[np.ndarray]]:
    """Returns the weights of a climb: all pending slices at first, then a part of them in turn."""
    parts = 1 if number == 0 else min(4, 1 + number)
    weights, position = [], 0
    for views in pending:
        weights.append([])
        for view in views:
            order = position + np.cumsum(view)
            weights[-1].append((view & (order % parts == number % parts)).astype(float))
            position += int(view.sum())
    return weights


def _find_scale(value: np.ndarray) -> np.ndarray:
    """Returns the scale of a float argument; zero for complex ones and masks of zeros and ones."""
    if np.iscomplexobj(value) or not value.size:
        return np.zeros(())
    wide = value.astype(np.float64)
    if wide.any() and np.isin(wide, (0.0, 1.0)).all():
        return np.zeros(())
    return np.asarray(compute_unit_scales(wide) if wide.any() else 1.0)


def _find_batch(runner: Runner, data: Point) -> int | None:
    """Returns the length of the leading axis if it counts samples: their order does not matter."""
    arrays = [*data.args.learning, *data.args.fixed]
    if any(is_key(x.dtype) for x in arrays) or not arrays:
        return None
    lengths = {x.shape[0] if x.ndim else 0 for x in map(np.asarray, arrays)}
    if len(lengths) != 1 or (length := lengths.pop()) < 2:
        return None
    order = np.random.default_rng(0).permutation(length)
    moved = replace(
        data.args,
        learning=tuple(np.asarray(x)[order] for x in data.args.learning),
        fixed=tuple(np.asarray(x)[order] for x in data.args.fixed),
    )
    one, two = (runner.compute_wide_loss(data.leaves, args) for args in (data.args, moved))
    return length if abs(one - two) <= 1e-9 * abs(one) else None
