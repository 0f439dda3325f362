"""Reads and writes Parquet by pyarrow, an optional dependency; `on_demand` imports this module."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as arrow
from pyarrow import parquet, types

from pgat_jax.data.cells import MAX_ROWS, Cells, check_header
from pgat_jax.errors import UserError


def read(source: str, content: bytes) -> Cells:
    """Reads the columns of a Parquet file.

    A file with more than `MAX_ROWS` rows is not unpacked: the result has all `lines`, and no
    columns.

    Args:
        source: the name of the file in errors.
        content: the content of the file.

    Raises:
        UserError: it is not a Parquet file, a header name is bad, a number is missing, or a column
            has another type than numbers, dates or text.
    """
    try:
        file = parquet.ParquetFile(arrow.BufferReader(content), page_checksum_verification=True)
        if file.metadata.num_rows > MAX_ROWS:
            return Cells(source, {}, range(file.metadata.num_rows))
        table = file.read()
        header = check_header(source, table.column_names)
        cells = {name: _cells(source, name, table.column(i)) for i, name in enumerate(header)}
    except (arrow.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise UserError(f"{source}: not a Parquet file ({reason}).") from None
    return Cells(source, cells, range(1, table.num_rows + 1))


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


def _cells(source: str, name: str, column: Any) -> Sequence[Any] | np.ndarray:
    kind = column.type
    if types.is_string(kind) or types.is_large_string(kind):
        return column.to_pylist()
    if types.is_date(kind) or types.is_timestamp(kind):
        return column.to_numpy().astype("datetime64[us]")
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        if column.null_count:
            row = int(np.flatnonzero(column.is_null().to_numpy())[0]) + 1
            raise UserError(f"{source}, row {row}, column {name!r}: is empty, expected a number.")
        return column.to_numpy().astype(np.float64)
    raise UserError(f"{source}, column {name!r}: got type {kind}, expected numbers, dates or text.")
