"""Computes the features that a sky gives to the linear forecaster: points on circles."""

import numpy as np

from pgat_jax.data.columns import PLANETS
from pgat_jax.sky_test.skies import Sky
from pgat_jax.sky_test.sky_grid import SkyGrid, place_longitudes

# The ten bodies from the Sun to Pluto, and those whose elongation from the Sun is a feature.
BODIES = PLANETS[:10]
OTHERS = BODIES[1:]
# Sine and cosine of ten longitudes and nine elongations.
COUNT = 2 * (len(BODIES) + len(OTHERS))


def compute_features(sky: Sky | None, grid: SkyGrid, dates: np.ndarray) -> np.ndarray:
    """Computes sines and cosines of the longitudes and of the elongations from the Sun.

    Args:
        sky: the sky, or None for no sky, whose features are 0.
        grid: the celestial columns of all days, as `load_grid` returns them.
        dates: [days] `datetime64[D]`.

    Returns:
        [F, days] with F = 38.
    """
    if sky is None:
        return np.zeros((COUNT, len(dates)))
    angles = compute_angles(place_longitudes(sky, grid, dates))
    stacked = np.stack(list(angles.values()))
    return np.concatenate([np.sin(stacked), np.cos(stacked)])


def compute_angles(longitudes: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the longitudes of ten bodies, and the elongations from the Sun of all but the Sun.

    Args:
        longitudes: body -> [days] in radians, with every name of this module's `BODIES`; others
            are ignored.

    Returns:
        Body -> its longitude, then `<Body> elongation` -> its longitude minus that of the Sun, each
        [days] in radians. The differences are not brought into one turn.
    """
    sun = longitudes["Sun"]
    elongations = {f"{body} elongation": longitudes[body] - sun for body in OTHERS}
    return {body: longitudes[body] for body in BODIES} | elongations
