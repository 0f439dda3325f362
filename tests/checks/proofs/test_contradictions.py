"""Proofs that JAX's own gradient contradicts are dropped and reported as faults of the checks."""

import jax
import jax.numpy as jnp
import pytest

from checks import diagnose, reach
from checks.program.trace import trace
from checks.proofs import dependence
from checks.proofs.contradictions import find_dependent, find_nonzero, trace_gradient

X = jnp.arange(1.0, 4.0)
PARAMS = {"a": 2 * X, "b": X, "c": X, "d": X}


def loss(p, x):
    floor = jnp.floor(p["c"]) * jax.lax.stop_gradient(p["d"])
    return (jnp.sin(p["b"]) * x + floor).sum()


@pytest.fixture
def mistaken(monkeypatch):
    """The proofs take a sine for flat."""
    monkeypatch.setattr(dependence, "_FLAT", dependence._FLAT | {"sin"})


def test_the_gradient_of_right_proofs_does_not_depend_on_the_loss():
    program = trace(loss, PARAMS, (X,))
    gradient = trace_gradient(program, [0, 2, 3])
    assert find_dependent(gradient, [0, 2, 3]) == []
    assert find_nonzero(gradient, [0, 2, 3], [*PARAMS.values(), X]) == []


def test_a_leaf_with_a_gradient_is_found_from_shapes_and_from_values():
    program = trace(loss, PARAMS, (X,))
    gradient = trace_gradient(program, [0, 1])
    assert find_dependent(gradient, [0, 1]) == [1]
    assert find_nonzero(gradient, [0, 1], [*PARAMS.values(), X]) == [1]
    assert find_nonzero(gradient, [0, 1], [*PARAMS.values(), 0 * X]) == []


def test_a_gradient_that_is_not_a_number_is_not_zero():
    program = trace(lambda p: jnp.sqrt(p["a"]).sum() * 0, {"a": 0 * X}, ())
    assert find_nonzero(trace_gradient(program, [0]), [0], [0 * X]) == [0]


def test_without_leaves_or_without_a_gradient_nothing_is_traced():
    refuse = jax.custom_vjp(jnp.sin)
    refuse.defvjp(lambda x: (x, None), lambda _, g: {}["rule"])
    program = trace(lambda p: refuse(p["a"]).sum(), {"a": X}, ())
    assert trace_gradient(program, []) is None and trace_gradient(program, [0]) is None


def test_a_rule_that_answers_by_who_has_a_tangent_is_asked_as_in_the_program():
    @jax.custom_vjp
    def first_of(a, b):
        return a + b

    def forward(a, b):
        return a.value + b.value, (True,) * a.perturbed

    first_of.defvjp(forward, lambda s, g: (g, None) if s else (None, g), symbolic_zeros=True)
    report = reach(lambda p: first_of(p["a"], p["b"]).sum(), {"a": X, "b": X})
    assert {name: leaf.verdict for name, leaf in report.items()} == {
        "a": "reachable",
        "b": "blocked",
    }
    assert report.problems == ()


def test_a_contradicted_proof_is_dropped_from_a_static_report(mistaken):
    report = reach(loss, PARAMS, X)
    found = {name: leaf.verdict for name, leaf in report.items()}
    assert found == {"a": "disconnected", "b": "reachable", "c": "blocked", "d": "blocked"}
    assert not report.passes and report.problems == (
        "fault of the checks: b was proved to be blocked, but JAX has a gradient for it; the proof "
        "is dropped; please report it with the program",
    )


@pytest.mark.parametrize("finds_from_shapes", [True, False])
def test_a_contradicted_proof_is_dropped_from_a_diagnosis_and_the_leaf_measured(
    mistaken, monkeypatch, finds_from_shapes
):
    if not finds_from_shapes:
        monkeypatch.setattr("checks.proofs.proof.find_dependent", lambda gradient, leaves: [])
    report = diagnose(loss, PARAMS, X, cures=False)
    found = {name: leaf.verdict for name, leaf in report.items()}
    assert found == {"a": "disconnected", "b": "alive", "c": "blocked", "d": "blocked"}
    assert [problem.split(",")[0] for problem in report.problems] == [
        "fault of the checks: b was proved to be blocked"
    ]
