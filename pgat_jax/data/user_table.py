"""Reads a user's table: a date and four prices are enough; other columns are recognised by name."""

from collections.abc import Iterable

import numpy as np

from pgat_jax.data.cells import Cells
from pgat_jax.data.columns import KNOWN, PRICES, TARGETS, TIME_DELTA
from pgat_jax.data.coverage import CALENDAR, EPHEMERIS
from pgat_jax.data.market import read_market
from pgat_jax.data.rows import SourceRows, check_dates
from pgat_jax.errors import UserError, suggest

DATE = "date"
# Columns of common price files that the model does not read.
IGNORED = ("volume", "adj close", "dividends", "stock splits")
_NAMES = {name.lower(): name for name in (*PRICES, *TARGETS, TIME_DELTA)} | {
    lower: column.name for lower, column in KNOWN.items()
}
# Largest deviation of the radius from 1 for a sine and cosine of one angle, rounded as in files.
_CIRCLE = 0.01


def read_user_rows(cells: Cells) -> SourceRows:
    """Checks the columns and rows of a user's file.

    Args:
        cells: the columns of the file.

    Returns:
        The rows. `own` has the log returns that the file states, `time_delta` and its celestial
        columns, under their standard names.

    Raises:
        UserError: a column is unknown or missing, or a cell is bad; names file, row and column.
    """
    names = _recognise(cells)
    header = {name: raw for raw, name in names.items()}
    dates = cells.dates(header[DATE])
    check_dates(dates, cells.where, header[DATE], cells.lines)
    own = {name: cells.numbers(raw) for raw, name in names.items() if name in _NAMES.values()}
    _check_covered(cells, own, dates)
    notes = [*_ignored(names), *_time_delta_note(own, dates), *_off_circle(own)]
    prices, returns, market_notes = read_market(cells, own, header)
    rest = {name: v for name, v in own.items() if name not in (*PRICES, *TARGETS)}
    return SourceRows(dates, prices, returns | rest, (*notes, *market_notes))


def _recognise(cells: Cells) -> dict[str, str]:
    """Returns header name -> its standard spelling, `date`, or an ignored name."""
    names = {raw: _NAMES.get(raw.lower(), raw.lower()) for raw in cells.columns}
    unknown = [r for r, name in names.items() if name not in (*_NAMES.values(), DATE, *IGNORED)]
    if unknown:
        hint = suggest(unknown[0], [*_NAMES.values(), DATE])
        raise UserError(
            f"{cells.where}, row 1, column {unknown[0]!r}: unknown{hint}{_more(unknown)}, expected "
            "Date, Open, High, Low, Close, log_Open to log_Close, time_delta, or a celestial "
            "column such as dyn_Mars_speed."
        )
    _check_present(cells, set(names.values()))
    return names


def _check_present(cells: Cells, names: set[str]) -> None:
    groups = [wanted for wanted in (PRICES, TARGETS) if any(name in names for name in wanted)]
    missing = [name for wanted in groups or [PRICES] for name in wanted if name not in names]
    if DATE not in names:
        missing.insert(0, "Date")
    for column in (KNOWN[n.lower()] for n in sorted(names) if n.lower() in KNOWN):
        if column.feature.endswith(("sin", "cos")) and column.feature != "elong_cos":
            twin = column.feature[:-3] + {"sin": "cos", "cos": "sin"}[column.feature[-3:]]
            if (name := column._replace(feature=twin).name) not in names:
                missing.append(name)
    if missing:
        raise UserError(
            f"{cells.where}, row 1: missing column {missing[0]!r}{_more(missing)}: expected Date "
            "and Open, High, Low, Close, and each sine with its cosine."
        )
    points = {KNOWN[name.lower()].point for name in names if name.lower() in KNOWN}
    if {"Chiron", "Ascendant"} <= points:
        raise UserError(
            f"{cells.where}, row 1: columns of both Chiron and the Ascendant, which stands in "
            "Chiron's slot: leave one of them out."
        )


def _check_covered(cells: Cells, own: Iterable[str], dates: np.ndarray) -> None:
    """Checks that calendar and, where the sky must be computed, ephemeris cover the dates."""
    is_computed = not any(name.lower() in KNOWN for name in own)
    coverage = EPHEMERIS if is_computed else CALENDAR
    for i in coverage.find_outside(dates)[:1]:
        raise UserError(
            f"{cells.where}, row {cells.lines[i]}, column 'Date': {dates[i]} lies outside "
            f"{coverage.source}, which covers {coverage.first} to {coverage.last}: leave such rows "
            "out."
        )


def _time_delta_note(own: dict[str, np.ndarray], dates: np.ndarray) -> list[str]:
    if TIME_DELTA not in own:
        return []
    different = int(np.sum(own[TIME_DELTA][1:] != np.diff(dates).astype(int)))
    text = f"time_delta: days between the dates are taken; the file differs in {different} rows."
    return [text] if different else []


def _off_circle(own: dict[str, np.ndarray]) -> list[str]:
    """Returns notes about pairs that are not sine and cosine of one angle, as in a scaled file."""
    sines = [name for name in own if name.endswith("_sin")]
    wrong = [
        name[:-4]
        for name in sines
        if np.abs(np.hypot(own[name], own[f"{name[:-3]}cos"]) - 1.0).max() > _CIRCLE
    ]
    text = f"not on the unit circle, so only their angle counts as a phase: {', '.join(wrong)}."
    return [text] if wrong else []


def _ignored(names: dict[str, str]) -> list[str]:
    ignored = [raw for raw, name in names.items() if name in IGNORED]
    return [f"columns that the model does not read: {', '.join(ignored)}."] if ignored else []


def _more(names: list[str]) -> str:
    return f" (and {len(names) - 1} more: {', '.join(names[1:6])})" if len(names) > 1 else ""
