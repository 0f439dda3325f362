"""Forecasts in prices: columns, levels, and the file."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pgat_jax.data.columns import PRICES
from pgat_jax.forecasting.distribution import Forecast
from pgat_jax.forecasting.mixture import GaussianMixture
from pgat_jax.forecasting.origin import ForecastOrigin
from pgat_jax.forecasting.price_frame import make_price_frame, write_csv

DAYS = np.array(["2018-06-04", "2018-06-05"], "datetime64[D]")
TRUTH = np.array([[10.0, 12, 9, 11], [np.nan] * 4])
ORIGIN = ForecastOrigin(29, np.datetime64("2018-06-01"), 10.0, DAYS, TRUTH)
LEVELS = (0.05, 0.5, 0.95)


def make_data():
    rng = np.random.default_rng(0)
    scaler = SimpleNamespace(
        target_mean=np.zeros(4),
        scale_targets=lambda x: 100 * x,
        unscale_targets=lambda x: 0.01 * x,
    )
    table = SimpleNamespace(values=rng.normal(0, 0.01, size=(60, 6)))
    return SimpleNamespace(scaler=scaler, table=table)


def make_forecast(windows=2):
    point = np.zeros((windows, 2, 4))
    point[1, :, 3] = 1.0
    ones = np.ones((*point.shape, 1))
    return Forecast(point, GaussianMixture(ones, point[..., None], 0.5 * ones))


@pytest.fixture(scope="module")
def frame():
    return make_price_frame(make_data(), make_forecast(), 1, ORIGIN, LEVELS, 500)


def test_the_frame_has_a_row_for_each_day_and_the_truth(frame):
    assert frame["origin"].tolist() == ["2018-06-01"] * 2
    assert frame["date"].tolist() == ["2018-06-04", "2018-06-05"]
    assert frame["day"].tolist() == [1, 2]
    assert frame["last_close"].tolist() == [10.0, 10.0]
    np.testing.assert_array_equal(frame[list(PRICES)], TRUTH)


def test_the_point_forecast_compounds_the_window_s_returns(frame):
    np.testing.assert_allclose(frame["Close_forecast"], 10 * np.exp([0.01, 0.02]))


def test_quantiles_increase_and_are_centred_on_the_forecast(frame):
    quantiles = frame[[f"Close_q{a}" for a in LEVELS]].to_numpy()
    assert (np.diff(quantiles, axis=1) > 0).all()
    np.testing.assert_allclose(quantiles[:, 1], frame["Close_forecast"], rtol=2e-3)


def test_days_after_the_origin_do_not_change_the_paths(frame):
    data = make_data()
    data.table.values[ORIGIN.row + 1 :] = 9.0
    again = make_price_frame(data, make_forecast(), 1, ORIGIN, LEVELS, 500)
    pd.testing.assert_frame_equal(again, frame)


def test_the_file_has_nine_digits_and_empty_cells_for_unknown_prices(frame, tmp_path):
    path = write_csv(frame, tmp_path / "f.csv")
    again = pd.read_csv(path)
    assert again["Close"].isna().tolist() == [False, True]
    np.testing.assert_allclose(again["Close_q0.05"], frame["Close_q0.05"], rtol=1e-8)
    assert b"\r" not in path.read_bytes()
