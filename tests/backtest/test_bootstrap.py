"""Intervals by moving blocks: they cover the truth on simulated scores."""

import itertools

import numpy as np

from pgat_jax.backtest.bootstrap import RESAMPLES, compute_interval, resample_sums


def simulate_scores(rng: np.random.Generator, count: int) -> np.ndarray:
    """Two scores [2, count] of means 0.97 and 1, with noise that lasts for days and is shared."""
    noise = np.zeros((3, count))
    for day in range(1, count):
        noise[:, day] = 0.8 * noise[:, day - 1] + rng.normal(size=3) * (0.06, 0.06, 0.2)
    return np.array([[0.97], [1.0]]) + noise[:2] + noise[2]


def test_intervals_cover_the_true_skill_about_as_often_as_they_claim():
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(100):
        interval = compute_interval(*simulate_scores(rng, 600), block=21, seed=seed)
        covered += interval.low <= 0.03 <= interval.high
    assert 86 <= covered <= 100


def test_intervals_of_independent_days_are_too_narrow_where_noise_lasts():
    scores = simulate_scores(np.random.default_rng(1), 2000)
    wide, narrow = (compute_interval(*scores, block=block) for block in (21, 1))
    assert wide.value == narrow.value
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


def test_equal_scores_have_a_skill_of_exactly_zero():
    scores = np.random.default_rng(2).uniform(1, 2, 100)
    assert compute_interval(scores, scores, 21) == (0.0, 0.0, 0.0)


def test_a_resample_has_as_many_columns_as_there_are():
    rng = np.random.default_rng(3)
    sums = resample_sums(np.ones((2, 50)), 21, rng)
    assert sums.shape == (2, RESAMPLES)
    np.testing.assert_allclose(sums, 50)
    np.testing.assert_allclose(resample_sums(np.ones((1, 5)), 21, rng), 5)


def test_a_block_is_consecutive_and_goes_round():
    values = 10.0 ** np.arange(8)[None]
    sums = set(np.round(resample_sums(values, 2, np.random.default_rng(4))[0]).astype(int))
    pairs = np.array([11 * 10**n for n in range(7)] + [10**7 + 1])
    possible = {sum(four) for four in itertools.combinations_with_replacement(pairs, 4)}
    assert sums <= possible and max(sums) > 3 * 10**7


def test_few_origins_still_have_an_interval():
    scores = np.random.default_rng(5).uniform(1, 2, (2, 8))
    interval = compute_interval(*scores, block=63)
    assert interval.low < interval.value < interval.high
