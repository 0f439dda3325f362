"""What is proved and measured of one program, gathered from small losses."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from checks.evidence import RuleErrors, gather_evidence
from tests.checks.measure.compiled import X, compiled


def gather(loss, params, *args, optimizer=None, say=lambda _: None):
    runner, proof, sampler = compiled(loss, params, *args)
    with np.errstate(all="ignore"):
        return gather_evidence(proof, runner, sampler, [proof.program.args], optimizer, say)


@jax.custom_jvp
def _cube(x):
    return x**3


_cube.defjvp(lambda primals, tangents: (_cube(*primals), 2 * primals[0] ** 2 * tangents[0]))


def _loss(p, x):
    frozen = jnp.sum(p["frozen"] * x)
    stuck = p["zero"] * p["zero"] * p["lost"].sum()
    return frozen**2 + _cube(p["rule"]).sum() + stuck + jnp.log(p["bad"]).sum()


@pytest.fixture(scope="module")
def said():
    return []


@pytest.fixture(scope="module")
def found(said):
    """One program with a leaf of each kind; leaves: bad, frozen, lost, rule, unused, zero."""
    params = {
        "bad": jnp.array([1.0, 0.0]),
        "frozen": X,
        "lost": X,
        "rule": X,
        "unused": X,
        "zero": jnp.zeros(()),
    }
    labels = {name: "off" if name == "frozen" else "on" for name in params}
    optimizer = optax.partition({"on": optax.sgd(1e-3), "off": optax.set_to_zero()}, labels)
    return gather(_loss, params, X, optimizer=optimizer, say=said.append)


def test_finite_reachable_leaves_have_responses(found):
    assert found.program.params.names == ("bad", "frozen", "lost", "rule", "unused", "zero")
    assert list(found.responses) == [1, 2, 3, 5]


def test_leaves_with_a_gradient_at_the_data_are_alive(found):
    assert found.alive == (1, 3)


def test_views_are_the_leaf_and_its_slices_along_each_axis(found):
    whole, elements = found.views(2)
    assert whole.seen.shape == (1,) and elements.seen.shape == (3,)
    assert whole.seen[0] == "params" and not whole.is_zero[0]
    assert (elements.steps == 0).all()


def test_gradients_that_are_not_finite_are_flagged_at_their_batch(found):
    assert found.failures == {0: 0} and list(found.flags) == [0]
    (origin, *_) = found.flags[0].of_leaf(found.runner.watched.index(0))
    assert origin.kind == "Inf" and origin.is_backward
    assert found.training_failures == {} and found.training_flags == {}


def test_a_rule_that_is_not_the_derivative_is_found(found):
    assert [bool(error.counts) for error in found.rule_errors.found] == [True]
    assert found.rule_errors.notes == () and found.solve_errors == ()


def test_leaves_that_the_optimiser_does_not_move_stand_still(found):
    assert list(found.standstills) == [1]


def test_cotangents_are_taken_where_a_gradient_ends(found):
    assert any(tapped.reaches(2) for tapped in found.tapped)


def test_the_measurements_announce_their_steps(found, said):
    assert found.alive and said[-3:-1] == [
        "training steps",
        "leaves without a gradient at the data",
    ]
    assert said[-1].endswith("slices with a gradient at other parameters alone")


def test_a_step_that_makes_a_leaf_non_finite_is_flagged():
    found = gather(lambda p: jnp.sqrt(p).sum(), jnp.ones(2), optimizer=optax.sgd(3.0))
    step, is_gradient = found.training_failures[0]
    assert step > 1 and is_gradient and found.failures == {}
    assert [origin.kind for origin in found.training_flags[0].of_leaf(0)][:1] == ["NaN"]


def test_a_program_of_jax_alone_has_nothing_to_compare_or_tap():
    found = gather(lambda p: (p**2).sum(), X)
    assert found.rule_errors == RuleErrors() and found.solve_errors == ()
    assert found.tapped == [] and found.flags == {} and found.standstills == {}
