"""The joined table as a file that ``data.source`` reads back to the same table."""

import csv
import io
from pathlib import Path

import numpy as np

from pgat_jax.data.columns import PRICES
from pgat_jax.data.reading import SUFFIXES
from pgat_jax.data.table import Table
from pgat_jax.errors import UserError
from pgat_jax.output import write_atomically


def check_output(path: Path) -> None:
    """Refuse, before any work, a path that cannot be written.

    Raises:
        UserError: another suffix than .csv or .parquet, no such folder, or no pyarrow.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UserError(f"--output {path}: expected a file name ending in .csv or .parquet.")
    if path.is_dir() or not path.parent.is_dir():
        wrong = path if path.is_dir() else path.parent
        what = "is a folder" if path.is_dir() else "no such folder"
        raise UserError(f"--output {path}: {wrong} {what}: expected a file in an existing folder.")
    if path.suffix.lower() == ".parquet":
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            raise UserError(
                f"--output {path}: Parquet needs the package pyarrow: pip install "
                "'pgat_jax[parquet]', or write a .csv file."
            ) from None


def export(table: Table, path: Path) -> None:
    """Write the ISO date, four prices and V columns, unscaled, in full float64 precision.

    The file is written whole or not at all.

    Raises:
        UserError: the path cannot be written.
    """
    check_output(path)
    names = ["date", *PRICES, *table.columns.names]
    values = np.concatenate([table.prices, table.values], axis=1)
    encode = _parquet if path.suffix.lower() == ".parquet" else _csv
    try:
        write_atomically(path, encode(names, table.dates, values))
    except OSError as error:
        raise UserError(f"--output {path}: cannot be written ({error.strerror}).") from None


def _csv(names: list[str], dates: np.ndarray, values: np.ndarray) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([str(d), *row] for d, row in zip(dates, values.tolist()))
    return text.getvalue().encode()


def _parquet(names: list[str], dates: np.ndarray, values: np.ndarray) -> bytes:
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    columns = [arrow.array(dates.astype("datetime64[D]")), *(arrow.array(v) for v in values.T)]
    sink = arrow.BufferOutputStream()
    parquet.write_table(arrow.table(columns, names=names), sink, write_page_checksum=True)
    return sink.getvalue().to_pybytes()
