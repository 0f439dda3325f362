"""The forecast in the terminal."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pgat_jax.forecasting.forecast import PriceForecast
from pgat_jax.forecasting.forecast_text import choose_levels, print_forecast, tabulate_close


def make_frame(close=np.nan) -> pd.DataFrame:
    row = {"origin": "2018-06-01", "last_close": 10.0, "day": 1, "date": "2018-06-04"}
    row |= {"Close": close, "Close_forecast": 10.123, "Close_q0.05": 9.5, "Close_q0.5": 10.1}
    return pd.DataFrame([row])


def test_the_table_has_forecast_and_quantiles_of_close():
    table = tabulate_close(make_frame(), (0.05, 0.5))
    assert table.caption == "Close after 2018-06-01 (last 10.00)"
    assert table.heads == ["date", "forecast", "5%", "50%"]
    assert table.rows == [["2018-06-04", "10.12", "9.50", "10.10"]]


def test_the_truth_is_shown_where_it_is_known():
    table = tabulate_close(make_frame(11.0), (0.5,))
    assert (table.heads[-1], table.rows[0][-1]) == ("truth", "11.00")


@pytest.mark.parametrize("count", [1, 7, 8, 20])
def test_at_most_seven_levels_with_both_ends(count):
    levels = tuple(np.linspace(0.01, 0.99, count).tolist())
    chosen = choose_levels(levels)
    assert len(set(chosen)) == min(count, 7)
    assert (chosen[0], chosen[-1]) == (levels[0], levels[-1])
    assert list(chosen) == sorted(chosen)


@pytest.mark.parametrize("warning", [None, "The model was trained on these days."])
def test_spread_assumptions_warning_and_files_are_printed(capsys, warning):
    forecast = PriceForecast(
        None, None, make_frame(), (0.5,), "stated by its head", warning, Path("f.csv")
    )
    print_forecast(forecast, Path("f.png"))
    out = capsys.readouterr().out
    assert "Distribution of the model: stated by its head. Price quantiles come from" in out
    assert out.endswith("f.csv\nf.png\n")
    assert ("trained on" in out) == (warning is not None)
    assert max(map(len, out.splitlines())) <= 100
