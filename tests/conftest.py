"""Settings of JAX for all tests, and run folders of the tiny model, one for each head."""

import os

from tools.xla_flags import XLA_FLAGS

os.environ.setdefault("XLA_FLAGS", XLA_FLAGS)
# Two processes run tests side by side: with more threads for products they block each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import math
from collections.abc import Callable
from pathlib import Path

import jax
import numpy as np
import pytest
from hypothesis import settings
from jax.experimental.compilation_cache.compilation_cache import reset_cache

from pgat_jax import build, load_config, load_data
from pgat_jax.forecasting.evaluate import score_run
from pgat_jax.forecasting.forecast import write_test_forecasts
from pgat_jax.forecasting.next_days import write_next_days
from pgat_jax.pages.plots import draw_run
from pgat_jax.pages.run_report import write_report
from pgat_jax.storage.checkpoint import Checkpoints
from pgat_jax.storage.creation import create_run
from pgat_jax.storage.folder import CHECKPOINTS
from pgat_jax.storage.loaded_run import load_run
from pgat_jax.storage.metrics import Metrics
from pgat_jax.training.diagnostics import TRAIL
from tests.initial import draw_initial

# Axes that meet are written down, in the tests and in the code under test.
jax.config.update("jax_numpy_rank_promotion", "raise")
settings.register_profile("compiled", deadline=None)  # a first call compiles
settings.load_profile("compiled")

# Seconds of compilation from which a program is kept on disk: reading it back takes less.
LONG_COMPILE = 0.3
# Linux allows a process 65,530 maps of memory. A module with many programs adds some 10,000.
MAPS, MOST_MAPS = Path("/proc/self/maps"), 30_000
# Files with tests that start processes for minutes, or thousands of cases.
LONG = {
    "tests/benchmarks/test_faults.py",
    "tests/docs/test_pages.py",
    "tests/test_mesh.py",
    "tests/tools/test_bad_input.py",
    "tests/tools/test_chaos.py",
    "tests/training/test_commands.py",
}
GROUPS = ("input", "celestial", "petri", "encoder", "decoder", "head")


@pytest.fixture(scope="session", autouse=True)
def compile_cache(tmp_path_factory):
    """Keeps programs that take long to compile, for other modules and the other processes.

    `TESTS_COMPILED` names a folder that several sessions share.
    """
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder = os.environ.get("TESTS_COMPILED", shared / "compiled")
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", LONG_COMPILE)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    reset_cache()


@pytest.fixture(scope="module", autouse=True)
def forget_programs():
    """Frees all programs after a module that leaves many: each maps memory."""
    yield
    if not MAPS.exists() or MAPS.read_bytes().count(b"\n") > MOST_MAPS:
        jax.clear_caches()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sorts long files first, so that of two processes none waits long for the other at the end."""
    items.sort(key=lambda item: item.nodeid.split("::")[0] not in LONG)


@pytest.fixture(scope="session")
def make_run(tmp_path_factory) -> Callable[[str], Path]:
    """Criterion -> a run folder with initial parameters and fifty records, one a session."""
    folder, runs = tmp_path_factory.mktemp("runs"), {}

    def make(criterion: str) -> Path:
        if criterion not in runs:
            runs[criterion] = new_run(criterion, folder)
        return runs[criterion]

    return make


@pytest.fixture(scope="session")
def scored_run(make_run) -> Callable[[str], Path]:
    """Criterion -> a run folder with scores.json and forecasts.csv."""

    def score(criterion: str) -> Path:
        run = make_run(criterion)
        if not (run / "forecasts.csv").exists():
            loaded = load_run(run)
            score_run(loaded)
            write_test_forecasts(loaded)
        return run

    return score


@pytest.fixture(scope="session")
def drawn_run(scored_run) -> Path:
    """A run folder of the mixture model with pictures and report.html too."""
    run = scored_run("nll")
    write_next_days(load_run(run))
    draw_run(run)
    write_report(run)
    return run


def new_run(criterion: str, root: Path) -> Path:
    config = load_config("tiny", f"loss.criterion={criterion}", f"name=tiny-{criterion}")
    data = load_data(config)
    params = draw_initial(build(config, data.columns))
    run = create_run(config, root=root)
    meta = {
        "config": config.model_dump(mode="json"),
        "scaler": data.scaler.as_dict(),
        "data_hash": data.table.hash,
        "validation_loss": 1.0,
        "planned_steps": 500,
    }
    with Checkpoints(run / CHECKPOINTS, create=True) as checkpoints:
        items = {"params": params, "training": {"step": np.zeros(1)}}
        checkpoints.save(0, items, meta, keep_every=1)
    write_records(run)
    return run


def write_records(run: Path) -> None:
    metrics = Metrics(run)
    for i in range(1, 51):
        step = {"time": 2.0 * i, "epoch": 1 + i // 26, "step": 10 * i}
        loss = 1 + math.exp(-i / 10)
        metrics.write({"event": "train", **step, "update": 5 * i, "loss": loss, **statistics(i)})
        if i % 25 == 0:
            metrics.write({"event": "validation", **step, "loss": loss + 0.1})
    metrics.close()


def statistics(i: int) -> dict:
    norms = {
        f"{kind}/{group}": size * (1 + math.sin(i + len(group)) / 3)
        for kind, size in (("gradient_norm", 1.0), ("update_norm", 1e-3), ("weight_norm", 30.0))
        for group in GROUPS
    }
    gate = {"gate_mean": 0.5 + i / 500, "gate_spread": i / 500, "attention_entropy": 2.56 - i / 200}
    trail = {f"trail/{s}": 0.1 / (k + 1 + i % 7) for k, s in enumerate(TRAIL)}
    spreads = {"prediction_spread": 0.02 + i / 1000, "target_spread": 0.8 + i % 5 / 20}
    rest = {"learning_rate": 1e-3 * min(1, i / 10), "samples_per_second": 9.0, "skipped": 0}
    return gate | norms | trail | spreads | rest
