"""The network's arms differ in the values of celestial columns alone: one program serves all."""

import dataclasses
import io

import jax
import numpy as np
import pytest
from rich.console import Console

from pgat_jax.backtest.evaluation import list_baselines
from pgat_jax.backtest.fold import split_at
from pgat_jax.backtest.history import make_history
from pgat_jax.backtest.origins import plan_blocks
from pgat_jax.backtest.store import ScoreStore
from pgat_jax.config_file import load_config
from pgat_jax.data.columns import KNOWN
from pgat_jax.data.source import load_table
from pgat_jax.data.table import take_rows
from pgat_jax.errors import UserError
from pgat_jax.mesh import make_mesh
from pgat_jax.model.build import build
from pgat_jax.progress import Reporter
from pgat_jax.sky_test import network_arms
from pgat_jax.sky_test.network_arms import keep_all_columns, replace_sky, score_network
from pgat_jax.sky_test.skies import Sky, make_true_sky, number_days
from pgat_jax.training.plan import Plan, count_steps
from pgat_jax.training.state import table_shapes

CONFIG = load_config("tiny")
CELESTIAL = slice(5, None)


@pytest.fixture(scope="module")
def table():
    return take_rows(load_table(CONFIG.data), 0, 600)


@pytest.fixture(scope="module")
def false(table) -> Sky:
    return Sky(number_days(table.dates)[0] + 50.25, 1.2, has_true_sun=True)


def test_the_true_sky_leaves_the_table_as_it_is(table, real_grid):
    shown = replace_sky(table, make_true_sky(table.dates), real_grid)
    near = np.abs(shown.values - table.values).max(0)
    names = np.array(table.columns.names)
    assert all(name.endswith("_dec") for name in names[near > 1e-6])
    assert near.max() < 0.02


def test_no_sky_is_zero_and_returns_stay(table, real_grid):
    shown = replace_sky(table, None, real_grid)
    assert not shown.values[:, CELESTIAL].any()
    np.testing.assert_array_equal(shown.values[:, :5], table.values[:, :5])
    assert all(name.lower() in KNOWN for name in table.columns.names[CELESTIAL])


def test_all_arms_have_one_plan_and_shapes_so_that_the_step_compiles_once(table, false, real_grid):
    plans, shapes = set(), set()
    for sky in (None, make_true_sky(table.dates), false):
        fold = split_at(keep_all_columns(CONFIG), replace_sky(table, sky, real_grid), 500)
        model = build(fold.config, fold.data.columns)
        plans.add(Plan(model, make_mesh(fold.config), count_steps(fold.config, fold.data)))
        shapes.add(table_shapes(fold.data.device_table))
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(fold.data.device_table))
    assert len(plans) == len(shapes) == 1


def test_a_table_with_a_sky_of_its_own_is_refused(table, real_grid):
    own = dataclasses.replace(table, computed_sky=False)
    with pytest.raises(UserError, match="expected none, since each sky of the test is computed"):
        replace_sky(own, None, real_grid)


def test_each_sky_is_trained_on_its_own_table_and_scored(
    table, false, real_grid, tmp_path, monkeypatch
):
    seen = []
    history = make_history(table, 3, "XNYS")

    def fake(config, shown, own, reporter, root):
        assert config.data.keep_constant and root == tmp_path
        seen.append(shown.hash)
        name = "zero" if not shown.values[:, CELESTIAL].any() else "har_fhs"
        return list_baselines(own)[name]

    monkeypatch.setattr(network_arms, "make_model_arm", fake)
    blocks = plan_blocks(np.arange(520, 560), table.dates, "never")
    skies = [None, make_true_sky(table.dates), false]
    store, reporter = ScoreStore(tmp_path), Reporter(Console(file=io.StringIO()))
    scores = score_network(CONFIG, table, history, blocks, skies, real_grid, store, reporter)
    assert scores.shape == (3, 40) and len(set(seen)) == 3
    assert scores[0].mean() > scores[1].mean() == scores[2].mean()
