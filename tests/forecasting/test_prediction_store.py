"""Saved predictions are used only if they are sound and of the same parameters and table."""

import dataclasses

import jax
import numpy as np
import pytest

from pgat_jax.forecasting.prediction_store import load_arrays, save_arrays
from pgat_jax.storage.loaded_run import load_run

ARRAYS = {"point": np.arange(6.0).reshape(2, 3)}


@pytest.fixture
def loaded(make_run, tmp_path):
    run = dataclasses.replace(load_run(make_run("mse")), path=tmp_path)
    save_arrays(run, "test", ARRAYS)
    return run


def test_saved_arrays_come_back(loaded):
    np.testing.assert_array_equal(load_arrays(loaded, "test")["point"], ARRAYS["point"])


def test_a_split_that_was_not_saved_is_none(loaded):
    assert load_arrays(loaded, "validation") is None


def test_arrays_of_another_split_are_not_used(loaded):
    folder = loaded.path / "predictions"
    (folder / "test.npz").rename(folder / "validation.npz")
    assert load_arrays(loaded, "validation") is None


def test_arrays_of_other_parameters_are_not_used(loaded):
    other = jax.tree.map(lambda leaf: leaf + 0.1, loaded.params)
    assert load_arrays(dataclasses.replace(loaded, params=other), "test") is None


def test_arrays_of_another_table_are_not_used(loaded):
    other = loaded.meta | {"data_hash": "0" * 64}
    assert load_arrays(dataclasses.replace(loaded, meta=other), "test") is None


@pytest.mark.parametrize("damage", [lambda b: b[:-200], lambda b: b"x" + b[1:], lambda b: b""])
def test_damaged_arrays_are_not_used(loaded, damage):
    path = loaded.path / "predictions" / "test.npz"
    path.write_bytes(damage(path.read_bytes()))
    assert load_arrays(loaded, "test") is None
