"""The checks as a test."""

import jax.numpy as jnp
import pytest
from jax import lax

from checks import assert_alive

X = jnp.linspace(0.1, 1.0, 4)
PARAMS = {"layers_0": X, "layers_1": X, "head": X}


def loss(p, x):
    stopped = sum(lax.stop_gradient(p[f"layers_{i}"]).sum() for i in range(2))
    return ((p["head"] * x) ** 2).sum() + stopped


def test_the_message_is_the_table_of_what_fails():
    with pytest.raises(AssertionError, match=r"2 of 3 parameters do not learn(.|\n)*stop_grad"):
        assert_alive(loss, PARAMS, X, cures=False)


def test_it_passes_where_every_leaf_passes_or_has_a_reason():
    assert_alive(loss, PARAMS, X, allow=[("layers_*", "blocked", "targets by design")])


def test_an_entry_that_matches_nothing_fails_and_is_named():
    allow = [("layers_*", "blocked", "targets by design"), ("head", "stuck", "old")]
    with pytest.raises(AssertionError, match=r"0 of 3 (.|\n)*\(head, stuck\) matches no failing"):
        assert_alive(loss, PARAMS, X, allow=allow)
