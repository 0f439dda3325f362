import dataclasses

import jax
import numpy as np
import pytest

from pgat_jax import build
from pgat_jax.errors import UserError
from pgat_jax.storage.loaded_run import load_run


@pytest.fixture(scope="module")
def run(make_run):
    return make_run("mse")


@pytest.fixture(scope="module")
def loaded(run):
    return load_run(run)


def test_a_run_is_read_back_with_its_configuration_scaler_and_parameters(run, loaded):
    assert (loaded.path, loaded.step, loaded.config.name) == (run, 0, "tiny-mse")
    assert loaded.taken == 0
    params = build(loaded.config, loaded.data.columns).init(jax.random.key(0))
    jax.tree.map(np.testing.assert_array_equal, loaded.params, params)
    np.testing.assert_array_equal(loaded.scaler.mean, loaded.data.scaler.mean)


def test_another_table_than_that_of_the_run_is_refused(loaded):
    changed = dataclasses.replace(loaded, meta=loaded.meta | {"data_hash": "0" * 64})
    with pytest.raises(UserError, match="has changed since the run was trained"):
        _ = changed.data


def test_a_configuration_that_was_edited_is_refused(run):
    path = run / "config.yaml"
    before = path.read_text()
    try:
        path.write_text(before.replace("dropout: 0.05", "dropout: 0.07"))
        with pytest.raises(UserError, match=r"model.dropout is 0.07 .* started with 0.05"):
            load_run(run)
    finally:
        path.write_text(before)


def test_a_run_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        load_run(tmp_path)
