"""Writes a forecast as one line of strict JSON, for other programs."""

import json
from datetime import datetime
from typing import Any

from pgat_jax.data.columns import PRICES
from pgat_jax.forecasting.forecast import PriceForecast
from pgat_jax.forecasting.forecast_csv import name_instrument
from pgat_jax.output import replace_nonfinite


def encode_forecast(forecast: PriceForecast, made_at: datetime) -> str:
    """Returns a forecast as a JSON object on one line.

    Args:
        forecast: the forecast.
        made_at: the time at which it was made.

    Returns:
        An object with `instrument`, `source`, `run`, `made_at`, `origin`, `last_close`, `horizon`,
        `levels`, `trust`, `spread`, and `days`: for each its `date` and, for each price, the
        `forecast`, the `quantiles` in the order of `levels`, and the `actual` price, null if it is
        unknown.
    """
    first = forecast.frame.iloc[0]
    content = {
        "instrument": name_instrument(forecast.source),
        "source": forecast.source,
        "run": forecast.run,
        "made_at": made_at.isoformat(timespec="seconds"),
        "origin": str(first["origin"]),
        "last_close": float(first["last_close"]),
        "horizon": len(forecast.frame),
        "levels": list(forecast.levels),
        "trust": forecast.trust,
        "spread": forecast.spread,
        "days": [_describe_day(row, forecast.levels) for _, row in forecast.frame.iterrows()],
    }
    return json.dumps(replace_nonfinite(content), allow_nan=False)


def _describe_day(row: Any, levels: tuple[float, ...]) -> dict[str, Any]:
    prices = {
        price: {
            "forecast": float(row[f"{price}_forecast"]),
            "quantiles": [float(row[f"{price}_q{level}"]) for level in levels],
            "actual": float(row[price]),
        }
        for price in PRICES
    }
    return {"date": row["date"]} | prices
