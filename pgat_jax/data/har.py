"""Forecasts the volatility of the coming days by a heterogeneous autoregression (HAR).

The log volatility of the day h days ahead is linear in what is known at the origin: the log
volatility of the day and its means over a week, a month and a quarter, the recent returns of the
close in units of the volatility, and the calendar of the day ahead (Corsi 2009,
doi:10.1093/jjfinec/nbp001). Each h has its own coefficients, found by least squares.

No array is reordered and each feature of a row is a sum over that row and earlier ones, so that no
forecast can depend on a later price.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.signal import lfilter

from pgat_jax.data.splits import Split
from pgat_jax.data.trading_days import find_trading_days_after
from pgat_jax.data.volatility import CLOSE, LEAST_VARIANCE, compute_log_volatility, smooth

# Days of the means of the log volatility: the day itself, a week, a month, a quarter.
SPANS = (1, 5, 22, 66)
# Days of the returns of the close. A fall raises the volatility more than a rise (leverage).
RETURN_SPANS = (1, 5, 22)
# Days after which a day's weight in the volatility that divides the returns has halved.
HALF_LIFE = 20
# Half-lives, in days, of the squared returns of the close that a model's own HAR reads as well. The
# HAR that is a baseline does without them, as it is published.
SQUARE_HALF_LIVES = (5, 30, 100)
# A longer gap before a day than a weekend's, in calendar days.
LONG_GAP = 3


@dataclass(frozen=True, eq=False)
class Har:
    """The fitted coefficients of the volatility forecast (HAR) for each of P days ahead.

    Attributes:
        coefficients: [P, F]: for each day ahead, those of the features of the origin
            (`compute_origin_features`), then those of the 8 features of the day ahead
            (`compute_day_features`).
        half_lives: the half-lives of the smoothed squared returns among the features, in days.
    """

    coefficients: np.ndarray
    half_lives: tuple[int, ...] = ()

    @property
    def horizon(self) -> int:
        """P, the days ahead."""
        return len(self.coefficients)

    def as_dict(self) -> dict[str, Any]:
        """Returns plain values that JSON can store and `from_dict` reads back exactly."""
        return {
            "coefficients": self.coefficients.tolist(),
            "half_lives": list(self.half_lives),
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "Har":
        """Returns the coefficients whose `as_dict` was stored.

        Args:
            stored: the result of `as_dict`.
        """
        half_lives = tuple(stored.get("half_lives", ()))  # older runs have none
        return cls(np.array(stored["coefficients"], float), half_lives)


def fit_har(
    returns: np.ndarray,
    dates: np.ndarray,
    rows: Split,
    horizon: int,
    half_lives: tuple[int, ...] = (),
) -> Har:
    """Finds the coefficients of each day ahead by least squares.

    Args:
        returns: [days, 4] log returns against the previous close.
        dates: `datetime64[D]` of the days; more may follow, which are not read.
        rows: the origin and the day ahead of every observation lie in these rows. The first 65 rows
            of the table are left out, since their quarter is incomplete.
        horizon: P, the days ahead.
        half_lives: half-lives, in days, of smoothed squared returns that become features.

    Returns:
        The coefficients. Where there are fewer observations than coefficients they are the
        smallest that fit.
    """
    log_volatility = compute_log_volatility(returns)
    known, ahead = compute_origin_features(returns, half_lives), compute_day_features(dates)
    first = max(rows.start, SPANS[-1] - 1)

    def fit_day(days_ahead: int) -> np.ndarray:
        origins = np.arange(first, rows.stop - days_ahead)
        features = np.column_stack([known[origins], ahead[origins + days_ahead]])
        return np.linalg.lstsq(features, log_volatility[origins + days_ahead], rcond=None)[0]

    return Har(np.stack([fit_day(h) for h in range(1, horizon + 1)]), half_lives)


def forecast_log_volatility(har: Har, returns: np.ndarray, dates: np.ndarray) -> np.ndarray:
    """Forecasts the log volatility of the days after every row.

    Args:
        har: the coefficients.
        returns: [days, 4] log returns against the previous close.
        dates: [days + P] `datetime64[D]`, as `append_trading_days` returns them.

    Returns:
        [days, P]: the logarithm of the standard deviation of day t + h, known at the close of t.
    """
    known, ahead = compute_origin_features(returns, har.half_lives), compute_day_features(dates)
    days_ahead = np.arange(len(returns))[:, None] + 1 + np.arange(har.horizon)
    own, target = np.split(har.coefficients, [known.shape[1]], axis=1)
    return known @ own.T + np.einsum("thf,hf->th", ahead[days_ahead], target)


def append_trading_days(dates: np.ndarray, count: int, calendar: str) -> np.ndarray:
    """Appends the next trading days to dates.

    Args:
        dates: [days] `datetime64[D]`.
        count: the number of days to append.
        calendar: a value of `data.calendar` other than `auto`.

    Returns:
        [days + count] `datetime64[D]`.

    Raises:
        UserError: a day lies beyond 2099-12-31, the last date around which holidays are known.
    """
    return np.concatenate([dates, find_trading_days_after(dates[-1], count, calendar)])


def compute_origin_features(returns: np.ndarray, half_lives: tuple[int, ...] = ()) -> np.ndarray:
    """Computes the features of each row that do not depend on the day ahead.

    Args:
        returns: [days, 4] log returns against the previous close.
        half_lives: half-lives, in days.

    Returns:
        [days, 11 + len(half_lives)]: one; the means of the log volatility over `SPANS`; for each
        of `RETURN_SPANS` the falls and the rises of the close in units of its volatility; for each
        half-life half the logarithm of the smoothed squared return of the close. The first rows
        use the days that there are.
    """
    log_volatility = compute_log_volatility(returns)
    means = [_mean_over(log_volatility, span) for span in SPANS]
    scale = smooth(np.exp(log_volatility), HALF_LIFE)
    moves = [_mean_over(returns[:, CLOSE], span) * np.sqrt(span) / scale for span in RETURN_SPANS]
    signed = [part for move in moves for part in (np.minimum(move, 0), np.maximum(move, 0))]
    squares = [smooth(returns[:, CLOSE] ** 2, days) for days in half_lives]
    logs = [0.5 * np.log(square + LEAST_VARIANCE) for square in squares]
    return np.column_stack([np.ones(len(returns)), *means, *signed, *logs])


def compute_day_features(dates: np.ndarray) -> np.ndarray:
    """Computes the features of a day whose volatility is forecast; all are known in advance.

    Args:
        dates: [days] `datetime64[D]`, increasing.

    Returns:
        [days, 8] of 0 and 1: Monday to Thursday; a gap of more than three days before the day; a
        day on which New York closes early; 20 to 31 December; August.
    """
    weekday = (dates.astype(int) + 3) % 7
    month = dates.astype("datetime64[M]").astype(int) % 12 + 1
    day = (dates - dates.astype("datetime64[M]")).astype(int) + 1
    gap = np.diff(dates.astype(int), prepend=dates[:1].astype(int)) > LONG_GAP
    thanksgiving = (month == 11) & (weekday == 4) & (day >= 23) & (day <= 29)
    early = thanksgiving | (month == 12) & (day == 24) | (month == 7) & (day == 3)
    year_end = (month == 12) & (day >= 20)
    flags = [*(weekday == number for number in range(4)), gap, early, year_end, month == 8]
    return np.column_stack(flags).astype(float)


def _mean_over(values: np.ndarray, span: int) -> np.ndarray:
    """Computes the mean of each row and the `span - 1` rows before it, of those that there are."""
    total = np.asarray(lfilter(np.ones(span), [1.0], values))
    return total / np.minimum(np.arange(1, len(values) + 1), span)
