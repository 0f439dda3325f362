"""Writes the joined table as a file that `data.source` reads back to the same table."""

import csv
import io
from pathlib import Path

import numpy as np

from pgat_jax.data.columns import PRICES
from pgat_jax.data.on_demand import encode_parquet, require_pyarrow
from pgat_jax.data.table import Table
from pgat_jax.errors import UserError
from pgat_jax.output import write_atomically

SUFFIXES = (".csv", ".parquet")


def check_output(path: Path) -> None:
    """Checks, before any work is done, that a path has a known suffix and lies in a folder.

    Args:
        path: where the table is to be written.

    Raises:
        UserError: the suffix is not .csv or .parquet, the path is a folder, its folder does not
            exist, or pyarrow is missing for .parquet. The text speaks of the flag `--output`.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UserError(f"--output {path}: expected a file name ending in .csv or .parquet.")
    if path.is_dir() or not path.parent.is_dir():
        wrong = path if path.is_dir() else path.parent
        what = "is a folder" if path.is_dir() else "no such folder"
        raise UserError(f"--output {path}: {wrong} {what}: expected a file in an existing folder.")
    if _is_parquet(path):
        require_pyarrow(f"--output {path}", "write a .csv file")


def export(table: Table, path: Path) -> None:
    """Writes the ISO date, four prices and V columns, unscaled, in full float64 precision.

    The file is written whole or not at all, and replaces one that exists.

    Args:
        table: the table.
        path: the file; its suffix gives the format: .csv or .parquet.

    Raises:
        UserError: the path cannot be written.
    """
    check_output(path)
    names = ["date", *PRICES, *table.columns.names]
    values = np.concatenate([table.prices, table.values], axis=1)
    encode = encode_parquet if _is_parquet(path) else _encode_csv
    try:
        write_atomically(path, encode(names, table.dates, values))
    except OSError as error:
        raise UserError(f"--output {path}: cannot be written ({error.strerror}).") from None


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


def _encode_csv(names: list[str], dates: np.ndarray, values: np.ndarray) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([str(d), *row] for d, row in zip(dates, values.tolist()))
    return text.getvalue().encode()
