"""Judges times of day: a time near midnight of another zone would shift every date by a day."""

from typing import NamedTuple

import numpy as np

from pgat_jax.data.user_files.cells import Cells
from pgat_jax.data.user_files.recipes import convert_dates

DAY = np.timedelta64(1, "D")
SECOND = np.timedelta64(1, "s")
_HOUR = 3600.0
# From this hour on the midnight after it may be the one that is meant, in a zone up to UTC+14.
_LATE = 10 * _HOUR
# From this time on a time is the end of its own day: no zone is ten minutes from UTC.
_END = 23 * _HOUR + 50 * 60
# Unit -> units in a second, and how pandas calls it.
_UNITS = {"seconds": (1e0, "s"), "milliseconds": (1e3, "ms"), "microseconds": (1e6, "us"),
          "nanoseconds": (1e9, "ns")}  # fmt: skip
# The times that numbers may state, in seconds: 1900 to 2100.
_FIRST, _LAST = -2.2e9, 4.1e9
# Numbers whose seconds are all this close to 1970 could have another unit.
_NEAR = 3e7
_SUNDAY, _SATURDAY, _MONDAY = 3, 2, 4


class Epoch(NamedTuple):
    """Times that are numbers since 1970.

    Attributes:
        times: [rows] `datetime64[us]`, in UTC.
        unit: `seconds`, `milliseconds`, `microseconds` or `nanoseconds`.
    """

    times: np.ndarray
    unit: str

    def write_parse(self, name: str) -> str:
        """Returns the expression of pandas that reads them, without its end `, utc=True)`.

        Args:
            name: the name of the column.
        """
        return f"pd.to_datetime(pd.to_numeric(df[{name!r}]), unit={_UNITS[self.unit][1]!r}"


def read_epoch(values: np.ndarray) -> Epoch | None:
    """Reads numbers as times since 1970, if one unit alone makes them times of 1900 to 2100.

    Args:
        values: [rows] numbers.
    """
    for unit, (scale, _) in reversed(_UNITS.items()):
        seconds = values / scale
        if seconds.min() > _FIRST and seconds.max() < _LAST and np.abs(seconds).max() > _NEAR:
            return Epoch((seconds * 1e6).round().astype("datetime64[us]"), unit)
    return None


def check_epoch(cells: Cells, column: int, epoch: Epoch, is_named: bool) -> None:
    """Checks that numbers are times: the name of their column says so, or all are midnights.

    Args:
        cells: the columns of the file.
        column: the index of the dates.
        epoch: the times.
        is_named: whether the name of the column says that it has times.

    Raises:
        UserError: neither is true.
    """
    if is_named or np.all(epoch.times == epoch.times.astype("datetime64[D]")):
        return
    expression = f"{epoch.write_parse(cells.names[column])}, utc=True)"
    raise cells.refuse(
        column, 0, f"got a number that is {epoch.times[0]} UTC if it counts {epoch.unit} since "
        "1970, expected a date, or midnights; if it does, with the zone of the market",
        convert_dates(cells.names[column], f"{expression}.dt.tz_convert('America/New_York')"),
    )  # fmt: skip


def check_clock(
    cells: Cells, column: int, days: np.ndarray, seconds: np.ndarray, parse: str
) -> None:
    """Checks that times of day do not put rows on the day before or after the one meant.

    Midnight of Tokyo is 15:00 of the day before in UTC. Such a file has Sundays and no Fridays.

    Args:
        cells: the columns of the file.
        column: the index of the dates.
        days: [rows] `datetime64[D]`.
        seconds: [rows] the time of day, in seconds.
        parse: the expression of pandas that reads the times, without its end `, utc=True)`.

    Raises:
        UserError: a time is late and a row falls on a weekend, or a time is not midnight and rows
            fall on Saturdays and none on Mondays.
    """
    weekday = days.astype(int) % 7  # 0 is a Thursday
    is_late = (seconds >= _LATE) & (seconds < _END)
    is_weekend = (weekday == _SATURDAY) | (weekday == _SUNDAY)
    has_saturdays_alone = (weekday == _SATURDAY).any() and not (weekday == _MONDAY).any()
    early = (seconds > 0) & (seconds < _LATE) & (weekday == _SATURDAY) & has_saturdays_alone
    wrong = np.flatnonzero(is_weekend & is_late.any() | early)
    if not wrong.size:
        return
    row = int(wrong[0])
    clock = f"{int(seconds[row] // _HOUR):02}:{int(seconds[row] % _HOUR // 60):02}"
    raise cells.refuse(
        column, row, f"got {days[row]} {clock}, a weekend: perhaps midnight of another time zone, "
        "and so another day: expected local dates; if the times are UTC, with the zone of the "
        "market", convert_dates(cells.names[column],
                                f"{parse}, utc=True).dt.tz_convert('Europe/Berlin')"),
    )  # fmt: skip
