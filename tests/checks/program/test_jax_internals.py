"""What JAX has no public name for, and what happens where a name is missing."""

from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import pytest
from jax.extend import core

from checks.program import jax_internals

X = jnp.ones(2)


def scoped(x):
    with jax.named_scope("outer"):
        return jnp.sin(x)  # this line


EQUATION = jax.make_jaxpr(scoped)(X).eqns[0]


def test_frames_name_file_line_and_function_innermost_first():
    frames = jax_internals.get_frames(EQUATION)
    own = [f for f in frames if f.file_name == __file__]
    assert own[0].function_name == "scoped"
    line = Path(__file__).read_text().splitlines()[own[0].line_num - 1]
    assert line.endswith("# this line")


def test_columns_belong_to_the_frames():
    (equation,) = jax.make_jaxpr(lambda x: jnp.sin(x))(1.0).jaxpr.eqns
    columns = jax_internals.get_columns(equation)
    frames = jax_internals.get_frames(equation)
    own = [i for i, frame in enumerate(frames) if frame.file_name == __file__]
    assert len(columns) == len(frames) and columns[own[0]] == (43, 53)
    assert jax_internals.get_columns(SimpleNamespace()) == []


def test_scopes_are_joined():
    assert jax_internals.get_scopes(EQUATION) == "outer"


def test_the_source_of_a_jaxpr_names_the_function():
    source = jax_internals.get_function_source(jax.make_jaxpr(scoped)(X).jaxpr)
    assert source.startswith("scoped at ") and __file__ in source


@pytest.mark.parametrize("nothing", [SimpleNamespace(), SimpleNamespace(source_info=None)])
def test_where_jax_tells_nothing_the_answers_are_empty(nothing):
    assert jax_internals.get_traceback(nothing) is None
    assert jax_internals.get_frames(nothing) == []
    assert jax_internals.get_scopes(nothing) == ""
    assert jax_internals.get_function_source(nothing) == ""
    assert jax_internals.get_implementation_module(nothing) == "jax"
    assert jax_internals.get_bind_params(nothing, {"a": 1}) == {"a": 1}


def test_implementations_name_their_module():
    foreign = core.Primitive("foreign")
    foreign.def_impl(lambda x: x)
    assert jax_internals.get_implementation_module(foreign) == __name__
    assert jax_internals.get_implementation_module(EQUATION.primitive).startswith("jax")


def test_an_equation_that_is_run_again_keeps_its_scope_and_source():
    def again(x):
        with jax_internals.enter_equation(EQUATION, jax_internals.get_traceback(EQUATION)):
            return jnp.cos(x)

    (equation,) = jax.make_jaxpr(again)(X).eqns
    assert jax_internals.get_scopes(equation) == "outer"
    lines = [
        {(f.file_name, f.line_num) for f in jax_internals.get_frames(e) if f.file_name == __file__}
        for e in (equation, EQUATION)
    ]
    assert lines[0] == lines[1]


def test_an_equation_without_a_context_is_entered_all_the_same():
    bare = SimpleNamespace(source_info=EQUATION.source_info)
    with jax_internals.enter_equation(bare, None):
        assert jnp.sin(0.0) == 0
