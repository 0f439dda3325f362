"""Lists the skies of the test: the true one, skies at a false rate, and skies of other years.

A sky assigns a time of the ephemeris to each day of a table. At a false rate time runs faster or
slower, so that no frequency of the true sky is left but the season.
"""

from typing import NamedTuple

import numpy as np

from pgat_jax.data.coverage import EPHEMERIS

# The least and the largest factor between a false rate and the true one, in either direction.
LEAST_FACTOR, MOST_FACTOR = 1.06, 1.5
DAYS_PER_YEAR = 365.25
# Days that stay free at both ends of the ephemeris, for the interpolation between its days.
MARGIN = 8


class Sky(NamedTuple):
    """A sky: the day number t0 + rate * (day - first day of the table) of the ephemeris.

    Attributes:
        start: t0, in days since 1970.
        rate: days of the ephemeris in one day of the table.
        has_true_sun: whether the Sun is that of the table's own days, and Mercury and Venus stand
            at their elongation from it.
    """

    start: float
    rate: float
    has_true_sun: bool

    def find_times(self, dates: np.ndarray) -> np.ndarray:
        """Returns the times [days], in days since 1970, whose positions the sky shows.

        Args:
            dates: [days] `datetime64[D]`, from the first day of the table on.
        """
        days = number_days(dates)
        return self.start + self.rate * (days - days[0])


def make_true_sky(dates: np.ndarray) -> Sky:
    """Returns the sky of the dates themselves.

    Args:
        dates: [days] `datetime64[D]`.
    """
    return Sky(number_days(dates)[0], 1.0, has_true_sun=True)


def draw_false_skies(dates: np.ndarray, count: int, seed: int = 0) -> list[Sky]:
    """Draws skies at a false rate e^(+u) or e^(-u), from a random start, with the true Sun.

    The factor e^u lies between 1.06 and 1.5.

    Args:
        dates: [days] `datetime64[D]`.
        count: the number of skies.
        seed: the seed of the draws.
    """
    rng = np.random.default_rng(seed)
    sizes = rng.uniform(np.log(LEAST_FACTOR), np.log(MOST_FACTOR), count)
    rates = np.exp(sizes * rng.choice([-1.0, 1.0], count))
    first, last = find_limits()
    days = number_days(dates)
    starts = first + rng.uniform(size=count) * (last - first - rates * (days[-1] - days[0]))
    return [Sky(float(start), float(rate), True) for start, rate in zip(starts, rates)]


def draw_shifted_skies(dates: np.ndarray, count: int, seed: int = 0) -> list[Sky]:
    """Draws skies of other years: the whole sky, a whole number of years earlier or later.

    Args:
        dates: [days] `datetime64[D]`.
        count: the number of skies, each with another shift.
        seed: the seed of the draws.

    Raises:
        ValueError: the ephemeris has fewer than `count` such shifts of the dates.
    """
    first, last = find_limits()
    days = number_days(dates)
    least = int(np.ceil((first - days[0]) / DAYS_PER_YEAR))
    most = int(np.floor((last - days[-1]) / DAYS_PER_YEAR))
    years = np.array([year for year in range(least, most + 1) if year])
    drawn = np.random.default_rng(seed).choice(years, count, replace=False)
    return [Sky(float(days[0] + round(year * DAYS_PER_YEAR)), 1.0, False) for year in drawn]


def find_limits() -> tuple[float, float]:
    """Returns the first and the last time, in days since 1970, that a sky may show."""
    first, last = number_days(np.array([EPHEMERIS.first, EPHEMERIS.last]))
    return first + MARGIN, last - MARGIN


def number_days(dates: np.ndarray) -> np.ndarray:
    """Returns the days since 1970 as floats.

    Args:
        dates: [days] `datetime64[D]`.
    """
    return dates.astype("datetime64[D]").astype(float)
