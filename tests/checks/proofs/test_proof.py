"""What a proof says of the leaves of a program."""

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from checks.program.trace import trace
from checks.proofs.proof import prove

X = jnp.arange(3.0)
PARAMS = {"dead": X, "live": X, "stopped": X}


def _loss(p):
    return (p["live"] * X + lax.stop_gradient(p["stopped"])).sum(), p["dead"]


@pytest.fixture(scope="module")
def proof():
    return prove(trace(_loss, PARAMS, ()))


def test_leaves_are_disconnected_blocked_or_reachable(proof):
    assert (proof.disconnected, proof.blocked, proof.reachable) == ((0,), (2,), (1,))
    assert (proof.value, proof.tangent) == (0b110, 0b010)


def test_the_cuts_are_those_of_the_blocked_leaves(proof):
    assert [(cut.primitive, cut.leaves) for cut in proof.cuts] == [("stop_gradient", 0b100)]


def test_a_sound_program_has_no_cuts_and_is_differentiated_as_it_is():
    found = prove(trace(lambda p, x: (p * x).sum(), X, (X,)))
    assert found.cuts == () and found.underivable == {} and found.reachable == (0,)
    assert found.value == found.tangent == 1
    assert found.differentiable_program is found.program


def test_inputs_that_are_no_leaves_are_left_out():
    found = prove(trace(lambda p, x: (lax.stop_gradient(p) * x).sum(), X, (X,)))
    assert (found.value, found.tangent, found.reachable) == (1, 0, ())


def test_an_equation_without_a_reverse_derivative_blocks_and_is_passed_without_tangents():
    @jax.custom_vjp
    def refuses(x):
        return x**2

    def raises(residual, cotangent):
        raise RuntimeError("no derivative")

    refuses.defvjp(lambda x: (x**2, x), raises)
    found = prove(trace(lambda p: (refuses(p["a"]) + p["b"]).sum(), {"a": X, "b": X}, ()))
    assert found.blocked == (0,) and found.reachable == (1,)
    assert list(found.underivable.values()) == ["RuntimeError: no derivative"]
    program = found.differentiable_program
    assert program is found.differentiable_program and program is not found.program
    assert program.params is found.program.params
    slopes = jax.grad(
        lambda a, b: jax.core.eval_jaxpr(program.jaxpr.jaxpr, program.jaxpr.consts, a, b)[0], (0, 1)
    )(X, X)
    assert [slope.tolist() for slope in slopes] == [[0, 0, 0], [1, 1, 1]]
