"""The flags of each verb with their help texts, and the conversion of their values."""

import argparse
import math
from datetime import date
from pathlib import Path

DEFAULT_CONFIG = "recovery"
# Action of the verb `runs` -> the number of runs that it takes.
RUNS_ACTIONS = {"list": 0, "show": 1, "compare": 2, "delete": 1}


def add_config(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of every verb that reads a configuration.

    They are `--config NAME`, `--seed N`, and overrides `key.sub=value` as further arguments. The
    attribute `config` is None without `--config`.

    Args:
        parser: the parser of the verb.
    """
    parser.add_argument(
        "--config",
        metavar="NAME",
        help=f"configs/NAME.yaml or the path of a .yaml file (default {DEFAULT_CONFIG})",
    )
    parser.add_argument("--seed", type=int, metavar="N", help="same as the override seed=N")
    parser.add_argument(
        "overrides",
        nargs="*",
        metavar="key.sub=value",
        help="change a key of the configuration, e.g. train.batch_size=4 data.source=my.csv; "
        "the verb `config` lists them",
    )


def _add_table(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of a verb that reads a configuration and takes users' files by their names."""
    add_config(parser)
    parser.add_argument(
        "--data",
        dest="files",
        action="append",
        metavar="FILE",
        help="CSV or Parquet with dates and prices, as data.source=FILE; the flag may be left out; "
        "`train` takes several, a run each, and writes one CSV of their forecasts",
    )


def add_train(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of the verb `train` to those of `add_config`.

    They are `--minutes`, `--run-name`, `--resume`, `--coordinator`, `--processes` and `--process`.

    Args:
        parser: the parser of the verb.
    """
    _add_table(parser)
    parser.add_argument(
        "--minutes", type=_to_minutes, metavar="M", help="stop each run after M minutes"
    )
    parser.add_argument("--run-name", metavar="NAME", help="name the folder runs/NAME-DATE")
    parser.add_argument(
        "--resume", metavar="RUN", help="continue a run: its folder, or its name under runs/"
    )
    parser.add_argument(
        "--from",
        dest="warm_start",
        metavar="RUN",
        help="start a new run from the parameters of a run, with its configuration",
    )
    _add_quiet(parser)
    several = parser.add_argument_group(
        "several processes (SLURM, Kubernetes and TPU pods need none of these)"
    )
    several.add_argument("--coordinator", metavar="HOST:PORT", help="address of process 0")
    several.add_argument("--processes", type=int, metavar="N", help="number of processes")
    several.add_argument("--process", type=int, metavar="I", help="number of this one, from 0")


def add_evaluate(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of the verb `evaluate`: RUN, `--config` and `--json`.

    Args:
        parser: the parser of the verb.
    """
    _add_run(parser)
    parser.add_argument(
        "--data", metavar="FILE", help="CSV or Parquet with new rows to score, after those seen"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, and nothing else")


def add_forecast(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of the verb `forecast`.

    They are RUN, `--config`, `--data`, `--from` (the attribute `start`), `--quantiles` (a tuple of
    numbers) and `--output` (a path).

    Args:
        parser: the parser of the verb.
    """
    _add_run(parser)
    parser.add_argument(
        "--data",
        action="append",
        metavar="FILE",
        help="CSV or Parquet with rows to forecast from; repeatable, for one CSV of all",
    )
    parser.add_argument(
        "--from",
        dest="start",
        metavar="DATE",
        help="last known day, such as 2018-06-29",
    )
    parser.add_argument(
        "--quantiles",
        type=_to_levels,
        default=(0.05, 0.5, 0.95),
        metavar="LEVELS",
        help="levels between 0 and 1 (default .05,.5,.95)",
    )
    parser.add_argument(
        "--days", type=_to_count, metavar="N", help="days to forecast, at most those of the run"
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print JSON, one line a file, and nothing else; files are written with --output alone",
    )
    parser.add_argument("--output", type=Path, metavar="FILE.csv", help="file for the CSV")


def add_runs(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of the verb `runs`: the action, the runs and `--yes`.

    Args:
        parser: the parser of the verb.
    """
    parser.add_argument(
        "action",
        nargs="?",
        choices=tuple(RUNS_ACTIONS),
        default="list",
        help="list (default), show RUN, compare RUN RUN, or delete RUN",
    )
    parser.add_argument(
        "names", nargs="*", metavar="RUN", help="a run's folder, or its name under runs/"
    )
    parser.add_argument("--yes", action="store_true", help="delete without asking")


def add_report(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of the verb `report`: RUN, `--config` and `--quiet`.

    Args:
        parser: the parser of the verb.
    """
    _add_run(parser)


def add_data(parser: argparse.ArgumentParser) -> None:
    """Adds the flag `--output` (a path) of the verb `data` to those of `add_config`.

    Args:
        parser: the parser of the verb.
    """
    _add_table(parser)
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write the joined table, .csv or .parquet"
    )


def add_bench(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of the verb `bench` to those of `add_config`.

    They are `--json`, `--profile` (a path) and `--target` (a text); of the last two one alone.

    Args:
        parser: the parser of the verb.
    """
    add_config(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, and nothing else")
    one = parser.add_mutually_exclusive_group()
    one.add_argument(
        "--profile",
        type=Path,
        metavar="DIR",
        help="write a trace of three steps there, for TensorBoard, XProf or Perfetto",
    )
    one.add_argument(
        "--target",
        metavar="CHIP",
        help="compile for a chip that is not here, h200, a100, b200, v5e or v5p, and read what the "
        "programs cost; CHIP:8 or v5e:2x2 for several",
    )


def add_check(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of the verb `check` to those of `add_config`.

    They are `--static`, `--allow`, `--fault` and `--without` (each repeatable, a list of names),
    `--json` and `--html` (paths).

    Args:
        parser: the parser of the verb.
    """
    add_config(parser)
    parser.add_argument(
        "--static", action="store_true", help="only what shapes prove: seconds, nothing is run"
    )
    parser.add_argument(
        "--allow",
        type=Path,
        metavar="FILE",
        help="file of accepted findings, a line `pattern verdict reason` for each",
    )
    for flag, text in (
        ("--fault", "impose a fault of pgat_jax/causes besides the configuration's; repeatable"),
        ("--without", "leave out a fault of the configuration; repeatable"),
    ):
        parser.add_argument(flag, action="append", default=[], metavar="NAME", help=text)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the report as one page")


def add_causes(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of the verb `causes` to those of `add_config`.

    They are `--only` (a tuple of texts), `--seeds`, `--quick`, `--list`, `--json` and `--html`
    (paths).

    Args:
        parser: the parser of the verb.
    """
    add_config(parser)
    parser.add_argument(
        "--only",
        type=_to_words,
        default=(),
        metavar="CAUSES",
        help="numbers or parts of titles, such as 3.2,gate; without them the fixes are tried too",
    )
    parser.add_argument(
        "--seeds", type=int, metavar="N", help="seeds of each trial (default 10, or 4 if quick)"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="only the initial parameters, at full size: nothing is trained",
    )
    parser.add_argument("--list", action="store_true", help="show the causes and stop")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures as JSON")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the page")


def add_backtest(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of the verb `backtest` to those of `add_config`.

    They are `--from` and `--to` (the attributes `first` and `last`, dates), `--step`, `--refit`,
    `--baselines-only`, `--untrained`, `--json` and `--html` (a path).

    Args:
        parser: the parser of the verb.
    """
    add_config(parser)
    for flag, name, text in (
        ("--from", "first", "first origin, the last day that a forecast may read"),
        ("--to", "last", "last origin"),
    ):
        parser.add_argument(flag, dest=name, type=_to_date, metavar="DATE", help=text)
    parser.add_argument(
        "--step", type=_to_count, default=1, metavar="N", help="every N-th trading day is an origin"
    )
    parser.add_argument(
        "--refit",
        choices=("never", "yearly"),
        default="never",
        help="fit at the first origin alone (default), or at the first of each year",
    )
    parser.add_argument(
        "--baselines-only", action="store_true", help="leave the model out: nothing is trained"
    )
    parser.add_argument(
        "--untrained", action="store_true", help="score the model as it begins, without training"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, and nothing else")
    parser.add_argument(
        "--html",
        type=Path,
        metavar="FILE",
        help="file of the page (default runs/backtest/NAME.html)",
    )


def add_sky(parser: argparse.ArgumentParser) -> None:
    """Adds the flags `--quick`, `--json` and `--html` of the verb `sky` to those of `add_config`.

    Args:
        parser: the parser of the verb.
    """
    add_config(parser)
    parser.add_argument(
        "--quick", action="store_true", help="test a linear forecaster alone: no network is trained"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, and nothing else")
    parser.add_argument(
        "--html",
        type=Path,
        metavar="FILE",
        help="file of the page (default runs/sky/NAME-SOURCE.html)",
    )


def _add_run(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of every verb that reads a run."""
    parser.add_argument(
        "run",
        nargs="?",
        metavar="RUN",
        help="a run's folder, or its name under runs/ (default: the newest)",
    )
    parser.add_argument("--config", metavar="NAME", help="the newest run of this configuration")
    _add_quiet(parser)


def _add_quiet(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def _to_words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _to_minutes(text: str) -> float:
    minutes = _to_number(text, "a number of minutes above 0")
    if not 0 < minutes < math.inf:
        raise argparse.ArgumentTypeError(f"{text}: expected a number of minutes above 0")
    return minutes


def _to_levels(text: str) -> tuple[float, ...]:
    return tuple(_to_number(part, "levels such as .05,.5,.95") for part in text.split(","))


def _to_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a day such as 2009-01-02") from None


def _to_count(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number above 0")
    return int(text)


def _to_number(text: str, expected: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: expected {expected}") from None
