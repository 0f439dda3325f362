"""Every verdict on a small program that shows it, and what must not change it."""

import jax
import jax.numpy as jnp
import optax
import pytest
from jax import lax

from checks import NotALoss, diagnose
from tests.checks.checked_programs import (
    CASES,
    IDS,
    W,
    X,
    attention,
    draw,
    mlp,
    slightly_off,
    square,
)


def _diagnosed(case, **more):
    return diagnose(case.loss, case.params, *case.args, **{**case.settings, **more}, cures=False)


def _verdicts(report):
    return {name: leaf.verdict for name, leaf in report.items()}


@pytest.mark.parametrize("name", CASES)
def test_verdict(name):
    case = CASES[name]
    assert _verdicts(_diagnosed(case)) == case.expected


def test_a_dead_unit_is_a_stuck_slice_of_three_leaves():
    params = {"w1": draw(1, 4, 8), "b1": jnp.zeros(8).at[3].set(-1e6), "w2": draw(2, 8, 2)}
    report = diagnose(mlp, params, X, cures=False)
    slices = {n: [(s.axis, s.index, s.verdict) for s in leaf.slices] for n, leaf in report.items()}
    assert slices == {
        "w1": [(1, (3,), "stuck")],
        "b1": [(0, (3,), "stuck")],
        "w2": [(0, (3,), "stuck")],
    }
    assert not report.passes


def test_the_key_third_of_a_packed_bias_is_an_invariant_slice():
    report = diagnose(attention, {"qkv": draw(1, 4, 12), "b": draw(2, 12) * 0.1}, X)
    assert [(s.axis, s.index, s.verdict) for s in report["b"].slices] == [
        (0, (4, 5, 6, 7), "invariant")
    ]
    assert report["b"].verdict == "alive" and report["qkv"].slices == []


def test_rows_of_an_embedding_that_the_batch_lacks_are_unvisited_and_harmless():
    params = {"table": draw(1, 10, 4), "w": draw(2, 4, 3)}
    report = diagnose(lambda p, ids: (p["table"][ids] @ p["w"]).var(), params, IDS)
    (part,) = report["table"].slices
    assert (part.axis, part.index, part.verdict) == (0, (0, 4, 5, 6, 7, 8, 9), "unvisited")
    assert report.passes


def test_more_batches_visit_more():
    params = {"table": draw(1, 6, 4), "w": draw(2, 4, 3)}
    loss = lambda p, ids: (p["table"][ids] @ p["w"]).var()  # noqa: E731
    report = diagnose(loss, params, jnp.array([0, 1, 2]), batches=[(jnp.array([3, 4, 5]),)])
    assert report["table"].slices == []


def test_rows_beyond_the_sequence_are_disconnected_by_measurement():
    report = diagnose(lambda p, x: ((x + p["pos"][:8]) ** 2).mean(), {"pos": draw(1, 12, 4)}, X)
    (part,) = report["pos"].slices
    assert (part.index, part.verdict) == ((8, 9, 10, 11), "disconnected")
    assert part.evidence.startswith("measured")


def test_an_expert_without_tokens_is_an_unvisited_slice():
    case = CASES["an expert that no input of this batch is sent to"]
    (part,) = _diagnosed(case)["experts"].slices
    assert (part.axis, part.index, part.verdict) == (0, (2,), "unvisited")


def test_a_nan_loss_fails_the_report_as_a_whole_and_names_the_line():
    report = diagnose(lambda p, x: square(p, x) + jnp.log(-(x[0, 0] ** 2)), {"w": W}, X)
    assert not report.passes and report["w"].verdict == "alive"
    assert "nan" in report.problems[0] and "log" in report.problems[0]


def test_the_origin_of_a_nan_is_a_line_and_a_step():
    def loss(p, x):
        def step(carry, t):
            return carry + jnp.sqrt(t * p["u"]), None  # negative at the third step

        return jax.lax.scan(jax.checkpoint(step), 0.0, jnp.array([-1.0, -2.0, 3.0]))[0]

    leaf = diagnose(loss, {"u": -1.0}, X, cures=False)["u"]
    assert "scan step 2" in leaf.evidence
    assert "test_diagnosis.py" in leaf.where[0] and leaf.where[0].split()[1] == "sqrt"


