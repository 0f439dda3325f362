"""Computes the celestial columns of all days of the ephemeris once, and places skies from them.

The columns of a sky lie between whole days, so they are interpolated by cubic splines.
"""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from pgat_jax.backtest.store import ScoreStore, digest_sources
from pgat_jax.data.cache import content_key
from pgat_jax.data.columns import ELONGATED, NODES, PLANETS
from pgat_jax.data.coverage import EPHEMERIS
from pgat_jax.data.on_demand import compute_sky
from pgat_jax.progress import Reporter
from pgat_jax.sky_test.skies import MARGIN, Sky, number_days

# The planets that are always near the Sun, and move with it.
INNER = ("Mercury", "Venus")
# The inclination of the equator to the ecliptic, in degrees; it changes by 0.02 in 154 years.
OBLIQUITY = 23.44
# Signs of the zodiac in a circle.
SIGNS = 12
# The code that the columns depend on.
SOURCES = (
    "data/chiron.py",
    "data/columns.py",
    "data/ephemeris.py",
    "data/lunar_nodes.py",
    "data/shadbala.py",
    "data/sky.py",
)


@dataclass(frozen=True, eq=False)
class SkyGrid:
    """The celestial columns of consecutive days.

    Attributes:
        first: the first day, in days since 1970.
        columns: name -> [days], as `compute_sky` returns them.
    """

    first: float
    columns: dict[str, np.ndarray]

    def interpolate(self, names: list[str], times: np.ndarray) -> np.ndarray:
        """Computes columns at times between the days.

        Args:
            names: the names of C columns; `<Point>` alone means its longitude in radians.
            times: [days], increasing, in days since 1970, within the days of the grid.

        Returns:
            [days, C].
        """
        low = int(np.floor(times[0] - self.first)) - MARGIN
        window = slice(max(0, low), int(np.ceil(times[-1] - self.first)) + MARGIN)
        values = np.column_stack([self._read(name, window) for name in names])
        return CubicSpline(np.arange(len(values)), values)(times - self.first - window.start)

    def _read(self, name: str, window: slice) -> np.ndarray:
        if name in self.columns:
            return self.columns[name][window]
        sine, cosine = (self.columns[f"dyn_{name}_{part}"][window] for part in ("sin", "cos"))
        return np.unwrap(np.arctan2(sine, cosine))


def make_grid(first: np.datetime64, last: np.datetime64) -> SkyGrid:
    """Computes the columns of all days from the first to the last.

    Args:
        first: the first day.
        last: the last day.
    """
    dates = np.arange(first, last + np.timedelta64(1, "D"), dtype="datetime64[D]")
    return SkyGrid(number_days(dates)[0], compute_sky(dates))


def load_grid(store: ScoreStore, reporter: Reporter) -> SkyGrid:
    """Returns the columns of all days of the ephemeris, computed once and then read.

    Args:
        store: where they are kept.
        reporter: shows that they are being computed.
    """
    code = digest_sources(SOURCES, ("skyfield", "skyfield-data", "numpy"))
    key = content_key(b"sky grid", code.encode())
    columns = store.read(key)
    if columns is None:
        reporter.say("computing the sky of 154 years, once (about 15 s)")
        columns = make_grid(EPHEMERIS.first, EPHEMERIS.last).columns
        store.write(key, columns)
    return SkyGrid(number_days(np.array([EPHEMERIS.first]))[0], columns)


def place_longitudes(
    sky: Sky, grid: SkyGrid, dates: np.ndarray, points: tuple[str, ...] = PLANETS[:10]
) -> dict[str, np.ndarray]:
    """Computes the longitudes that a sky shows on each day.

    Args:
        sky: the sky.
        grid: the celestial columns of all days, as `load_grid` returns them.
        dates: [days] `datetime64[D]`.
        points: bodies and nodes; Sun, Mercury and Venus must be among them.

    Returns:
        Point -> [days], in radians, any number of turns.
    """
    names = list(points)
    shown = dict(zip(names, grid.interpolate(names, sky.find_times(dates)).T))
    if not sky.has_true_sun:
        return shown
    sun = grid.interpolate(["Sun"], number_days(dates))[:, 0]
    carried = {name: shown[name] + sun - shown["Sun"] for name in ("Sun", *INNER)}
    return {name: carried.get(name, longitude) for name, longitude in shown.items()}


def place_columns(sky: Sky, grid: SkyGrid, dates: np.ndarray) -> dict[str, np.ndarray]:
    """Computes all celestial columns that a sky shows.

    With a true Sun its columns are those of the dates; Mercury and Venus keep their elongation,
    latitude, distance and shadbala, and the other bodies all columns but the angle to the Sun.
    Speeds are those with which the longitudes change from day to day.

    Args:
        sky: the sky.
        grid: the celestial columns of all days, as `load_grid` returns them.
        dates: [days] `datetime64[D]`.

    Returns:
        Column name -> [days], in the documented order.
    """
    names = list(grid.columns)
    columns = dict(zip(names, grid.interpolate(names, sky.find_times(dates)).T))
    for name in names:
        if name.endswith("_speed"):
            columns[name] = columns[name] * sky.rate
    longitudes = place_longitudes(sky, grid, dates, (*PLANETS, *NODES))
    if sky.has_true_sun:
        _carry_with_the_sun(columns, longitudes, grid, dates)
    for point, longitude in longitudes.items():
        columns |= _place_angles(point, longitude)
    return columns


def _carry_with_the_sun(
    columns: dict[str, np.ndarray],
    longitudes: dict[str, np.ndarray],
    grid: SkyGrid,
    dates: np.ndarray,
) -> None:
    """Puts the true Sun into the columns of a sky, and what depends on the place of the Sun."""
    own = [name for name in columns if name.startswith("dyn_Sun_")]
    true = dict(zip(own, grid.interpolate(own, number_days(dates)).T))
    for point in INNER:
        columns[f"dyn_{point}_speed"] += true["dyn_Sun_speed"] - columns["dyn_Sun_speed"]
        columns[f"dyn_{point}_dec"] = _find_declination(
            longitudes[point], columns[f"dyn_{point}_lat"]
        )
    columns |= true
    for point in ELONGATED:
        a, b = (np.radians(columns[f"dyn_{name}_lat"]) for name in (point, "Sun"))
        apart = longitudes[point] - longitudes["Sun"]
        cosine = np.sin(a) * np.sin(b) + np.cos(a) * np.cos(b) * np.cos(apart)
        columns[f"dyn_{point}_elong_cos"] = cosine


def _find_declination(longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
    """Computes the declination in degrees from a longitude in radians and a latitude in degrees."""
    tilt, height = np.radians(OBLIQUITY), np.radians(latitude)
    sine = np.sin(height) * np.cos(tilt) + np.cos(height) * np.sin(tilt) * np.sin(longitude)
    return np.degrees(np.arcsin(sine))


def _place_angles(point: str, longitude: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the longitude, and the place within a sign, as points on a circle."""
    return {
        f"dyn_{point}_{name}{kind}": function(angle)
        for name, angle in (("", longitude), ("sign_", SIGNS * longitude))
        for kind, function in (("sin", np.sin), ("cos", np.cos))
    }
