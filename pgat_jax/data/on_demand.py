"""Loads modules only when their functions are called: skyfield and the optional pyarrow.

A table that is in the cache, or a CSV file, needs neither.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from pgat_jax.errors import UserError

if TYPE_CHECKING:
    from pgat_jax.data.cells import Cells


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


def read_parquet(source: str, content: bytes) -> "Cells":
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
