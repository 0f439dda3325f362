"""The hook of a training loop."""

import jax
import jax.numpy as jnp
import optax
import pytest

from checks.integrations.loop import LoopCheck
from checks.integrations.occasions import LeavesFail

X = jnp.linspace(0.5, 1.0, 4)
FAST = {"cures": False}


def loss(p, x):
    return jnp.mean((p["w"] * x - 3.0 * x) ** 2) + 1.0


def train(check, params, steps):
    """Trains with a step that donates its arguments; returns parameters and the reports' steps."""
    optimizer = optax.sgd(0.5)

    @jax.jit
    def step(params, state, x):
        value, gradient = jax.value_and_grad(loss)(params, x)
        updates, state = optimizer.update(gradient, state)
        return optax.apply_updates(params, updates), state, value

    step = jax.jit(step, donate_argnums=(0, 1))
    params = jax.tree.map(jnp.copy, params)
    state, value, seen = optimizer.init(params), None, []
    for i in range(steps):
        if check is not None and check(value, params, X) is not None:
            seen.append(i)
        params, state, value = step(params, state, X)
    return params, seen


def test_it_diagnoses_the_first_step_and_a_plateau_and_changes_nothing():
    params = {"w": jnp.zeros(4)}
    check = LoopCheck(loss, window=10, tolerance=0.5, most=2, **FAST)
    trained, seen = train(check, params, 60)
    plain, _ = train(None, params, 60)
    assert jnp.array_equal(trained["w"], plain["w"])
    assert seen == list(check.reports) and seen[0] == 0 and len(seen) == 2
    assert all(report.passes and report.flow for report in check.reports.values())


def test_a_failing_leaf_ends_the_loop_or_warns():
    params = {"w": jnp.zeros(4), "unused": jnp.ones(2)}
    with pytest.raises(AssertionError, match=r"at step 0: 1 of 2 (.|\n)*disconnected"):
        LoopCheck(loss, **FAST)(None, params, X)
    check = LoopCheck(loss, on_failure="warn", **FAST)
    with pytest.warns(LeavesFail):
        assert not check(None, params, X).passes
    allow = [("unused", "disconnected", "kept for old checkpoints")]
    assert LoopCheck(loss, allow=allow, **FAST)(None, params, X).passes


def test_a_wrong_setting_is_said_before_the_loop():
    with pytest.raises(ValueError, match="on_failure is"):
        LoopCheck(loss, on_failure="print")
