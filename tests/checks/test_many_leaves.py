"""What a diagnosis costs when many leaves share one cause, in seconds of the processor."""

import time

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from checks import diagnose


def _make_layers(count, has_nan=False):
    """Returns a residual network of dense layers of width 8, its parameters and its data."""
    random = np.random.RandomState(0)

    def draw(*shape):
        return jnp.asarray(random.randn(*shape) / shape[0] ** 0.5, jnp.float32)

    params = {f"layer{k:03}": {"w": draw(8, 8), "b": jnp.zeros(8)} for k in range(count)}
    params |= {"head": draw(8, 3), "temp": jnp.ones(())}

    def loss(p, x, y):
        h = x
        for k in range(count):
            layer = p[f"layer{k:03}"]
            h = h + jnp.tanh(h @ layer["w"] + layer["b"][None]) / count**0.5
        out = h @ p["head"]
        if has_nan:
            out = jnp.where(jnp.arange(3)[None] < 2, out, -jnp.inf) / p["temp"]
            return -jax.nn.log_softmax(out)[:, 0].mean()
        return jnp.mean((out / p["temp"] - y) ** 2)

    return loss, params, draw(16, 8), draw(16, 3)


def _diagnose_frozen(count, frozen):
    loss, params, x, y = _make_layers(count)
    labels = {k: "off" if k.startswith("layer") and int(k[5:]) < frozen else "on" for k in params}
    parts = {"on": optax.adam(1e-3), "off": optax.set_to_zero()}
    optimizer = optax.multi_transform(parts, labels)
    start = time.process_time()
    report = diagnose(loss, params, x, y, optimizer=optimizer, cures=False)
    return [leaf.verdict for leaf in report.values()], time.process_time() - start


def test_leaves_that_the_optimiser_freezes_are_starved_by_proof():
    verdicts, seconds = _diagnose_frozen(3, 2)
    assert sorted(verdicts) == ["alive"] * 4 + ["starved"] * 4
    assert seconds < 5  # 30 s where each leaf was asked until a limit of time


@pytest.mark.slow
def test_280_frozen_leaves_of_290_take_a_minute_at_most():
    verdicts, seconds = _diagnose_frozen(144, 140)
    assert (verdicts.count("alive"), verdicts.count("starved")) == (10, 280)
    assert seconds < 60  # 6 s measured


@pytest.mark.nightly
def test_a_nan_over_100_leaves_takes_a_minute_at_most():
    loss, params, x, y = _make_layers(50, has_nan=True)
    start = time.process_time()
    report = diagnose(loss, params, x, y, cures=False)
    assert {leaf.verdict for leaf in report.values()} == {"non_finite"} and len(report) == 102
    assert time.process_time() - start < 60
