"""What outputs depend on, by value and by tangent, for each kind of equation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from checks.program import jaxprs
from checks.proofs.dependence import Dependence, Sets
from tests.checks.proofs.asked import ask_rules

X = jnp.arange(1.0, 4.0)
I = jnp.arange(3)  # noqa: E741


def _rows(function, *args, dependence=None):
    """For each output the inputs that it depends on, by value and by tangent."""
    closed = jax.make_jaxpr(function)(*args)
    rows = (dependence or Dependence()).get_jaxpr_rows(closed)
    return [_indices(row) for row in rows.value], [_indices(row) for row in rows.tangent]


def _indices(row):
    return [i for i in range(row.bit_length()) if row >> i & 1]


def test_an_equation_depends_on_its_operands_and_outputs_on_their_own():
    value, tangent = _rows(lambda a, b, c: (a * b, jnp.sin(c), jnp.ones(3), a), X, X, X)
    assert value == tangent == [[0, 1], [2], [], [0]]


@pytest.mark.parametrize(
    "function", [lax.stop_gradient, jnp.floor, jnp.ceil, jnp.sign, lax.is_finite]
)
def test_flat_equations_pass_values_alone(function):
    value, tangent = _rows(lambda a, b: (function(a), b), X, X)
    assert (value, tangent) == ([[0], [1]], [[], [1]])


@pytest.mark.parametrize("method", [lax.RoundingMethod.TO_NEAREST_EVEN])
def test_rounding_and_the_next_float_are_flat(method):
    value, tangent = _rows(lambda a, b: (lax.round(a, method), lax.nextafter(a, b)), X, X)
    assert (value, tangent) == ([[0], [0, 1]], [[], []])


def test_integers_have_no_tangent():
    value, tangent = _rows(lambda a, i: (a[i], a.astype(jnp.int32)), X, I)
    assert (value, tangent) == ([[0, 1], [0]], [[0], []])


def test_a_tangent_does_not_come_back_from_an_integer():
    assert _rows(lambda a: a.astype(jnp.int32).astype(jnp.float32), X) == ([[0]], [[]])


def test_what_selects_has_no_tangent():
    value, tangent = _rows(lambda c, a, b: lax.select(c > 0, a, b), X, X, X)
    assert (value, tangent) == ([[0, 1, 2]], [[1, 2]])


def test_a_sort_orders_by_its_keys_alone():
    value, tangent = _rows(lambda a, b, c: lax.sort((a, b, c), num_keys=1), X, X, X)
    assert value == [[0], [0, 1], [0, 2]] and tangent == [[0], [1], [2]]
    value, _ = _rows(lambda a, b, c: lax.sort((a, b, c), num_keys=2), X, X, X)
    assert value == [[0, 1], [0, 1], [0, 1, 2]]


def test_a_barrier_keeps_its_operands_apart():
    value, tangent = _rows(lambda a, b: lax.optimization_barrier((a, b)), X, X)
    assert value == tangent == [[0], [1]]


def test_calls_are_read_inside():
    def inner(a, b):
        return b, lax.stop_gradient(a)

    for call in (jax.jit(inner), jax.checkpoint(inner)):
        assert _rows(call, X, X) == ([[1], [0]], [[1], []])


def test_a_conditional_depends_on_its_choice_and_on_all_branches():
    def chosen(c, a, b):
        return lax.cond(
            c, lambda a, b: (a, b), lambda a, b: (lax.stop_gradient(b), jnp.zeros(3)), a, b
        )

    value, tangent = _rows(chosen, True, X, X)
    assert (value, tangent) == ([[0, 1, 2], [0, 2]], [[1], [2]])


@pytest.mark.parametrize("length, value", [(1, [0, 1]), (2, [0, 1, 2]), (3, [0, 1, 2, 3])])
def test_a_scan_goes_as_many_steps_as_it_has(length, value):
    """Each step moves every carry by one place."""

    def shifted(a, b, c, d):
        step = lambda s, _: ((s[0] + s[1], s[1] + s[2], s[2] + s[3], s[3]), None)  # noqa: E731
        return lax.scan(step, (a, b, c, d), None, length=length)[0][0]

    assert _rows(shifted, X, X, X, X) == ([value], [value])


def test_a_scan_passes_constants_carries_and_steps():
    def scanned(constant, carry, each):
        def step(s, x):
            return lax.stop_gradient(s) + constant, (x, s)

        return lax.scan(step, carry, each)

    value, tangent = _rows(scanned, jnp.float32(1), jnp.float32(1), X)
    assert value == [[0, 1], [2], [0, 1]] and tangent == [[0], [2], [0, 1]]


def test_results_of_a_scan_are_those_of_any_step():
    def scanned(a, b):
        return lax.scan(lambda s, _: ((s[1], s[0]), s[0]), (a, b), None, length=3)

    value, _ = _rows(scanned, X, X)
    assert value == [[1], [0], [0, 1]]


@pytest.mark.parametrize("length, expected", [(63, [1]), (64, [0]), (65, [0, 1])])
def test_a_long_rotation_is_followed_exactly_and_then_united(length, expected):
    def rotated(a, b):
        return lax.scan(lambda s, _: ((s[1], s[0]), None), (a, b), None, length=length)[0][0]

    assert _rows(rotated, X, X)[0] == [expected]


def test_a_scan_that_comes_to_rest_needs_no_patience():
    def scanned(a, b):
        return lax.scan(lambda s, _: ((s[1], s[1]), None), (a, b), None, length=10_000)[0]

    assert _rows(scanned, X, X)[0] == [[1], [1]]


def test_a_while_passes_values_alone_and_depends_on_its_condition():
    def looped(limit, constant, a, b):
        return lax.while_loop(
            lambda s: s[0] < limit, lambda s: (s[0] + constant, s[0] + s[1]), (a, b)
        )

    value, tangent = _rows(looped, *[jnp.float32(1)] * 4)
    assert value == [[0, 1, 2], [0, 1, 2, 3]] and tangent == [[], []]


def test_a_while_is_followed_until_nothing_changes():
    def looped(n, a, b, c):
        return lax.while_loop(
            lambda s: s[0] < n, lambda s: (s[0] + 1, s[2], s[3], s[3]), (0, a, b, c)
        )

    value, _ = _rows(looped, 3, X, X, X)
    assert value == [[0], [0, 1, 2, 3], [0, 2, 3], [3]]


def _custom(forward, backward):
    function = jax.custom_vjp(lambda a, b: a * b)
    function.defvjp(forward, backward)
    return function


def _asked_rows(function, *args):
    closed = jax.make_jaxpr(function)(*args)
    return ask_rules(closed).get_jaxpr_rows(closed)


def test_a_rule_answers_for_its_function():
    function = _custom(lambda a, b: (a * b, a), lambda a, g: (None, g * a))
    assert _asked_rows(function, X, X) == ((0b11,), (0b10,))


def test_a_rule_of_forward_mode_answers_for_its_function():
    function = jax.custom_jvp(lambda a, b: (a * b, b))
    function.defjvp(lambda xs, ts: (function(*xs), (xs[1] * ts[0], ts[0] + ts[1])))
    assert _asked_rows(function, X, X) == ((0b11, 0b11), (0b01, 0b11))


@pytest.mark.parametrize(
    "zeros",
    [
        jnp.zeros_like,
        lambda a: jnp.zeros(3) + 0,
        lambda a: jnp.zeros((2, 3)).sum(0),
        lambda a: None,
    ],
)
def test_a_rule_that_returns_zeros_is_a_cut(zeros):
    function = _custom(lambda a, b: (a * b, a), lambda a, g: (zeros(a), g))
    assert _asked_rows(function, X, X).tangent == (0b10,)


@pytest.mark.parametrize("slope", [jnp.ones_like, lambda a: a])
def test_a_rule_that_ignores_its_cotangent_is_no_proof(slope):
    function = _custom(lambda a, b: (a * b, a), lambda a, g: (slope(a), g))
    assert _asked_rows(function, X, X).tangent == (0b11,)


def test_a_gradient_for_what_the_function_does_not_read_connects_it():
    """A surrogate: the value is that of one operand, and the gradient goes to the other."""
    function = jax.custom_vjp(lambda a, b: a + 0)
    function.defvjp(lambda a, b: (a + 0, None), lambda _, g: (None, g))
    assert _asked_rows(function, X, X) == ((0b11,), (0b10,))


def test_a_rule_that_was_not_asked_is_no_proof():
    function = _custom(lambda a, b: (lax.stop_gradient(a) * b, a), lambda a, g: (None, g * a))
    assert _rows(function, X, X) == ([[0, 1]], [[0, 1]])


def test_a_rule_that_answers_in_two_ways_has_the_union_of_both():
    function = _custom(lambda a, b: (a * b, a), lambda a, g: (g, None))
    shared = jax.jit(lambda a, b: function(a, b))
    loss = lambda a, b, c: shared(a, lax.stop_gradient(b)) + shared(lax.stop_gradient(a), c)  # noqa: E731
    assert _asked_rows(loss, X, X, X).tangent == (0b001,)


def test_a_rule_is_not_asked_when_only_values_matter():
    function = _custom(lambda a, b: (a * b, a), lambda a, g: (None, g * a))
    dependence = Dependence(ask_rules=False)
    assert _rows(function, X, X, dependence=dependence) == ([[0, 1]], [[0, 1]])


def _raising(a, g):
    raise RuntimeError("no")


def test_a_rule_of_jax_that_raises_is_taken_to_have_a_derivative_and_noted_once(monkeypatch):
    monkeypatch.setattr("checks.proofs.dependence.trace_pullback", lambda e: _raising(e, e))
    dependence = Dependence()
    twice = lambda a: (jax.nn.relu(a), jax.nn.relu(2 * a))  # noqa: E731
    assert _rows(twice, X, dependence=dependence)[1] == [[0], [0]]
    (note,) = dependence.notes
    assert note.startswith("custom rule of relu (")
    end = ") could not be traced: RuntimeError: no; it is taken to have a derivative everywhere"
    assert note.endswith(end)


def test_an_underivable_equation_passes_values_alone_and_is_noted():
    closed = jax.make_jaxpr(lambda a, b: (jnp.sin(a) * b, jnp.cos(a)))(X, X)
    dependence = Dependence(underivable={id(closed.eqns[0]): "Why: so"})
    rows = dependence.get_jaxpr_rows(closed)
    assert (rows.value, rows.tangent) == ((0b11, 0b01), (0b10, 0b01))
    (note,) = dependence.notes
    assert note.startswith("JAX has no reverse derivative of ") and note.endswith(" (Why: so)")
    assert "test_dependence.py" in note and " sin" in note


def test_an_underivable_rule_is_not_asked():
    function = _custom(lambda a, b: (a * b, a), _raising)
    closed = jax.make_jaxpr(function)(X, X)
    dependence = Dependence(underivable={id(closed.eqns[0]): "why"})
    assert dependence.get_jaxpr_rows(closed).tangent == (0,)
    assert len(dependence.notes) == 1 and "no reverse derivative" in dependence.notes[0]


def test_a_rule_of_jax_is_asked_once_for_equal_shapes(monkeypatch):
    asked = []
    original = Dependence._rule_tangent
    monkeypatch.setattr(
        Dependence, "_rule_tangent", lambda self, e: asked.append(e) or original(self, e)
    )
    relu = jax.nn.relu
    _rows(lambda a, b: (relu(a), relu(2 * a), relu(b)), X, jnp.ones((2, 2)))
    assert len(asked) == 2


def test_two_functions_under_one_rule_of_jax_are_told_apart():
    def root(equation, v):
        return lax.custom_root(
            lambda y: y - equation(v), v, lambda f, y: equation(v), lambda g, y: y / g(jnp.ones(3))
        )

    found = _asked_rows(lambda v: (root(jnp.sin, v), root(jnp.floor, v)), X)
    assert found == ((1, 1), (1, 0))


def test_each_call_of_a_users_rule_has_its_own_answer():
    function = _custom(lambda a, b: (a * b, a), lambda a, g: (None, g * a))
    closed = jax.make_jaxpr(lambda a, b: (function(a, b), function(b, a)))(X, X)
    dependence = ask_rules(closed)
    assert dependence.get_jaxpr_rows(closed).tangent == (0b10, 0b01)
    assert dependence.get_jaxpr_rows(closed) is dependence.get_jaxpr_rows(closed.jaxpr)


def test_a_callback_passes_values_alone_and_is_noted():
    shape = jax.ShapeDtypeStruct((3,), jnp.float32)
    called = lambda a: jax.pure_callback(lambda x: np.asarray(x), shape, a)  # noqa: E731
    dependence = Dependence()
    assert _rows(called, X, dependence=dependence) == ([[0]], [[]])
    (note,) = dependence.notes
    assert note.startswith("taken as a whole, its inside is not read: ")
    assert "pure_callback" in note


def test_an_opaque_equation_depends_on_everything_and_is_noted():
    primitive = jax.extend.core.Primitive("user_primitive")
    primitive.def_abstract_eval(lambda a, b: a)
    primitive.def_impl(lambda a, b: a)
    dependence = Dependence()
    assert _rows(lambda a, b: primitive.bind(a, b), X, X, dependence=dependence) == (
        [[0, 1]],
        [[0, 1]],
    )
    assert "user_primitive" in dependence.notes[0]


def test_an_opaque_equation_with_a_rule_is_asked():
    primitive = jax.extend.core.Primitive("user_linear")
    primitive.def_abstract_eval(lambda a, b: a)
    primitive.def_impl(lambda a, b: a)
    jax.interpreters.ad.primitive_jvps[primitive] = lambda primals, tangents: (
        primitive.bind(*primals),
        jax.interpreters.ad.instantiate_zeros(tangents[1]),
    )
    assert _rows(lambda a, b: primitive.bind(a, b), X, X) == ([[0, 1]], [[1]])


def test_an_opaque_equation_is_not_asked_when_only_values_matter():
    primitive = jax.extend.core.Primitive("user_linear_unasked")
    primitive.def_abstract_eval(lambda a, b: a)
    jax.interpreters.ad.primitive_jvps[primitive] = lambda primals, tangents: (
        primitive.bind(*primals),
        jax.interpreters.ad.instantiate_zeros(tangents[1]),
    )
    found = _rows(lambda a, b: primitive.bind(a, b), X, X, dependence=Dependence(ask_rules=False))
    assert found == ([[0, 1]], [[0, 1]])


@pytest.mark.parametrize("length, expected", [(0, [0]), (3, [])])
def test_a_scan_without_steps_passes_on_what_its_steps_would_ignore(length, expected):
    scanned = lambda a: lax.scan(lambda s, _: (jnp.zeros(3), None), a, None, length=length)[0]  # noqa: E731
    assert _rows(scanned, X) == ([expected], [expected])


def test_what_is_written_into_a_reference_is_read_from_it():
    def loss(a, b):
        reference = jax.new_ref(a)
        reference[0] = b[1]
        return reference[...]

    assert _rows(loss, X, X) == ([[0, 1]], [[0, 1]])


def test_sets_are_propagated_from_those_of_the_inputs():
    jaxpr = jaxprs.open_jaxpr(jax.make_jaxpr(lambda a, b: (a * b, lax.stop_gradient(a), 2.0))(X, X))
    sets = Dependence().propagate(jaxpr, Sets([0b01, 0b1000], [0b10, 0b100]))
    found = sets.get(jaxpr.outvars)
    assert list(found.value) == [0b1001, 0b1, 0] and list(found.tangent) == [0b110, 0, 0]


def test_integer_inputs_have_no_tangent_whatever_is_given():
    jaxpr = jaxprs.open_jaxpr(jax.make_jaxpr(lambda i: i)(I))
    found = Dependence().propagate(jaxpr, Sets([1], [1])).get(jaxpr.outvars)
    assert (list(found.value), list(found.tangent)) == ([1], [0])
