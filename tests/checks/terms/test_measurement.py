"""Values, gradients, weights and shifts of terms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from checks.measure.points import Sampler
from checks.program.runner import Runner
from checks.program.trace import trace
from checks.proofs.proof import prove
from checks.terms.measurement import TermMeter
from checks.terms.parts import unite_summands
from checks.terms.summands import find_summands
from tests.checks.terms.searched import PARAMS, W, X


def _meter(loss, *args):
    proof = prove(trace(loss, PARAMS, args))
    program = proof.program
    parts = unite_summands(find_summands(program, proof.dependence))
    point = Sampler(program, proof.dependence, 0).keep_parameters(program.args)
    meter = TermMeter(Runner(program, proof.reachable), parts)
    return meter, parts, (point.leaves, point.args)


def _loss(p, x, weight):
    def step(total, one):
        return total + jnp.sum((p["w"] * one) ** 2), None

    added = lax.scan(step, 0.0, x)[0]
    fixed = lax.stop_gradient(jnp.sum(p["v"] ** 3))
    return 0.5 * added + weight * jnp.sum(jnp.exp(p["v"])) + 2.0 * fixed + 7.0


@pytest.fixture(scope="module")
def meter():
    return _meter(_loss, X, jnp.float32(0.0))


def test_a_term_is_the_loss_with_the_other_terms_at_zero(meter):
    meter, parts, at = meter
    assert meter.measure((), *at).value == 7.0
    value = 0.5 * float(np.sum(np.outer(W, X).astype(float) ** 2))
    (scanned,) = (i for i, part in enumerate(parts) if part.summands[0].edges[0].repeats)
    one = meter.measure((scanned,), *at)
    assert one.value == pytest.approx(7.0 + value, rel=1e-6)
    slope = np.linalg.norm(W * float(np.sum(np.square(X))))
    assert one.norms == pytest.approx([0.0, slope], rel=1e-6) and one.norm == one.norms[1]
    every = meter.measure(range(3), *at).value
    assert every == pytest.approx(float(_loss(PARAMS, X, 0.0)), rel=1e-6)


def test_weights_are_the_factors_before_terms(meter):
    meter, parts, at = meter
    weights = meter.measure_weights(*at)
    known = {part.code.split(" = ")[0]: w for part, w in zip(parts, weights)}
    assert sorted(known.values()) == [0.0, 0.5, 2.0] and known["fixed"] == 2.0


def test_a_shift_is_felt_wherever_it_is_read():
    def loss(p):
        top = lax.stop_gradient(jnp.max(p["w"]))
        aside = lax.stop_gradient(jnp.max(p["v"]))
        return top + jnp.log(jnp.sum(jnp.exp(p["w"] - top))) + aside

    meter, parts, at = _meter(loss)
    known = {part.code.split(" = ")[0]: i for i, part in enumerate(parts)}
    (unfelt,) = meter.measure_shifts(known["top"], *at)
    assert abs(unfelt) < 1e-12 and meter.measure_shifts(known["aside"], *at) == [1.0]


def test_a_term_that_is_not_finite_leaves_the_others_finite():
    meter, parts, at = _meter(lambda p: jnp.sum(jnp.log(p["w"])) + jnp.sum(p["v"] ** 2))
    values = [meter.measure((i,), *at).value for i in range(len(parts))]
    assert sorted(np.isfinite(values)) == [False, True]


def test_jax_has_the_same_gradient(meter):
    meter, _, at = meter
    slopes = jax.grad(_loss)(PARAMS, X, 0.0)
    norms = [float(jnp.linalg.norm(slopes[name])) for name in ("v", "w")]
    assert meter.measure(range(3), *at).norms == pytest.approx(norms, rel=1e-5)
