import numpy as np
import pytest

from pgat_jax.data.columns import Columns
from pgat_jax.model.angles import phase_edges
from pgat_jax.model.phase import Phase
from tests.model.conftest import assert_causal, bind, draw_parameters, normal

COLUMNS = Columns(tuple("abcdefg"), (-1, 0, 0, 1, 1, 2, 12))


@pytest.fixture(scope="module")
def phase():
    past, phases = normal(0, 2, 8, 7), normal(1, 2, 8, 13, 4)
    module = Phase(4, 3, COLUMNS)
    params = draw_parameters(module, past, phases)
    return past, phases, bind(module, params)


def test_features_edges_and_adjacency_have_their_shapes_and_ranges(phase):
    past, phases, apply = phase
    bodies, edges, adjacency = apply(past, phases)
    assert bodies.shape == (2, 8, 13, 4)
    np.testing.assert_allclose(edges, phase_edges(phases), atol=1e-6)
    assert np.all((np.asarray(adjacency) > 0) & (np.asarray(adjacency) < 1))


def test_body_features_see_no_later_day(phase):
    past, phases, apply = phase
    assert_causal(lambda past: apply(past, phases)[0], past)
    assert_causal(lambda phases: apply(past, phases)[0], phases)


def test_the_adjacency_of_a_pair_reads_both_bodies_and_their_edge(phase):
    past, phases, apply = phase
    without = {
        "first body": (past.at[0, 5, 1].add(1.0), phases),
        "second body": (past.at[0, 5, 3].add(1.0), phases),
        "edge": (past, phases.at[0, 5, 0, 0].add(1.0)),
    }
    before = apply(past, phases)[2][0, 5, 0, 1]
    for name, inputs in without.items():
        assert apply(*inputs)[2][0, 5, 0, 1] != before, name
