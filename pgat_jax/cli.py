"""The command line: verbs, flags and what they call. Heavy imports wait until they are needed."""

import argparse
import difflib
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from pgat_jax.errors import UserError

STARTED = time.monotonic()
DEFAULT_CONFIG = "recovery"
HELP = """Forecast daily Open, High, Low and Close from prices and the sky.

usage: python run.py [VERB] [flags] [key.sub=value ...]

verbs:
{verbs}

Without a verb, `train` is meant. `python run.py VERB --help` explains a verb.
Keys of a configuration are changed in place: `data.source=FILE train.batch_size=4`.

first steps:
  python run.py --config laptop                  train a small model, minutes on two cores
  python run.py --config recovery --minutes 10   train the full model for ten minutes
  python run.py evaluate                         scores of the newest run beside baselines
  python run.py forecast                         the next trading days, in prices"""


class Verb(NamedTuple):
    """One verb: what it says of itself, its flags, and what it does."""

    summary: str
    examples: tuple[str, ...]
    flags: Callable[[argparse.ArgumentParser], None]
    act: Callable[[argparse.Namespace], int | None]
    """Does it; returns the exit status, where it is not 0."""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 done, 1 a check failed, 2 bad input, 130 or 143 a signal."""
    sys.exit(run(sys.argv[1:] if argv is None else list(argv)))


def run(argv: list[str]) -> int:
    """Run the command line; returns the exit status."""
    try:
        return _dispatch(argv)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _dispatch(argv: list[str]) -> int:
    if argv and argv[0] in ("-h", "--help", "help"):
        width = max(map(len, VERBS))
        verbs = "\n".join(f"  {name:<{width}}  {verb.summary}" for name, verb in VERBS.items())
        print(HELP.format(verbs=verbs))
        return 0
    verb, rest = _split_verb(argv)
    return VERBS[verb].act(_parse(verb, rest)) or 0


def _split_verb(argv: list[str]) -> tuple[str, list[str]]:
    if not argv or argv[0].startswith("-") or "=" in argv[0]:
        return "train", argv
    if argv[0] in VERBS:
        return argv[0], argv[1:]
    raise UserError(
        f"unknown verb {argv[0]!r}{_nearest(argv[0], VERBS)}; verbs: {', '.join(VERBS)}."
    )


def _parse(verb: str, argv: list[str]) -> argparse.Namespace:
    parser = _parser(verb)
    args, extra = parser.parse_known_intermixed_args(argv)
    for word in extra:
        if word.startswith("-"):
            known = [option for a in parser._actions for option in a.option_strings]
            raise UserError(f"{verb}: unknown flag {word!r}{_nearest(word.split('=')[0], known)}.")
        raise UserError(f"{verb}: {word!r} was not expected here; see `run.py {verb} --help`.")
    for word in getattr(args, "overrides", []):
        if "=" not in word:
            hint = "; the verb comes first" if word in VERBS else ""
            raise UserError(f"{verb}: {word!r}: expected a flag or key.sub=value{hint}.")
    return args


def _parser(verb: str) -> argparse.ArgumentParser:
    summary, examples, flags, _ = VERBS[verb]
    parser = _Parser(
        prog=f"python run.py {verb}",
        description=summary[0].upper() + summary[1:] + ".",
        epilog="examples:\n" + "\n".join(f"  python run.py {line}" for line in examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    flags(parser)
    return parser


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UserError(f"{self.prog.removeprefix('python ')}: {message}.")


def _config_flags(parser: argparse.ArgumentParser) -> None:
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


def _train_flags(parser: argparse.ArgumentParser) -> None:
    _config_flags(parser)
    parser.add_argument("--minutes", type=_minutes, metavar="M", help="stop after M minutes")
    parser.add_argument("--run-name", metavar="NAME", help="name the folder runs/NAME-DATE")
    parser.add_argument(
        "--resume", metavar="RUN", help="go on with a run: its folder, or its name under runs/"
    )


def _run_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run",
        nargs="?",
        metavar="RUN",
        help="a run's folder, or its name under runs/ (default: the newest)",
    )
    parser.add_argument("--config", metavar="NAME", help="the newest run of this configuration")


def _evaluate_flags(parser: argparse.ArgumentParser) -> None:
    _run_flags(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, and nothing else")


def _forecast_flags(parser: argparse.ArgumentParser) -> None:
    _run_flags(parser)
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


def _data_flags(parser: argparse.ArgumentParser) -> None:
    _config_flags(parser)
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write the joined table, .csv or .parquet"
    )


def _bench_flags(parser: argparse.ArgumentParser) -> None:
    _config_flags(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, and nothing else")


def _check_flags(parser: argparse.ArgumentParser) -> None:
    _config_flags(parser)
    parser.add_argument(
        "--static", action="store_true", help="only what shapes prove; seconds, nothing is run"
    )
    parser.add_argument(
        "--allow", type=Path, metavar="FILE", help="a line `pattern verdict reason` for each excuse"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the report as one page")


def _minutes(text: str) -> float:
    minutes = float(text)
    if not 0 < minutes < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: expected a number above 0")
    return minutes


def _quantiles(text: str) -> tuple[float, ...]:
    return tuple(float(level) for level in text.split(","))


_quantiles.__name__ = "list of levels"
_minutes.__name__ = "number of minutes"


def _load(args: argparse.Namespace, default: str | Path = DEFAULT_CONFIG):
    from pgat_jax.config_file import load_config

    seed = [] if args.seed is None else [f"seed={args.seed}"]
    return load_config(args.config or default, *args.overrides, *seed)


def _train(args: argparse.Namespace) -> None:
    from pgat_jax.runs import CONFIG, find_run

    if args.resume and args.run_name:
        raise UserError("--run-name names a new run, --resume goes on with an old one: give one.")
    default = find_run(args.resume) / CONFIG if args.resume else DEFAULT_CONFIG
    config = _load(args, default)
    _prepare()
    from pgat_jax.interrupts import Interrupted
    from pgat_jax.train import train

    try:
        run = train(config, args.run_name, args.resume, args.minutes, STARTED)
    except Interrupted as end:
        print(end, file=sys.stderr, flush=True)
        os._exit(end.status)  # a compilation may still hold a thread
    print(f"{run}: report.html, scores.json, forecasts.csv, pictures/")


def _evaluate(args: argparse.Namespace) -> None:
    run = _run(args)
    _prepare()
    from pgat_jax.evaluate import evaluate_run

    evaluate_run(run, args.json)


def _forecast(args: argparse.Namespace) -> None:
    run = _run(args)
    _prepare()
    from pgat_jax.forecast import forecast_run

    forecast_run(run, args.data, args.start, args.quantiles, args.output)


def _data(args: argparse.Namespace) -> None:
    config = _load(args)
    _prepare()
    from pgat_jax.data.describe import describe

    describe(config, args.output)


def _config(args: argparse.Namespace) -> None:
    from pgat_jax.config_file import dump_yaml

    print(dump_yaml(_load(args)), end="")


def _bench(args: argparse.Namespace) -> None:
    config = _load(args)
    _prepare()
    from pgat_jax.bench import bench

    bench(config, args.json)


def _check(args: argparse.Namespace) -> int:
    config = _load(args)
    _prepare()
    from pgat_jax.check import check_config

    return check_config(config, args.static, args.allow, args.json, args.html)


def _run(args: argparse.Namespace) -> Path:
    from pgat_jax.runs import find_run, newest_run

    if args.run and args.config:
        raise UserError("RUN and --config both name a run: give one of them.")
    return find_run(args.run) if args.run else newest_run(args.config)


def _prepare() -> None:
    from pgat_jax.environment import prepare

    prepare()


def _nearest(word: str, known) -> str:
    close = difflib.get_close_matches(word, list(known), 1)
    return f" (did you mean {close[0]!r}?)" if close else ""


VERBS = {
    "train": Verb(
        "train a model, or go on with a run (the default verb)",
        (
            "--config laptop",
            "--config recovery --minutes 10",
            "--config recovery train.batch_size=4 data.source=my.csv --run-name mine",
            "--resume runs/recovery-20260101-120000",
        ),
        _train_flags,
        _train,
    ),
    "evaluate": Verb(
        "score a run on its validation and test days, beside three baselines",
        ("evaluate", "evaluate runs/recovery-20260101-120000 --json"),
        _evaluate_flags,
        _evaluate,
    ),
    "forecast": Verb(
        "forecast the next trading days in prices, as CSV and picture",
        (
            "forecast",
            "forecast recovery-20260101-120000 --from 2018-06-29",
            "forecast --data new_rows.csv --quantiles .05,.25,.5,.75,.95 --output next.csv",
        ),
        _forecast_flags,
        _forecast,
    ),
    "data": Verb(
        "show the table: rows, dates, columns per body, gaps, splits; or write it out",
        ("data --config recovery", "data data.source=ibm --output ibm.csv"),
        _data_flags,
        _data,
    ),
    "config": Verb(
        "print the resolved configuration, as YAML",
        ("config --config recovery", "config --config laptop train.epochs=20 > mine.yaml"),
        _config_flags,
        _config,
    ),
    "bench": Verb(
        "measure parameters, FLOPs, memory, compile time and speed",
        ("bench --config laptop", "bench --config recovery train.precision=bfloat16 --json"),
        _bench_flags,
        _bench,
    ),
    "check": Verb(
        "prove that every parameter learns, or name what keeps it from learning",
        ("check --config recovery --static", "check --config tiny --html check.html"),
        _check_flags,
        _check,
    ),
}
