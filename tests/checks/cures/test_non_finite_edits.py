"""Edits of equations that make a NaN or Inf."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from checks.cures.failing_leaf import FailingLeaf
from checks.cures.non_finite_edits import propose_domain_edits
from checks.program.places import find_place
from tests.checks.cures.failing_losses import (
    find_edit,
    gradient_after,
    make_failures,
    make_loss,
)

# Primitive -> a function, an operand outside its domain, and one inside.
DOMAINS = {
    "log": (jnp.log, 0.0, 0.5),
    "sqrt": (jnp.sqrt, 0.0, 0.5),
    "rsqrt": (jax.lax.rsqrt, 0.0, 0.5),
    "pow": (lambda v: v**0.5, 0.0, 0.5),
    "log1p": (jnp.log1p, -1.0, 0.5),
    "integer_pow": (lambda v: v**-2, 0.0, 0.5),
    "div": (lambda v: 1 / v, 0.0, 0.5),
    "exp": (jnp.exp, 200.0, 0.5),
    "acos": (jnp.arccos, 1.0, 0.5),
    "asin": (jnp.arcsin, 1.0, 0.5),
    "atanh": (jnp.arctanh, 1.0, 0.5),
}


def fail_at_every_line(diagnosed):
    places = [find_place(s.site.equation) for s in make_failures(diagnosed).walk()]
    return make_failures(diagnosed, v=FailingLeaf(0, "non_finite", where=tuple(places)))


@pytest.mark.parametrize("name", DOMAINS)
def test_a_guard_makes_the_gradient_finite_and_keeps_it_inside_the_domain(name):
    function, outside, inside = DOMAINS[name]
    diagnosed = make_loss(lambda p: function(p["v"]).sum(), {"v": jnp.array([outside, inside])})
    failures = fail_at_every_line(diagnosed)
    right = jax.grad(function)(inside)
    edits = list(propose_domain_edits(failures))
    assert not np.isfinite(jax.grad(function)(outside))
    for words in ("exclude elements outside the domain", "clip the operand to the domain"):
        slope = gradient_after(failures, find_edit(edits, words), "v")
        np.testing.assert_allclose(slope, [0, right], rtol=1e-5)


def test_only_the_lines_that_a_verdict_names_are_guarded():
    diagnosed = make_loss(lambda p: jnp.log(p["v"]).sum(), {"v": jnp.zeros(2)})
    other = FailingLeaf(0, "non_finite", where=("other.py:1 log",))
    assert list(propose_domain_edits(make_failures(diagnosed, v=other))) == []
    assert list(propose_domain_edits(make_failures(diagnosed, v="stuck"))) == []


def test_an_infinite_mask_is_replaced_by_a_large_finite_number():
    def loss(p):
        scores = jnp.where(jnp.arange(2) < 0, p["v"], -jnp.inf)  # all masked
        return (jax.nn.softmax(scores) * p["v"]).sum()

    v = jnp.array([1.0, 2.0])
    failures = make_failures(make_loss(loss, {"v": v}), v="non_finite")
    edit = find_edit(propose_domain_edits(failures), "mask with a large finite number")
    assert "test_non_finite_edits.py" in edit.text
    np.testing.assert_allclose(gradient_after(failures, edit, "v"), [0.5, 0.5])


def test_a_division_among_the_data_is_guarded():
    def loss(p, x):
        return jnp.where(x > 0, p["v"] * (x / x), 0.0).sum()

    diagnosed = make_loss(loss, {"v": jnp.ones(3)}, jnp.array([1.0, 2.0, 0.0]))
    failures = fail_at_every_line(diagnosed)
    edit = find_edit(propose_domain_edits(failures), "exclude elements outside the domain")
    assert edit.leaves == (0,)
    np.testing.assert_array_equal(gradient_after(failures, edit, "v"), [1.0, 1.0, 0.0])
