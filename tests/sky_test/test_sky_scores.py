"""Scores of skies: HAR-FHS without one, a gain with a law, chance without."""

import dataclasses

import numpy as np
import pytest

from pgat_jax.backtest.evaluation import list_baselines, score_block
from pgat_jax.backtest.results import pool
from pgat_jax.sky_test.laws import Law, compute_course, plant_law
from pgat_jax.sky_test.power import plant
from pgat_jax.sky_test.ranks import measure_gains, rank_true
from pgat_jax.sky_test.residual_blocks import prepare_block
from pgat_jax.sky_test.sky_scores import score_effects, score_known_law
from tests.backtest.conftest import simulate

LAW = Law("mean", 0.6, "Moon", "Moon", 0.0)


def test_without_a_sky_it_is_har_fhs_by_the_ruler_of_the_back_test(field):
    arm = list_baselines(field.history)["har_fhs"]
    plain = [
        pool(score_block(arm.fit(block), field.history, block)["crps"]) for block in field.blocks
    ]
    np.testing.assert_allclose(
        field.forecaster.score(field.history)[0], np.concatenate(plain), rtol=1e-4
    )


def test_a_shift_and_a_stretch_are_those_of_the_distribution(field):
    block = field.sound[0]
    effects = np.zeros((1, len(block.rows) + 2, 5))
    effects[..., :4], effects[..., 4] = 0.2, 0.1
    moved = block._replace(truth=block.truth / np.exp(0.1) - 0.2, scale=block.scale * np.exp(0.1))
    np.testing.assert_allclose(
        score_effects(block, effects), score_effects(moved, np.zeros_like(effects))
    )


@pytest.mark.parametrize("kind", ["mean", "volatility"])
def test_a_planted_law_is_found(field, kind):
    law = LAW._replace(kind=kind)
    history = plant(field, law, compute_course(law, field.angles))
    scores = field.forecaster.score(history)
    _, true, false, _ = field.split(measure_gains(scores, scores[0]))
    assert true > 0.5 and rank_true(float(true), false) == 0.05


def test_without_a_law_the_rank_is_any(field):
    ranks = []
    for seed in range(6):
        scores = field.forecaster.score(simulate(len(field.history), seed))
        _, true, false, _ = field.split(measure_gains(scores, scores[0]))
        ranks.append(rank_true(float(true), false))
    assert np.sum(np.array(ranks) <= 0.05) <= 2
    assert 0.2 < np.mean(ranks) < 0.8


@pytest.mark.parametrize("kind", ["mean", "volatility"])
def test_a_law_that_is_given_gains_most(field, kind):
    course = compute_course(LAW, field.angles)
    flat = np.exp(field.history.returns[:, 0] * 0 - 4)
    returns = plant_law(kind, course, field.history.returns, flat)
    history = dataclasses.replace(field.history, returns=returns)
    none, true = field.forecaster.score(history)[:2]
    known = score_known_law(field.sound, history, kind, course)
    assert known.mean() < true.mean() < none.mean()


def test_effects_know_nothing_of_the_days_that_they_forecast(field):
    block = field.blocks[0]
    returns = field.history.returns.copy()
    returns[block.rows[-1] :] = returns[block.rows[-1] :][::-1]
    changed = dataclasses.replace(field.history, returns=returns)
    before = field.forecaster.score(field.history)[:, : len(block.rows) - 5]
    np.testing.assert_allclose(
        field.forecaster.score(changed)[:, : before.shape[1]], before, rtol=1e-12
    )
    assert prepare_block(changed, block).rows is block.rows
