"""Standardisation with statistics of the training rows."""

import json

import numpy as np
import pytest

from pgat_jax.data.columns import is_bounded
from pgat_jax.data.scaler import Scaler, fit


def test_statistics_come_from_training_rows_alone(data):
    values = data.table.values.copy()
    values[data.splits.validation.start :] = 1e6
    again = fit(values[slice(*data.splits.train)], data.columns)
    assert np.array_equal(again.mean, data.scaler.mean)
    assert np.array_equal(again.std, data.scaler.std)


def test_unbounded_columns_are_standardised_and_sines_are_left(data):
    train = data.scaler.scale(data.table.values)[slice(*data.splits.train)]
    bounded = np.array([is_bounded(name) for name in data.columns.names])
    assert train[:, ~bounded].mean(axis=0) == pytest.approx(0.0, abs=1e-9)
    assert train[:, ~bounded].std(axis=0) == pytest.approx(1.0)
    original = data.table.values[slice(*data.splits.train)]
    assert np.array_equal(train[:, bounded], original[:, bounded])


def test_targets_return_from_scaled_units(data):
    returns = data.table.values[:, :4]
    scaled = data.scaler.scale(data.table.values)[:, :4]
    assert data.scaler.unscale_targets(scaled) == pytest.approx(returns)


def test_a_scaler_survives_json_bit_by_bit(data):
    again = Scaler.from_dict(json.loads(json.dumps(data.scaler.as_dict())))
    assert again.columns == data.scaler.columns
    assert np.array_equal(again.mean, data.scaler.mean)
    assert np.array_equal(again.std, data.scaler.std)


def test_a_constant_column_is_centred_and_not_blown_up(data):
    values = data.table.values.copy()
    place = data.columns.names.index("dyn_Sun_speed")
    values[:, place] = 0.1
    scaler = fit(values, data.columns)
    assert scaler.std[place] == 1.0
    assert np.abs(scaler.scale(values)[:, place]).max() < 1e-9
