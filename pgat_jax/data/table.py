"""The table: dates, prices and V columns by name, with targets, `time_delta` and the sky joined."""

import dataclasses
import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pgat_jax.data.columns import (
    KNOWN,
    TARGETS,
    TIME_DELTA,
    Columns,
    arrange_columns,
)
from pgat_jax.data.on_demand import compute_sky
from pgat_jax.data.rows import SourceRows
from pgat_jax.data.scaler import is_constant
from pgat_jax.errors import UserError

_DAY = np.timedelta64(1, "D")
# The last rows whose celestial columns are compared with the computed ones, and the tolerance.
_CHECKED_ROWS = 30
_CONTINUITY = 1e-3
# Decimals to which the digest of a table rounds: what the source states, and the computed sky.
_STATED_DECIMALS, _COMPUTED_DECIMALS = 12, 4
# The most columns that an error message names.
_SHOWN = 8


@dataclass(frozen=True, eq=False)
class Table:
    """Rows by day, columns by name. Future days have NaN for prices and targets.

    Attributes:
        source: the name in the configuration.
        dates: [days] `datetime64[D]`, strictly increasing.
        prices: [days, 4] float64: Open, High, Low, Close.
        values: [days, V] float64, unscaled.
        columns: the layout of the V columns.
        computed_sky: whether the celestial columns were computed; else the source contains them.
        notes: how the source was read, for the user.
        dropped: constant columns that were left out.
        warnings: what looks wrong in the source, for the user.
    """

    source: str
    dates: np.ndarray
    prices: np.ndarray
    values: np.ndarray
    columns: Columns
    computed_sky: bool
    notes: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.dates)

    @cached_property
    def hash(self) -> str:
        """The SHA-256 of the content, in hexadecimal, equal on all machines.

        Values are rounded first, the computed celestial columns to four decimals, since machines
        differ in the last bit of a sine.
        """
        stated = len(TARGETS) + 1 if self.computed_sky else len(self.columns.names)
        digest = hashlib.sha256(repr(self.columns.names).encode())
        digest.update(self.dates.astype("<i8").tobytes())
        digest.update(np.ascontiguousarray(self.prices, "<f8").tobytes())
        digest.update(_round(self.values[:, :stated], _STATED_DECIMALS))
        digest.update(_round(self.values[:, stated:], _COMPUTED_DECIMALS))
        return digest.hexdigest()


def join(rows: SourceRows, source: str) -> Table:
    """Joins targets, `time_delta` and the celestial columns of a source.

    What the source lacks is computed: the log returns from the prices, and all celestial columns if
    it has none.

    The first row is kept only if the source states its returns and `time_delta`. Otherwise there
    is no previous close for it, and only the next row uses its close.

    Args:
        rows: the rows of the source.
        source: the name of the source in the configuration.

    Raises:
        UserError: a date lies outside the ephemeris.
    """
    is_whole = all(name in rows.own for name in (*TARGETS, TIME_DELTA))
    kept = slice(0 if is_whole else 1, None)
    celestial = {name: v[kept] for name, v in rows.own.items() if name.lower() in KNOWN}
    computed = not celestial
    if computed:
        celestial = compute_sky(rows.dates[kept])
    columns = arrange_columns([KNOWN[name.lower()] for name in celestial])
    market = np.column_stack([_returns(rows), _time_delta(rows)])[kept]
    sky = [celestial[name] for name in columns.names[market.shape[1] :]]
    values = np.column_stack([market, *sky])
    notes = rows.notes if is_whole else (*rows.notes, f"{rows.dates[0]} gives only its close.")
    return Table(
        source,
        rows.dates[kept],
        rows.prices[kept],
        values,
        columns,
        computed,
        notes,
        warnings=rows.warnings,
    )


def compute_log_returns(prices: np.ndarray) -> np.ndarray:
    """Computes log returns against the previous close.

    Args:
        prices: [days, 4].

    Returns:
        [days - 1, 4].
    """
    return np.log(prices[1:] / prices[:-1, 3:])


def drop_constant(table: Table, rows: slice) -> Table:
    """Removes the columns that never change within some rows.

    The targets and `time_delta` always stay. The field `dropped` of the result names the others.

    Args:
        table: the table.
        rows: the rows to look at.
    """
    constant = is_constant(table.values[rows])
    constant[: len(TARGETS) + 1] = False
    names = [name for name, fixed in zip(table.columns.names, constant) if fixed]
    return dataclasses.replace(
        select(table, _without(table.columns, constant)), dropped=(*table.dropped, *names)
    )


