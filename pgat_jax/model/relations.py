"""The astronomical adjacency: fixed relations between bodies, which no data change."""

import numpy as np
from jaxtyping import Float

from pgat_jax.names import BODIES

# Strength of a pair's relation, from the PyTorch original ("Celestial Enhanced PGAT"); all other
# pairs have 0.
RELATIONS = {
    ("sun", "jupiter"): 0.9,
    ("moon", "venus"): 0.8,
    ("mercury", "uranus"): 0.7,
    ("mars", "saturn"): -0.6,
    ("sun", "pluto"): -0.5,
    ("jupiter", "neptune"): -0.4,
    ("north_node", "south_node"): -0.8,
    ("sun", "saturn"): -0.7,
    ("venus", "jupiter"): 0.9,
    ("mercury", "mars"): 0.6,
    ("moon", "mercury"): 0.5,
    ("venus", "mars"): 0.4,
}


def astronomical_adjacency() -> Float[np.ndarray, "N N"]:
    """Returns the strengths of `RELATIONS` as a symmetric matrix with a unit diagonal."""
    adjacency = np.eye(len(BODIES))
    for (a, b), strength in RELATIONS.items():
        i, j = BODIES.index(a), BODIES.index(b)
        adjacency[i, j] = adjacency[j, i] = strength
    return adjacency
