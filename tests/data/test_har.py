"""HAR against a plain form, its causality, its calendar, and its recovery of known coefficients."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgat_jax.data import har
from pgat_jax.data.splits import Split
from pgat_jax.data.volatility import LEAST_VARIANCE, compute_log_volatility

DAYS, HORIZON = 400, 3


def make_returns(days: int = DAYS, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    scale = np.exp(0.3 * np.sin(np.arange(days) / 20) - 4.5)[:, None]
    opening, closing = scale * rng.normal(size=(2, days, 1)) * [[[0.5]], [[1.0]]]
    spread = scale * np.abs(rng.normal(size=(days, 2)))
    high = np.maximum(opening, closing)[:, 0] + spread[:, 0]
    low = np.minimum(opening, closing)[:, 0] - spread[:, 1]
    return np.column_stack([opening, high, low, closing])


@pytest.fixture(scope="module")
def dates() -> np.ndarray:
    weekdays = np.busday_offset("2003-03-03", np.arange(DAYS), roll="forward")
    return har.append_trading_days(weekdays.astype("datetime64[D]"), HORIZON, "24/5")


def explain_day(
    returns: np.ndarray, dates: np.ndarray, t: int, h: int, half_lives: tuple[int, ...] = ()
) -> np.ndarray:
    """Returns the features of one origin and day ahead, from the formulae, one at a time."""
    v = [
        0.5 * np.log(o**2 + 0.5 * (high - low) ** 2 - (2 * np.log(2) - 1) * (c - o) ** 2)
        for o, high, low, c in returns[: t + 1]
    ]
    weights = 0.5 ** (np.arange(t, -1, -1) / 20)
    scale = np.sum(weights * np.exp(v)) / np.sum(weights)
    features = [1.0, *(np.mean(v[-w:]) for w in (1, 5, 22, 66))]
    for w in (1, 5, 22):
        move = returns[t - w + 1 : t + 1, 3].sum() / np.sqrt(w) / scale
        features += [min(move, 0.0), max(move, 0.0)]
    for half_life in half_lives:
        decay = 0.5 ** (np.arange(t, -1, -1) / half_life)
        square = np.sum(decay * returns[: t + 1, 3] ** 2) / np.sum(decay)
        features += [0.5 * np.log(square + LEAST_VARIANCE)]
    day = dates[t + h].item()
    features += [float(day.weekday() == k) for k in range(4)]
    features += [float((dates[t + h] - dates[t + h - 1]).astype(int) > 3)]
    friday_after = day.month == 11 and day.weekday() == 4 and 23 <= day.day <= 29
    features += [float(friday_after or (day.month, day.day) in {(12, 24), (7, 3)})]
    return np.array([*features, float(day.month == 12 and day.day >= 20), float(day.month == 8)])


@pytest.mark.parametrize("half_lives", [(), har.SQUARE_HALF_LIVES])
def test_har_agrees_with_a_plain_form(dates, half_lives):
    returns, stop = make_returns(), 350
    fitted = har.fit_har(returns, dates, Split(0, stop), HORIZON, half_lives)
    forecast = har.forecast_log_volatility(fitted, returns, dates)
    v = compute_log_volatility(returns)
    for h in range(1, HORIZON + 1):
        origins = range(65, stop - h)
        x = np.array([explain_day(returns, dates, t, h, half_lives) for t in origins])
        beta = np.linalg.lstsq(x, v[[t + h for t in origins]], rcond=None)[0]
        for t in (100, 349, DAYS - 1):
            expected = explain_day(returns, dates, t, h, half_lives) @ beta
            assert forecast[t, h - 1] == pytest.approx(expected, rel=1e-9)


@settings(deadline=None, max_examples=20)
@given(origin=st.integers(0, DAYS - 2), seed=st.integers(0, 99))
def test_no_later_price_changes_a_forecast(dates, origin, seed):
    returns = make_returns()
    fitted = har.fit_har(returns, dates, Split(0, 300), HORIZON, har.SQUARE_HALF_LIVES)
    before = har.forecast_log_volatility(fitted, returns, dates)
    changed = returns.copy()
    changed[origin + 1 :] = 3 * make_returns(seed=seed + 1)[origin + 1 :]
    after = har.forecast_log_volatility(fitted, changed, dates)
    np.testing.assert_array_equal(after[: origin + 1], before[: origin + 1])
    assert not np.array_equal(after[origin + 1 :], before[origin + 1 :])


def test_no_price_after_the_training_rows_changes_the_coefficients(dates):
    returns, rows = make_returns(), Split(0, 300)
    changed = returns.copy()
    changed[rows.stop :] *= 2
    fits = [har.fit_har(x, dates, rows, HORIZON).coefficients for x in (returns, changed)]
    np.testing.assert_array_equal(*fits)
    changed[rows.stop - 1] *= 2
    assert not np.array_equal(har.fit_har(changed, dates, rows, HORIZON).coefficients, fits[0])


def test_fit_finds_the_law_of_a_volatility_that_follows_one(dates):
    rng = np.random.default_rng(3)
    v = np.full(4000, -4.5)
    for t in range(1, len(v)):
        v[t] = -0.9 + 0.8 * v[t - 1] + 0.2 * rng.normal()
    returns = np.exp(v)[:, None] * np.array([[1.0, 1.0, 1.0, 1.0]])  # the night alone moves
    days = np.datetime64("1990-01-01") + np.arange(len(v) + 1)
    fitted = har.fit_har(returns, days, Split(0, len(v)), 1)
    error = har.forecast_log_volatility(fitted, returns, days)[100:-1, 0] - v[101:]
    assert np.std(error) == pytest.approx(0.2, rel=0.05)


def test_first_rows_have_forecasts(dates):
    returns = make_returns()
    fitted = har.fit_har(returns, dates, Split(0, DAYS), HORIZON)
    assert np.isfinite(har.forecast_log_volatility(fitted, returns, dates)).all()


@pytest.mark.parametrize(
    ("day", "column", "value"),
    [
        ("2018-11-23", 5, 1),  # the Friday after Thanksgiving
        ("2018-11-30", 5, 0),
        ("2018-12-24", 5, 1),
        ("2018-07-03", 5, 1),
        ("2018-12-19", 6, 0),
        ("2018-12-20", 6, 1),
        ("2018-08-01", 7, 1),
        ("2018-09-04", 4, 1),  # after Labor Day
        ("2018-09-10", 4, 0),
        ("2018-09-10", 0, 1),  # a Monday
        ("2018-09-14", 3, 0),  # a Friday
    ],
)
def test_features_of_a_day(day, column, value):
    before = np.datetime64(day) - np.timedelta64(4 if day == "2018-09-04" else 3, "D")
    dates = np.array([before, day], "datetime64[D]")
    assert har.compute_day_features(dates)[1, column] == value


def test_coefficients_are_stored_exactly(dates):
    fitted = har.fit_har(make_returns(), dates, Split(0, 300), HORIZON)
    read = har.Har.from_dict(json.loads(json.dumps(fitted.as_dict())))
    np.testing.assert_array_equal(read.coefficients, fitted.coefficients)
    assert read.horizon == HORIZON
