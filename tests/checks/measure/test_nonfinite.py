"""Where a NaN or Inf starts in the program of a gradient."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from checks.measure.nonfinite import (
    GradientFlagger,
    describe_origins,
    find_first_failures,
    is_finite,
)
from checks.program.runner import Gradient
from tests.checks.measure.compiled import X, compiled

FILE = "test_nonfinite.py"


def flags_of(loss, params, *args):
    runner, proof, _ = compiled(loss, params, *args)
    program = proof.program
    return GradientFlagger(runner).flag(program.params.learning, program.args)


def test_one_compiled_program_flags_every_point():
    runner, proof, _ = compiled(lambda p, x: jnp.sqrt(p["w"] * x).sum(), {"w": X}, X)
    args, flagger = proof.program.args, GradientFlagger(runner)
    bad, good = flagger.flag([-jnp.abs(X)], args), flagger.flag([jnp.abs(X)], args)
    assert good.jaxpr is bad.jaxpr
    assert [origin.kind for origin in bad.of_loss()] == ["NaN"] and good.of_loss() == []


def _scanned(x):
    """The second of three steps takes the root of a negative number."""

    def step(carry, shift):
        return carry * jnp.sqrt(x[0] + shift), None

    return jax.lax.scan(step, x[1], jnp.array([1.0, -5.0, 1.0]))[0]


# What fails in the loss -> loss, kind, primitive, step of a scan.
FAILURES = {
    "a logarithm of negative numbers": (lambda x: jnp.log(-x).sum(), "NaN", "log", None),
    "a logarithm of zero": (lambda x: jnp.log(x - 1.0).sum(), "Inf", "log", None),
    "a function that is called": (lambda x: jax.jit(jnp.log)(-x).sum(), "NaN", "log", None),
    "the branch that is taken": (
        lambda x: jax.lax.cond(x[0] > 0, lambda v: jnp.log(-v), lambda v: v, x).sum(),
        "NaN",
        "log",
        None,
    ),
    "a step of a scan": (_scanned, "NaN", "sqrt", 1),
}


@pytest.mark.parametrize("name", FAILURES)
def test_the_equation_that_makes_the_loss_non_finite_is_found(name):
    loss, kind, primitive, step = FAILURES[name]
    (origin,) = flags_of(loss, X).of_loss()
    assert (origin.kind, origin.site.equation.primitive.name) == (kind, primitive)
    assert not origin.is_backward and origin.step == step
    assert FILE in origin.place


def test_a_slope_that_overflows_although_the_loss_does_not_starts_backward():
    # The factor is an argument: the compiler would multiply two constants first.
    flags = flags_of(lambda x, factor: (x * factor * factor).sum(), 1e-30 * X, jnp.float32(1e22))
    assert flags.of_loss() == []
    (origin,) = flags.of_leaf(0)
    assert origin.kind == "Inf" and origin.is_backward and FILE in origin.place
    assert describe_origins([origin])[0] == "Inf is first made backward by mul"


def test_of_several_leaves_each_has_its_own_origins():
    flags = flags_of(lambda p: jnp.log(-p["bad"]).sum() + p["good"].sum(), {"bad": X, "good": X})
    assert [o.kind for o in flags.of_loss()] == ["NaN"]
    # The slope of log(-x) is 1/x: only the loss is NaN.
    assert flags.of_leaf(0) == flags.of_leaf(1) == []


def test_hidden_nan_and_masks_are_not_origins():
    def loss(x):
        hidden = jnp.where(x > 0, x, jnp.log(jax.lax.stop_gradient(-x)))
        masked = jnp.where(jnp.arange(3) < 2, x, -jnp.inf)
        return hidden.sum() + jax.nn.softmax(masked)[0]

    flags = flags_of(loss, X)
    assert flags.of_loss() == flags.of_leaf(0) == []


def test_a_nan_in_the_data_has_no_equation():
    flags = flags_of(lambda x, y: (x * y).sum(), X, jnp.array([1.0, jnp.nan, 1.0]))
    assert (True, False) in flags.inputs
    assert flags.of_leaf(0) == []
    sentence = "no equation makes it: it comes in with the parameters or the data"
    assert describe_origins(flags.of_leaf(0)) == (sentence, ())


def test_origins_are_described_by_the_first_and_places_by_the_first_few():
    def loss(x):
        return sum(
            [
                jnp.log(-x[0]),
                jnp.log(-x[1]),
                jnp.log(-x[2]),
                jnp.sqrt(-x[0]),
                jnp.sqrt(-x[1]),
                jnp.sqrt(-x[2]),
            ]
        )

    origins = flags_of(loss, X).of_loss()
    sentence, places = describe_origins(origins)
    assert sentence == "NaN is first made forward by log"
    assert len(origins) == 6 and len(places) == len(set(places)) == 4
    assert describe_origins(flags_of(_scanned, X).of_loss())[0] == (
        "NaN is first made forward by sqrt, at scan step 1"
    )


def test_the_first_batch_at_which_a_leaf_fails_is_found():
    good, bad = np.ones(2), np.array([1.0, np.inf])
    gradients = [Gradient(0.0, leaves) for leaves in ([good, None], [bad, None], [bad, None])]
    assert find_first_failures([0, 1], gradients) == {0: 1}
    assert find_first_failures([1], gradients) == {}


@pytest.mark.parametrize("kind", [np.float32, np.complex64, jnp.bfloat16])
def test_one_element_makes_a_gradient_non_finite(kind):
    assert is_finite(np.ones(3, kind)) and is_finite(None)
    assert not is_finite(np.array([1.0, np.nan, 1.0]).astype(kind))
    assert not is_finite(np.array([1.0, -np.inf, 1.0]).astype(kind))
