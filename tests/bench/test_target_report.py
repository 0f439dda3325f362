import json

import pytest

from pgat_jax import load_config
from pgat_jax.bench import target_report
from pgat_jax.bench.target_report import LIMITS, MEANINGS, PROGRAMS, bench_target, list_tables

FIGURES = dict.fromkeys(MEANINGS, 1234.5678) | {
    "target": "v5e:2x2",
    "device": "TPU v5 lite",
    "verdict": "memory bound",
    "peak_source": "data sheet of TPU v5 lite",
    "step_tflop_by_type": {"bfloat16": 0.25, "float32": 0.125},
    "step_sent_gb": {"all-reduce": 0.0625},
    "modules_gb": {"graph_attention/attention": 6.5, "outside the model": 5.5},
    "validation": dict.fromkeys(PROGRAMS, 8.0),
    "forecast": dict.fromkeys(PROGRAMS, 4.0),
}


@pytest.fixture
def measured(monkeypatch):
    calls = []
    monkeypatch.setattr(
        target_report, "measure_target", lambda *args: calls.append(args) or FIGURES
    )
    return calls


def test_tables_have_every_figure_and_the_limits_are_said(measured, capsys):
    config = load_config("tiny")
    assert bench_target(config, "v5e:2x2") is FIGURES
    assert measured == [(config, "v5e:2x2")]
    printed = capsys.readouterr().out
    for text in (*MEANINGS.values(), "bench tiny --target v5e:2x2", "products of bfloat16, TFLOP"):
        assert text in printed
    assert "all-reduce, GB" in printed and "graph_attention/attention" in printed
    assert LIMITS[:60] in printed


def test_json_has_the_figures_and_nothing_else(measured, capsys):
    bench_target(load_config("tiny"), "v5e:2x2", as_json=True)
    assert json.loads(capsys.readouterr().out) == FIGURES


def test_the_programs_are_compared_in_one_table():
    step, programs, modules = list_tables("tiny", FIGURES)
    assert programs.rows[1:] == [["validation", *["8"] * 4], ["forecast", *["4"] * 4]]
    assert programs.rows[0] == ["training step", *["1,235"] * 4]
    assert modules.rows[0] == ["graph_attention/attention", "6.5"]
    assert len(step.rows) == len(MEANINGS) + 3