def select(table: Table, columns: Columns) -> Table:
    """Returns the same rows with other columns, found by name.

    Args:
        table: the table.
        columns: the layout of the result.

    Raises:
        UserError: the table lacks some columns; the message names them.
    """
    if columns == table.columns:
        return table
    place = {name: i for i, name in enumerate(table.columns.names)}
    missing = [name for name in columns.names if name not in place]
    if missing:
        raise UserError(
            f"{table.source}: {len(missing)} columns that the run was trained on are missing: "
            f"{_first_names(missing)}: add them to the file."
        )
    values = table.values[:, [place[name] for name in columns.names]]
    return dataclasses.replace(table, values=values, columns=columns)


def extend(table: Table, dates: np.ndarray) -> Table:
    """Appends future days: prices and targets are NaN, the other columns are computed.

    A celestial column of the source that is constant in its last rows keeps its value.

    Args:
        table: the table.
        dates: the future days, `datetime64[D]`, increasing.

    Raises:
        UserError: the source contains celestial columns that the computed ones do not continue, or
            a date lies outside the ephemeris.
    """
    celestial = table.columns.names[len(TARGETS) + 1 :]
    sky = _future_sky(table, dates)
    unknown = np.full((len(dates), len(TARGETS)), np.nan)
    delta = np.diff(np.concatenate([table.dates[-1:], dates])) / _DAY
    values = np.column_stack([unknown, delta, *(sky[name] for name in celestial)])
    return dataclasses.replace(
        table,
        dates=np.concatenate([table.dates, dates]),
        prices=np.concatenate([table.prices, unknown]),
        values=np.concatenate([table.values, values]),
    )


def take_rows(table: Table, start: int, stop: int) -> Table:
    """Returns rows [start, stop) of a table.

    Args:
        table: the table.
        start: the first row.
        stop: the row after the last.
    """
    rows = slice(start, stop)
    return dataclasses.replace(
        table, dates=table.dates[rows], prices=table.prices[rows], values=table.values[rows]
    )


def _returns(rows: SourceRows) -> np.ndarray:
    if all(name in rows.own for name in TARGETS):
        return np.column_stack([rows.own[name] for name in TARGETS])
    return np.concatenate([np.full((1, 4), np.nan), compute_log_returns(rows.prices)])


def _time_delta(rows: SourceRows) -> np.ndarray:
    """Returns the days since the previous row [days]; NaN or the source's for the first row."""
    first = rows.own[TIME_DELTA][:1] if TIME_DELTA in rows.own else np.full(1, np.nan)
    return np.concatenate([first, np.diff(rows.dates) / _DAY])


def _future_sky(table: Table, dates: np.ndarray) -> dict[str, np.ndarray]:
    if table.computed_sky:
        return compute_sky(dates)
    recent = take_rows(table, max(0, len(table) - _CHECKED_ROWS), len(table))
    known = compute_sky(np.concatenate([recent.dates, dates]))
    found, strange = {}, []
    for i, name in enumerate(table.columns.names[len(TARGETS) + 1 :], len(TARGETS) + 1):
        own = recent.values[:, i]
        if is_constant(own[:, None])[0]:
            found[name] = np.full(len(dates), own[-1])
        elif name in known and np.allclose(known[name][: len(own)], own, _CONTINUITY, _CONTINUITY):
            found[name] = known[name][len(own) :]
        else:
            strange.append(name)
    if strange:
        raise UserError(
            f"{table.source}: the days after {table.dates[-1]} need celestial columns that only "
            f"this table contains: {_first_names(strange)}; "
            "forecast from a date at least data.pred_len rows before its end, or leave the "
            "celestial columns out of the file, so that they are computed."
        )
    return found


def _without(columns: Columns, left_out: np.ndarray) -> Columns:
    kept = np.flatnonzero(~left_out)
    return Columns(tuple(columns.names[i] for i in kept), tuple(columns.slots[i] for i in kept))


def _first_names(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def _round(values: np.ndarray, decimals: int) -> bytes:
    return np.ascontiguousarray(np.round(values, decimals) + 0.0, "<f8").tobytes()
