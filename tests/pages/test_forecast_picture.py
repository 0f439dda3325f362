"""The picture of one forecast."""

import numpy as np
import pandas as pd
import pytest

from pgat_jax.data.columns import PRICES
from pgat_jax.forecasting.forecast import PriceForecast
from pgat_jax.pages.forecast_picture import NARROW, WIDE, draw_forecast
from pgat_jax.pages.theme import DARK, LIGHT

DAYS = 10
LEVELS = (0.1, 0.5, 0.9)


def make_forecast(levels=LEVELS, days=DAYS, truth=np.nan, source="folder/prices.csv"):
    dates = pd.bdate_range("2018-12-03", periods=3 * days).strftime("%Y-%m-%d")
    prices = {price: 100 + i + np.arange(2.0 * days) for i, price in enumerate(PRICES)}
    history = pd.DataFrame({"date": dates[: 2 * days]} | prices)
    head = {"origin": dates[2 * days - 1], "last_close": 1.0, "day": range(1, days + 1)}
    columns = dict.fromkeys(PRICES, truth) | {f"{p}_forecast": 120.0 for p in PRICES}
    columns |= {f"{p}_q{a}": 100 + 40 * a for p in PRICES for a in levels}
    frame = pd.DataFrame(head | {"date": dates[2 * days :]} | columns)
    return PriceForecast("mine-2026", source, history, frame, levels, "", "")


def find_panels(forecast, layout=WIDE):
    axes = draw_forecast(forecast, LIGHT, layout).axes
    return {one.get_ylabel().split()[0]: one for one in axes}


@pytest.mark.parametrize("layout", [WIDE, NARROW])
def test_all_four_prices_have_a_panel_with_the_last_days_and_the_forecast(layout):
    panels = find_panels(make_forecast(truth=125.0), layout)
    assert set(panels) == set(PRICES)
    for i, price in enumerate(PRICES):
        lines = {line.get_label(): line for line in panels[price].lines}
        assert lines["actual price"].get_ydata().tolist() == (100 + i + np.arange(20.0)).tolist()
        assert lines["median forecast"].get_ydata().tolist() == [119.0 + i, *[120.0] * DAYS]
        assert lines["actual, after it"].get_xdata().tolist() == list(range(1, DAYS + 1))


@pytest.mark.parametrize("days", [1, 3, 10, 30])
def test_the_days_ahead_take_at_least_a_third_of_the_width(days):
    for axes in find_panels(make_forecast(days=days)).values():
        low, high = axes.get_xlim()
        assert days / (high - low) > 1 / 3
        assert low < 1 - 2 * days and high > days


def test_prices_that_are_not_known_are_left_out():
    for axes in find_panels(make_forecast()).values():
        assert "actual, after it" not in [line.get_label() for line in axes.lines]


def test_the_title_names_the_instrument_the_day_and_the_run():
    title = find_panels(make_forecast())["Close"].get_title(loc="left")
    assert title == "prices.csv: 10 trading days after 2018-12-28, forecast by run mine-2026"
    narrow = find_panels(make_forecast(), NARROW)["Close"].get_title(loc="left")
    assert max(map(len, narrow.split("\n"))) <= NARROW.title
    assert narrow.replace("\n", " ") == title


def test_a_name_is_drawn_as_it_is():
    write_free = draw_forecast(make_forecast(source="$a_b$ {c}.csv"), DARK)
    write_free.draw_without_rendering()  # as a formula this name would raise


@pytest.mark.parametrize(
    "levels, names",
    [
        ((0.05, 0.5, 0.95), ["90% band", "median forecast"]),
        ((0.2, 0.8), ["60% band", "point forecast"]),
        ((0.9,), ["90% quantile"]),
        (tuple(np.linspace(0.01, 0.99, 99).round(2)), ["98% band", "66% band", "32% band"]),
    ],
)
def test_the_bands_are_those_of_the_levels(levels, names):
    _, legend = find_panels(make_forecast(levels))["Close"].get_legend_handles_labels()
    drawn = [n for n in legend if n not in ("last known day", "actual price")]
    assert len(drawn) <= 4
    assert set(names) <= set(drawn)
    if len(levels) < 7:
        assert sorted(drawn) == sorted(names)


def test_dates_stand_below_trading_days_of_equal_width():
    axes = find_panels(make_forecast())["Close"]
    labels = {t: x.get_text() for t, x in zip(axes.get_xticks(), axes.get_xticklabels())}
    assert labels[0] == "28 Dec"
    assert labels[3] == "2 Jan\n2019"
    assert len(labels) <= WIDE.ticks["Close"]
