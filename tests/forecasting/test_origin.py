"""The origin of a forecast: its close, and the truth as far as it is known."""

from types import SimpleNamespace

import numpy as np

from pgat_jax.forecasting.origin import find_origin

DATES = np.arange("2018-01-01", "2018-01-06", dtype="datetime64[D]")
DATA = SimpleNamespace(table=SimpleNamespace(dates=DATES, prices=np.arange(20.0).reshape(5, 4)))


def test_the_close_is_that_of_the_last_known_day():
    origin = find_origin(DATA, 1, DATES[2:4])
    assert (origin.row, origin.date, origin.close) == (1, DATES[1], 7.0)
    np.testing.assert_array_equal(origin.truth, DATA.table.prices[2:4])
    np.testing.assert_array_equal(origin.days, DATES[2:4])


def test_prices_after_the_table_are_nan():
    truth = find_origin(DATA, 3, DATES[:3]).truth
    np.testing.assert_array_equal(truth[0], DATA.table.prices[4])
    assert np.isnan(truth[1:]).all()
    assert truth.shape == (3, 4)
