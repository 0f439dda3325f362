"""The CSV of forecasts: what each row says of its origin, and names that are free."""

import io
from datetime import UTC, datetime

import pandas as pd

from pgat_jax.forecasting.forecast import PriceForecast
from pgat_jax.forecasting.forecast_csv import (
    encode_forecasts,
    find_free_path,
    name_instrument,
    tabulate_forecasts,
)

NOW = datetime(2026, 3, 1, 12, 30, 15, 999, tzinfo=UTC)


def make_forecast(source: str, days: int) -> PriceForecast:
    frame = pd.DataFrame({"origin": "2018-12-31", "day": range(1, days + 1), "Close_q0.5": 1 / 3})
    return PriceForecast("mine-2026", source, pd.DataFrame(), frame, (0.5,), "", "")


def test_each_row_says_instrument_run_source_time_and_horizon():
    forecast = make_forecast("folder/^GSPC.csv", 2)
    frame = tabulate_forecasts([forecast], NOW)
    assert list(frame) == [
        "instrument",
        "origin",
        "day",
        "Close_q0.5",
        "run",
        "source",
        "made_at",
        "horizon",
    ]
    assert frame["instrument"].tolist() == ["^GSPC"] * 2
    assert set(frame["made_at"]) == {"2026-03-01T12:30:15+00:00"}
    assert frame["horizon"].tolist() == [2, 2]
    assert "instrument" not in forecast.frame


def test_several_forecasts_are_one_file():
    content = encode_forecasts([make_forecast("a.csv", 2), make_forecast("b.csv", 3)], NOW)
    frame = pd.read_csv(io.BytesIO(content))
    assert frame["instrument"].tolist() == ["a", "a", "b", "b", "b"]
    assert frame["horizon"].tolist() == [2, 2, 3, 3, 3]
    assert b"0.333333333" in content


def test_an_instrument_is_named_by_its_file():
    assert [name_instrument(s) for s in ("nasdaq", "a/BRK.B.csv")] == ["nasdaq", "BRK.B"]


def test_a_name_that_is_taken_gets_a_number(tmp_path):
    for expected in ("f.csv", "f-2.csv", "f-3.csv"):
        path = find_free_path(tmp_path, "f")
        assert path == tmp_path / expected
        path.touch()
