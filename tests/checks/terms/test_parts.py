"""How summands are united and named."""

import jax
import jax.numpy as jnp
from jax import lax

from tests.checks.terms.searched import PARAMS, X, find_parts


def _square(x):
    return jnp.sum(x**2)


def test_the_summands_of_a_loop_are_one_part_but_not_a_dead_one_among_them():
    def loss(p):
        return jnp.mean(jnp.exp(p["w"])) + sum(_square(x) for x in (p["w"], p["v"]))

    assert sorted(len(part.summands) for part in find_parts(loss)) == [1, 2]

    def with_a_dead_one(p):
        return sum(_square(x) for x in (p["w"], p["v"], lax.stop_gradient(p["v"])))

    parts = find_parts(with_a_dead_one)
    assert [(len(part.summands), part.tangent > 0) for part in parts] == [(2, True), (1, False)]


def test_what_a_library_detaches_inside_is_part_of_the_term():
    def loss(p):
        return jax.nn.logsumexp(p["w"]) + _square(p["v"])

    parts = find_parts(loss)
    assert len(parts) == 2 and all(part.tangent for part in parts)


def test_a_part_has_the_line_at_which_it_differs_from_the_others_and_its_text():
    def loss(p):
        first = _square(p["w"])
        second = _square(p["v"])
        return first + second

    one, two = find_parts(loss)
    line = loss.__code__.co_firstlineno
    assert one.name.endswith(f"test_parts.py:{line + 1}") and one.code == 'first = _square(p["w"])'
    assert two.name.endswith(f"test_parts.py:{line + 2}")
    assert two.where[1].endswith(f"test_parts.py:{_square.__code__.co_firstlineno + 1}")


def test_two_parts_of_one_line_are_told_apart():
    one, two = find_parts(lambda p: _square(p["w"]) + 3.0 * _square(p["v"]))
    assert one.name.endswith(" #1") and two.name.endswith(" #2") and one.name[:-1] == two.name[:-1]


def test_keys_of_the_auxiliary_output_are_names():
    def loss(p, x):
        losses = {"fit": _square(p["w"] * x), "size": [_square(p["v"])]}
        return losses["fit"] + 0.1 * losses["size"][0], {"losses": losses}

    assert [part.name for part in find_parts(loss, PARAMS, X)] == [
        "losses/fit",
        "losses/size/0",
    ]


def test_two_parts_of_one_key_have_the_line_too():
    def loss(p):
        extra = _square(p["w"])
        extra += jnp.mean(jnp.exp(p["v"]))
        return extra + _square(jnp.sin(p["v"])), {"extra": extra}

    names = [part.name for part in find_parts(loss)]
    assert sum(name.startswith("extra ") for name in names) == 2 and len(names) == 3


def test_what_the_loop_of_a_library_detaches_is_part_of_the_term(monkeypatch):
    def loss(p):
        return jnp.mean(jnp.exp(p["w"])) + sum(
            _square(x) for x in (p["w"], p["v"], lax.stop_gradient(p["v"]))
        )

    assert len(find_parts(loss)) == 3
    monkeypatch.setattr("checks.terms.parts.is_in_library", lambda equation: True)
    assert [len(part.summands) for part in find_parts(loss)] == [1, 3]
