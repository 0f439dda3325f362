"""Addresses of equations, and static values in pytrees."""

import jax

from checks.program.sites import Site, StaticNode


def test_entering_an_equation_adds_its_sub_jaxpr_to_the_path_and_itself_to_the_enclosing():
    site = Site("inner", (4, 0, 2), ("outer",))
    assert site.enter(1) == ((4, 0, 2, 1), ("outer", "inner"))


def test_a_static_node_has_no_leaves_and_passes_through_a_transformed_function():
    assert jax.tree.leaves(StaticNode((1, "a"))) == []
    assert jax.jit(lambda x: (x, StaticNode((1, "a"))))(2.0)[1].value == (1, "a")
