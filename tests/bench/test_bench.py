"""The bench of the tiny model, and the roofs."""

import pytest

from pgat_jax import load_config
from pgat_jax.bench.bench import MEANINGS, measure
from pgat_jax.bench.roofline import Bounds, Peaks, bounds

PEAKS = Peaks(flops=1e12, bytes=1e11, kernel=1e-6, source="made up")


@pytest.mark.parametrize(
    ("flops", "moved", "started", "verdict"),
    [
        (1e12, 1e9, 1000, "compute"),
        (1e9, 1e11, 1000, "memory"),
        (1e9, 1e9, 100_000, "launch"),
    ],
)
def test_the_longest_of_three_times_binds(flops, moved, started, verdict):
    least = bounds(flops, moved, started, PEAKS)
    assert least == Bounds(flops / 1e12, moved / 1e11, started * 1e-6)
    assert least.verdict == verdict


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
