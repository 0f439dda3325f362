import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgat_jax.model.angles import phase_edges, wrap
from tests.model.conftest import normal

pytestmark = pytest.mark.usefixtures("x64")


@settings(deadline=None)
@given(st.floats(-1e4, 1e4))
def test_wrapped_angles_stay_within_half_a_turn(angle):
    wrapped = float(wrap(jnp.asarray(angle)))
    assert abs(wrapped) <= np.pi + 1e-9
    assert abs(np.cos(wrapped) - np.cos(angle)) < 1e-9


def test_phase_edges_are_bounded_and_finite_at_stations():
    phase = normal(0, 2, 5, 13, 4).at[0, 0, :, 2].set(0.0)
    edges = np.asarray(phase_edges(phase))
    assert np.all(np.isfinite(edges)) and np.abs(edges).max() <= 1
    np.testing.assert_allclose(edges[..., 0], -edges[..., 0].swapaxes(-1, -2), atol=1e-12)


def test_phase_edges_of_one_pair_are_the_six_documented_features():
    phase = jnp.array([[[[3.0, 0.5, 1.0, 2.0], [-3.0, 0.25, -0.5, 4.0]]]])
    turned = 6.0 - 2 * np.pi
    expected = [
        turned / np.pi,
        0.25 / np.pi,
        np.tanh(1.0 / -0.5),
        np.tanh(0.5),
        abs(turned) / np.pi,
        np.cos(turned) * np.cos(0.25),
    ]
    np.testing.assert_allclose(phase_edges(phase)[0, 0, 0, 1], expected, rtol=1e-12)
