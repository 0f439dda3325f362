"""The bench of the tiny model."""

import json

import pytest

from pgat_jax import load_config
from pgat_jax.bench import bench as module
from pgat_jax.bench.bench import MEANINGS, bench, measure
from pgat_jax.bench.roofline import Bounds


@pytest.fixture
def figures(monkeypatch):
    """Invented figures in place of measured ones."""
    values = dict.fromkeys(MEANINGS, 1234.5678) | {"device": "cpu", "verdict": "launch bound"}
    monkeypatch.setattr(module, "measure", lambda config, profile: values)
    return values


def test_the_table_has_a_row_for_each_figure(figures, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert bench(load_config("tiny")) == figures
    printed = capsys.readouterr().out
    assert all(meaning in printed for meaning in MEANINGS.values())
    assert "1,235" in printed and "launch bound" in printed


def test_json_has_every_figure_and_nothing_else(figures, capsys):
    bench(load_config("tiny"), as_json=True)
    assert json.loads(capsys.readouterr().out) == figures


@pytest.mark.slow
def test_the_bench_gives_every_figure_and_a_trace_that_names_the_phases(tmp_path):
    figures = measure(load_config("tiny"), profile=tmp_path)
    assert figures.keys() == MEANINGS.keys()
    assert figures["verdict"] in {"compute bound", "memory bound", "launch bound"}
    assert figures["peak_source"] == "measured"
    limits = [figures[f"{kind}_bound_s"] for kind in Bounds._fields]
    assert min(limits) > 0 and max(limits) < 20 * figures["step_s"]
    (trace,) = tmp_path.rglob("*.xplane.pb")
    names = trace.read_bytes()
    for phase in (
        "phase",
        "nodes",
        "fusion",
        "gate",
        "petri",
        "graph_attention",
        "decoder",
        "head",
    ):
        assert f"PGAT/{phase}/".encode() in names or f"/{phase}/".encode() in names, phase
