"""The unscaled phase of each body."""

import numpy as np
import pytest

from pgat_jax.data.columns import KNOWN, arrange_columns
from pgat_jax.data.ephemeris import at_midnight, compute_positions
from pgat_jax.data.phases import compute_phases
from pgat_jax.names import BODIES


def of(**columns):
    """Phases of a table with the given celestial columns alone."""
    layout = arrange_columns([KNOWN[name.lower()] for name in columns])
    values = np.array([0.0] * 5 + [columns[name] for name in layout.names[5:]])[None]
    return compute_phases(values, layout)[0]


def test_phases_are_the_positions_themselves(data):
    sky = compute_positions(at_midnight(data.table.dates[:50]))
    found = compute_phases(data.table.values[:50], data.columns)
    for slot, point in ((0, "Sun"), (4, "Mars"), (12, "Chiron")):
        longitude = np.degrees(found[:, slot, 0]) % 360.0
        assert longitude == pytest.approx(sky[point].longitude, abs=1e-4)
        assert found[:, slot, 2] == pytest.approx(sky[point].speed, rel=1e-6)
        assert found[:, slot, 3] == pytest.approx(sky[point].distance, rel=1e-6)
    assert found.dtype == np.float32


def test_nodes_have_radius_one(data):
    nodes = [BODIES.index(name) for name in ("north_node", "south_node")]
    assert (compute_phases(data.table.values, data.columns)[:, nodes, 3] == 1.0).all()


def test_a_sign_phase_that_is_not_given_follows_from_the_longitude():
    angle = np.radians(77.0)
    mars = of(dyn_Mars_sin=np.sin(angle), dyn_Mars_cos=np.cos(angle))[BODIES.index("mars")]
    assert mars == pytest.approx([angle, np.radians(17.0 * 12.0 - 360.0), 0.0, 1.0], abs=1e-6)


def test_the_moving_sky_wins_over_a_natal_chart():
    mars = of(Mars_sin=1.0, Mars_cos=0.0, dyn_Mars_sin=0.0, dyn_Mars_cos=-1.0)[BODIES.index("mars")]
    assert mars[0] == pytest.approx(np.pi)


def test_a_body_without_columns_rests_at_zero_with_radius_one():
    assert of(dyn_Mars_sin=1.0, dyn_Mars_cos=0.0)[0].tolist() == [0.0, 0.0, 0.0, 1.0]
