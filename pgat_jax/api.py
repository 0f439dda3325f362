"""The calls of Python: `train`, `load_run`, `runs` and the class `Run`.

The command line does nothing else than these. It stands above all other packages.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from pgat_jax.backtest.command import Request, make_backtest
from pgat_jax.backtest.origins import Refit
from pgat_jax.config import Config
from pgat_jax.config_file import load_config, override_config
from pgat_jax.data.frame import FRAME, load_frame
from pgat_jax.data.table import Table
from pgat_jax.forecasting.evaluate import score_new_rows, score_run
from pgat_jax.forecasting.forecast import PriceForecast, make_forecast
from pgat_jax.forecasting.new_rows import load_new_rows
from pgat_jax.forecasting.request import LEVELS, ForecastRequest, check_levels
from pgat_jax.forecasting.score_frame import tabulate_splits
from pgat_jax.pages.run_card import write_card
from pgat_jax.pages.run_pages import renew_page
from pgat_jax.progress import Reporter, silence
from pgat_jax.storage.deletion import delete_run
from pgat_jax.storage.folder import CONFIG, ROOT, find_recipe, find_run
from pgat_jax.storage.loaded_run import LoadedRun
from pgat_jax.storage.loaded_run import load_run as load_checkpoint
from pgat_jax.storage.summary import RunSummary, compare_runs, summarise_run, summarise_runs
from pgat_jax.training.train import train as train_run

# Rows of prices: a table in memory, or the path of a CSV or Parquet file.
Rows = pd.DataFrame | str | Path


@dataclass(frozen=True)
class Run:
    """A trained run. `train` and `load_run` return it; in a notebook it shows itself as a card.

    Attributes:
        path: the folder of the run, which is all that its methods need.
        quiet: whether its methods show no progress.
    """

    path: Path
    quiet: bool = False

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.path.resolve().name

    @property
    def config(self) -> Config:
        """The configuration of the run."""
        return load_config(self.path / CONFIG)

    @property
    def summary(self) -> RunSummary:
        """The facts that `runs` lists."""
        return summarise_run(self.path)

    @cached_property
    def loaded(self) -> LoadedRun:
        """The model with the parameters of the best checkpoint, read once."""
        return load_checkpoint(self.path)

    def forecast(
        self,
        df: Rows | None = None,
        days: int | None = None,
        quantiles: tuple[float, ...] = LEVELS,
        start: str | None = None,
    ) -> pd.DataFrame:
        """Forecasts the trading days after the last known day, in prices.

        Args:
            df: rows to forecast from, as `forecast_prices` takes them.
            days: the number of days; by default all that the run forecasts.
            quantiles: levels of the quantiles, between 0 and 1.
            start: the last known day, as YYYY-MM-DD; the last day of the rows by default.

        Returns:
            One row for each day, with its date as index. For each price, such as `Close`, there are
            the columns `Close_forecast` and `Close_q0.05`, ...; and `Close`, the actual price, if
            it is known. `attrs` has the `origin`, its `last_close`, the `run` and the `source`, and
            the sentence `trust`.

        Raises:
            UserError: the rows, the day or the number of days cannot be used.
        """
        return tabulate_forecast(self.forecast_prices(df, days, quantiles, start))

    def forecast_prices(
        self,
        df: Rows | None = None,
        days: int | None = None,
        quantiles: tuple[float, ...] = LEVELS,
        start: str | None = None,
    ) -> PriceForecast:
        """Forecasts as `forecast`, with the days before and the sentence about trust.

        Args:
            df: rows to forecast from: a DataFrame with a date and four prices, or a file. If they
                begin within the run's own table, its earlier rows come before them. By default the
                run's own table.
            days: as for `forecast`.
            quantiles: as for `forecast`.
            start: as for `forecast`.

        Raises:
            UserError: as `forecast`.
        """
        with silence(self.quiet):
            request = ForecastRequest(_read(df, self.config), start, check_levels(quantiles), days)
            return make_forecast(self.loaded, request, Reporter().say)

    def evaluate(self, df: Rows | None = None) -> pd.DataFrame:
        """Scores the run beside three baselines on the same days.

        Args:
            df: rows to score: the days that the run saw neither in training nor in validation. By
                default the validation and the test split of the run's own table.

        Returns:
            One row for each split and forecaster, with the losses in scaled units, the share of
            days on which the sign of Close is right, and the coverage of three intervals.

        Raises:
            UserError: the rows cannot be used, or have too few new days.
        """
        return tabulate_splits(self.score(df))

    def score(self, df: Rows | None = None) -> dict[str, Any]:
        """Returns the scores as plain values; without rows they are written to `scores.json`.

        Args:
            df: as for `evaluate`.

        Raises:
            UserError: as `evaluate`.
        """
        new = _read(df, self.config)
        with silence(self.quiet):
            if new is None:
                return score_run(self.loaded)
            return score_new_rows(self.loaded, load_new_rows(self.loaded, new, Reporter().say))

    def backtest(
        self,
        first: date | None = None,
        last: date | None = None,
        step: int = 1,
        refit: Refit = "never",
        baselines_only: bool = False,
    ) -> pd.DataFrame:
        """Trains the run's configuration anew on the past and scores years of daily forecasts.

        Args:
            first: the first origin, the last day that a forecast may read.
            last: the last origin.
            step: every `step`-th trading day is an origin.
            refit: `never` fits at the first origin alone, `yearly` at the first of each year.
            baselines_only: whether the model is left out, so that nothing is trained.

        Returns:
            One row for each forecaster: the `skill` in percent of the CRPS of the last 250 days'
            distribution, its 95% interval `low` to `high`, and the `coverage` of the 90% interval
            of Close in percent. `attrs` has the path of the `page`.

        Raises:
            UserError: there is no origin.
        """
        request = Request(first, last, step, refit, baselines_only)
        with silence(self.quiet):
            report, page = make_backtest(self.config, request, table=self.loaded.data.table)
        frame = pd.DataFrame(
            {
                name: {key: result["skill"]["pooled"][key] for key in ("value", "low", "high")}
                | {"coverage": result["coverage"]["90%"]["Close"]}
                for name, result in report["forecasters"].items()
            }
        ).T.rename(columns={"value": "skill"})
        frame.attrs["page"] = str(page)
        return frame

    def report(self) -> Path:
        """Draws the pictures and writes `report.html` anew; returns its path.

        Raises:
            UserError: a file cannot be written.
        """
        with silence(self.quiet):
            return renew_page(self.loaded, Reporter().say)

    def compare(self, other: "Run") -> pd.DataFrame:
        """Returns the facts of two runs and the keys in which their configurations differ.

        Args:
            other: the other run.

        Returns:
            One row for each fact and key, one column for each run.
        """
        rows = compare_runs(self.path, other.path)
        return pd.DataFrame.from_dict(rows, orient="index", columns=[self.name, other.name])

    def delete(self) -> list[str]:
        """Deletes the run's folder.

        Returns:
            The names of what stays in the folder, because no program of this package wrote it.

        Raises:
            UserError: it is not the folder of a run, or a process is training the run.
        """
        return delete_run(self.path)

    def _repr_html_(self) -> str:
        return write_card(self.path)


def train(
    source: Rows | None = None,
    config: str | Path | Config | None = None,
    *,
    run_name: str | None = None,
    minutes: float | None = None,
    resume: str | Path | Run | None = None,
    warm_start: str | Path | Run | None = None,
    quiet: bool = False,
    started: float | None = None,
    **overrides: Any,
) -> Run:
    """Trains a run, and writes its scores, forecasts, pictures and page.

    Interrupting the kernel, or Ctrl-C, saves the run and raises `Interrupted`; `resume` continues.

    Args:
        source: rows to train on: a DataFrame with a date and four prices, `nasdaq`, `ibm`, or a
            file. By default `data.source` of the configuration.
        config: a name in `configs/`, a YAML file, or a configuration. By default that of the run to
            continue or to start from, else `recovery`.
        run_name: names the folder `runs/NAME-DATE`; by default the configuration's name.
        minutes: minutes after which training stops.
        resume: a run to continue, on its own table.
        warm_start: a run from whose parameters the new run starts; its scaler is not kept.
        quiet: whether no progress is shown.
        started: `time.monotonic()` from which the minutes count; by default now.
        **overrides: keys of the configuration by their last word, such as `epochs=3`, or whole, as
            in `**{"mesh.data": 2}`.

    Returns:
        The run.

    Raises:
        UserError: the configuration, the rows or the run cannot be used; one sentence says why.
        Interrupted: a signal came; everything is saved.
    """
    resume, warm_start = (r.path if isinstance(r, Run) else r for r in (resume, warm_start))
    config = find_recipe(resume or warm_start) if config is None else config
    config = config if isinstance(config, Config) else load_config(config)
    table = _read(source, config)
    if source is not None:
        overrides["data.source"] = FRAME if isinstance(table, Table) else str(table)
    config = override_config(config, overrides)
    with silence(quiet):
        path = train_run(
            config,
            run_name,
            resume,
            minutes,
            started,
            warm_start=warm_start,
            table=table if isinstance(table, Table) else None,
        )
    return Run(path, quiet)


def load_run(path: str | Path, *, quiet: bool = False) -> Run:
    """Returns a run that was trained before.

    Args:
        path: its folder, or its name under `runs/`.
        quiet: whether its methods show no progress.

    Raises:
        UserError: there is no such run; the message names the most similar one.
    """
    return Run(find_run(path), quiet)


def runs(root: str | Path = ROOT) -> pd.DataFrame:
    """Lists all runs, the newest first.

    Args:
        root: the folder of all runs.

    Returns:
        One row for each run, with its name as index and the columns of `RunSummary`.
    """
    frame = pd.DataFrame(summarise_runs(Path(root)), columns=list(RunSummary._fields))
    return frame.set_index("run")


def tabulate_forecast(forecast: PriceForecast) -> pd.DataFrame:
    """Returns a forecast as a table by date, as `Run.forecast` does.

    Args:
        forecast: the forecast.
    """
    head = forecast.frame[["origin", "last_close"]].iloc[0].to_dict()
    frame = forecast.frame.drop(columns=["origin", "last_close", "day"]).dropna(axis=1, how="all")
    frame = frame.assign(date=pd.to_datetime(frame["date"])).set_index("date")
    frame.attrs = head | {key: getattr(forecast, key) for key in ("run", "source", "trust")}
    return frame


def _read(rows: Rows | None, config: Config) -> str | Table | None:
    """Returns the table of a DataFrame, and anything else as it is."""
    if isinstance(rows, pd.DataFrame):
        return load_frame(rows, config.data)
    return None if rows is None else str(rows)
