"""Edits copy what they change: leaves by path, and keys of a configuration."""

import jax.numpy as jnp
import numpy as np

from pgat_jax import load_config
from pgat_jax.causes.edits import (
    edit_leaves,
    fill_leaf,
    replace_leaf,
    scale_leaves,
    update_loss,
    update_model,
    update_train,
)

PARAMS = {"gate": {"kernel": jnp.ones((2, 2)), "bias": jnp.zeros(2)}, "head": jnp.ones(3)}


def test_a_leaf_is_replaced_in_a_copy():
    after = replace_leaf(PARAMS, "gate/bias", 7)
    assert after["gate"]["bias"] == 7 and after["gate"]["kernel"] is PARAMS["gate"]["kernel"]
    assert not PARAMS["gate"]["bias"].any()


def test_a_path_that_does_not_exist_is_added():
    assert replace_leaf(PARAMS, "new/deep/leaf", 1)["new"] == {"deep": {"leaf": 1}}


def test_named_leaves_are_edited_and_missing_ones_skipped():
    edit = edit_leaves(["gate/kernel", "fusion/kernel", "gate"], lambda path, leaf: (path, leaf))
    after = edit(PARAMS)
    assert after["gate"]["kernel"][0] == "gate/kernel" and "fusion" not in after
    assert after["gate"]["bias"] is PARAMS["gate"]["bias"]  # `gate` is no leaf


def test_leaves_are_scaled_and_filled():
    scaled = scale_leaves({"gate/kernel": 0.5, "head": 3.0})(PARAMS)
    np.testing.assert_array_equal(scaled["gate"]["kernel"], np.full((2, 2), 0.5))
    np.testing.assert_array_equal(scaled["head"], np.full(3, 3.0))
    filled = fill_leaf("gate/bias", -4.0)(PARAMS)["gate"]["bias"]
    np.testing.assert_array_equal(filled, np.full(2, -4.0, np.float32))


def test_keys_of_a_section_are_updated_in_a_copy():
    config = load_config("tiny")
    assert update_model(config, gate="open").model.gate == "open"
    assert update_train(config, accumulation=7).train.accumulation == 7
    assert update_loss(config, criterion="nll").loss.criterion == "nll"
    assert config == load_config("tiny")
