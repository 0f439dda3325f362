"""A fold: no row after the fit row enters, and it is trained once."""

import dataclasses
import io

import jax
import numpy as np
import pytest
from rich.console import Console

from pgat_jax.backtest import fold
from pgat_jax.backtest.fold import (
    digest_training,
    find_folder,
    split_at,
    start_fold,
    train_fold,
)
from pgat_jax.config_file import load_config
from pgat_jax.data.source import load_table
from pgat_jax.data.table import take_rows
from pgat_jax.errors import UserError
from pgat_jax.progress import Reporter
from pgat_jax.training.interrupts import Interrupted
from tests.backtest.training import FakeTraining

ROWS, FIT_ROW = 300, 219


@pytest.fixture(scope="module")
def table():
    return take_rows(load_table(load_config("tiny").data), 0, ROWS)


@pytest.fixture
def reporter() -> Reporter:
    return Reporter(Console(file=io.StringIO()))


def test_training_and_validation_end_with_the_fit_row(table):
    config = load_config("tiny")
    config, data = split_at(config, table, FIT_ROW)
    assert data.splits.validation.stop == data.splits.test.start == FIT_ROW + 1
    assert data.splits.train == (0, FIT_ROW + 1 - config.data.validation_days)
    assert data.windows("validation")[-1] == FIT_ROW - config.data.pred_len
    assert data.windows("test")[0] == FIT_ROW


@pytest.mark.parametrize("volatility", ["none", "har"])
def test_no_row_after_the_fit_row_enters_scaler_or_volatility(table, volatility):
    config = load_config("tiny", f"data.volatility={volatility}")
    values = table.values.copy()
    values[FIT_ROW + 1 :, :4] *= 5.0
    changed = dataclasses.replace(table, values=values)
    own, other = (split_at(config, t, FIT_ROW).data.scaler for t in (table, changed))
    assert own.as_dict() == other.as_dict()


def test_a_fit_row_with_too_little_past_is_refused(table):
    with pytest.raises(UserError, match=r"nasdaq up to .*usable rows, expected at least"):
        split_at(load_config("tiny"), table, 60)


@pytest.mark.slow
def test_a_fold_is_trained_once_and_then_read_back(table, tmp_path, reporter, monkeypatch):
    training = FakeTraining()
    monkeypatch.setattr(fold, "open_trainer", training.open)
    one = split_at(load_config("tiny"), table, FIT_ROW)
    runs = [train_fold(one, reporter, tmp_path) for _ in range(2)]
    assert training.resumed == [False]
    assert runs[0].path == runs[1].path == find_folder(one, tmp_path)
    np.testing.assert_array_equal(runs[1].scaler.mean, one.data.scaler.mean)


def test_an_interrupted_training_goes_on_from_its_checkpoint(
    table, tmp_path, reporter, monkeypatch
):
    training = FakeTraining(stops=1)
    monkeypatch.setattr(fold, "open_trainer", training.open)
    one = split_at(load_config("tiny"), table, FIT_ROW)
    with pytest.raises(Interrupted):
        train_fold(one, reporter, tmp_path)
    train_fold(one, reporter, tmp_path)
    assert training.resumed == [False, True]


def test_a_folder_is_found_by_table_fit_row_and_configuration_but_not_by_name(table, tmp_path):
    one = split_at(load_config("tiny"), table, FIT_ROW)
    others = [
        split_at(load_config("tiny"), table, FIT_ROW - 1),
        split_at(load_config("tiny", "seed=1"), table, FIT_ROW),
        split_at(load_config("tiny"), take_rows(table, 0, ROWS - 1), FIT_ROW),
    ]
    assert len({find_folder(f, tmp_path) for f in (one, *others)}) == 4
    renamed = load_config("tiny", "name=other")
    assert digest_training(renamed) == digest_training(load_config("tiny"))


def test_an_untrained_fold_has_the_parameters_from_which_training_begins(table, monkeypatch):
    one, fitted = split_at(load_config("tiny"), table, FIT_ROW), []

    def fit_biases(plan, state, data):
        fitted.append(data)
        return state

    monkeypatch.setattr(fold, "start_at_residuals", fit_biases)
    model, params = start_fold(one)
    assert model.config == one.config and fitted == [one.data]
    shapes = jax.eval_shape(model.init, jax.random.key(0))
    assert jax.tree.structure(params) == jax.tree.structure(shapes)
