"""The flags of each verb, with their help; and the words they take."""

import argparse
from pathlib import Path

DEFAULT_CONFIG = "recovery"


def config(parser: argparse.ArgumentParser) -> None:
    """Of verbs that read a configuration."""
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
        "`run.py config` lists them",
    )


def train(parser: argparse.ArgumentParser) -> None:
    """Of a training session."""
    config(parser)
    parser.add_argument("--minutes", type=_minutes, metavar="M", help="stop after M minutes")
    parser.add_argument("--run-name", metavar="NAME", help="name the folder runs/NAME-DATE")
    parser.add_argument(
        "--resume", metavar="RUN", help="go on with a run: its folder, or its name under runs/"
    )
    several = parser.add_argument_group("several processes (SLURM, Kubernetes, TPU pods: none)")
    several.add_argument("--coordinator", metavar="HOST:PORT", help="address of process 0")
    several.add_argument("--processes", type=int, metavar="N", help="how many there are")
    several.add_argument("--process", type=int, metavar="I", help="which this one is, from 0")


def run(parser: argparse.ArgumentParser) -> None:
    """Of verbs that read a run."""
    parser.add_argument(
        "run",
        nargs="?",
        metavar="RUN",
        help="a run's folder, or its name under runs/ (default: the newest)",
    )
    parser.add_argument("--config", metavar="NAME", help="the newest run of this configuration")


def evaluate(parser: argparse.ArgumentParser) -> None:
    """Of `evaluate`."""
    run(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, and nothing else")


def forecast(parser: argparse.ArgumentParser) -> None:
    """Of `forecast`."""
    run(parser)
    parser.add_argument("--data", metavar="FILE", help="CSV or Parquet with rows to forecast from")
    parser.add_argument(
        "--from",
        dest="start",
        metavar="DATE",
        help="last known day, such as 2018-06-29",
    )
    parser.add_argument(
        "--quantiles",
        type=_quantiles,
        default=(0.05, 0.5, 0.95),
        metavar="LEVELS",
        help="levels between 0 and 1 (default .05,.5,.95)",
    )
    parser.add_argument("--output", type=Path, metavar="FILE.csv", help="where the CSV goes")


def data(parser: argparse.ArgumentParser) -> None:
    """Of `data`."""
    config(parser)
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write the joined table, .csv or .parquet"
    )


def bench(parser: argparse.ArgumentParser) -> None:
    """Of `bench`."""
    config(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, and nothing else")
    parser.add_argument(
        "--profile",
        type=Path,
        metavar="DIR",
        help="write a trace of three steps there, for TensorBoard, XProf or Perfetto",
    )


def check(parser: argparse.ArgumentParser) -> None:
    """Of `check`."""
    config(parser)
    parser.add_argument(
        "--static", action="store_true", help="only what shapes prove; seconds, nothing is run"
    )
    parser.add_argument(
        "--allow", type=Path, metavar="FILE", help="a line `pattern verdict reason` for each excuse"
    )
    for flag, text in (
        ("--fault", "impose a fault of pgat_jax/causes besides the configuration's; repeatable"),
        ("--without", "leave out a fault of the configuration; repeatable"),
    ):
        parser.add_argument(flag, action="append", default=[], metavar="NAME", help=text)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the report as one page")


def causes(parser: argparse.ArgumentParser) -> None:
    """Of `causes`."""
    config(parser)
    parser.add_argument(
        "--only",
        type=_words,
        default=(),
        metavar="CAUSES",
        help="numbers or parts of titles, such as 3.2,gate; without them the fixes are tried too",
    )
    parser.add_argument(
        "--seeds", type=int, metavar="N", help="seeds of each trial (default 10, or 4 if quick)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="the start alone, at full size: nothing is trained"
    )
    parser.add_argument("--list", action="store_true", help="show the causes and stop")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures as JSON")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the page")


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _minutes(text: str) -> float:
    minutes = float(text)
    if not 0 < minutes < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: expected a number above 0")
    return minutes


def _quantiles(text: str) -> tuple[float, ...]:
    return tuple(float(level) for level in text.split(","))


_quantiles.__name__ = "list of levels"
_minutes.__name__ = "number of minutes"
