"""Reads daily prices that other installed packages contain."""

import csv
import gzip
import hashlib
import io
import logging
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from pgat_jax.data.columns import PRICES
from pgat_jax.data.rows import SourceRows, check_dates, check_prices
from pgat_jax.errors import UserError


@dataclass(frozen=True)
class Wheel:
    """A compressed CSV inside an installed package.

    Attributes:
        package: the package to import.
        path: the file's path inside it.
        sha256: digest of the file with which the documented figures were measured. Another file
            is read with a warning.
        parse_date: converts a date of the file to ISO.
        ticker: the rows to read, if the file contains several tickers.
    """

    package: str
    path: str
    sha256: str
    parse_date: Callable[[str], str]
    ticker: str | None = None


def _american(text: str) -> str:
    month, day, year = text.split("/")
    return f"{year}-{month:0>2}-{day:0>2}"


# Nasdaq Composite 1999-2018 (5,031 days) and IBM 2000-2013 (3,270 days).
WHEELS = {
    "nasdaq": Wheel(
        "arch",
        "data/nasdaq/nasdaq.csv.gz",
        "b2009535343ebb14e0aa11ed086788d2997a416ffe4f9450eed9a561ae30ac59",
        _american,
    ),
    "ibm": Wheel(
        "bokeh_sampledata",
        "_data/stocks.csv.gz",
        "5abadf99b2d394f920120a27de6f0df129859d71d4cfb0bf661bcc99446ab1fd",
        str,
        "IBM",
    ),
}


def read_wheel_bytes(name: str) -> bytes:
    """Reads the compressed file of a built-in source.

    A file that is not the one that was measured is read with a warning.

    Args:
        name: a key of `WHEELS`: `nasdaq` or `ibm`.

    Returns:
        The content of the file, a gzip of CSV text.

    Raises:
        UserError: its package is not installed, or lacks the file.
    """
    wheel = WHEELS[name]
    spec = find_spec(wheel.package)
    if spec is None or spec.origin is None:
        raise UserError(
            f"data.source={name}: the package {wheel.package} is missing: "
            f"pip install {wheel.package}."
        )
    path = Path(spec.origin).parent / wheel.path
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"data.source={name}: {path} cannot be read ({error.strerror}).") from None
    if hashlib.sha256(content).hexdigest() != wheel.sha256:
        logging.getLogger(__name__).warning(
            "data.source=%s: %s is not the file that was measured (its sha256 differs); "
            "figures may differ from the documented ones.",
            name,
            path,
        )
    return content


def read_wheel_rows(name: str, content: bytes) -> SourceRows:
    """Reads the rows of a built-in source.

    Args:
        name: a key of `WHEELS`.
        content: what `read_wheel_bytes` returned for this name.

    Returns:
        The dates and prices of the rows; no other columns.

    Raises:
        UserError: the dates are not increasing, or a price is not positive.
    """
    wheel = WHEELS[name]
    text = io.StringIO(gzip.decompress(content).decode())
    records = [r for r in csv.DictReader(text) if wheel.ticker in (None, r.get("Ticker"))]
    dates = np.array([wheel.parse_date(r["Date"]) for r in records], dtype="datetime64[D]")
    prices = np.array([[float(r[price]) for price in PRICES] for r in records])
    where = f"data.source={name}"
    check_dates(dates, where)
    check_prices(prices, where)
    return SourceRows(dates, prices)
