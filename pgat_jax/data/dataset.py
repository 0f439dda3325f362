"""A table with its splits and scaler, and the windows gathered from it."""

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np

from pgat_jax.config import DataConfig
from pgat_jax.data.batch import Batch
from pgat_jax.data.calendar import compute_calendar_features
from pgat_jax.data.columns import LOG_VOLATILITY_FORECAST, TARGETS, Columns
from pgat_jax.data.phases import compute_phases
from pgat_jax.data.residual_units import ResidualUnits, convert_to_residuals
from pgat_jax.data.scaler import Scaler
from pgat_jax.data.splits import Splits, find_window_rows
from pgat_jax.data.table import Table, extend
from pgat_jax.data.trading_days import find_trading_days_after
from pgat_jax.data.windows import DeviceTable, ResidualTargets, gather
from pgat_jax.errors import UserError

_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_gather = jax.jit(gather, static_argnames="sizes")


@dataclass(frozen=True, eq=False)
class Data:
    """A table, its splits and scaler, and the windows gathered from it.

    Attributes:
        config: the `data` section of the configuration; its `calendar` is not `auto`.
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
        """The layout of the V columns that the model sees: the scaler's.

        With `data.volatility` it has two columns more than `table.columns`.
        """
        return self.scaler.columns

    @cached_property
    def device_table(self) -> DeviceTable:
        """The whole table, scaled, on the default device, as `put_on_device` returns it."""
        return put_on_device(self.table, self.scaler, self._units, self.config.calendar)

    def windows(self, split: str) -> np.ndarray:
        """Returns the row of the last past day of each window of a split.

        Args:
            split: `train`, `validation` or `test`.

        Returns:
            [windows] int, increasing; empty if the split has too few rows for a window.

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
            indices: the windows' indices in the split, 0 the earliest; not negative.

        Returns:
            The windows, in the order of `indices`.

        Raises:
            UserError: there is no such split or window.
        """
        rows, wanted = self.windows(split), np.asarray(indices, dtype=int).ravel()
        wrong = wanted[(wanted < 0) | (wanted >= len(rows))]
        if wrong.size:
            raise UserError(f"window {wrong[0]} of split {split!r}: expected 0 to {len(rows) - 1}.")
        return self.gather(rows[wanted])

    def gather(self, rows: np.ndarray) -> Batch:
        """Gathers windows by their rows.

        Args:
            rows: [B] int, the last past day of each window: from `seq_len` - 1 to
                `len(table)` - 1 - `pred_len`. This is not checked.
        """
        return _gather(self.device_table, rows, sizes=self.config.window_sizes)

    def row_at(self, date: str | np.datetime64) -> int:
        """Returns the number of the last row on or before a date.

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
            UserError: there is no such row or date, there are fewer than `seq_len` rows up to the
                origin, or the celestial columns or holidays of the days to predict are unknown.
        """
        row = int(origin) if isinstance(origin, int | np.integer) else self.row_at(origin)
        data = self.extend_to(row)
        return data.gather(np.array([row])), data.find_days_after(row)

    def find_days_after(self, row: int) -> np.ndarray:
        """Returns the dates [P] that a forecast from a row predicts, as `window_at` does.

        Args:
            row: the last past day; the days may lie after the table's end.

        Raises:
            UserError: as `extend_to`.
        """
        return self.extend_to(row).table.dates[row + 1 : row + 1 + self.config.pred_len]

    def extend_to(self, row: int) -> "Data":
        """Returns the data with the days after the table's end that a forecast from a row needs.

        The appended days have NaN for prices and targets. If none is missing, it returns `self`.

        Args:
            row: the last past day of the window.

        Raises:
            UserError: there is no such row, there are fewer than `seq_len` rows up to it, or the
                celestial columns or holidays of the days to predict are unknown.
        """
        self._check_origin(row)
        table = self._extended_to(row + self.config.pred_len + 1)
        return self if table is self.table else dataclasses.replace(self, table=table)

    def compute_target_units(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Computes how the model's units of the targets convert to scaled units.

        A target y in the units of the model is a + b y in scaled units, that is in standard
        deviations of the log returns of the training rows.

        Args:
            rows: [W] the last past day of each window.

        Returns:
            a and b, each [W, P, T]: 0 and 1 without `data.volatility`.
        """
        scaler, count = self.scaler, len(TARGETS)
        if self._units is None:
            shape = (len(rows), self.config.pred_len, count)
            return np.zeros(shape), np.ones(shape)
        volatility = np.exp(self._units.log_forecast[rows])[..., None] / scaler.target_std
        mean, std = scaler.mean[:count], scaler.std[:count]
        return volatility * mean - scaler.target_mean / scaler.target_std, volatility * std

    @cached_property
    def _units(self) -> ResidualUnits | None:
        """The table in residual units; None without `data.volatility`."""
        table, har = self.table, self.scaler.har
        if har is None:
            return None
        return convert_to_residuals(table.values, table.dates, har, self.config.calendar)

    def _check_origin(self, row: int) -> None:
        days, dates = self.config.seq_len, self.table.dates
        if days <= row + 1 <= len(dates):
            return
        if days > len(dates):
            raise UserError(
                f"{self.table.source}: {len(dates)} rows, expected at least {days} (data.seq_len), "
                "which a forecast reads: add earlier rows."
            )
        raise UserError(
            f"{self.table.source}: a forecast from row {row} needs data.seq_len ({days}) rows up "
            f"to it: expected a row from {days - 1} to {len(dates) - 1}, {dates[days - 1]} to "
            f"{dates[-1]}."
        )

    def _extended_to(self, stop: int) -> Table:
        """Returns the table with the days after its end that rows below `stop` need."""
        missing = stop - len(self.table)
        if missing <= 0:
            return self.table
        days = find_trading_days_after(self.table.dates[-1], missing, self.config.calendar)
        return extend(self.table, days)


def put_on_device(
    table: Table, scaler: Scaler, units: ResidualUnits | None, calendar: str
) -> DeviceTable:
    """Puts scaled values, phases and calendar features on the default device as float32.

    Args:
        table: all rows, unscaled.
        scaler: the statistics of the columns.
        units: the same rows in residual units; None without `data.volatility`.
        calendar: the days on which the market trades, for the features of holidays.

    Returns:
        The arrays; `residuals` is None without `units`.
    """
    values, residuals = table.values, None
    if units is not None:
        values, residuals = units.values, _prepare_targets(units.log_forecast, table, scaler)
    return DeviceTable(
        values=jnp.asarray(scaler.scale(values), jnp.float32),
        phase=jnp.asarray(compute_phases(table.values, table.columns)),
        calendar=jnp.asarray(compute_calendar_features(table.dates, calendar), jnp.float32),
        residuals=residuals,
    )


def _prepare_targets(log_forecast: np.ndarray, table: Table, scaler: Scaler) -> ResidualTargets:
    count = len(TARGETS)
    column = scaler.columns.names.index(LOG_VOLATILITY_FORECAST)
    mean, std = scaler.mean, scaler.std
    return ResidualTargets(
        returns=jnp.asarray(table.values[:, :count] / std[:count], jnp.float32),
        shift=jnp.asarray(mean[:count] / std[:count], jnp.float32),
        scale=jnp.asarray(np.exp(-log_forecast), jnp.float32),
        forecast=jnp.asarray((log_forecast - mean[column]) / std[column], jnp.float32),
    )
