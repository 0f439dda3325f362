"""Features of a sky: points on circles, and zeros without a sky."""

import numpy as np

from pgat_jax.sky_test.skies import make_true_sky
from pgat_jax.sky_test.sky_features import COUNT, compute_angles, compute_features
from pgat_jax.sky_test.sky_grid import place_longitudes


def test_features_are_sines_and_cosines_of_longitudes_and_elongations(grid, dates):
    true = make_true_sky(dates)
    angles = compute_angles(place_longitudes(true, grid, dates))
    features = compute_features(true, grid, dates)
    assert features.shape == (COUNT, len(dates)) and COUNT == 38
    np.testing.assert_allclose(features[:19] ** 2 + features[19:] ** 2, 1)
    place = list(angles).index("Moon elongation")
    np.testing.assert_allclose(features[19 + place], np.cos(angles["Moon"] - angles["Sun"]))


def test_no_sky_has_features_of_zero(grid, dates):
    assert not compute_features(None, grid, dates).any()
