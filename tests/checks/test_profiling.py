"""The call `profile`: what it returns and what it refuses."""

import jax.numpy as jnp
import pytest
from jax import lax

from checks import profile
from checks.render.printable import PrintableProfile


def loss(p):
    return jnp.sin(p["w"]).sum() + lax.stop_gradient(p["v"]).sum()


PARAMS = {"u": jnp.ones(2), "v": jnp.ones(2), "w": jnp.ones(2)}


def test_a_profile_has_the_equations_and_prints_itself():
    found = profile(loss, PARAMS, leaf="w")
    assert isinstance(found, PrintableProfile) and found.leaf == "w"
    assert "steepest losses" in found.text() and "sin" in found.text()
    assert all("test_profiling.py" in passage.place for passage in found.passages)


@pytest.mark.parametrize("leaf, words", [("v", "'v' is blocked"), ("u", "'u' is disconnected")])
def test_a_leaf_without_gradient_is_refused_with_its_verdict(leaf, words):
    with pytest.raises(ValueError, match=f"a profile needs a path with a derivative: {words}"):
        profile(loss, PARAMS, leaf=leaf)


def test_an_unknown_leaf_is_refused_with_the_nearest_names():
    with pytest.raises(KeyError, match="no leaf is called 'ww'; the nearest names: w, "):
        profile(loss, PARAMS, leaf="ww")
