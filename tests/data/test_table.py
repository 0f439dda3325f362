"""Joining, extending and selecting."""

import dataclasses

import numpy as np
import pytest

from pgat_jax.data.columns import arrange_columns, list_computed_columns
from pgat_jax.data.prices import read_wheel_bytes, read_wheel_rows
from pgat_jax.data.rows import SourceRows
from pgat_jax.data.table import compute_log_returns, drop_constant, extend, join, select
from pgat_jax.errors import UserError


@pytest.fixture(scope="module")
def table(data):
    return data.table


def test_targets_are_log_returns_against_the_previous_close(table):
    rows = read_wheel_rows("nasdaq", read_wheel_bytes("nasdaq"))
    for j in range(4):
        expected = np.log(rows.prices[1:, j]) - np.log(rows.prices[:-1, 3])
        assert table.values[:, j] == pytest.approx(expected, abs=1e-12)
    assert np.array_equal(table.prices, rows.prices[1:])


def test_prices_follow_from_returns(table):
    close = table.prices[:-1, 3:] * np.exp(table.values[1:, :4])
    assert close == pytest.approx(table.prices[1:])


def test_time_delta_counts_days_since_the_previous_row(table):
    delta = table.values[:, 4]
    assert delta[0] == 1.0
    assert np.array_equal(delta[1:], np.diff(table.dates).astype(int))
    assert delta.max() == 7.0


def test_the_first_row_gives_only_its_close(table):
    assert str(table.dates[0]) == "1999-01-05"
    assert table.notes == ("1999-01-04 gives only its close.",)


def test_extended_days_have_a_sky_and_no_prices(table):
    short = dataclasses.replace(
        table, dates=table.dates[:-5], prices=table.prices[:-5], values=table.values[:-5]
    )
    longer = extend(short, table.dates[-5:])
    assert longer.values[:, 4:] == pytest.approx(table.values[:, 4:], abs=1e-9)
    assert np.isnan(longer.prices[-5:]).all()
    assert np.isnan(longer.values[-5:, :4]).all()
    assert np.isfinite(longer.values[:-5]).all()


def test_constant_columns_are_dropped_and_named(table):
    values = table.values.copy()
    names = ("dyn_Pluto_speed", "dyn_Mars_lat")
    for name in names:
        values[:4000, table.columns.names.index(name)] = 0.3
    changed = drop_constant(dataclasses.replace(table, values=values), slice(0, 4000))
    assert set(changed.dropped) == set(names)
    assert changed.values.shape[1] == len(changed.columns.names) == 116
    assert drop_constant(table, slice(None)).dropped == ()


def test_targets_and_time_delta_are_never_dropped(table):
    values = table.values.copy()
    values[:, :5] = 1.0
    assert drop_constant(dataclasses.replace(table, values=values), slice(None)).dropped == ()


def test_columns_are_selected_by_name(table):
    names = list_computed_columns()
    fewer = select(table, arrange_columns([]))
    assert fewer.values.shape[1] == 5
    with pytest.raises(UserError, match=r"nasdaq: 113 columns .* missing: dyn_Sun_sin, "):
        select(fewer, names)


def test_the_digest_sees_prices_dates_and_sky_but_not_the_last_bit(table):
    digest = table.hash

    def changed(**fields):
        return dataclasses.replace(table, **fields).hash != digest

    prices, values, dates = table.prices.copy(), table.values.copy(), table.dates.copy()
    prices[7, 2] += 1e-6
    dates[0] -= np.timedelta64(1, "D")
    assert changed(prices=prices)
    assert changed(dates=dates)
    assert not changed(source="another name of the same content")
    values[9, 40] += 1e-3
    assert changed(values=values)
    assert not changed(values=table.values * (1 + 1e-16))


def test_days_outside_the_ephemeris_are_refused():
    days = np.array(["2053-10-01", "2053-11-03"], "datetime64[D]")
    with pytest.raises(UserError, match="2053-11-03 lies outside the ephemeris"):
        join(SourceRows(days, np.ones((2, 4))), "t.csv")


def test_returns_of_a_flat_market_are_zero():
    assert not compute_log_returns(np.full((5, 4), 3.0)).any()
