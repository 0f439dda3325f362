"""Laws in the returns: their number, their size, and what they move."""

import numpy as np
import pytest

from pgat_jax.sky_test.laws import LAW_BODIES, Law, compute_course, list_laws, plant_law

RETURNS = np.random.default_rng(0).normal(size=(50, 4))
VOLATILITY = np.linspace(0.01, 0.03, 50)


def test_every_body_has_laws_of_both_angles_kinds_and_all_sizes():
    laws = list_laws(2, (0.06, 0.1))
    assert len(laws) == len(set(laws)) == 2 * 2 * len(LAW_BODIES) * 2 * 2
    assert {law.angle for law in laws if law.body == "Moon"} == {"Moon", "Moon elongation"}
    assert all(0 <= law.phase < np.pi for law in laws)


def test_a_law_is_a_sinusoid_of_its_size():
    angles = {"Moon": np.linspace(0, 20, 1000)}
    course = compute_course(Law("mean", 0.1, "Moon", "Moon", 0.5), angles)
    assert course.max() == pytest.approx(0.1, rel=1e-3)
    np.testing.assert_allclose(course, 0.1 * np.sin(angles["Moon"] + 0.5))


def test_a_mean_law_moves_the_four_returns_alike_in_units_of_the_volatility():
    course = np.sin(np.arange(50))
    moved = plant_law("mean", course, RETURNS, VOLATILITY) - RETURNS
    np.testing.assert_allclose(moved, np.tile((course * VOLATILITY)[:, None], 4))


def test_a_volatility_law_stretches_the_returns():
    stretched = plant_law("volatility", np.full(50, 0.1), RETURNS, VOLATILITY)
    np.testing.assert_allclose(stretched, RETURNS * np.exp(0.1))
