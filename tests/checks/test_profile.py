"""Profiles: where the gradient of a leaf is lost, held against factors known by hand."""

import math

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from checks.flow.profile import profile


def test_the_steepest_loss_is_the_saturated_equation():
    def loss(p):
        return (0.5 * p["w"] + jnp.tanh(6.0 * p["w"])).sum() * 2.0  # saturated

    found = profile(loss, {"w": jnp.full(3, 1.0)}, leaf="w")
    worst = found.steepest(1)[0]
    assert worst.place.split()[1] == "tanh" and "test_profile.py" in worst.place
    assert worst.factor == pytest.approx(1 - math.tanh(6.0) ** 2, rel=1e-6)


def test_the_order_is_from_the_loss_back_and_sizes_are_cotangents():
    found = profile(lambda p: (3.0 * jnp.sin(2.0 * p["w"])).sum(), {"w": jnp.zeros(4)}, leaf="w")
    assert [p.place.split()[1] for p in found.passages] == ["reduce_sum", "mul", "sin", "mul"]
    assert [p.leaving for p in found.passages] == pytest.approx([1.0, 3.0, 3.0, 6.0])
    assert found.gradient == pytest.approx(6.0)


def test_a_scan_is_seen_step_by_step():
    def loss(p):
        return lax.scan(jax.checkpoint(lambda c, _: (0.5 * c, None)), p["w"], None, length=4)[0]

    (passage,) = profile(loss, {"w": 1.0}, leaf="w").passages
    assert passage.steps == pytest.approx([1 / 16, 1 / 8, 1 / 4, 1 / 2])


def test_only_the_way_of_the_leaf_is_shown():
    def loss(p):
        return jnp.sin(p["w"]).sum() + jnp.cos(p["v"]).sum()

    places = [
        p.place for p in profile(loss, {"w": jnp.ones(2), "v": jnp.ones(2)}, leaf="w").passages
    ]
    assert any(" sin" in place for place in places)
    assert not any(" cos" in place for place in places)


def test_text_and_json():
    found = profile(lambda p: jnp.sin(p["w"]).sum(), {"w": jnp.ones(2)}, leaf="w")
    assert "steepest losses" in found.text() and "sin" in found.text()
    assert found.document()["passages"][0]["factor"] == pytest.approx(1.0)


def test_what_has_no_profile_is_refused():
    loss = lambda p: lax.stop_gradient(p["w"])  # noqa: E731
    with pytest.raises(ValueError, match="'w' is blocked"):
        profile(loss, {"w": 1.0}, leaf="w")
    with pytest.raises(KeyError, match="no leaf is called 'v'"):
        profile(loss, {"w": 1.0}, leaf="v")