def test_the_origin_of_a_nan_that_goes_round_a_scan_is_found():
    def loss(p, x):
        def step(paths, now):
            other = jnp.concatenate([jnp.full(1, -jnp.inf), paths[:-1]])
            return jnp.log(jnp.exp(paths) + jnp.exp(other)) + now, None

        start = jnp.full(4, -jnp.inf).at[0].set(0.0)
        return lax.scan(step, start, x @ p["w"])[0][-1]

    leaf = diagnose(loss, {"w": draw(8, 4, 4)}, X, cures=False)["w"]
    assert leaf.verdict == "non_finite"
    assert "backward" in leaf.evidence
    assert [where.split()[1] for where in leaf.where] == ["div"]


def test_a_leaf_that_training_breaks_is_non_finite_with_the_step():
    report = diagnose(
        lambda p, x: jnp.sqrt(p["w"]).sum(),
        {"w": jnp.full(3, 0.9)},
        X,
        optimizer=optax.sgd(1.0),
        cures=False,
    )
    assert (
        report["w"].verdict == "non_finite"
        and "not after 3 optimiser steps" in report["w"].evidence
    )


def test_the_wrong_rule_is_named_with_its_call():
    leaf = diagnose(lambda p, x: slightly_off(x @ p["w"]).sum(), {"w": W}, X, cures=False)["w"]
    assert "1.0e-03" in leaf.evidence
    assert "custom_vjp_call" in leaf.where[0] and "checked_programs.py" in leaf.where[0]


@pytest.mark.parametrize(
    "name, stage",
    [
        ("frozen by the optimiser", "partition"),
        ("crushed by a clip that another leaf triggers", "clip_by_global_norm"),
    ],
)
def test_the_starving_stage_is_named(name, stage):
    leaf = _diagnosed(CASES[name])["v"]
    assert leaf.where == [f"optimiser stage {stage}"]


def test_master_weights_in_bfloat16_do_not_move():
    params = {"w": W, "v": jnp.full(4, 100.0, jnp.bfloat16)}
    loss = lambda p, x: square(p, x) + (p["v"] ** 2).sum().astype(jnp.float32)  # noqa: E731
    assert diagnose(loss, params, X, cures=False)["v"].verdict == "underflow"


def test_a_gradient_lost_together_with_the_loss_is_underflow():
    def loss(p, x):
        seen = p["gain"] * (3e4 + x)
        return jnp.mean(seen**2) - jnp.mean(seen) ** 2

    leaf = diagnose(loss, {"gain": jnp.float32(0.9)}, X, cures=False)["gain"]
    assert leaf.verdict == "underflow" and "lost in rounding" in leaf.evidence


def test_a_decision_that_falls_otherwise_in_float64_is_no_underflow():
    def loss(p, x):
        is_noticed = (p["w"] + 1e-9) - p["w"] > 0
        return jnp.mean(jnp.where(is_noticed, 1.0, -30.0) * p["w"] * x**2)

    assert diagnose(loss, {"w": jnp.float32(0.9)}, X, cures=False)["w"].verdict == "alive"


def test_compute_dtype_casts_before_the_loss_and_keeps_master_weights():
    seen = []

    def loss(p, x):
        seen.append((p["w"].dtype, x.dtype))
        return ((x @ p["w"]) ** 2).mean().astype(jnp.float32)

    report = diagnose(loss, {"w": W}, X, compute_dtype=jnp.bfloat16)
    assert set(seen) == {(jnp.dtype(jnp.bfloat16), jnp.dtype(jnp.bfloat16))}
    assert report["w"].verdict == "alive" and report["w"].dtype == "float32"


def test_two_calls_that_differ_are_no_loss():
    import numpy as np

    random = np.random.default_rng(0)
    with pytest.raises(NotALoss, match="same function at every call"):
        diagnose(lambda p, x: square(p, x) * float(random.uniform()), {"w": W}, X)


def test_a_batch_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"other ones in batches\[0\]"):
        diagnose(square, {"w": W}, X, batches=[(X[:3],)])


def test_a_stuck_leaf_names_the_zero_factor_and_its_line():
    leaf = _diagnosed(CASES["a factor that is zero, squared"])["b"]
    assert "a factor is zero: s" in leaf.evidence
    assert [where.split()[1] for where in leaf.where] == ["mul"]
    assert "checked_programs.py" in leaf.where[0]


def test_a_weight_that_starts_at_zero_has_no_relative_update():
    params = {"w": jnp.full(3, 0.5), "b": jnp.zeros(3)}
    report = diagnose(
        lambda p, x: jnp.sum((p["w"] * x + p["b"] - 1.0) ** 2), params, jnp.arange(3.0)
    )
    assert report["b"].movement is None
    assert report["w"].movement == pytest.approx(
        2e-3 * (1 / 3) ** 0.5, rel=1e-3
    )  # of three, one moves
