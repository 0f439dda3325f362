"""Makes the CSV of the verb `forecast`: the tables of one or several forecasts, with their origin.

To the columns of `price_frame` it adds, first, `instrument`, the name of the source; and, last,
`run` and `source`; `made_at`, the time in UTC; and `horizon`, the number of days of the forecast.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd

from pgat_jax.forecasting.forecast import PriceForecast
from pgat_jax.forecasting.price_frame import encode_csv

# The most forecasts of one day in one folder.
MOST_FILES = 10_000


def tabulate_forecasts(forecasts: Sequence[PriceForecast], made_at: datetime) -> pd.DataFrame:
    """Returns the rows of all forecasts, with the columns of this module's docstring.

    Args:
        forecasts: one or more forecasts with the same levels.
        made_at: the time at which they were made.
    """
    return pd.concat([_add_origin(f, made_at) for f in forecasts], ignore_index=True)


def encode_forecasts(forecasts: Sequence[PriceForecast], made_at: datetime) -> bytes:
    """Returns the content of the CSV file of `tabulate_forecasts`.

    Args:
        forecasts: one or more forecasts with the same levels.
        made_at: the time at which they were made.
    """
    return encode_csv(tabulate_forecasts(forecasts, made_at))


def name_instrument(source: str) -> str:
    """Returns the name of a source without its folder and ending.

    Args:
        source: a value of `data.source`.
    """
    return Path(source).stem


def find_free_path(folder: Path, stem: str) -> Path:
    """Returns the first of `STEM.csv`, `STEM-2.csv`, `STEM-3.csv`, ... that does not exist.

    Args:
        folder: the folder.
        stem: the name of the file without its ending.
    """
    names = (f"{stem}.csv" if n == 1 else f"{stem}-{n}.csv" for n in range(1, MOST_FILES))
    return next(folder / name for name in names if not (folder / name).exists())


def _add_origin(forecast: PriceForecast, made_at: datetime) -> pd.DataFrame:
    frame = forecast.frame.copy()
    frame.insert(0, "instrument", name_instrument(forecast.source))
    return frame.assign(
        run=forecast.run,
        source=forecast.source,
        made_at=made_at.isoformat(timespec="seconds"),
        horizon=len(frame),
    )
