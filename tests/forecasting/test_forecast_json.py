"""A forecast as one line of strict JSON."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest

from pgat_jax.forecasting.forecast_json import encode_forecast
from tests.pages.test_forecast_picture import make_forecast

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_every_day_has_forecast_quantiles_and_actual_of_each_price():
    line = encode_forecast(make_forecast(days=3, source="a/x.csv"), NOW)
    assert "\n" not in line
    content = json.loads(line, parse_constant=pytest.fail)
    assert (content["instrument"], content["run"], content["horizon"]) == ("x", "mine-2026", 3)
    assert content["made_at"] == "2026-03-01T12:00:00+00:00"
    assert content["levels"] == [0.1, 0.5, 0.9]
    assert len(content["days"]) == 3
    close = content["days"][0]["Close"]
    assert close == {"forecast": 120.0, "quantiles": [104.0, 120.0, 136.0], "actual": None}
    known = json.loads(encode_forecast(make_forecast(truth=np.float64(7)), NOW))
    assert known["days"][0]["Low"]["actual"] == 7.0
