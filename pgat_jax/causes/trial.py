"""Runs trials: a study model is initialised by a seed, measured, trained and measured again."""

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from checks import name_leaves
from pgat_jax.causes.scales import EPOCHS, Scale
from pgat_jax.causes.study_model import StudyModel
from pgat_jax.causes.trial_programs import TrialPrograms
from pgat_jax.data.windows import draw_epoch_order
from pgat_jax.model.build import Params

# What is measured at one point of a trial: numbers, and dicts of one number for each leaf.
Measurement = dict[str, Any]


class Trials:
    """Runs the trials of one study model, one for each seed, at one scale.

    It is made of the study model, the scale and the compiled programs, `TrialPrograms`.
    """

    def __init__(self, model: StudyModel, scale: Scale, programs: TrialPrograms):
        """Prepares trials.

        Args:
            model: The study model.
            scale: How long to train and what to measure.
            programs: Compiled programs, shared with other trials.
        """
        self._model, self._scale = model, scale
        self._gradient = programs.gradient(model)
        self._steps = scale.updates * model.config.train.accumulation
        steps_per_epoch = max(1, self._steps // EPOCHS)
        self._init_optimizer, self._update = programs.optimizer(model, steps_per_epoch)

    def run(self, seed: int) -> dict[str, Any]:
        """Measures the model at the start and, if the scale has updates, after training.

        Args:
            seed: The seed of the initial parameters and of the order of the windows.

        Returns:
            `start` and `end`, each a `Measurement` with `gradient` and `weight` (leaf -> norm),
            `size` (leaf -> elements), `statistics`, `loss`, and, if the scale has forecasts,
            `spread`, `target_spread` and `validation`. `end` also has `change` (leaf -> norm of
            what training added).
        """
        first = self._model.init(jax.random.key(seed))
        result = {"start": self._measure(first)}
        if self._steps:
            last = self._train(first, seed)
            change = {"change": _leaf_norms(_subtract(last, first))}
            result["end"] = self._measure(last) | change
        return result

    def _train(self, params: Params, seed: int) -> Params:
        state = self._init_optimizer(params)
        for windows in _order_windows(self._model, self._steps, seed):
            _, gradients = self._gradient(params, self._model.batch(windows))
            params, state = self._update(gradients, state, params)
        return params

    def _measure(self, params: Params) -> Measurement:
        size = min(self._model.config.train.batch_size, self._scale.windows)
        count = len(self._model.data.windows("train"))
        windows = np.linspace(0, count - 1, self._scale.windows).astype(int)
        chunks = windows.reshape(-1, size).tolist()
        results = [self._gradient(params, self._model.batch(chunk)) for chunk in chunks]
        (loss, (statistics, _)), _ = results[-1]
        measurement = {
            "loss": float(loss),
            "statistics": {name: float(value) for name, value in statistics.items()},
            "gradient": _leaf_norms(_mean([gradient for _, gradient in results])),
            "weight": _leaf_norms(params),
            "size": dict(zip(_names(params), map(int, map(jnp.size, jax.tree.leaves(params))))),
        }
        forecasts = self._measure_forecasts(params, size) if self._scale.has_forecasts else {}
        return measurement | forecasts

    def _measure_forecasts(self, params: Params, size: int) -> Measurement:
        """Measures the forecasts of validation windows: spread over days and squared error."""
        count = len(self._model.data.windows("validation"))
        rows = np.resize(np.arange(count), -(-count // size) * size).reshape(-1, size)
        batches = [self._model.batch(chunk, "validation") for chunk in rows.tolist()]
        points = [self._gradient(params, batch)[0][1][1] for batch in batches]
        point = np.concatenate(points)[:count]
        target = np.concatenate([batch.target for batch in batches])[:count]
        return {
            "spread": float(point.std(0).mean()),
            "target_spread": float(target.std(0).mean()),
            "validation": float(np.mean((point - target) ** 2)),
        }


def _order_windows(model: StudyModel, steps: int, seed: int) -> Iterator[list[int]]:
    """Yields the windows of each step: the order of training, epoch after epoch."""
    count, size = len(model.data.windows("train")), model.config.train.batch_size
    epochs = -(-steps * size // count) + 1
    order = np.concatenate([draw_epoch_order(seed, epoch, count) for epoch in range(epochs)])
    yield from order[: steps * size].reshape(steps, size).tolist()


@jax.jit
def _subtract(a: Params, b: Params) -> Params:
    return jax.tree.map(jnp.subtract, a, b)


@jax.jit
def _mean(trees: list[Params]) -> Params:
    return jax.tree.map(lambda *parts: sum(parts) / len(parts), *trees)


@jax.jit
def _stack_norms(tree: Params) -> jax.Array:
    return jnp.stack([jnp.linalg.norm(leaf.ravel()) for leaf in jax.tree.leaves(tree)])


def _leaf_norms(tree: Params) -> dict[str, float]:
    return dict(zip(_names(tree), np.asarray(_stack_norms(tree)).tolist()))


def _names(tree: Params) -> list[str]:
    return name_leaves([path for path, _ in jax.tree_util.tree_leaves_with_path(tree)])
