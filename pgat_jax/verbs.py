"""Lists the verbs with the help, flags and action of each.

Actions import what they need when they run, so that help and mistakes need no JAX.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from pgat_jax import flags
from pgat_jax.errors import UserError, printable
from pgat_jax.flags import DEFAULT_CONFIG, RUNS_ACTIONS

if TYPE_CHECKING:
    from pgat_jax.api import Run
    from pgat_jax.causes.config import StudyConfig
    from pgat_jax.config import Config

# The start of the process, from which `--minutes` count.
STARTED = time.monotonic()


class Verb(NamedTuple):
    """One verb of the command line, e.g. `train`.

    Attributes:
        summary: one line of help, without a full stop.
        examples: command lines without the program.
        add_flags: a function that adds the flags of the verb to a parser.
        act: a function from the parsed flags that runs the verb, and returns the exit status, or
            None for 0.
    """

    summary: str
    examples: tuple[str, ...]
    add_flags: Callable[[argparse.ArgumentParser], None]
    act: Callable[[argparse.Namespace], int | None]


def _load(args: argparse.Namespace, default: str | Path = DEFAULT_CONFIG) -> "Config":
    """Reads the configuration of a verb that imposes no faults."""
    from pgat_jax.config_file import load_config

    return load_config(args.config or default, *_overrides(args))


def _load_study(args: argparse.Namespace, default: str | Path = DEFAULT_CONFIG) -> "StudyConfig":
    """Reads a configuration that may name faults."""
    from pgat_jax.causes.config import StudyConfig
    from pgat_jax.config_file import load_config

    return load_config(args.config or default, *_overrides(args), schema=StudyConfig)


def _overrides(args: argparse.Namespace) -> list[str]:
    seed = [] if args.seed is None else [f"seed={args.seed}"]
    files = getattr(args, "files", None) or []
    return [*args.overrides, *seed, *(f"data.source={json.dumps(file)}" for file in files)]


def _train(args: argparse.Namespace) -> None:
    from pgat_jax.storage.folder import find_recipe

    files = args.files or []
    if args.resume and (args.run_name or args.warm_start or len(files) > 1):
        raise UserError(
            "--run-name, --from and several files begin new runs, --resume continues an old one: "
            "give one of them."
        )
    recipe = find_recipe(args.resume or args.warm_start)
    each = [argparse.Namespace(**vars(args) | {"files": [file]}) for file in files] or [args]
    configs = [_load(one, recipe) for one in each]
    _prepare()
    from pgat_jax import api
    from pgat_jax.cluster import is_first, join
    from pgat_jax.training.interrupts import Interrupted

    join(args.coordinator, args.processes, args.process)
    runs: list[api.Run] = []
    try:
        for config in configs:
            run = api.train(
                config=config,
                run_name=args.run_name,
                minutes=args.minutes,
                resume=args.resume,
                warm_start=args.warm_start,
                quiet=args.quiet,
                started=None if runs else STARTED,
            )
            runs.append(run)
            if is_first():
                print(printable(f"{run.path}: report.html, scores.json, forecasts.csv, pictures/"))
    except Interrupted as end:
        print(printable(str(end)), file=sys.stderr, flush=True)
        _leave(end.status)
    if len(runs) > 1 and is_first():
        _write_together(runs)


def _write_together(runs: "list[Run]") -> None:
    """Writes the forecasts of the next days of several runs into one CSV."""
    from pgat_jax.pages.forecast_files import write_forecasts
    from pgat_jax.storage.folder import ROOT
    from pgat_jax.storage.loaded_run import print_to_stderr

    forecasts = [run.forecast_prices() for run in runs]
    files = write_forecasts(forecasts, datetime.now(UTC), None, ROOT, print_to_stderr)
    print(printable(str(files[0])))


def _leave(status: int) -> NoReturn:
    """Ends the process at once: a thread may still be compiling."""
    sys.stdout.flush()
    os._exit(status)


def _evaluate(args: argparse.Namespace) -> None:
    path = _run(args)
    _prepare()
    from pgat_jax import api
    from pgat_jax.forecasting.score_tables import print_scores

    scores = api.load_run(path, quiet=args.quiet).score(args.data)
    if args.json:
        print(json.dumps(scores, allow_nan=False))
    else:
        print_scores(scores)


def _forecast(args: argparse.Namespace) -> None:
    from pgat_jax.forecasting.request import check_csv_path, check_levels

    path = _run(args)
    levels = check_levels(args.quantiles)
    if args.output is not None:
        check_csv_path(args.output)
    _prepare()
    from pgat_jax import api
    from pgat_jax.forecasting.forecast_json import encode_forecast
    from pgat_jax.forecasting.forecast_text import print_forecast
    from pgat_jax.pages.forecast_files import write_forecasts
    from pgat_jax.storage.loaded_run import print_to_stderr

    run, now = api.load_run(path, quiet=args.quiet), datetime.now(UTC)
    forecasts = [
        run.forecast_prices(file, args.days, levels, args.start) for file in args.data or [None]
    ]
    has_files = args.output is not None or not args.json
    files = write_forecasts(forecasts, now, args.output, path, print_to_stderr) if has_files else []
    for forecast in forecasts:
        if args.json:
            print(encode_forecast(forecast, now))
        else:
            print_forecast(forecast)
    if not args.json:
        print(printable("\n".join(map(str, files))))


def _runs(args: argparse.Namespace) -> None:
    from pgat_jax.storage.folder import find_run

    count = RUNS_ACTIONS[args.action]
    if len(args.names) != count:
        raise UserError(f"runs {args.action}: got {len(args.names)} runs, expected {count}.")
    paths = [find_run(name) for name in args.names]
    if args.action == "delete":
        _delete(paths[0], args.yes)
        return
    from pgat_jax.storage.run_tables import tabulate_comparison, tabulate_run, tabulate_runs
    from pgat_jax.storage.summary import summarise_runs
    from pgat_jax.text_table import open_console, print_table

    if args.action == "list":
        table = tabulate_runs(summarise_runs())
    else:
        table = (tabulate_run if args.action == "show" else tabulate_comparison)(*paths)
    print_table(open_console(), table)


def _delete(run: Path, is_sure: bool) -> None:
    from pgat_jax.storage.deletion import delete_run

    if not is_sure:
        raise UserError(f"runs delete: {run} cannot be restored: add --yes to delete it.")
    left = delete_run(run)
    print(printable(f"{run}: deleted" + (f", but for {', '.join(left)}" if left else "")))


def _report(args: argparse.Namespace) -> None:
    path = _run(args)
    _prepare()
    from pgat_jax import api

    print(printable(str(api.load_run(path, quiet=args.quiet).report())))


def _data(args: argparse.Namespace) -> None:
    config = _load_study(args)
    _prepare()
    from pgat_jax.data.describe import describe

    describe(config, args.output)


def _config(args: argparse.Namespace) -> None:
    from pgat_jax.config_file import dump_yaml

    config = _load_study(args)
    print(dump_yaml(config if config.faults else config.without_faults()), end="")


def _bench(args: argparse.Namespace) -> None:
    config = _load(args)
    _prepare()
    if args.target:
        from pgat_jax.bench.targets import prepare_target

        prepare_target(args.target)
        from pgat_jax.bench.target_report import bench_target

        bench_target(config, args.target, args.json)
        return
    from pgat_jax.bench.bench import bench

    bench(config, args.json, args.profile)


def _check(args: argparse.Namespace) -> int:
    config = _load_study(args)
    _prepare()
    from pgat_jax.causes.gradient_check import check_gradients

    return check_gradients(
        config, args.static, args.allow, args.json, args.html, args.fault, args.without
    )


def _causes(args: argparse.Namespace) -> None:
    config = _load_study(args, "original")
    _prepare()
    from pgat_jax.causes.study import list_causes, run_causes

    if args.list:
        print(list_causes())
    else:
        run_causes(config, args.only, args.seeds, args.quick, args.json, args.html)


def _backtest(args: argparse.Namespace) -> int:
    config = _load(args)
    _prepare()
    from pgat_jax.backtest.command import Request, run_backtest
    from pgat_jax.training.interrupts import Interrupted

    request = Request(
        args.first,
        args.last,
        args.step,
        args.refit,
        args.baselines_only,
        args.json,
        args.html,
        args.untrained,
    )
    try:
        return run_backtest(config, request)
    except Interrupted as end:
        _leave(end.status)


def _sky(args: argparse.Namespace) -> None:
    config = _load(args)
    _prepare()
    from pgat_jax.sky_test.sky_command import Request, run_sky
    from pgat_jax.training.interrupts import Interrupted

    try:
        run_sky(config, Request(args.quick, args.json, args.html))
    except Interrupted as end:
        _leave(end.status)


def _run(args: argparse.Namespace) -> Path:
    from pgat_jax.storage.folder import find_run, newest_run

    if args.run and args.config:
        raise UserError("RUN and --config both name a run: give one of them.")
    return find_run(args.run) if args.run else newest_run(args.config)


def _prepare() -> None:
    from pgat_jax.environment import prepare

    prepare()


VERBS = {
    "train": Verb(
        "train a model, or continue a run (the default verb)",
        (
            "--config laptop",
            "--config recovery --minutes 10",
            "--config recovery --data my.csv train.batch_size=4 --run-name mine",
            "--resume runs/recovery-20260101-120000",
            "--from runs/laptop-20260101-120000 data.source=longer.csv train.epochs=2",
        ),
        flags.add_train,
        _train,
    ),
    "evaluate": Verb(
        "score a run on its validation and test days, beside three baselines",
        (
            "evaluate",
            "evaluate runs/recovery-20260101-120000 --json",
            "evaluate --data new_rows.csv",
        ),
        flags.add_evaluate,
        _evaluate,
    ),
    "forecast": Verb(
        "forecast the next trading days in prices, as CSV and picture",
        (
            "forecast",
            "forecast recovery-20260101-120000 --from 2018-06-29",
            "forecast --data new_rows.csv --data others.csv --days 5 --json",
            "forecast --data new_rows.csv --quantiles .05,.25,.5,.75,.95 --output next.csv",
        ),
        flags.add_forecast,
        _forecast,
    ),
    "runs": Verb(
        "list the runs, show one, compare two, or delete one",
        (
            "runs",
            "runs show laptop-20260101-120000",
            "runs compare laptop-20260101-120000 laptop-20260102-120000",
            "runs delete laptop-20260101-120000 --yes",
        ),
        flags.add_runs,
        _runs,
    ),
    "report": Verb(
        "draw the pictures of a run and write its page anew",
        ("report", "report laptop-20260101-120000"),
        flags.add_report,
        _report,
    ),
    "backtest": Verb(
        "score a model over years of daily forecasts, beside the best simple forecasters",
        (
            "backtest --config laptop",
            "backtest --config laptop --refit yearly --from 2012-01-03 --to 2014-12-31",
            "backtest --baselines-only --json",
        ),
        flags.add_backtest,
        _backtest,
    ),
    "sky": Verb(
        "test whether the true sky helps a forecast, among false skies, and with what power",
        (
            "sky --config laptop --quick",
            "sky --config laptop data.source=ibm --quick --json",
            "sky --config laptop",
        ),
        flags.add_sky,
        _sky,
    ),
    "data": Verb(
        "show the table: rows, dates, columns per body, gaps, splits; or write it out",
        ("data --config recovery", "data my.csv", "data data.source=ibm --output ibm.csv"),
        flags.add_data,
        _data,
    ),
    "config": Verb(
        "print the resolved configuration, as YAML",
        ("config --config recovery", "config --config laptop train.epochs=20 > mine.yaml"),
        flags.add_config,
        _config,
    ),
    "bench": Verb(
        "measure parameters, FLOPs, memory, compile time and speed",
        (
            "bench --config laptop",
            "bench --config recovery train.precision=bfloat16 --json",
            "bench --config laptop --profile trace",
        ),
        flags.add_bench,
        _bench,
    ),
    "check": Verb(
        "prove that every parameter learns, or name what prevents it",
        (
            "check --config recovery --static",
            "check --config tiny --html check.html",
            "check --config original --without encoder_bypassed",
            "check --config tiny --fault petri_states_unused",
        ),
        flags.add_check,
        _check,
    ),
    "causes": Verb(
        "test the causes of lost gradients that the original's two analysis documents name",
        (
            "causes --list",
            "causes --quick --seeds 5",
            "causes --only 3.2,gate --json causes.json",
            "causes --config original --html causes.html",
        ),
        flags.add_causes,
        _causes,
    ),
}
