"""``load_data``: from a configuration to windows on the device."""

import importlib.metadata
import json
import logging
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from pgat_jax.config import Config, DataConfig
from pgat_jax.data.batch import Batch
from pgat_jax.data.cache import Arrays, cached, content_key
from pgat_jax.data.calendar import calendar_features, trading_days_after
from pgat_jax.data.columns import Columns, computed_columns
from pgat_jax.data.phases import phases
from pgat_jax.data.prices import WHEELS, wheel_bytes, wheel_rows
from pgat_jax.data.reading import read_bytes, read_cells
from pgat_jax.data.scaler import Scaler, fit
from pgat_jax.data.splits import Splits, check_enough, split_rows, window_rows
from pgat_jax.data.table import Table, drop_constant, extend, join, part, select
from pgat_jax.data.user_table import user_rows
from pgat_jax.data.windows import DeviceTable, gather
from pgat_jax.errors import UserError

_gather = jax.jit(gather, static_argnames=("seq_len", "label_len", "pred_len"))


@dataclass(frozen=True, eq=False)
class Data:
    """A table, its splits and scaler, and the windows gathered from it."""

    config: DataConfig
    table: Table
    splits: Splits
    scaler: Scaler

    @property
    def columns(self) -> Columns:
        """The layout of the V columns."""
        return self.table.columns

    @cached_property
    def device_table(self) -> DeviceTable:
        """The whole table on the device."""
        return to_device(self.table, self.scaler)

    def windows(self, split: str) -> np.ndarray:
        """Rows of the last past day of each window of ``train``, ``validation`` or ``test``.

        Raises:
            UserError: there is no such split.
        """
        if split not in Splits._fields:
            raise UserError(f"split {split!r}: expected one of {', '.join(Splits._fields)}.")
        return window_rows(getattr(self.splits, split), self.config)

    def batch(self, split: str, indices: Sequence[int] | np.ndarray) -> Batch:
        """The windows of a split with the given indices, 0 the earliest.

        Raises:
            UserError: there is no such split or window.
        """
        rows, wanted = self.windows(split), np.asarray(indices, dtype=int).ravel()
        wrong = wanted[(wanted < 0) | (wanted >= len(rows))]
        if wrong.size:
            raise UserError(f"window {wrong[0]} of split {split!r}: expected 0 to {len(rows) - 1}.")
        return _gather(self.device_table, rows[wanted], **self._sizes)

    def row_at(self, date: str | np.datetime64) -> int:
        """The last row on or before a date.

        Raises:
            UserError: not a date, or outside the table.
        """
        try:
            if isinstance(date, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d", date, re.ASCII):
                raise ValueError
            day = np.asarray(date, dtype="datetime64[D]")[()]
        except ValueError:
            raise UserError(f"date {date!r}: expected YYYY-MM-DD, e.g. 2018-12-31.") from None
        first, last = self.table.dates[[0, -1]]
        if not first <= day <= last:
            raise UserError(f"date {day}: expected {first} to {last}, the days of the table.")
        return int(np.searchsorted(self.table.dates, day, side="right")) - 1

    def window_at(self, origin: int | str | np.datetime64) -> tuple[Batch, np.ndarray]:
        """One window (B = 1) whose last past day is a row, or the last row on or before a date.

        Returns it with the P dates it predicts, ``datetime64[D]``. Days after the table's end are
        the trading days of ``data.calendar``; ``target`` is NaN there.

        Raises:
            UserError: too few rows up to the origin, or the sky of the days to come is unknown.
        """
        row = int(origin) if isinstance(origin, int | np.integer) else self.row_at(origin)
        if not self.config.seq_len <= row + 1 <= len(self.table):
            raise UserError(
                f"{self.table.source}: a forecast from row {row} needs data.seq_len "
                f"({self.config.seq_len}) rows up to it: expected a row from "
                f"{self.config.seq_len - 1} to {len(self.table) - 1}"
                f"{self._span(self.config.seq_len - 1)}."
            )
        table = self._reaching(row + self.config.pred_len + 1)
        window = part(table, row + 1 - self.config.seq_len, row + self.config.pred_len + 1)
        last = jnp.array([self.config.seq_len - 1])
        batch = _gather(to_device(window, self.scaler), last, **self._sizes)
        return batch, window.dates[self.config.seq_len :]

    @property
    def _sizes(self) -> dict[str, int]:
        return {key: getattr(self.config, key) for key in ("seq_len", "label_len", "pred_len")}

    def _span(self, row: int) -> str:
        if row >= len(self.table):
            return ""
        return f", {self.table.dates[row]} to {self.table.dates[-1]}"

    def _reaching(self, stop: int) -> Table:
        """The table, with days to come up to row ``stop``."""
        missing = stop - len(self.table)
        if missing <= 0:
            return self.table
        days = trading_days_after(self.table.dates[-1], missing, self.config.calendar)
        return extend(self.table, days)


def load_data(config: Config, scaler: Scaler | None = None) -> Data:
    """The table of ``config.data.source``, split, scaled and ready to gather.

    With the ``scaler`` of a run, the table may be one that the run never saw: it takes that run's
    columns by name and its statistics, and needs only the rows of one window's past.

    Raises:
        UserError: the source is missing or bad, or too short.
    """
    table = load_table(config.data)
    splits = split_rows(len(table), config.data)
    if scaler is not None:
        return Data(config.data, select(table, scaler.columns), splits, scaler)
    check_enough(len(table), config.data, table.source)
    train = slice(*splits.train)
    if not config.data.keep_constant:
        table = drop_constant(table, train)
        _say_dropped(table)
    return Data(config.data, table, splits, fit(table.values[train], table.columns))


def load_columns(config: Config) -> Columns:
    """The layout of the table; for a built-in source no table is built.

    Raises:
        UserError: as ``load_data``.
    """
    if config.data.source in WHEELS:
        return computed_columns()
    return load_data(config).columns


def load_table(config: DataConfig) -> Table:
    """All rows and columns of the source, from the cache where its content is known.

    Raises:
        UserError: the source is missing or bad.
    """
    source = config.source
    content = wheel_bytes(source) if source in WHEELS else read_bytes(source)
    kind = source if source in WHEELS else Path(source).suffix.lower()
    key = content_key(kind.encode(), content, code_version())
    return _unpack(cached(key, lambda: _pack(_build(source, content))), source)


def to_device(table: Table, scaler: Scaler) -> DeviceTable:
    """Scaled values, phases and calendar as float32 arrays of the default device."""
    return DeviceTable(
        values=jnp.asarray(scaler.scale(table.values), jnp.float32),
        phase=jnp.asarray(phases(table.values, table.columns)),
        calendar=jnp.asarray(calendar_features(table.dates), jnp.float32),
    )


def code_version() -> bytes:
    """Digest of what a table's content depends on besides its source."""
    modules = sorted(Path(__file__).parent.glob("*.py"))
    versions = [importlib.metadata.version(name) for name in ("skyfield", "skyfield-data")]
    return content_key(*(m.read_bytes() for m in modules), *(v.encode() for v in versions)).encode()


def _say_dropped(table: Table) -> None:
    if table.dropped:
        logging.getLogger(__name__).warning(
            "%s: %d columns never change in the training rows, and are left out "
            "(data.keep_constant=true keeps them): %s.",
            table.source,
            len(table.dropped),
            ", ".join(table.dropped),
        )


def _build(source: str, content: bytes) -> Table:
    print(f"building the table of {source}, once", file=sys.stderr, flush=True)
    known = source in WHEELS
    rows = wheel_rows(source, content) if known else user_rows(read_cells(source, content))
    if len(rows.dates) < 2:
        raise UserError(f"{source}: one row, expected at least data.seq_len + data.pred_len.")
    return join(rows, source)


def _pack(table: Table) -> Arrays:
    text = {
        "names": table.columns.names,
        "slots": table.columns.slots,
        "computed_sky": table.computed_sky,
        "notes": table.notes,
    }
    return {
        "dates": table.dates.astype("<i8"),
        "prices": table.prices,
        "values": table.values,
        "text": np.frombuffer(json.dumps(text).encode(), np.uint8),
    }


def _unpack(arrays: Arrays, source: str) -> Table:
    text = json.loads(arrays["text"].tobytes())
    return Table(
        source,
        arrays["dates"].astype("datetime64[D]"),
        arrays["prices"],
        arrays["values"],
        Columns(tuple(text["names"]), tuple(text["slots"])),
        text["computed_sky"],
        tuple(text["notes"]),
    )
