"""Trials on a line: the mean gradient, the updates and the forecasts are those of the windows."""

from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax.causes.scales import EPOCHS, Scale
from pgat_jax.causes.trial import Trials
from pgat_jax.data.windows import draw_epoch_order

COUNT, BATCH, RATE = 20, 2, 0.1
STARTED = Scale("start", None, updates=0, windows=5, has_forecasts=False)
TRAINED = Scale("trained", None, updates=EPOCHS, windows=4, has_forecasts=True)


class Line:
    """A model y = a x with windows x = index, in place of a study model and its programs."""

    def __init__(self, accumulation=1):
        train = SimpleNamespace(batch_size=BATCH, accumulation=accumulation)
        self.config = SimpleNamespace(train=train)
        self.data = SimpleNamespace(windows=lambda split: np.arange(COUNT))
        self.batches = []

    def init(self, key):
        return {"a": jnp.array([2.0, 0.0])}

    def batch(self, windows, split="train"):
        if split == "train":
            self.batches.append(list(windows))
        x = jnp.asarray(windows, jnp.float32)
        return SimpleNamespace(x=x, target=np.asarray(3 * x)[:, None])

    def gradient(self, model):
        def call(params, batch):
            """The gradient is the mean of x, so that it tells which windows were asked for."""
            slope = {"a": jnp.array([batch.x.mean(), 0.0])}
            return (
                jnp.array(7.0),
                ({"gate": jnp.array(0.5)}, params["a"][0] * batch.x[:, None]),
            ), slope

        return call

    def optimizer(self, model, steps_per_epoch):
        self.steps_per_epoch = steps_per_epoch
        step = lambda gradients, state, params: (  # noqa: E731
            {"a": params["a"] - RATE * gradients["a"]},
            state + 1,
        )
        return lambda params: 0, step


def run(scale, model=None, seed=0):
    line = model or Line()
    return line, Trials(line, scale, line).run(seed)


def test_the_start_is_the_mean_over_windows_spread_over_the_split():
    scale = STARTED._replace(windows=4)
    line, trial = run(scale)
    windows = np.linspace(0, COUNT - 1, 4).astype(int)
    assert line.batches == windows.reshape(2, BATCH).tolist()
    assert trial.keys() == {"start"}
    assert trial["start"]["gradient"]["a"] == pytest.approx(windows.mean())
    assert trial["start"]["weight"]["a"] == 2.0 and trial["start"]["size"] == {"a": 2}
    assert trial["start"]["loss"] == 7.0 and trial["start"]["statistics"] == {"gate": 0.5}
    assert "spread" not in trial["start"]


def test_training_takes_the_windows_in_the_order_of_the_epochs():
    line, trial = run(TRAINED, seed=3)
    epochs = [draw_epoch_order(3, epoch, COUNT) for epoch in range(5)]
    order = np.concatenate(epochs).reshape(-1, BATCH).tolist()
    measured = TRAINED.windows // BATCH
    assert line.batches[measured:-measured] == order[:EPOCHS]
    slope = RATE * np.mean(order[:EPOCHS], 1).sum()
    assert trial["end"]["change"]["a"] == pytest.approx(slope, rel=1e-5)
    assert trial["end"]["weight"]["a"] == pytest.approx(abs(2 - slope), rel=1e-5)


def test_accumulation_takes_more_batches_for_the_same_updates():
    line, _ = run(TRAINED, Line(accumulation=3))
    measured = 2 * TRAINED.windows // BATCH
    assert len(line.batches) == 3 * EPOCHS + measured and line.steps_per_epoch == 3


def test_forecasts_are_compared_with_the_targets_of_all_validation_windows():
    _, trial = run(TRAINED)
    x = np.arange(COUNT, dtype=float)
    assert trial["start"]["spread"] == pytest.approx(2 * x.std(), rel=1e-6)
    assert trial["start"]["target_spread"] == pytest.approx(3 * x.std(), rel=1e-6)
    assert trial["start"]["validation"] == pytest.approx((x**2).mean(), rel=1e-6)
