"""The forecast in the terminal."""

import numpy as np
import pandas as pd
import pytest

from pgat_jax.forecasting.forecast import PriceForecast
from pgat_jax.forecasting.forecast_text import choose_levels, print_forecast, tabulate_close

TRUST = "How far to trust it: the model was trained for 40 of 2,000 planned steps."


def make_forecast(levels=(0.05, 0.5), close=np.nan, price=10.1) -> PriceForecast:
    row = {"origin": "2018-06-01", "last_close": 10.0, "day": 1, "date": "2018-06-04"}
    row |= {"Close": close, "Close_forecast": 10.123} | {f"Close_q{a}": price for a in levels}
    frame = pd.DataFrame([row])
    return PriceForecast("mine", "a.csv", pd.DataFrame(), frame, levels, "stated by it", TRUST)


def test_the_table_names_instrument_and_run_and_has_forecast_and_quantiles_of_close():
    table = tabulate_close(make_forecast())
    assert table.caption == "a.csv, run mine: Close after 2018-06-01, when it was 10.00"
    assert table.heads == ["date", "forecast", "5%", "50%"]
    assert table.rows == [["2018-06-04", "10.12", "10.10", "10.10"]]


def test_the_truth_is_shown_where_it_is_known():
    table = tabulate_close(make_forecast(close=11.0))
    assert (table.heads[-1], table.rows[0][-1]) == ("actual", "11.00")


@pytest.mark.parametrize("most", [5, 7])
@pytest.mark.parametrize("count", [1, 5, 7, 8, 20])
def test_as_many_levels_as_wanted_with_both_ends(count, most):
    levels = tuple(np.linspace(0.01, 0.99, count).tolist())
    chosen = choose_levels(levels, most)
    assert len(set(chosen)) == min(count, most)
    assert (chosen[0], chosen[-1]) == (levels[0], levels[-1])
    assert list(chosen) == sorted(chosen)


def test_many_levels_with_the_truth_are_not_cut_off(capsys):
    levels = tuple(np.linspace(0.01, 0.99, 99).round(2).tolist())
    print_forecast(make_forecast(levels, close=12345.67, price=12345.67))
    out = capsys.readouterr().out
    assert out.count("12345.67") == 6
    assert "…" not in out


def test_the_table_comes_first_then_trust_and_assumptions(capsys):
    print_forecast(make_forecast())
    out = capsys.readouterr().out
    assert out.index("2018-06-04") < out.index(TRUST) < out.index("Distribution of the model")
    assert "Distribution of the model: stated by it. Price quantiles come from" in out
    assert max(map(len, out.splitlines())) <= 100
