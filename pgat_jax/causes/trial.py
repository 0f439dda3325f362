"""Trials: a subject is initialised by a seed, measured, trained and measured again."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from checks.program.leaves import name_leaves
from pgat_jax.causes.programs import Programs
from pgat_jax.causes.subject import Subject
from pgat_jax.data.windows import epoch_order
from pgat_jax.model.build import Params

EPOCHS = 50
"""Of the schedule, which the updates of a trial go through from start to end."""


class Scale(NamedTuple):
    """How large a trial is.

    Attributes:
        name: such as `full`.
        sizes: the configuration whose sizes a model gets; None keeps its own.
        updates: of the optimiser; 0 measures the start alone. A multiple of `EPOCHS`.
        windows: training windows whose mean gradient is measured.
        judged: whether the validation windows are forecast.
    """

    name: str
    sizes: str | None
    updates: int
    windows: int
    judged: bool


Point = dict[str, Any]
"""What is measured at one point of training: plain numbers, and one for each leaf."""


class Trials:
    """Trials of one subject, one a seed."""

    def __init__(self, subject: Subject, scale: Scale, programs: Programs):
        """Of ``subject``, at a scale, with the compiled programs of trials before it."""
        self._subject, self._scale = subject, scale
        self._gradient = programs.gradient(subject)
        self._steps = scale.updates * subject.config.train.accumulation
        per_epoch = max(1, self._steps // EPOCHS)
        self._start, self._update = programs.optimizer(subject, per_epoch)

    def run(self, seed: int) -> dict[str, Any]:
        """Measure at the start and, if the scale has updates, at the end.

        Returns:
            `start` and `end`, each a `Point` with `gradient` and `weight` (leaf -> norm), `size`
            (leaf -> elements), `statistics`, `loss`, and where it is judged `spread`,
            `target_spread` and `validation`; `end` also has `change`: leaf -> norm of what training
            added.
        """
        first = self._subject.init(jax.random.key(seed))
        found = {"start": self._measure(first)}
        if self._steps:
            last = self._trained(first, seed)
            change = {"change": _norms(_difference(last, first))}
            found["end"] = self._measure(last) | change
        return found

    def _trained(self, params: Params, seed: int) -> Params:
        state = self._start(params)
        for windows in _order(self._subject, self._steps, seed):
            _, gradients = self._gradient(params, self._subject.batch(windows))
            params, state = self._update(gradients, state, params)
        return params

    def _measure(self, params: Params) -> Point:
        size = min(self._subject.config.train.batch_size, self._scale.windows)
        count = len(self._subject.data.windows("train"))
        windows = np.linspace(0, count - 1, self._scale.windows).astype(int)
        chunks = windows.reshape(-1, size).tolist()
        taken = [self._gradient(params, self._subject.batch(chunk)) for chunk in chunks]
        (loss, (statistics, _)), _ = taken[-1]
        point = {
            "loss": float(loss),
            "statistics": {name: float(value) for name, value in statistics.items()},
            "gradient": _norms(_mean([gradient for _, gradient in taken])),
            "weight": _norms(params),
            "size": dict(zip(_names(params), map(int, map(jnp.size, jax.tree.leaves(params))))),
        }
        return point | (self._judged(params, size) if self._scale.judged else {})

    def _judged(self, params: Params, size: int) -> Point:
        """Forecasts of the validation windows: their spread over days, and their squared error."""
        count = len(self._subject.data.windows("validation"))
        rows = np.resize(np.arange(count), -(-count // size) * size).reshape(-1, size)
        batches = [self._subject.batch(chunk, "validation") for chunk in rows.tolist()]
        points = [self._gradient(params, batch)[0][1][1] for batch in batches]
        point = np.concatenate(points)[:count]
        target = np.concatenate([batch.target for batch in batches])[:count]
        return {
            "spread": float(point.std(0).mean()),
            "target_spread": float(target.std(0).mean()),
            "validation": float(np.mean((point - target) ** 2)),
        }


def _order(subject: Subject, steps: int, seed: int) -> Iterator[list[int]]:
    count, size = len(subject.data.windows("train")), subject.config.train.batch_size
    epochs = -(-steps * size // count) + 1
    order = np.concatenate([epoch_order(seed, epoch, count) for epoch in range(epochs)])
    yield from order[: steps * size].reshape(steps, size).tolist()


@jax.jit
def _difference(a: Params, b: Params) -> Params:
    return jax.tree.map(jnp.subtract, a, b)


@jax.jit
def _mean(trees: list[Params]) -> Params:
    return jax.tree.map(lambda *parts: sum(parts) / len(parts), *trees)


@jax.jit
def _leaf_norms(tree: Params) -> jax.Array:
    return jnp.stack([jnp.linalg.norm(leaf.ravel()) for leaf in jax.tree.leaves(tree)])


def _norms(tree: Params) -> dict[str, float]:
    return dict(zip(_names(tree), np.asarray(_leaf_norms(tree)).tolist()))


def _names(tree: Params) -> list[str]:
    return name_leaves([path for path, _ in jax.tree_util.tree_leaves_with_path(tree)])
