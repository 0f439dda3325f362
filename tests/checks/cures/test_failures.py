"""What the families of edits read of the failing leaves."""

import jax.numpy as jnp
import pytest

from tests.checks.cures.failing_losses import make_failures, make_loss

X = jnp.array([1.0, 2.0])


@pytest.fixture(scope="module")
def failures():
    loss = lambda p, x: (p["a"] * x).sum() * p["s"] ** 2 + p["w"].sum()  # noqa: E731
    params = {"a": 2 * X, "s": jnp.float32(0), "w": X}
    return make_failures(make_loss(loss, params, X), a="stuck", s="blocked")


def test_failing_leaves_are_selected_by_verdict(failures):
    assert [f.leaf for f in failures.select("stuck")] == [0]
    assert [f.leaf for f in failures.select("blocked", "stuck")] == [0, 1]
    assert failures.select("wrong") == []


def test_the_measurement_before_is_made_once(failures, monkeypatch):
    name, before = failures.measure_before(0)
    assert (name, before.size, before.passes) == ("gradient", 0.0, False)
    monkeypatch.setattr("checks.cures.failures.measure_leaf", None)
    assert failures.measure_before(0) == (name, before)


def test_every_equation_is_walked_with_the_leaves_that_enter_it(failures):
    entering = {s.site.equation.primitive.name: s.arriving for s in failures.walk()}
    assert entering["integer_pow"] == 0b010 and entering["add"] == 0b111


def test_cotangents_are_tapped_on_the_paths_of_leaves_that_are_zero_by_value(failures):
    tapped = failures.tapped
    assert all(t.reaches(0) for t in tapped)
    # In program order the cotangent meets the zero factor last.
    assert tapped[0].size == 0 and tapped[-1].size == pytest.approx(1)


def test_sizes_are_root_mean_squares(failures):
    assert failures.sizes == pytest.approx([2 * 2.5**0.5, 0, 2.5**0.5])


def test_of_many_leaves_three_are_named():
    many = make_loss(lambda p: sum(p.values()), dict.fromkeys("abcde", 1.0))
    failures = make_failures(many, a="stuck")
    assert failures.name([0, 1]) == "a, b"
    assert failures.name(range(5)) == "a, b, c and 2 more"
