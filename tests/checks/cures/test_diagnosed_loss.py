"""Edited copies of a diagnosed loss."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from checks.program.interpret import Interpreter
from tests.checks.cures.failing_losses import make_loss

X = jnp.array([1.0, 2.0, 3.0])


class DropCosines(Interpreter):
    """Runs a program with zeros in place of cosines."""

    def compute(self, site, operands, feed):
        results = super().compute(site, operands, feed)
        is_cosine = site.equation.primitive.name == "cos"
        return [0 * x for x in results] if is_cosine else results


def loss(params, x):
    return (jnp.cos(params["v"]) + params["w"] * x).sum()


@pytest.fixture(scope="module")
def diagnosed():
    return make_loss(loss, {"v": X, "w": X}, X)


def gradients(one):
    return one.measured[0].wide.leaves


def test_the_original_is_measured_at_its_data(diagnosed):
    np.testing.assert_allclose(gradients(diagnosed), [-np.sin(X), X], rtol=1e-6)
    assert diagnosed.survey.data == diagnosed.measured


def test_rewriting_changes_the_program_of_a_copy(diagnosed):
    copy = diagnosed.rewrite(DropCosines())
    np.testing.assert_allclose(gradients(copy), [0 * X, X], rtol=1e-6)
    np.testing.assert_allclose(gradients(diagnosed)[0], -np.sin(X), rtol=1e-6)


def test_a_new_program_is_proved_again(diagnosed):
    class DropAll(DropCosines):
        def compute(self, site, operands, feed):
            results = super().compute(site, operands, feed)
            is_cosine = site.equation.primitive.name == "cos"
            return [jax.lax.stop_gradient(x) for x in results] if is_cosine else results

    assert diagnosed.runner.watched == (0, 1)
    assert diagnosed.rewrite(DropAll()).runner.watched == (1,)


def test_replacing_leaves_moves_every_point(diagnosed):
    copy = diagnosed.replace_leaves({0: np.zeros(3)})
    np.testing.assert_array_equal(copy.points[0].leaves[0], np.zeros(3))
    np.testing.assert_array_equal(copy.points[0].leaves[1], X)
    np.testing.assert_allclose(gradients(copy)[0], np.zeros(3))


def test_another_optimiser_trains_the_copy(diagnosed):
    moves = [
        one.training.leaves[1][1] - X
        for one in (diagnosed, diagnosed.replace_optimizer(optax.sgd(1.0)))
    ]
    np.testing.assert_allclose(moves, [-1e-2 * X, -X], rtol=1e-3)


def test_widening_makes_every_float_float64(diagnosed):
    wide = diagnosed.widen()
    assert wide.wide and {str(x.dtype) for x in wide.program.jaxpr.in_avals} == {"float64"}
    with wide.enter_precision():
        assert jnp.zeros(1).dtype == jnp.float64
        np.testing.assert_allclose(gradients(wide), [-np.sin(X), X], rtol=1e-6)
    with diagnosed.enter_precision():
        assert jnp.zeros(1).dtype == jnp.float32
