"""next_days.json: the forecast of the days after the table, or the reason that prevents it."""

import json

import pandas as pd
import pytest

from pgat_jax.errors import UserError
from pgat_jax.forecasting import next_days
from pgat_jax.forecasting.forecast import PATHS, forecast_days
from pgat_jax.forecasting.next_days import from_json, to_json, write_next_days
from pgat_jax.forecasting.price_frame import BAND_LEVELS
from pgat_jax.storage.loaded_run import load_run


@pytest.fixture(scope="module")
def run(scored_run):
    return load_run(scored_run("nll"))


@pytest.fixture(scope="module")
def forecast(run):
    return forecast_days(run, run.data, len(run.data.table) - 1, BAND_LEVELS)


def test_the_file_has_the_forecast_from_the_last_day_of_the_table(run, forecast):
    stored = from_json(json.loads(write_next_days(run).read_text()))
    assert stored._replace(frame=None, history=None) == forecast._replace(frame=None, history=None)
    pd.testing.assert_frame_equal(stored.frame, forecast.frame)
    pd.testing.assert_frame_equal(stored.history, forecast.history)
    assert stored.frame["date"].tolist() == ["2019-01-02", "2019-01-03", "2019-01-04"]
    assert stored.history["date"].iloc[-1] == "2018-12-31"
    assert stored.frame["Close"].isna().all()
    assert PATHS >= 10_000


def test_plain_values_read_back(forecast):
    again = from_json(json.loads(json.dumps(to_json(forecast))))
    pd.testing.assert_frame_equal(again.frame, forecast.frame)
    assert again.levels == BAND_LEVELS


def test_a_table_that_cannot_be_continued_gives_the_reason(run, monkeypatch):
    def refuse(*_):
        raise UserError("t.csv: the days after 2018-12-31 need celestial columns")

    monkeypatch.setattr(next_days, "forecast_days", refuse)
    monkeypatch.setattr(next_days, "NEXT_DAYS", "refused.json")
    path = write_next_days(run)
    content = json.loads(path.read_text())
    path.unlink()  # other tests share the run
    assert content == {"problem": "t.csv: the days after 2018-12-31 need celestial columns"}
    assert from_json(content) is None
