"""Loads modules when their functions are called: skyfield, pandas, calendars, optional pyarrow.

A table that is in the cache, with New York's calendar, needs none of them.
"""

import io
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

from pgat_jax.errors import UserError


def compute_sky(dates: np.ndarray) -> dict[str, np.ndarray]:
    """Computes the 113 celestial columns, as `sky.compute_celestial_columns`.

    Args:
        dates: [days] `datetime64[D]`.

    Returns:
        Column name -> [days] float64, unscaled.

    Raises:
        UserError: a date lies outside the ephemeris.
    """
    from pgat_jax.data import sky

    return sky.compute_celestial_columns(dates)


def resolve_exchange(name: str) -> tuple[str | None, list[str]]:
    """Returns the code of an exchange, and all codes, as `exchanges.resolve_exchange`.

    Args:
        name: a code or an alias, in upper or lower case.
    """
    from pgat_jax.data import exchanges

    return exchanges.resolve_exchange(name)


def find_sessions(
    code: str, first: np.datetime64, last: np.datetime64
) -> tuple[np.ndarray, np.datetime64, np.datetime64]:
    """Returns the days on which an exchange trades, as `exchanges.find_sessions`.

    Args:
        code: the code of the exchange.
        first: the first date.
        last: the last date.

    Returns:
        The days, `datetime64[D]`, increasing; the first and the last date that are known.

    Raises:
        UserError: the days of the exchange cannot be computed.
    """
    from pgat_jax.data import exchanges

    return exchanges.find_sessions(code, first, last)


def read_csv(text: str, separator: str, width: int) -> np.ndarray:
    """Reads all cells of a text by `pandas.read_csv`, empty lines and header included.

    Args:
        text: the text.
        separator: the character between cells.
        width: the number of columns; at least the largest number of cells of a line.

    Returns:
        [lines, width] strings; empty where a line has no cell.

    Raises:
        ValueError: pandas cannot read it.
    """
    import pandas as pd

    frame = pd.read_csv(
        io.StringIO(text),
        sep=separator,
        header=None,
        names=range(width),
        index_col=False,
        dtype=object,
        na_filter=False,
        skip_blank_lines=False,
        skipinitialspace=True,
    )
    return frame.to_numpy()


def read_parquet(source: str, content: bytes) -> list[tuple[str, Sequence[Any] | np.ndarray]]:
    """Reads the columns of a Parquet file, as `parquet.read`.

    Args:
        source: the name of the file in errors.
        content: the content of the file.

    Raises:
        UserError: pyarrow is missing, or as `parquet.read`.
    """
    require_pyarrow(source, "give a CSV file")
    from pgat_jax.data import parquet

    return parquet.read(source, content)


def encode_parquet(names: Sequence[str], dates: np.ndarray, values: np.ndarray) -> bytes:
    """Returns the content of a Parquet file, as `parquet.encode`. It needs pyarrow.

    Args:
        names: the names of the columns, that of the dates first.
        dates: [rows] `datetime64[D]`.
        values: [rows, columns - 1] float64.
    """
    from pgat_jax.data import parquet

    return parquet.encode(names, dates, values)


def require_pyarrow(where: str, alternative: str) -> None:
    """Raises an error if pyarrow, which reads and writes Parquet, is not installed.

    Args:
        where: the file or flag, for the error.
        alternative: what the user can do without pyarrow, as an imperative.

    Raises:
        UserError: pyarrow is missing.
    """
    if find_spec("pyarrow") is None:
        raise UserError(
            f"{where}: Parquet needs the package pyarrow: pip install 'pgat_jax[parquet]', or "
            f"{alternative}."
        )
