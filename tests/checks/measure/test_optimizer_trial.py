"""The optimiser is tried before anything is measured."""

import jax
import jax.numpy as jnp
import optax
import pytest

from checks import diagnose
from checks.measure.optimizer_trial import try_optimizer
from checks.program.leaves import partition

PARAMS = partition({"w": jnp.ones(3), "n": 3})


def _schedule_with_an_if(count):
    return 0.1 if count < 3 else 0.01


WORKING = {
    "adam": optax.adam(1e-3),
    "a schedule that needs values": optax.scale_by_schedule(_schedule_with_an_if),
    "one that takes the value of the loss": optax.contrib.reduce_on_plateau(),
    "gradients that are added up": optax.MultiSteps(optax.sgd(1.0), 4),
    "one in bfloat16": optax.adam(1e-3, mu_dtype=jnp.bfloat16),
}
BROKEN = {
    "not called": (optax.adam, "got adam without `init` and `update`"),
    "no init": (type("Stepper", (), {"update": print})(), "got Stepper without `init`"),
    "other labels": (
        optax.partition({"on": optax.sgd(1.0)}, {"other": "on"}),
        "must take one step from the parameters with a gradient of ones: got ",
    ),
    "an update that raises": (
        optax.GradientTransformation(lambda _: (), lambda *_: {}["rate"]),
        "got KeyError: 'rate'",
    ),
    "an error without words": (
        optax.GradientTransformation(lambda _: (), lambda *_: _stop()),
        "got StopIteration; pass",
    ),
}


def _stop():
    raise StopIteration


@pytest.mark.parametrize("name", WORKING)
def test_an_optimiser_that_works_passes(name):
    assert try_optimizer(WORKING[name], PARAMS) is None


def test_nothing_is_computed_unless_values_are_needed():
    seen = []
    watch = optax.stateless(lambda updates, _: seen.append(updates["w"]) or updates)
    try_optimizer(watch, PARAMS)
    assert seen and all(isinstance(x, jax.core.Tracer) for x in seen)


@pytest.mark.parametrize("name", BROKEN)
def test_one_that_does_not_is_an_error_before_anything_is_measured(name):
    optimizer, words = BROKEN[name]
    stages = []

    def loss(params):
        stages.append("traced")
        return params["w"].sum()

    with pytest.raises(ValueError) as raised:
        diagnose(loss, {"w": jnp.ones(3)}, optimizer=optimizer)
    assert words in str(raised.value) and "optimizer=optax.adam(1e-3)" in str(raised.value)
    assert "\n" not in str(raised.value)
