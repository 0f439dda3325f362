"""Reads a user's table: a date and four prices are enough; other columns are recognised by name."""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from pgat_jax.data.columns import KNOWN, PRICES, TARGETS, TIME_DELTA
from pgat_jax.data.coverage import CALENDAR, EPHEMERIS
from pgat_jax.data.rows import SourceRows
from pgat_jax.data.user_files.cells import Cells
from pgat_jax.data.user_files.dates import read_dates
from pgat_jax.data.user_files.market import read_market
from pgat_jax.data.user_files.numbers import find_form, is_empty, read_numbers
from pgat_jax.data.user_files.oddities import find_oddities
from pgat_jax.data.user_files.order import arrange_rows
from pgat_jax.data.user_files.ranges import check_ranges
from pgat_jax.data.user_files.recognition import Roles, check_one_ticker, recognise

# Largest deviation of the radius from 1 for a sine and cosine of one angle, rounded as in files.
_CIRCLE = 0.01

# The beginning of the note that says how a file was read.
READ_AS = "read as: "

Series = dict[str, np.ndarray]


def read_user_rows(cells: Cells) -> SourceRows:
    """Checks the columns and rows of a user's file.

    Args:
        cells: the columns of the file.

    Raises:
        UserError: a column is missing, or a cell is bad or ambiguous; names file, row and column.
    """
    roles = recognise(cells)
    cells = _drop_empty(cells, roles)
    check_one_ticker(cells, roles)
    dates = read_dates(cells, roles.date)
    form = find_form(cells, [i for name, i in roles.own.items() if name != TIME_DELTA])
    own = {name: read_numbers(cells, i, form) for name, i in roles.own.items()}
    order, order_notes = arrange_rows(cells, roles, dates, np.column_stack([*own.values()]))
    cells, days = cells.select_rows(order), dates.days[order]
    own = {name: values[order] for name, values in own.items()}
    _check_whole(cells, roles, own)
    _check_covered(cells, roles, days)
    if all(name in own for name in PRICES):
        check_ranges(cells, roles.own, np.column_stack([own[name] for name in PRICES]))
    prices, returns, market_notes = read_market(cells, own, roles.own)
    rest = {name: v for name, v in own.items() if name not in (*PRICES, *TARGETS)}
    how = [*cells.notes, dates.note, form.note, *order_notes, *roles.notes]
    notes = [_say_how(how), *_time_delta_note(own, days), *_off_circle(own), *market_notes]
    odd = find_oddities(days, prices, _has_no_volume(cells, roles.volume))
    return SourceRows(days, prices, returns | rest, tuple(n for n in notes if n), odd)


def _say_how(how: Iterable[str]) -> str:
    """Returns the line that says how a file was read; empty if as the plainest file."""
    said = [text for text in how if text]
    return f"{READ_AS}{'; '.join(said)}." if said else ""


def _drop_empty(cells: Cells, roles: Roles) -> Cells:
    """Leaves out the rows that have no price at all."""
    places = [i for name, i in roles.own.items() if name in (*PRICES, *TARGETS)]
    filled = np.zeros(len(cells.lines), bool)
    for i in places:
        column = cells.columns[i]
        if isinstance(column, np.ndarray):
            filled |= np.ones(len(column), bool) if column.dtype.kind == "M" else ~np.isnan(column)
        elif isinstance(column, str):
            return cells
        else:
            filled |= np.array([not is_empty(cell) for cell in column])
    if not filled.any():
        raise cells.refuse_file("no row has a price, expected one row a day")
    missing = int((~filled).sum())
    note = [f"{missing} row{'s' * (missing > 1)} without prices left out"] if missing else []
    return cells.select_rows(filled, *note)


def _check_whole(cells: Cells, roles: Roles, own: Series) -> None:
    """Refuses a row that has some of its numbers and not all."""
    for name, values in own.items():
        for row in np.flatnonzero(np.isnan(values))[:1]:
            subset = [cells.names[roles.own[n]] for n in own]
            step = f"df = df.dropna(subset={subset})"
            what = "is empty, expected a number; to leave such rows out"
            raise cells.refuse(roles.own[name], int(row), what, step)


def _check_covered(cells: Cells, roles: Roles, dates: np.ndarray) -> None:
    """Checks that calendar and, where the sky must be computed, ephemeris cover the dates."""
    is_computed = not any(name.lower() in KNOWN for name in roles.own)
    coverage = EPHEMERIS if is_computed else CALENDAR
    for i in coverage.find_outside(dates)[:1]:
        raise cells.refuse(
            roles.date,
            int(i),
            f"{dates[i]} lies outside {coverage.source}, which covers {coverage.first} to "
            f"{coverage.last}: leave such rows out",
        )


def _has_no_volume(cells: Cells, volume: int | None) -> bool:
    """Returns whether the last row has a volume of zero, or none where others have one."""
    if volume is None or isinstance(cells.columns[volume], str):
        return False
    last: Any = cells.columns[volume][-1]
    if isinstance(last, str) or last is None:
        return is_empty(last) or not re.search(r"[1-9]", last or "")
    return bool(np.isnan(last) or last == 0)


def _time_delta_note(own: Series, dates: np.ndarray) -> list[str]:
    if TIME_DELTA not in own:
        return []
    different = int(np.sum(own[TIME_DELTA][1:] != np.diff(dates).astype(int)))
    text = f"time_delta: days between the dates are taken; the file differs in {different} rows."
    return [text] if different else []


def _off_circle(own: Series) -> list[str]:
    """Returns notes about pairs that are not sine and cosine of one angle, as in a scaled file."""
    sines = [name for name in own if name.endswith("_sin")]
    wrong = [
        name[:-4]
        for name in sines
        if np.abs(np.hypot(own[name], own[f"{name[:-3]}cos"]) - 1.0).max() > _CIRCLE
    ]
    text = f"not on the unit circle, so only their angle counts as a phase: {', '.join(wrong)}."
    return [text] if wrong else []
