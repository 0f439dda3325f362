"""Keeps the coverage that a back-test measured, so that a forecast can say how far to trust it.

A record is a small file, found by the digest of what the forecasts depend on besides the rows: the
source and the configuration. A run of the same configuration finds it, also when its table has
grown. The module depends on the configuration and the folders of runs.
"""

import json
from pathlib import Path
from typing import NamedTuple

from pgat_jax.config import Config
from pgat_jax.data.cache import content_key
from pgat_jax.output import write_output
from pgat_jax.storage.folder import ROOT as RUNS

# The folder of all back-tests.
ROOT = RUNS / "backtest"
RECORDS = "coverage"
# Hexadecimal digits of a record's name.
_DIGITS = 20
# What may differ between the run that forecasts and the configuration that was back-tested.
_FREE = {"name": True, "seed": True, "mesh": True, "data": {"test_days"}}


class BandCoverage(NamedTuple):
    """How often the 90% band of the daily return of Close contained the true return.

    Attributes:
        share: the share of true returns in the band.
        days: the number of different days that were forecast.
        period: the name of the days, such as `test days`.
    """

    share: float
    days: int
    period: str = "test days"


def find_record(config: Config, root: Path = ROOT) -> Path:
    """Returns the path of the record of a configuration, which need not exist.

    Args:
        config: the configuration; its name, seed, mesh and `data.test_days` do not matter.
        root: the folder of all back-tests.
    """
    key = content_key(config.model_dump_json(exclude=_FREE).encode())
    return root / RECORDS / f"{key[:_DIGITS]}.json"


def write_record(config: Config, coverage: BandCoverage, root: Path = ROOT) -> None:
    """Writes the record of a configuration, or replaces it.

    Args:
        config: the configuration that was back-tested.
        coverage: what the back-test measured.
        root: the folder of all back-tests.

    Raises:
        UserError: the file cannot be written.
    """
    write_output(find_record(config, root), json.dumps(coverage._asdict()).encode())


def read_record(config: Config, root: Path = ROOT) -> BandCoverage | None:
    """Returns what a back-test of a configuration measured; None without a readable record.

    Args:
        config: the configuration of the run that forecasts.
        root: the folder of all back-tests.
    """
    try:
        return BandCoverage(**json.loads(find_record(config, root).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
