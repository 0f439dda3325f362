"""The verb `data`: prints what the table of a configuration contains."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table as Grid

from pgat_jax.config import Config
from pgat_jax.data.columns import KNOWN, TARGETS, TIME_DELTA
from pgat_jax.data.dataset import Data
from pgat_jax.data.export import check_output, export
from pgat_jax.data.loading import prepare_data
from pgat_jax.data.source import announce, find_table
from pgat_jax.data.splits import Splits
from pgat_jax.data.trading_days import is_trading_day
from pgat_jax.errors import UserError, printable
from pgat_jax.names import BODIES

# The most gaps and dates that are printed.
_SHOWN = 5


def describe(config: Config, output: Path | None = None) -> None:
    """Prints the rows, dates, columns per body, gaps, dropped constants and splits of a table.

    Args:
        config: the configuration; its `data` section names the table.
        output: file for the joined table (.csv or .parquet), written whole or not at all; None
            writes no file.

    Raises:
        UserError: the source is bad or too short, or `output` cannot be written.
    """
    if output is not None:
        check_output(output)
    table = find_table(config.data)
    try:
        data = prepare_data(config.data, table)
    except UserError:
        announce(table)
        raise
    console = Console(highlight=False, markup=False, emoji=False)
    for part in (_heading(data), _columns(data), _gaps(data), _splits(data), _targets(data)):
        console.print(part)
    if output is not None:
        export(data.table, output)
        console.print(printable(f"{len(data.table):,} rows written to {output}"))


def _heading(data: Data) -> Grid:
    table = data.table
    sky = "computed from DE421" if table.computed_sky else "the table's own"
    dropped = f"{len(table.dropped)}: {', '.join(table.dropped)}" if table.dropped else "none"
    grid = _grid("Table", "", "")
    grid.add_row("source", printable(table.source))
    grid.add_row("rows", f"{len(table):,}, {table.dates[0]} to {table.dates[-1]}")
    grid.add_row("columns", f"{len(table.columns.names)} (celestial: {sky})")
    grid.add_row("constant columns left out", dropped)
    grid.add_row("sha256 of the content", table.hash)
    for note in table.notes:
        grid.add_row("note", printable(note))
    for warning in table.warnings:
        grid.add_row("WARNING", printable(warning))
    return grid


def _columns(data: Data) -> Grid:
    grid = _grid("Columns", "of", "number", "names")
    grid.add_row("targets", str(len(TARGETS)), ", ".join(TARGETS))
    grid.add_row("time", "1", TIME_DELTA)
    for slot, body in enumerate(BODIES):
        names = [data.columns.names[i] for i in data.columns.of_body(slot)]
        grid.add_row(body, str(len(names)), "; ".join(_by_prefix(names)) or "none")
    return grid


def _by_prefix(names: list[str]) -> Iterator[str]:
    """Yields texts such as `dyn_Mars_: sin, cos, speed`, one for each shared beginning."""
    parts = [(KNOWN[name.lower()], name) for name in names]
    for prefix, group in groupby(parts, lambda part: part[1].removesuffix(part[0].feature)):
        yield f"{prefix}: {', '.join(column.feature for column, _ in group)}"


def _gaps(data: Data) -> Grid:
    table, calendar = data.table, data.config.calendar
    days = np.arange(table.dates[0], table.dates[-1] + np.timedelta64(1, "D"))
    open_days = days[is_trading_day(days, calendar)]
    missing = np.setdiff1d(open_days, table.dates)
    extra = np.setdiff1d(table.dates, open_days)
    grid = _grid("Gaps", "", "")
    for delta, count in zip(*np.unique(table.values[:, len(TARGETS)], return_counts=True)):
        grid.add_row(f"{delta:g} {'day' if delta == 1 else 'days'} apart", f"{count:,} rows")
    grid.add_row("longest gaps", "; ".join(_longest(data)))
    grid.add_row(f"trading days ({calendar}) without a row", _some(missing))
    grid.add_row(f"rows on other days than {calendar} trading days", _some(extra))
    return grid


def _longest(data: Data) -> Iterator[str]:
    delta = np.diff(data.table.dates).astype(int)
    for i in np.argsort(-delta, kind="stable")[:_SHOWN]:
        yield f"{delta[i]} days to {data.table.dates[i + 1]}"


def _splits(data: Data) -> Grid:
    grid = _grid("Splits", "split", "rows", "first", "last", "windows")
    for name, split in zip(Splits._fields, data.splits):
        first, last = data.table.dates[split.start], data.table.dates[split.stop - 1]
        count = len(data.windows(name))
        grid.add_row(name, f"{split.stop - split.start:,}", str(first), str(last), f"{count:,}")
    return grid


def _targets(data: Data) -> Grid:
    grid = _grid("Targets, training rows", "target", "mean", "standard deviation")
    for name, mean, std in zip(TARGETS, data.scaler.mean, data.scaler.std):
        grid.add_row(name, f"{mean:+.6f}", f"{std:.6f}")
    return grid


def _some(days: np.ndarray) -> str:
    first = ", ".join(map(str, days[:_SHOWN]))
    return f"{len(days):,}" + (f": {first}{', ...' if len(days) > _SHOWN else ''}" if first else "")


def _grid(title: str, *headings: str) -> Grid:
    grid = Grid(title=title, title_justify="left", show_header=any(headings), box=None)
    for heading in headings:
        grid.add_column(heading, overflow="fold")
    return grid
