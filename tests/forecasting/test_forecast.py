"""forecast: dates, prices, quantiles that never cross, and bad input that writes nothing."""

import jax
import numpy as np
import pandas as pd
import pytest

from pgat_jax.data.columns import PRICES
from pgat_jax.errors import UserError
from pgat_jax.forecasting.forecast import make_forecast, write_test_forecasts
from pgat_jax.forecasting.predict import CHUNK
from pgat_jax.forecasting.price_frame import BAND_LEVELS
from pgat_jax.forecasting.request import ForecastRequest
from pgat_jax.storage.loaded_run import load_run

LEVELS = (0.05, 0.5, 0.95)


def forecast_run(run, new=None, start=None, levels=LEVELS, days=None):
    request = ForecastRequest(new, start, levels, days)
    found = make_forecast(load_run(run), request, lambda line: None)
    return found, found.frame


@pytest.fixture(
    scope="module", params=["mse", "nll", pytest.param("quantile", marks=pytest.mark.slow)]
)
def run(request, scored_run):
    return scored_run(request.param)


@pytest.fixture(scope="module")
def mixture_run(scored_run):
    return scored_run("nll")


def assert_sound(frame, levels):
    for target in PRICES:
        quantiles = frame[[f"{target}_q{a}" for a in levels]].to_numpy()
        assert (np.diff(quantiles, axis=1) >= 0).all()
        assert (quantiles > 0).all()
    for level in levels:
        high, low = frame[f"High_q{level}"], frame[f"Low_q{level}"]
        assert (high >= frame[[f"Open_q{level}", f"Close_q{level}"]].max(axis=1) - 1e-6).all()
        assert (low <= frame[[f"Open_q{level}", f"Close_q{level}"]].min(axis=1) + 1e-6).all()


def test_the_days_after_the_table_are_trading_days_with_unknown_truth(run):
    made, frame = forecast_run(run)
    assert frame["origin"].unique().tolist() == ["2018-12-31"]
    assert frame["date"].tolist() == ["2019-01-02", "2019-01-03", "2019-01-04"]
    assert frame["day"].tolist() == [1, 2, 3]
    assert frame["Close"].isna().all()
    assert_sound(frame, LEVELS)
    assert (made.levels, made.source) == (LEVELS, "nasdaq")
    assert made.run == run.name
    assert "on the 50 test days the 90% band" in made.trust
    assert "better than on new days" not in made.trust


def test_a_date_in_the_table_has_its_truth_and_warns_of_what_training_saw(mixture_run):
    made, frame = forecast_run(mixture_run, start="2018-06-02")
    table = load_run(mixture_run).data.table
    assert frame["origin"][0] == "2018-06-01"
    row = int(np.searchsorted(table.dates, np.datetime64("2018-06-01")))
    np.testing.assert_allclose(frame["Close"], table.prices[row + 1 : row + 4, 3], rtol=1e-8)
    np.testing.assert_allclose(frame["last_close"], table.prices[row, 3], rtol=1e-8)
    assert "trained on these days" in made.trust
    assert made.history["date"].tolist() == table.dates[row - 5 : row + 1].astype(str).tolist()
    np.testing.assert_array_equal(made.history[list(PRICES)], table.prices[row - 5 : row + 1])


def test_the_point_forecast_compounds_the_model_s_returns(mixture_run):
    _, frame = forecast_run(mixture_run, start="2018-11-01")
    loaded = load_run(mixture_run)
    batch, _ = loaded.data.window_at("2018-11-01")
    eight = jax.tree.map(lambda x: np.repeat(x, CHUNK, axis=0), batch)
    scaled = np.asarray(loaded.model.apply(loaded.params, eight).point, np.float64)[0]
    closes = loaded.scaler.unscale_targets(scaled)[:, 3]
    expected = frame["last_close"][0] * np.exp(np.cumsum(closes))
    np.testing.assert_allclose(frame["Close_forecast"], expected, rtol=1e-5)


def test_new_rows_that_the_run_never_saw_are_forecast(run, tmp_path):
    table = load_run(run).data.table
    late = slice(len(table) - 40, len(table))
    prices = pd.DataFrame(table.prices[late] * 1.1, columns=["Open", "High", "Low", "Close"])
    prices.insert(0, "Date", (table.dates[late] + np.timedelta64(2555, "D")).astype(str))
    file = tmp_path / "new.csv"
    prices.to_csv(file, index=False)
    made, frame = forecast_run(run, file)
    assert (frame["date"] > prices["Date"].iloc[-1]).all()
    assert frame["last_close"][0] == pytest.approx(prices["Close"].iloc[-1])
    assert_sound(frame, LEVELS)
    assert "better than on new days" not in made.trust
    assert made.source == str(file)


def test_each_level_has_a_column(mixture_run):
    _, frame = forecast_run(mixture_run, levels=(0.01, 0.123456789, 0.9))
    columns = [c for c in frame if c.startswith("Close_q")]
    assert columns == ["Close_q0.01", "Close_q0.123456789", "Close_q0.9"]


def test_fewer_days_are_the_first_of_all(mixture_run):
    _, frame = forecast_run(mixture_run)
    _, short = forecast_run(mixture_run, days=2)
    pd.testing.assert_frame_equal(short, frame.head(2))


@pytest.mark.parametrize(
    "change, message",
    [
        ({"days": 4}, "--days 4: expected 1 to 3"),
        ({"start": "soon"}, "YYYY-MM-DD"),
        ({"start": "2050-01-01"}, "--from 2050-01-01: expected 1999-01-27 to 2018-12-31"),
        ({"new": "nowhere.csv"}, "^--data nowhere.csv: no such file"),
        ({"new": "table.xls"}, "^--data table.xls: expected"),
    ],
)
def test_bad_input_is_one_error_and_writes_nothing(mixture_run, change, message):
    known = sorted(mixture_run.rglob("*.*"))
    with pytest.raises(UserError, match=message):
        forecast_run(mixture_run, **change)
    assert sorted(mixture_run.rglob("*.*")) == known


def test_test_forecasts_stand_beside_the_truth_of_their_dates(run):
    frame = pd.read_csv(run / "forecasts.csv", parse_dates=["date"])
    table = load_run(run).data.table
    assert len(frame) == 48 * 3
    rows = np.searchsorted(table.dates, frame["date"].to_numpy().astype("datetime64[D]"))
    np.testing.assert_allclose(frame[list(PRICES)], table.prices[rows], rtol=1e-8)
    assert_sound(frame, BAND_LEVELS)


def test_test_forecasts_are_the_same_when_written_again(mixture_run):
    before = (mixture_run / "forecasts.csv").read_bytes()
    write_test_forecasts(load_run(mixture_run))
    assert (mixture_run / "forecasts.csv").read_bytes() == before
