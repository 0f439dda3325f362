"""Proofs that an optimiser never moves a leaf."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from checks.measure.chain import Chain
from checks.measure.zero_updates import find_zero_updates
from checks.program.leaves import partition

PARAMS = {"a": jnp.ones((2, 3)), "b": jnp.ones(2)}
LEAVES = [np.ones((2, 3), np.float32), np.ones(2, np.float32)]
LABELS = {"a": "on", "b": "off"}
FROZEN = optax.multi_transform({"on": optax.adamw(1e-3), "off": optax.set_to_zero()}, LABELS)
LATE = optax.linear_schedule(0.0, 1.0, 10)


def _find(optimizer):
    chain = Chain(optimizer, partition(PARAMS))
    return sorted(find_zero_updates(chain, LEAVES, chain.init(LEAVES)))


@pytest.mark.parametrize(
    "optimizer, expected",
    [
        (optax.set_to_zero(), [0, 1]),
        (optax.chain(optax.masked(optax.set_to_zero(), {"a": True, "b": False})), [0]),
        (FROZEN, [1]),
        (optax.MultiSteps(FROZEN, 3).gradient_transformation(), [1]),
        (optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(0.0, momentum=0.9)), [0, 1]),
        (optax.adam(optax.constant_schedule(0.0)), [0, 1]),
        (optax.inject_hyperparams(optax.adam)(learning_rate=0.0), [0, 1]),
        (optax.apply_if_finite(optax.sgd(0.0), 3), [0, 1]),
        (optax.chain(optax.set_to_zero(), optax.scale_by_adam()), [0, 1]),
    ],
)
def test_a_zero_that_the_program_shows_is_a_proof(optimizer, expected):
    assert _find(optimizer) == expected


@pytest.mark.parametrize(
    "optimizer",
    [
        optax.adam(1e-3),
        optax.inject_hyperparams(optax.adam)(learning_rate=1.0),
        optax.inject_hyperparams(optax.sgd)(learning_rate=LATE),
        optax.sgd(LATE),
        optax.chain(optax.apply_every(3), optax.scale(-1.0)),
        optax.chain(optax.set_to_zero(), optax.add_noise(1.0, 0.5, 0)),
        optax.chain(optax.set_to_zero(), optax.add_decayed_weights(0.1)),
        optax.stateless(lambda updates, params: float(updates["b"][0]) * updates["a"]),
    ],
)
def test_what_may_move_a_leaf_later_is_no_proof(optimizer):
    assert _find(optimizer) == []


def test_a_state_that_starts_at_zero_and_changes_is_forgotten():
    def update(updates, state, params=None):
        return {"a": updates["a"] * state[1], "b": updates["b"]}, (state[0] + 1, state[0])

    late = optax.GradientTransformation(lambda params: (jnp.zeros(()), jnp.zeros(())), update)
    assert _find(late) == []
