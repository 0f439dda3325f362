"""Edits of one optimiser stage."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from checks.cures.optimizer_edits import propose_optimizer_edits
from tests.checks.cures.failing_losses import find_edit, make_failures, make_loss

V = jnp.array([1.0, 2.0])
LABELS = {"v": "freeze", "w": "train"}
# Optimiser that starves `v` -> words of an edit that lets it move.
STARVING = {
    "a label": (
        optax.partition({"train": optax.sgd(1e-2), "freeze": optax.set_to_zero()}, LABELS),
        "label v 'train' instead of 'freeze' in partition",
    ),
    "a clip that another leaf triggers": (
        optax.chain(optax.clip_by_global_norm(1e-2), optax.sgd(1e-1)),
        "to v leaf by leaf instead of globally",
    ),
    "a mask": (
        optax.chain(optax.masked(optax.set_to_zero(), {"v": True, "w": False}), optax.sgd(1e-2)),
        "exclude v from the optimiser stage masked",
    ),
    "a rate of zero": (optax.sgd(0.0), "set the learning rate of "),
}


def loss(p):
    return (p["v"] ** 2).sum() + 1e6 * (p["w"] ** 2).sum()


def starve(optimizer, verdict="starved"):
    return make_failures(make_loss(loss, {"v": V, "w": V}, optimizer=optimizer), v=verdict)


def move(one):
    training = one.training
    return training.leaves[1][0] - np.asarray(V)


@pytest.mark.parametrize("name", STARVING)
def test_the_stage_that_starves_a_leaf_is_edited_and_the_leaf_moves(name):
    optimizer, words = STARVING[name]
    failures = starve(optimizer)
    edit = find_edit(propose_optimizer_edits(failures), words)
    assert edit.kind == "optimizer" and edit.leaves == (0,)
    assert np.abs(move(edit.apply(failures.loss))).max() > np.abs(move(failures.loss)).max()


def test_eps_is_scaled_to_the_gradient():
    weak = make_loss(lambda p: 1e-12 * loss(p), {"v": V, "w": V}, optimizer=optax.adam(1e-2, eps=1))
    failures = make_failures(weak, v="starved")
    edit = find_edit(propose_optimizer_edits(failures), "scale eps of ")
    assert edit.text.endswith(" to the gradient of v")
    sizes = [np.abs(move(one)).max() for one in (failures.loss, edit.apply(failures.loss))]
    assert sizes[1] > sizes[0]


@pytest.mark.parametrize(
    "verdict, factors", [("underflow", (10, 1000)), ("non_finite", (0.1, 0.01))]
)
def test_other_learning_rates_are_proposed(verdict, factors):
    failures = starve(optax.sgd(1e-2), verdict)
    edits = list(propose_optimizer_edits(failures))
    texts = [f"multiply the learning rate of v by {factor:g}" for factor in factors]
    assert [edit.text for edit in edits] == texts
    for edit, factor in zip(edits, factors):
        expected = factor * move(failures.loss)
        np.testing.assert_allclose(move(edit.apply(failures.loss)), expected, rtol=1e-2)
