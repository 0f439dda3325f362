"""Flags become values, and a value that does not fit is one sentence."""

import argparse
from datetime import date
from pathlib import Path

import pytest

from pgat_jax import flags


def parse(add, *words):
    parser = argparse.ArgumentParser(exit_on_error=False)
    add(parser)
    return vars(parser.parse_intermixed_args(words))


def test_what_every_verb_takes_that_reads_a_configuration():
    found = parse(flags.add_config, "seed=1", "--config", "tiny", "a.b=2", "--seed", "3")
    assert found == {"config": "tiny", "seed": 3, "overrides": ["seed=1", "a.b=2"]}


@pytest.mark.parametrize(
    ("add", "words", "values"),
    [
        (flags.add_train, ["--minutes", "1.5"], {"minutes": 1.5, "resume": None, "run_name": None}),
        (flags.add_train, ["--process", "1", "--processes", "2"], {"process": 1, "processes": 2}),
        (flags.add_evaluate, ["runs/a", "--json"], {"run": "runs/a", "json": True, "config": None}),
        (flags.add_forecast, [], {"quantiles": (0.05, 0.5, 0.95), "output": None, "start": None}),
        (flags.add_forecast, ["--from", "2018-06-29"], {"start": "2018-06-29", "run": None}),
        (flags.add_forecast, ["--quantiles", ".1,.9"], {"quantiles": (0.1, 0.9)}),
        (flags.add_data, ["--output", "t.csv"], {"output": Path("t.csv")}),
        (flags.add_bench, ["--profile", "trace"], {"profile": Path("trace"), "json": False}),
        (flags.add_check, ["--fault", "a", "--fault", "b"], {"fault": ["a", "b"], "without": []}),
        (flags.add_check, ["--static", "--json", "r.json"], {"static": True, "html": None}),
        (flags.add_causes, ["--only", "3.2, gate,"], {"only": ("3.2", "gate"), "quick": False}),
        (flags.add_backtest, [], {"first": None, "last": None, "step": 1, "refit": "never"}),
        (flags.add_backtest, ["--to", "2018-01-02"], {"last": date(2018, 1, 2), "json": False}),
        (flags.add_sky, ["--quick"], {"quick": True, "json": False, "html": None}),
        (flags.add_causes, [], {"only": (), "seeds": None, "list": False}),
    ],
)
def test_flags_of_a_verb(add, words, values):
    found = parse(add, *words)
    assert {name: found[name] for name in values} == values


@pytest.mark.parametrize(
    ("add", "words", "message"),
    [
        (flags.add_train, ["--minutes", "0"], "0: expected a number of minutes above 0"),
        (flags.add_train, ["--minutes", "inf"], "inf: expected a number of minutes above 0"),
        (flags.add_train, ["--minutes", "x"], "'x': expected a number of minutes above 0"),
        (flags.add_forecast, ["--quantiles", ".1,x"], "'x': expected levels such as .05,.5,.95"),
        (flags.add_backtest, ["--from", "x"], "'x': expected a day such as 2009-01-02"),
        (flags.add_backtest, ["--step", "0"], "'0': expected a whole number above 0"),
        (flags.add_backtest, ["--refit", "daily"], "invalid choice: 'daily'"),
        (flags.add_config, ["--seed", "x"], "invalid int value: 'x'"),
    ],
)
def test_a_value_that_does_not_fit_is_named(add, words, message):
    with pytest.raises(argparse.ArgumentError) as error:
        parse(add, *words)
    assert message in str(error.value)
