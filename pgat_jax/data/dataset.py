"""A table with its splits and scaler, and the windows gathered from it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np

from pgat_jax.config import DataConfig
from pgat_jax.data.batch import Batch
from pgat_jax.data.calendar import compute_calendar_features, find_trading_days_after
from pgat_jax.data.columns import Columns
from pgat_jax.data.phases import compute_phases
from pgat_jax.data.scaler import Scaler
from pgat_jax.data.splits import Splits, find_window_rows
from pgat_jax.data.table import Table, extend, take_rows
from pgat_jax.data.windows import DeviceTable, gather
from pgat_jax.errors import UserError

_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_gather = jax.jit(gather, static_argnames="sizes")


@dataclass(frozen=True, eq=False)
class Data:
    """A table, its splits and scaler, and the windows gathered from it.

    Attributes:
        config: the `data` section of the configuration.
        table: all rows, unscaled.
        splits: rows of training, validation and test.
        scaler: statistics of the training rows.
    """

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
        return put_on_device(self.table, self.scaler)

    def windows(self, split: str) -> np.ndarray:
        """Returns the row of the last past day of each window of a split.

        Args:
            split: `train`, `validation` or `test`.

        Raises:
            UserError: there is no such split.
        """
        if split not in Splits._fields:
            raise UserError(f"split {split!r}: expected one of {', '.join(Splits._fields)}.")
        return find_window_rows(getattr(self.splits, split), self.config)

    def batch(self, split: str, indices: Sequence[int] | np.ndarray) -> Batch:
        """Gathers windows of a split.

        Args:
            split: `train`, `validation` or `test`.
            indices: the windows' indices in the split, 0 the earliest.

        Raises:
            UserError: there is no such split or window.
        """
        rows, wanted = self.windows(split), np.asarray(indices, dtype=int).ravel()
        wrong = wanted[(wanted < 0) | (wanted >= len(rows))]
        if wrong.size:
            raise UserError(f"window {wrong[0]} of split {split!r}: expected 0 to {len(rows) - 1}.")
        return _gather(self.device_table, rows[wanted], sizes=self.config.window_sizes)

    def row_at(self, date: str | np.datetime64) -> int:
        """Returns the last row on or before a date.

        Args:
            date: a day, as `YYYY-MM-DD` or `datetime64`.

        Raises:
            UserError: it is not a date, or lies outside the table.
        """
        try:
            if isinstance(date, str) and not _ISO_DATE.fullmatch(date):
                raise ValueError
            day = np.asarray(date, dtype="datetime64[D]")[()]
        except ValueError:
            raise UserError(f"date {date!r}: expected YYYY-MM-DD, e.g. 2018-12-31.") from None
        first, last = self.table.dates[[0, -1]]
        if not first <= day <= last:
            raise UserError(f"date {day}: expected {first} to {last}, the days of the table.")
        return int(np.searchsorted(self.table.dates, day, side="right")) - 1

    def window_at(self, origin: int | str | np.datetime64) -> tuple[Batch, np.ndarray]:
        """Gathers the window of one forecast, which may reach beyond the end of the table.

        Args:
            origin: the last past day: a row, or a date, which means the last row on or before it.

        Returns:
            One window (B = 1), and the P dates that it predicts, `datetime64[D]`. Days after the
            table's end are the trading days of `data.calendar`; their `target` is NaN.

        Raises:
            UserError: there are too few rows up to the origin, or the celestial columns of the
                days to predict are unknown.
        """
        row = int(origin) if isinstance(origin, int | np.integer) else self.row_at(origin)
        sizes = self.config.window_sizes
        self._check_origin(row)
        first, stop = row + 1 - sizes.seq_len, row + sizes.pred_len + 1
        window = take_rows(self._extended_to(stop), first, stop)
        last = jnp.array([sizes.seq_len - 1])
        batch = _gather(put_on_device(window, self.scaler), last, sizes=sizes)
        return batch, window.dates[sizes.seq_len :]

    def _check_origin(self, row: int) -> None:
        days, dates = self.config.seq_len, self.table.dates
        if days <= row + 1 <= len(dates):
            return
        span = f", {dates[days - 1]} to {dates[-1]}" if days <= len(dates) else ""
        raise UserError(
            f"{self.table.source}: a forecast from row {row} needs data.seq_len ({days}) rows up "
            f"to it: expected a row from {days - 1} to {len(dates) - 1}{span}."
        )

    def _extended_to(self, stop: int) -> Table:
        """Returns the table with the days after its end that rows below `stop` need."""
        missing = stop - len(self.table)
        if missing <= 0:
            return self.table
        days = find_trading_days_after(self.table.dates[-1], missing, self.config.calendar)
        return extend(self.table, days)


def put_on_device(table: Table, scaler: Scaler) -> DeviceTable:
    """Puts scaled values, phases and calendar features on the default device as float32.

    Args:
        table: all rows, unscaled.
        scaler: the statistics of the columns.
    """
    return DeviceTable(
        values=jnp.asarray(scaler.scale(table.values), jnp.float32),
        phase=jnp.asarray(compute_phases(table.values, table.columns)),
        calendar=jnp.asarray(compute_calendar_features(table.dates), jnp.float32),
    )
