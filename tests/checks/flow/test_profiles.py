"""Measured profiles, compared with factors known by hand."""

import math

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from checks import profile
from checks.flow.profiles import measure_profiles
from checks.program.runner import Runner, widen_array
from checks.program.trace import trace
from checks.proofs.proof import prove


def test_the_steepest_loss_is_the_saturated_equation():
    def loss(p):
        return (0.5 * p["w"] + jnp.tanh(6.0 * p["w"])).sum() * 2.0  # saturated

    found = profile(loss, {"w": jnp.full(3, 1.0)}, leaf="w")
    worst = found.steepest(1)[0]
    assert worst.place.split()[1] == "tanh" and "test_profiles.py" in worst.place
    assert worst.factor == pytest.approx(1 - math.tanh(6.0) ** 2, rel=1e-6)


def test_the_order_is_from_the_loss_back_and_sizes_are_cotangents():
    found = profile(lambda p: (3.0 * jnp.sin(2.0 * p["w"])).sum(), {"w": jnp.zeros(4)}, leaf="w")
    assert [p.place.split()[1] for p in found.passages] == ["reduce_sum", "mul", "sin", "mul"]
    assert [p.leaving for p in found.passages] == pytest.approx([1.0, 3.0, 3.0, 6.0])
    assert [p.arriving for p in found.passages] == pytest.approx([1.0, 1.0, 3.0, 3.0])
    assert found.gradient == pytest.approx(6.0)


def test_a_scan_is_seen_step_by_step():
    def loss(p):
        return lax.scan(jax.checkpoint(lambda c, _: (0.5 * c, None)), p["w"], None, length=4)[0]

    (passage,) = profile(loss, {"w": 1.0}, leaf="w").passages
    assert passage.steps == pytest.approx([1 / 16, 1 / 8, 1 / 4, 1 / 2])


def test_several_leaves_are_measured_in_one_run_each_with_its_own_equations():
    def loss(p):
        return jnp.sin(p["w"]).sum() + 2.0 * jnp.cos(p["v"]).sum()

    program = trace(loss, {"v": jnp.ones(2), "w": jnp.ones(2)}, ())
    proof = prove(program)
    point = [widen_array(x) for x in program.params.learning]
    runner = Runner(program, [0, 1])
    cosine, sine = measure_profiles(runner, proof.dependence, [0, 1], point, program.args)
    assert (cosine.leaf, sine.leaf) == ("v", "w")
    assert cosine.gradient == pytest.approx(2 * math.sin(1.0))
    assert sine.gradient == pytest.approx(math.cos(1.0))
    kinds = [{p.place.split()[1] for p in one.passages} for one in (cosine, sine)]
    assert "cos" in kinds[0] - kinds[1] and "sin" in kinds[1] - kinds[0]
