"""The picture of one forecast."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pgat_jax.forecasting.forecast import forecast_run
from pgat_jax.pages.forecast_picture import HISTORY_DAYS, draw_forecast, write_forecast_picture


@pytest.fixture(scope="module")
def forecast(scored_run, tmp_path_factory):
    path = tmp_path_factory.mktemp("forecast") / "f.csv"
    return forecast_run(scored_run("nll"), None, "2018-06-01", (0.5,), path)


def test_it_is_written_beside_the_csv_file(forecast):
    path = write_forecast_picture(forecast)
    assert path == forecast.csv.with_suffix(".png")
    with Image.open(path) as image:
        assert image.width == 990


def test_it_shows_the_last_closes_the_median_and_the_truth(forecast):
    (axes,) = draw_forecast(forecast).axes
    lines = {line.get_label(): line.get_ydata() for line in axes.lines}
    assert len(lines["close"]) == HISTORY_DAYS
    assert lines["close"][-1] == forecast.origin.close
    np.testing.assert_array_equal(lines["truth"], forecast.frame["Close"])
    np.testing.assert_array_equal(lines["median forecast"][1:], forecast.frame["Close_q0.5"])
    assert axes.get_ylabel()


def test_prices_that_are_not_known_are_left_out(forecast):
    frame = forecast.frame.assign(Close=np.nan)
    (axes,) = draw_forecast(forecast._replace(frame=pd.DataFrame(frame))).axes
    assert "truth" not in [line.get_label() for line in axes.lines]
