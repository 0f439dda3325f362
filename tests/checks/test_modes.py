"""JAX's own switches, set in the user's process, change no verdict."""

import jax
import jax.numpy as jnp
from jax import lax

from checks import diagnose
from tests.checks.checked_programs import draw, slightly_off

PARAMS = {
    "w": draw(1, 4, 3),
    "head": jnp.zeros((3, 2)),
    "shift": jnp.ones(()),
    "stopped": draw(2, 3),
    "off": draw(3, 3),
    "root": jnp.array([1.0, 0.0]),
}
VERDICTS = {
    "w": "waking",
    "head": "alive",
    "shift": "invariant",
    "stopped": "blocked",
    "off": "wrong",
    "root": "non_finite",
}


def loss(p, x):
    h = jnp.tanh(x @ p["w"]) @ p["head"]
    choice = jax.nn.softmax(x + p["shift"]) + lax.stop_gradient(p["stopped"]).sum()
    root = jnp.where(p["root"] > 0, jnp.sqrt(p["root"]), 0.0)  # no slope at the zero
    return ((h - 0.3) ** 2).mean() + (choice**2).sum() + slightly_off(p["off"]).sum() + root.sum()


def test_stopping_at_nan_and_inf_and_strict_promotion_of_types():
    x = draw(0, 8, 4)
    strict = jax.numpy_dtype_promotion("strict")
    with jax.debug_nans(True), jax.debug_infs(True), strict:
        report = diagnose(loss, PARAMS, x)
    assert {name: leaf.verdict for name, leaf in report.items()} == VERDICTS


def test_leaves_that_are_float64_already():
    with jax.enable_x64(True):
        params = jax.tree.map(lambda x: x.astype(jnp.float64), PARAMS)
        report = diagnose(loss, params, draw(0, 8, 4).astype(jnp.float64))
    assert {leaf.dtype for leaf in report.values()} == {"float64"}
    assert {name: leaf.verdict for name, leaf in report.items()} == VERDICTS
