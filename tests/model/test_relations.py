import numpy as np

from pgat_jax.model.relations import RELATIONS, astronomical_adjacency
from pgat_jax.names import BODIES


def test_astronomical_adjacency_is_symmetric_with_unit_diagonal():
    adjacency = astronomical_adjacency()
    assert np.array_equal(adjacency, adjacency.T)
    assert np.all(np.diag(adjacency) == 1)
    assert np.count_nonzero(np.triu(adjacency, 1)) == len(RELATIONS) == 12


def test_a_relation_stands_at_its_pair():
    adjacency = astronomical_adjacency()
    assert adjacency[BODIES.index("mars"), BODIES.index("saturn")] == -0.6
    assert adjacency[BODIES.index("sun"), BODIES.index("jupiter")] == 0.9
