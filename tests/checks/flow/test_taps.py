"""Cotangents of the equations between the loss and some leaves."""

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from checks.flow.taps import tap
from checks.program.runner import Runner, widen_array
from checks.program.trace import trace
from checks.proofs.proof import prove


def tap_all(loss, params, leaves=None):
    program = trace(loss, params, ())
    proof = prove(program)
    runner = Runner(program, proof.reachable)
    point = [widen_array(x) for x in program.params.learning]
    leaves = proof.reachable if leaves is None else leaves
    return tap(runner, proof.dependence, leaves, point, program.args)


def by_primitive(tapped):
    return {one.place.split()[1]: one for one in tapped}


def test_sizes_are_root_mean_squares_of_cotangents():
    tapped = tap_all(lambda p: (3.0 * jnp.sin(p["w"])).sum(), {"w": jnp.zeros(4)})
    names = [one.place.split()[1] for one in tapped]
    assert names == ["sin", "mul", "reduce_sum"]  # in program order
    found = by_primitive(tapped)
    assert found["mul"].size == pytest.approx(1.0) and found["mul"].factor(0) == pytest.approx(3)
    assert found["sin"].size == pytest.approx(3.0) and found["sin"].factor(0) == pytest.approx(1)


def test_only_equations_that_lead_to_the_leaves_are_measured():
    def loss(p):
        return jnp.sin(p["v"]).sum() + jnp.cos(p["w"]).sum()

    found = by_primitive(tap_all(loss, {"v": jnp.ones(2), "w": jnp.ones(2)}, [1]))
    assert "cos" in found and "sin" not in found
    assert found["cos"].reaches(1) and not found["cos"].reaches(0)
    assert found["add"].reaches(1)


def test_an_operand_that_is_zero_throughout_is_noted():
    found = by_primitive(tap_all(lambda p: p["s"] * p["b"], {"b": 2.0, "s": 0.0}))
    assert found["mul"].is_zero.tolist() == [True, False]
    assert [float(x) for x in found["mul"].leaving] == [2.0, 0.0]
    assert found["mul"].factor(0) == 0.0 and found["mul"].factor(1) == 2.0


def test_an_equation_in_a_scan_has_an_entry_for_each_step():
    def loss(p):
        return lax.scan(jax.checkpoint(lambda c, _: (0.5 * c, None)), p["w"], None, length=3)[0]

    (only,) = tap_all(loss, {"w": 1.0})
    assert only.towards(0) == pytest.approx([1 / 8, 1 / 4, 1 / 2])
    assert only.arriving == pytest.approx([1 / 4, 1 / 2, 1])
    assert only.factor(0) == pytest.approx(0.5)


def test_where_no_cotangent_arrives_the_factor_is_one():
    found = by_primitive(tap_all(lambda p: 0.0 * jnp.sin(p["w"]), {"w": 1.0}))
    assert found["sin"].size == 0 and found["sin"].factor(0) == 1.0
