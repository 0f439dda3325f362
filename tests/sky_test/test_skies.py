"""Skies: which time of the ephemeris each shows."""

import numpy as np

from pgat_jax.sky_test.skies import (
    DAYS_PER_YEAR,
    draw_false_skies,
    draw_shifted_skies,
    find_limits,
    make_true_sky,
    number_days,
)

DATES = np.arange("1999-01-05", "2018-12-31", dtype="datetime64[D]")


def test_the_true_sky_shows_the_dates():
    sky = make_true_sky(DATES)
    np.testing.assert_array_equal(sky.find_times(DATES), number_days(DATES))


def test_false_rates_lie_between_their_limits_in_both_directions():
    rates = np.array([sky.rate for sky in draw_false_skies(DATES, 200)])
    factors = np.exp(np.abs(np.log(rates)))
    assert factors.min() > 1.06 and factors.max() < 1.5
    assert 60 < np.sum(rates > 1) < 140
    assert all(sky.has_true_sun for sky in draw_false_skies(DATES, 3))


def test_every_time_lies_in_the_ephemeris():
    first, last = find_limits()
    for sky in draw_false_skies(DATES, 200) + draw_shifted_skies(DATES, 39):
        times = sky.find_times(DATES)
        assert first <= times[0] and times[-1] <= last


def test_shifts_are_whole_years_and_differ():
    starts = np.array([sky.start for sky in draw_shifted_skies(DATES, 39)])
    years = (starts - number_days(DATES)[0]) / DAYS_PER_YEAR
    assert len(set(starts)) == 39 and not np.any(np.abs(years) < 0.5)
    np.testing.assert_allclose(years, np.round(years), atol=0.5 / DAYS_PER_YEAR)
    assert not any(sky.has_true_sun for sky in draw_shifted_skies(DATES, 3))


def test_a_seed_draws_the_same_skies_again():
    assert draw_false_skies(DATES, 5, 1) == draw_false_skies(DATES, 5, 1)
    assert draw_false_skies(DATES, 5, 1) != draw_false_skies(DATES, 5, 2)
