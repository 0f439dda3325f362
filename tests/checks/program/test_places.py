"""Where an equation stands in the user's code."""

import runpy
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from checks.program import places
from tests.checks.checked_programs import half_tanh, slightly_off

X = jnp.ones(3)
FILE = "tests/checks/program/test_places.py"


@pytest.fixture(autouse=True)
def working_directory(monkeypatch, request):
    """Paths are shown relative to the working directory."""
    monkeypatch.chdir(request.config.rootpath)


def find_line(mark):
    """Returns the line of this file that ends with a mark."""
    lines = Path(__file__).read_text().splitlines()
    (number,) = [i for i, line in enumerate(lines, 1) if line.endswith(f"  # {mark}")]
    return f"{FILE}:{number}"


def stop(x):
    with jax.named_scope("inner"):
        return lax.stop_gradient(x)  # stop


def loss(x):
    with jax.named_scope("outer"):
        return jax.jit(stop)(x).sum()  # call


CALL = jax.make_jaxpr(loss)(X).eqns[0]
STOP = CALL.params["jaxpr"].eqns[0]


def first(function):
    return jax.make_jaxpr(function)(X).eqns[0]


def test_a_place_has_line_primitive_scopes_and_caller():
    expected = f"{find_line('stop')} stop_gradient in outer/inner, called at {find_line('call')}"
    assert places.find_place(STOP, [CALL]) == expected


def test_an_equation_without_enclosing_ones_has_the_scopes_that_it_knows():
    assert places.find_place(STOP) == f"{find_line('stop')} stop_gradient in inner"


def test_where_there_is_no_line_the_place_says_so(monkeypatch):
    monkeypatch.setattr(places, "get_frames", lambda equation: [])
    assert places.find_place(STOP) == "no source line stop_gradient in inner"
    assert places.find_call_path([CALL, STOP]) == ("no source line",)


def test_frames_of_jax_and_of_this_package_are_no_user_lines():
    relu = first(lambda x: jax.nn.relu(x))
    inside = relu.params["call_jaxpr"].eqns[0]
    assert places.find_user_line(relu).startswith(FILE)
    assert (places.find_user_line(inside) or FILE).startswith(FILE)


def test_the_traceback_is_that_of_the_nearest_equation_with_a_user_line():
    assert places.find_traceback(STOP, [CALL]) is STOP.source_info.traceback


def test_the_line_that_raised_is_the_innermost_of_the_user():
    try:
        jnp.ones(2) @ jnp.ones(3)  # raise
    except TypeError as error:
        assert places.find_raise_line(error) == find_line("raise")
    assert places.find_raise_line(ValueError()) is None


def test_transformations_are_taken_off_scopes():
    def loss(x):
        with jax.named_scope("layer"):
            return jnp.sin(x).sum()

    equations = jax.make_jaxpr(jax.grad(loss))(X).eqns
    paths = {places.find_module_path([e]) for e in equations}
    assert paths == {"layer"}


def test_a_call_path_names_the_users_functions_from_the_loss_inwards():
    line = find_line("stop").rpartition("/")[2]
    assert places.find_call_path([CALL, STOP])[-2:] == ("stop", line)
    assert "loss" in places.find_call_path([CALL, STOP])


def test_the_line_of_a_call_path_is_that_of_the_innermost_function():
    def middle(x):
        return stop(2 * x)

    def outer(x):
        return middle(x).sum()

    equations = jax.make_jaxpr(outer)(X).eqns
    (equation,) = [e for e in equations if e.primitive.name == "stop_gradient"]
    *names, line = places.find_call_path([equation])
    assert names[-3:] == ["outer", "middle", "stop"]
    assert line == find_line("stop").rpartition("/")[2]


def test_a_rule_is_described_by_its_function():
    off = first(lambda x: slightly_off(x))
    assert places.describe_rule(off).startswith("<lambda> (tests/checks/checked_programs.py:")
    gradient = jax.custom_gradient(lambda x: (x, lambda g: (g,)))
    assert places.describe_rule(first(lambda x: gradient(x))).startswith("a function under")


@pytest.mark.parametrize(
    "function, expected",
    [(jax.nn.relu, True), (slightly_off, False), (half_tanh, False)],
    ids=["relu", "a user's vjp", "a user's jvp"],
)
def test_own_rules_of_jax_are_told_from_a_users(function, expected):
    assert places.is_jax_rule(first(lambda x: function(x))) is expected


def test_own_functions_of_jax_are_told_from_a_users():
    mine, theirs = (first(f).params["jaxpr"] for f in (jax.jit(stop), jnp.linalg.norm))
    assert places.is_jax_function(theirs) and not places.is_jax_function(mine)


def test_the_calls_around_an_equation_have_their_lines_and_columns():
    def square(x):
        return x**2

    def loss(x):
        return jnp.sum(square(x))

    (equation, *_) = jax.make_jaxpr(loss)(1.0).jaxpr.eqns
    outer, inner = places.find_call_frames([equation])[-2:]
    first = square.__code__.co_firstlineno
    assert outer.function.endswith("loss") and inner.function.endswith("square")
    assert (inner.line, outer.line) == (first + 1, first + 4)
    assert inner.columns == (15, 19) and outer.columns == (23, 32)
    assert outer.place.endswith(f"test_places.py:{first + 4}")


def test_an_equation_of_a_library_is_known():
    optax = pytest.importorskip("optax")
    (own,) = jax.make_jaxpr(jnp.sin)(1.0).jaxpr.eqns
    equations = jax.make_jaxpr(lambda x: optax.l2_loss(x))(1.0).jaxpr.eqns
    assert not places.is_in_library(own) and places.is_in_library(equations[-1])


def test_a_stop_inside_a_function_of_jax_is_told_from_a_users():
    softmax = jax.make_jaxpr(lambda x: jax.nn.softmax(x))(X).eqns
    (own,) = [e for e in softmax if e.primitive.name == "stop_gradient"]
    assert places.is_own_stop_of_jax(own)
    assert not places.is_own_stop_of_jax(STOP) and not places.is_own_stop_of_jax(CALL)


@pytest.mark.parametrize("package, is_shown", [("vit", True), ("flax", False)])
def test_the_line_of_an_installed_model_stands_beside_the_callers(tmp_path, package, is_shown):
    file = tmp_path / "site-packages" / package / "model.py"
    file.parent.mkdir(parents=True)
    file.write_text("from jax import lax\ndef cut(x):\n    return lax.stop_gradient(x)\n")
    cut = runpy.run_path(str(file))["cut"]
    equation = jax.make_jaxpr(lambda x: cut(x))(X).eqns[0]  # caller
    place = places.find_place(equation)
    assert place.startswith(find_line("caller"))
    assert place.endswith(f", written at {file}:3") is is_shown


def test_the_function_that_computes_a_derivative_is_named():
    def backward(x, g):
        return (2 * x * g,)

    square = jax.custom_vjp(lambda x: x**2)
    square.defvjp(lambda x: (x**2, x), backward)
    line = backward.__code__.co_firstlineno
    assert places.describe_derivative(first(square)) == f"backward ({FILE}:{line})"
    assert places.describe_derivative(first(lambda x: jax.nn.relu(x))) == ""
