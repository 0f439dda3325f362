"""Scopes of equations, and their groups."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from checks.flow.scopes import find_scopes, group_scopes
from checks.program.trace import trace


def scopes_of(loss, params, *args):
    program = trace(loss, params, args)
    chains = [(equation,) for equation in program.jaxpr.jaxpr.eqns]
    return find_scopes(chains, program.params.names)


def halved(x):
    return 0.5 * x


def test_without_modules_the_functions_take_their_place():
    found = scopes_of(lambda p: halved(jnp.sin(p["w"])).sum(), {"w": jnp.ones(3)})
    names = ["/".join(scope) for scope in found]
    assert any("halved/test_scopes.py:" in name for name in names)
    assert all("test_scopes.py:" in name for name in names)


def test_a_line_to_which_the_program_returns_has_numbered_turns():
    def loss(p):
        x = p["w"]
        for _ in range(2):
            x = jnp.sin(x)
            x = halved(x)
        return x.sum()

    turns = {scope[-1] for scope in scopes_of(loss, {"w": jnp.ones(3)})}
    assert {"turn 1", "turn 2"} <= turns


def test_modules_that_name_the_leaves_are_the_scopes_without_the_root():
    class Net(nn.Module):
        @nn.compact
        def __call__(self, x):
            return nn.Dense(2, name="head")(nn.Dense(3, name="embed")(x))

    x = jnp.ones((1, 4))
    params = Net().init(jax.random.key(0), x)["params"]
    found = scopes_of(lambda p: Net().apply({"params": p}, x).sum(), params)
    assert {"embed", "head"} <= {scope[0] for scope in found}
    assert not any(scope[0] == "Net" for scope in found)


LAYERS = [("net", f"layer_{i}", "dense", "m.py:1") for i in range(100)]


def test_siblings_that_differ_by_numbers_become_one_group_where_they_are_too_many():
    names = group_scopes([*LAYERS, ("net", "head", "m.py:2")], 10)
    assert set(names.values()) == {"net/layer_*/dense", "net/head"}


def test_few_siblings_stay_apart():
    assert len(set(group_scopes(LAYERS[:5], 10).values())) == 5


def test_a_module_with_two_groups_keeps_their_lines():
    names = group_scopes([("net", "m.py:1"), ("net", "m.py:2"), ("head", "m.py:3")], 10)
    assert list(names.values()) == ["net/m.py:1", "net/m.py:2", "head"]


def test_there_are_never_more_groups_than_allowed():
    found = [("a", f"{c}", "m.py:1") for c in "bcdefgh"] + [("z", "m.py:2")]
    assert len(set(group_scopes(found, 3).values())) <= 3
