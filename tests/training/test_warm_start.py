"""A new run that starts from the parameters of another."""

import json
from dataclasses import replace

import jax
import jax.numpy as jnp
import pytest

from pgat_jax.errors import UserError
from pgat_jax.storage.digest import hash_params
from pgat_jax.storage.loaded_run import load_run
from pgat_jax.training.state import unpack_params
from pgat_jax.training.warm_start import describe_start, record_start, require_same_shapes
from tests.training.session import open_session, same


@pytest.fixture(scope="module")
def first(whole):
    return load_run(whole[0])


@pytest.mark.slow
def test_training_begins_at_the_parameters_that_are_given(plan, data, new_run, first):
    parts = {"first_params": first.params}
    with open_session(plan, data, new_run, opening=parts) as trainer:
        assert trainer.loop_state.step == 0
        assert same(unpack_params(plan, trainer.state.params), first.params)


def test_a_leaf_of_another_shape_is_named_with_both(plan, first):
    require_same_shapes(first, plan.param_shapes)
    params = dict(first.params) | {"head": {"extra": jnp.zeros(3)}}
    with pytest.raises(UserError, match=r"parameter head/extra has the shape \(3,\) there, expect"):
        require_same_shapes(replace(first, params=params), plan.param_shapes)


def test_what_is_fitted_anew_is_said(first, data):
    sentence = describe_start(first, data)
    assert f"from the parameters of {first.path.name} at step {first.step}, with a new" in sentence
    assert "the scaler is fitted anew, to 113 training rows, 1999-01-06 to" in sentence
    har = replace(data, scaler=replace(data.scaler, har=object()))
    assert "the scaler and the volatility forecast are fitted anew" in describe_start(first, har)


def test_the_folder_says_where_the_run_started(first, tmp_path):
    record_start(tmp_path, None)
    assert not list(tmp_path.iterdir())
    record_start(tmp_path, first)
    content = json.loads((tmp_path / "warm_start.json").read_text())
    assert content == {
        "run": first.path.name,
        "step": first.step,
        "params_sha256": hash_params(jax.device_get(first.params)),
    }
