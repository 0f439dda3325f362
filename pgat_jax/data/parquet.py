"""Reads and writes Parquet by pyarrow, an optional dependency; `on_demand` imports this module."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as arrow
from pyarrow import compute, parquet, types

from pgat_jax.data.rows import MAX_ROWS
from pgat_jax.errors import UserError

# Numbers, times, text, or the name of another type.
Column = Sequence[Any] | np.ndarray


def read(source: str, content: bytes) -> list[tuple[str, Column]]:
    """Reads the columns of a Parquet file; a file with too many rows is not unpacked.

    Args:
        source: the name of the file in errors.
        content: the content of the file.

    Returns:
        The name and the cells of each column. Numbers are float64 with NaN where empty, dates and
        local times `datetime64[us]`, text a list with None where empty; a column of another type is
        the name of the type.

    Raises:
        UserError: it is not a Parquet file, or has too many rows.
    """
    try:
        file = parquet.ParquetFile(arrow.BufferReader(content), page_checksum_verification=True)
        if file.metadata.num_rows <= MAX_ROWS:
            table = file.read()
            columns = [_read_column(column) for column in table.itercolumns()]
            return list(zip(table.column_names, columns))
    except (arrow.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise UserError(f"{source}: not a Parquet file ({reason}).") from None
    raise UserError(f"{source}: {file.metadata.num_rows:,} rows, expected at most {MAX_ROWS:,}.")


def encode(names: Sequence[str], dates: np.ndarray, values: np.ndarray) -> bytes:
    """Returns the content of a Parquet file with checksums of its pages.

    Args:
        names: the names of the columns, that of the dates first.
        dates: [rows] `datetime64[D]`.
        values: [rows, columns - 1] float64.
    """
    columns = [arrow.array(dates.astype("datetime64[D]")), *(arrow.array(v) for v in values.T)]
    sink = arrow.BufferOutputStream()
    table = arrow.table(columns, names=list(names))
    parquet.write_table(table, sink, write_page_checksum=True)
    return sink.getvalue().to_pybytes()


def _read_column(column: Any) -> Column:
    kind = column.type
    if types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return column.to_pylist()
    if types.is_timestamp(kind) and kind.tz is not None:
        column = compute.call_function("local_timestamp", [column])
    if types.is_date(kind) or types.is_timestamp(kind):
        return column.to_numpy().astype("datetime64[us]")
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return column.to_numpy().astype(np.float64)
    return str(kind)
