"""The calendar that is found from the rows of a table."""

import logging

import numpy as np
import pytest

from pgat_jax import load_config, load_data
from pgat_jax.data.find_calendar import (
    CANDIDATES,
    Fit,
    describe_fit,
    find_calendar,
    settle_calendar,
)
from pgat_jax.data.trading_days import is_trading_day

DAYS = np.arange(np.datetime64("2013-01-01"), np.datetime64("2019-01-01"))
RECENT = DAYS[-3 * 365 :]


def days_of(calendar):
    return DAYS[is_trading_day(DAYS, calendar)]


@pytest.mark.parametrize("calendar", CANDIDATES)
def test_the_days_of_a_calendar_are_recognised(calendar):
    found = find_calendar(days_of(calendar))
    assert found.different == 0
    same = np.array_equal(*(is_trading_day(RECENT, name) for name in (calendar, found.calendar)))
    assert same, "another calendar, with other days"


@pytest.mark.parametrize("calendar", ["XNYS", "XLON", "XTKS", "XSHG", "24/5", "24/7"])
def test_missing_rows_do_not_change_what_is_found(calendar):
    days = days_of(calendar)
    kept = np.random.default_rng(0).random(len(days)) > 0.01
    found = find_calendar(days[kept])
    assert found.calendar == calendar and 0 < found.different < 30


def test_rows_that_fit_no_exchange_get_weekdays_or_every_day():
    assert find_calendar(days_of("24/5")[::5]).calendar == "24/5"
    assert find_calendar(DAYS[::5]).calendar == "24/7"


def test_the_sentence_says_how_well_the_calendar_fits():
    assert "found from the rows (it has exactly those of the last 9)" in describe_fit(
        Fit("XLON", 0, 9)
    )
    assert describe_fit(Fit("XLON", 3, 1095)).startswith(
        "data.calendar=XLON, found from the rows (3 days differ of the last 1,095); XLON,"
    )
    assert "the rows fit no exchange's days (700 days" in describe_fit(Fit("24/5", 700, 1095))


def test_a_users_table_gets_its_calendar_and_the_user_is_told_once(tmp_path, data, caplog):
    lines = ["Date,Open,High,Low,Close"]
    lines += [f"{day},100.5,101,100,{100 + i % 7 / 10}" for i, day in enumerate(days_of("XLON"))]
    path = tmp_path / "lse.csv"
    path.write_text("\n".join(lines))
    config = load_config("tiny", f"data.source={path}")
    with caplog.at_level(logging.INFO):
        loaded = load_data(config)
    said = [r.getMessage() for r in caplog.records if "data.calendar" in r.getMessage()]
    assert loaded.config.calendar == "XLON"
    assert len(said) == 1 and said[0].startswith(f"{path}: data.calendar=XLON, found from")


def test_a_calendar_that_is_named_stays_and_the_built_in_tables_are_new_yorks(data, caplog):
    with caplog.at_level(logging.INFO):
        assert data.config.calendar == "XNYS"
        named = data.config.model_copy(update={"calendar": "XLON"})
        assert settle_calendar(named, data.table) is named
    assert not caplog.records
