"""Rules whose functions have rules of their own, as Diffrax's solvers do: never a wrong proof."""

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from checks import diagnose, reach

X = jnp.arange(1.0, 4.0)


def _loop(condition, body, first, steps):
    """A loop with a reverse derivative by checkpoints, which is a custom rule of Equinox."""
    return eqx.internal.while_loop(
        condition, body, first, max_steps=steps, kind="checkpointed", checkpoints=2
    )


def solve(k, y, saves):
    """Euler steps of decay; with `saves`, an inner loop copies the state as SaveAt does."""

    def step(state):
        time, value, kept = state
        value = value - 0.1 * k * value
        if saves:
            copy = lambda s: (s[0] + 1, s[1] + 0.5 * value)  # noqa: E731
            _, kept = _loop(lambda s: s[0] < 2, copy, (0, kept), 4)
        return time + 1, value, kept

    _, value, kept = _loop(lambda s: s[0] < 3, step, (0, y, jnp.zeros_like(y)), 8)
    return value + kept


def loss(params, y, saves=False):
    return (eqx.filter_jit(solve)(params["k"], y, saves) ** 2).sum()


@pytest.mark.parametrize("saves", [False, True])
def test_what_was_traced_before_changes_no_proof(saves):
    params = {"k": jnp.float32(0.5)}
    run = lambda p, y: loss(p, y, saves)  # noqa: E731
    before = reach(run, params, X)
    assert jax.grad(run)(params, X)["k"] != 0
    after = reach(run, params, X)
    assert before["k"].verdict == after["k"].verdict == "reachable"
    assert after.problems == ()


def test_a_rule_inside_a_rule_is_run_as_often_as_it_takes():
    report = diagnose(lambda p, y: loss(p, y, True), {"k": jnp.float32(0.5)}, X, cures=False)
    assert report["k"].verdict == "alive" and report.passes


def test_a_rule_in_a_jitted_function_is_no_cut_after_a_gradient():
    """A rule that refuses a second tangent, whose equation remembers what it was asked."""

    @jax.custom_vjp
    def scale(x, count):
        return x * count

    def forward(x, count):
        if count.perturbed:
            raise RuntimeError("count has no derivative")
        return x.value * count.value, count.value

    scale.defvjp(forward, lambda count, g: (g * count, None), symbolic_zeros=True)
    jitted = jax.jit(scale)
    run = lambda params, x: jitted(params["w"] * x, x).sum()  # noqa: E731
    params = {"w": jnp.float32(0.5)}
    for _ in range(2):
        assert jax.grad(run)(params, X)["w"] == 14
        assert reach(run, params, X)["w"].verdict == "reachable"
