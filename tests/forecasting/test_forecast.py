"""forecast: dates, prices, quantiles that never cross, and bad input that writes nothing."""

import jax
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgat_jax.errors import UserError
from pgat_jax.forecasting import forecast
from pgat_jax.forecasting.predict import CHUNK
from pgat_jax.forecasting.scores import TARGET_NAMES
from pgat_jax.runs.folder import load_run

LEVELS = (0.05, 0.5, 0.95)


@pytest.fixture(
    scope="module", params=["mse", "nll", pytest.param("quantile", marks=pytest.mark.slow)]
)
def run(request, scored_run):
    return scored_run(request.param)


@pytest.fixture(scope="module")
def mixture_run(scored_run):
    return scored_run("nll")


def assert_sound(frame, levels):
    for target in TARGET_NAMES:
        quantiles = frame[[f"{target}_q{a}" for a in levels]].to_numpy()
        assert (np.diff(quantiles, axis=1) >= 0).all()
        assert (quantiles > 0).all()
    for level in levels:
        high, low = frame[f"High_q{level}"], frame[f"Low_q{level}"]
        assert (high >= frame[[f"Open_q{level}", f"Close_q{level}"]].max(axis=1) - 1e-6).all()
        assert (low <= frame[[f"Open_q{level}", f"Close_q{level}"]].min(axis=1) + 1e-6).all()


def test_the_days_after_the_table_are_trading_days_with_unknown_truth(run, tmp_path, capsys):
    path = forecast.forecast_run(run, None, None, LEVELS, tmp_path / "f.csv")
    frame = pd.read_csv(path)
    assert frame["origin"].unique().tolist() == ["2018-12-31"]
    assert frame["date"].tolist() == ["2019-01-02", "2019-01-03", "2019-01-04"]
    assert frame["day"].tolist() == [1, 2, 3]
    assert frame["Close"].isna().all()
    assert_sound(frame, LEVELS)
    assert (tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")
    assert "Distribution of the model:" in capsys.readouterr().out


def test_a_date_in_the_table_brings_the_truth_and_says_what_training_saw(
    mixture_run, tmp_path, capsys
):
    path = forecast.forecast_run(mixture_run, None, "2018-06-02", LEVELS, tmp_path / "f.csv")
    frame = pd.read_csv(path)
    table = load_run(mixture_run).data.table
    assert frame["origin"][0] == "2018-06-01"
    row = int(np.searchsorted(table.dates, np.datetime64("2018-06-01")))
    np.testing.assert_allclose(frame["Close"], table.prices[row + 1 : row + 4, 3], rtol=1e-8)
    np.testing.assert_allclose(frame["last_close"], table.prices[row, 3], rtol=1e-8)
    assert "trained on these days" in capsys.readouterr().out


def test_the_point_forecast_compounds_the_model_s_returns(mixture_run, tmp_path):
    path = forecast.forecast_run(mixture_run, None, "2018-11-01", LEVELS, tmp_path / "f.csv")
    frame, loaded = pd.read_csv(path), load_run(mixture_run)
    batch, _ = loaded.data.window_at("2018-11-01")
    eight = jax.tree.map(lambda x: np.repeat(x, CHUNK, axis=0), batch)
    scaled = np.asarray(loaded.model.apply(loaded.params, eight).point, np.float64)[0]
    closes = loaded.scaler.unscale_targets(scaled)[:, 3]
    expected = frame["last_close"][0] * np.exp(np.cumsum(closes))
    np.testing.assert_allclose(frame["Close_forecast"], expected, rtol=1e-5)


def test_new_rows_that_the_run_never_saw_are_forecast(run, tmp_path, capsys):
    table = load_run(run).data.table
    late = slice(len(table) - 40, len(table))
    prices = pd.DataFrame(table.prices[late] * 1.1, columns=["Open", "High", "Low", "Close"])
    prices.insert(0, "Date", (table.dates[late] + np.timedelta64(2555, "D")).astype(str))
    file = tmp_path / "new.csv"
    prices.to_csv(file, index=False)
    path = forecast.forecast_run(run, str(file), None, LEVELS, tmp_path / "f.csv")
    frame = pd.read_csv(path)
    assert (frame["date"] > prices["Date"].iloc[-1]).all()
    assert frame["last_close"][0] == pytest.approx(prices["Close"].iloc[-1])
    assert_sound(frame, LEVELS)
    assert "trained on" not in capsys.readouterr().out


def test_any_levels_come_sorted_and_once(mixture_run, tmp_path):
    path = forecast.forecast_run(
        mixture_run, None, None, (0.9, 0.123456789, 0.9, 0.01), tmp_path / "f.csv"
    )
    columns = [c for c in pd.read_csv(path) if c.startswith("Close_q")]
    assert columns == ["Close_q0.01", "Close_q0.123456789", "Close_q0.9"]


@given(st.lists(st.floats(0, 1, exclude_min=True, exclude_max=True), min_size=1))
def test_levels_within_0_and_1_are_taken(levels):
    checked = forecast.check_levels(tuple(levels))
    assert list(checked) == sorted(set(levels))


@pytest.mark.parametrize("levels", [(0.5, 1.0), (0.0,), (-0.1,), (float("nan"),), (5.0,), ()])
def test_other_levels_are_refused(levels):
    with pytest.raises(UserError, match=r"--quantiles: got .*, expected levels between 0 and 1"):
        forecast.check_levels(levels)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"quantiles": (2.0,)}, "--quantiles: got 2"),
        ({"output": "f.txt"}, "ends in .csv"),
        ({"output": "missing/f.csv"}, "does not exist"),
        ({"start": "soon"}, "YYYY-MM-DD"),
        ({"start": "2050-01-01"}, "days of the table"),
        ({"start": "1999-01-08"}, "data.seq_len"),
        ({"data": "nowhere.csv"}, "nowhere.csv"),
    ],
)
def test_bad_input_is_one_error_and_writes_nothing(mixture_run, tmp_path, change, message):
    known = sorted(mixture_run.rglob("*.csv"))
    given_ = {"data": None, "start": None, "quantiles": LEVELS, "output": "f.csv"} | change
    given_["output"] = tmp_path / given_["output"]
    with pytest.raises(UserError, match=message):
        forecast.forecast_run(mixture_run, **given_)
    assert not list(tmp_path.iterdir())
    assert sorted(mixture_run.rglob("*.csv")) == known


def test_test_forecasts_stand_beside_the_truth_of_their_dates(run):
    frame = pd.read_csv(run / "forecasts.csv", parse_dates=["date"])
    table = load_run(run).data.table
    assert len(frame) == 48 * 3
    rows = np.searchsorted(table.dates, frame["date"].to_numpy().astype("datetime64[D]"))
    np.testing.assert_allclose(frame[list(TARGET_NAMES)], table.prices[rows], rtol=1e-8)
    assert_sound(frame, forecast.BAND_LEVELS)


def test_test_forecasts_are_the_same_when_written_again(mixture_run):
    before = (mixture_run / "forecasts.csv").read_bytes()
    forecast.write_test_forecasts(mixture_run)
    assert (mixture_run / "forecasts.csv").read_bytes() == before
