"""Edits of equations, grouped by their place."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from checks.cures.edits import Edit, EquationGroup, Rewriter, group_by_place
from checks.program.interpret import Interpreter
from tests.checks.cures.failing_losses import gradient_after, make_failures, make_loss

X = jnp.array([1.0, 2.0])


def twice(equation, operands):
    return [2.0 * operands[0].astype(jnp.float32)]


def test_a_rewriter_replaces_the_equations_at_its_paths_in_their_types():
    closed = jax.make_jaxpr(lambda x: lax.neg(lax.neg(x)))(X.astype(jnp.bfloat16))
    run = lambda rewriter: rewriter.run(closed, [X.astype(jnp.bfloat16)])[0][0]  # noqa: E731
    assert run(Rewriter(twice, {(0,)})).dtype == jnp.bfloat16
    np.testing.assert_array_equal(run(Rewriter(twice, {(0,)})), -2 * X)
    np.testing.assert_array_equal(run(Rewriter(twice)), 4 * X)


def stop(x):
    return lax.stop_gradient(x)  # one line


def loss(params, x):
    one, two = stop(params["a"]), stop(params["b"])
    other = lax.stop_gradient(params["c"] * x)
    return (one + two + other + params["w"]).sum()


def make():
    diagnosed = make_loss(loss, dict.fromkeys("abcw", X), X)
    return make_failures(diagnosed, a="blocked", b="blocked", c="blocked")


def find_groups(failures):
    stops = (s for s in failures.walk() if s.site.equation.primitive.name == "stop_gradient")
    return group_by_place([(s.site, s.arriving) for s in stops], failures)


def test_equations_at_one_line_form_a_group_and_the_largest_comes_first():
    groups = find_groups(make())
    assert [group.leaves for group in groups] == [(0, 1), (2,)]
    assert len(groups[0].paths) == 2 and groups[0].place.endswith(" stop_gradient")
    assert groups[0].equation.primitive.name == "stop_gradient"


def test_equations_that_no_failing_leaf_enters_are_left_out():
    failures = make()
    (first, *_) = failures.walk()
    assert group_by_place([(first.site, 0b1000)], failures) == []


def test_an_edit_of_a_group_changes_all_its_equations_together():
    failures = make()
    edit = find_groups(failures)[0].replace("remove it", lambda _, operands: operands)
    assert isinstance(edit, Edit) and (edit.kind, edit.is_last) == ("equation", False)
    assert edit.text.startswith("remove it at ") and edit.leaves == (0, 1)
    for name in "ab":
        np.testing.assert_array_equal(gradient_after(failures, edit, name), np.ones(2))
    assert gradient_after(failures, edit, "c") is None


def test_a_group_can_be_run_by_any_interpreter():
    group = EquationGroup("file:1 sin", {(0,)}, (0,), None)
    edit = group.rewrite("keep it", Interpreter(), is_last=True)
    assert (edit.text, edit.is_last) == ("keep it at file:1 sin", True)
