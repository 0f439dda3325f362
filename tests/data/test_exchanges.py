"""Exchanges and their days, as `exchange_calendars` has them."""

import numpy as np
import pytest

from pgat_jax.data.exchanges import find_sessions, resolve_exchange
from pgat_jax.data.trading_days import is_trading_day
from pgat_jax.errors import UserError


def day(text):
    return np.datetime64(text, "D")


def test_both_libraries_know_the_same_days_of_new_york_since_1971():
    days = np.arange(day("1971-01-01"), day("2061-01-01"))
    sessions, first, last = find_sessions("XNYS", days[0], days[-1])
    assert (first, last) == (days[0], days[-1])
    assert np.array_equal(days[is_trading_day(days)], sessions)


def test_codes_and_aliases_are_resolved_in_either_case():
    assert [resolve_exchange(name)[0] for name in ("XLON", "lse", "us_futures")] == [
        "XLON",
        "XLON",
        "us_futures",
    ]
    code, codes = resolve_exchange("nowhere")
    assert code is None and {"XLON", "XTKS"} <= set(codes) and "LSE" not in codes


@pytest.mark.parametrize(
    ("first", "last", "known"),
    [
        ("2040-01-01", "2060-01-01", ("2040-01-01", "2049-12-31")),
        ("1950-01-01", "1961-01-01", ("1960-01-01", "1961-01-01")),
        ("2018-01-01", "2018-12-31", ("2018-01-01", "2018-12-31")),
    ],
)
def test_a_range_is_cut_to_the_dates_that_hong_kong_knows(first, last, known):
    days, *found = find_sessions("XHKG", day(first), day(last))
    assert found == [day(known[0]), day(known[1])]
    assert days[0] >= found[0] and days[-1] <= found[1] and (np.diff(days).astype(int) > 0).all()


def test_a_range_without_a_known_date_has_no_days():
    days, first, last = find_sessions("XHKG", day("2060-01-01"), day("2061-01-01"))
    assert len(days) == 0 and first > last


def test_a_calendar_that_the_library_cannot_compute_is_refused_with_a_way_out(monkeypatch):
    def fail(*_, **__):
        raise NotImplementedError("implemented by subclasses")

    monkeypatch.setattr("pgat_jax.data.exchanges.get_calendar", fail)
    with pytest.raises(UserError, match=r"data.calendar=XWBO: .*subclasses\); data.calendar=24/5"):
        find_sessions("XWBO", np.datetime64("2018-01-01"), np.datetime64("2018-12-31"))
