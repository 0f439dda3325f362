"""Stores the scores of finished years as files, so that no year is computed again.

A file is found by the digest of everything that its scores depend on: the table, the forecaster and
its settings, the code, the fit row and the origins.
"""

import importlib.metadata
from functools import cache
from pathlib import Path

from pgat_jax.backtest.origins import Block
from pgat_jax.data.cache import Arrays, content_key, seal, unseal
from pgat_jax.forecasting.coverage_record import ROOT
from pgat_jax.output import write_output

SCORES = "scores"
LIBRARIES = ("numpy", "scipy", "arch")
# The code that the scores of every forecaster depend on.
SOURCES = (
    "backtest/ewma.py",
    "backtest/fhs.py",
    "backtest/forecasters.py",
    "backtest/gjr.py",
    "backtest/history.py",
    "backtest/joint_forecast.py",
    "backtest/ruler.py",
    "data/har.py",
    "data/volatility.py",
    "forecasting/mixture.py",
    "forecasting/quantile_function.py",
    "forecasting/sample.py",
)


class ScoreStore:
    """A folder of scores, one file for each forecaster and year.

    Attributes:
        root: the folder that contains it, and trained models.
    """

    def __init__(self, root: Path = ROOT):
        """Opens a store.

        Args:
            root: its folder, which need not exist yet.
        """
        self.root = root
        self._scores = root / SCORES

    def read(self, key: str) -> Arrays | None:
        """Returns the arrays stored under a key, or None if there are none or the file is damaged.

        Args:
            key: the digest of `make_key`.
        """
        try:
            return unseal(key, self._path(key).read_bytes())
        except OSError:
            return None

    def write(self, key: str, scores: Arrays) -> None:
        """Stores the scores of a year; the file appears only when it is complete.

        Args:
            key: the digest of `make_key`.
            scores: the scores, name -> array.

        Raises:
            UserError: the file cannot be written.
        """
        write_output(self._path(key), seal(key, scores))

    def _path(self, key: str) -> Path:
        return self._scores / f"{key}.npz"


def make_key(table_hash: str, settings: str, block: Block) -> str:
    """Computes the digest of everything that the scores of a year depend on.

    Args:
        table_hash: the digest of the table.
        settings: the name of the forecaster and all that it depends on besides table and origins.
        block: the fit row and the origins.
    """
    rows = block.rows.astype("<i8").tobytes()
    parts = (table_hash, settings, str(block.fit_row), digest_code())
    return content_key(*(part.encode() for part in parts), rows)


@cache
def digest_code() -> str:
    """Returns the digest of the code and libraries that all scores depend on."""
    return digest_sources(SOURCES, LIBRARIES)


def digest_sources(sources: tuple[str, ...], libraries: tuple[str, ...]) -> str:
    """Returns the SHA-256, in hexadecimal, of the content of code and the versions of libraries.

    Args:
        sources: paths of files and folders, from the folder of the package `pgat_jax`; of a folder
            all Python files count.
        libraries: names of installed distributions.
    """
    root = Path(__file__).parents[1]
    files = [f for s in sources for f in (sorted((root / s).rglob("*.py")) or [root / s])]
    versions = [importlib.metadata.version(name).encode() for name in libraries]
    return content_key(*(file.read_bytes() for file in files), *versions)
