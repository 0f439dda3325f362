"""Static reach: proofs through every kind of sub-program, and the lines that cut."""

import inspect
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from checks import reach
from checks.program.trace import NotALoss

X = jnp.linspace(0.1, 1.0, 4)


def _line(marker: str) -> str:
    """`file:line` of the line of this module that holds the marker comment."""
    lines = Path(__file__).read_text().splitlines()
    (number,) = [i for i, line in enumerate(lines, 1) if line.endswith(f"# {marker}")]
    return f"{Path(__file__).name}:{number}"


def _verdicts(loss, params, *args):
    return {name: leaf.verdict for name, leaf in reach(loss, params, *args).items()}


@jax.custom_jvp
def _flat(x, y):
    return x * y


@_flat.defjvp
def _flat_rule(primals, tangents):
    x, y = primals
    return _flat(x, y), y * tangents[0]


@jax.custom_vjp
def _deaf(x, y):
    return x * y


_deaf.defvjp(lambda x, y: (x * y, y), lambda y, g: (g * y, None))


def _scan_with_carries(p):
    """a stays in its own carry, b crosses into the used one, c's carry is stopped each step."""

    def body(carry, _):
        own, used, cut = carry
        cut = lax.stop_gradient(cut)
        return (own * 2, used * 0.5 + p["b"], cut + 1), used + cut

    _, ys = lax.scan(body, (p["a"], p["d"], p["c"]), None, length=3)
    return ys.sum()


def _swapped(p):
    (one, _), _ = lax.scan(lambda c, _: ((c[1], c[0]), None), (p["a"], p["b"]), None, length=3)
    return one


def _while_carry(p):
    def body(state):
        i, x, spare = state
        return i + 1, x * p["a"], spare + p["c"]

    return lax.while_loop(lambda s: s[0] < p["b"], body, (0.0, 1.0, 1.0))[1] + p["d"]


SUB_PROGRAMS = {
    "jit": (jax.jit(lambda p: p["a"] ** 2 + 0.0), {"a": "reachable", "b": "disconnected"}),
    "remat": (jax.checkpoint(lambda p: jnp.sin(p["a"])), {"a": "reachable", "b": "disconnected"}),
    "vmap": (
        lambda p: jax.vmap(lambda x: x * p["a"] + lax.stop_gradient(x * p["b"]))(X).sum(),
        {"a": "reachable", "b": "blocked"},
    ),
    "scan": (
        _scan_with_carries,
        {"a": "disconnected", "b": "reachable", "c": "blocked", "d": "reachable"},
    ),
    "swapped carries, odd": (_swapped, {"a": "disconnected", "b": "reachable"}),
    "while": (
        _while_carry,
        {"a": "blocked", "b": "blocked", "c": "disconnected", "d": "reachable"},
    ),
    "cond": (
        lambda p: lax.cond(p["c"] > 0, lambda: (p["a"], p["d"]), lambda: (p["b"], p["d"]))[0],
        {"a": "reachable", "b": "reachable", "c": "blocked", "d": "disconnected"},
    ),
    "switch": (
        lambda p: lax.switch(jnp.int32(p["c"]), [lambda: p["a"], lambda: p["b"], lambda: 1.0]),
        {"a": "reachable", "b": "reachable", "c": "blocked"},
    ),
    "custom_jvp": (lambda p: _flat(p["a"], p["b"]), {"a": "reachable", "b": "blocked"}),
    "custom_vjp": (lambda p: _deaf(p["a"], p["b"]), {"a": "reachable", "b": "blocked"}),
    "custom_vjp in scan and remat": (
        lambda p: lax.scan(jax.checkpoint(lambda c, x: (_deaf(c, x + p["b"]), None)), p["a"], X)[0],
        {"a": "reachable", "b": "blocked"},
    ),
    "custom_linear_solve": (
        lambda p: jnp.linalg.solve(jnp.eye(2) * p["a"], jnp.ones(2) * p["b"]).sum(),
        {"a": "reachable", "b": "reachable"},
    ),
    "inner gradient": (
        lambda p: jax.grad(lambda w: w**2 * p["a"] + p["b"])(p["c"]),
        {"a": "reachable", "b": "disconnected", "c": "reachable"},
    ),
}


@pytest.mark.parametrize("case", SUB_PROGRAMS)
def test_each_operand_carry_and_output_is_told_apart(case):
    loss, expected = SUB_PROGRAMS[case]
    assert _verdicts(loss, dict.fromkeys(expected, jnp.float32(0.7))) == expected


CUTS = {
    "stop_gradient": lambda p: lax.stop_gradient(p).sum(),
    "convert_element_type": lambda p: p.astype(jnp.int32).sum().astype(jnp.float32),
    "argmax": lambda p: X[jnp.argmax(p)],
    "sort": lambda p: X[jnp.argsort(p)][0],
    "gt": lambda p: jnp.where(p > 0, X, 0).sum(),
    "round": lambda p: jnp.round(p).sum(),
    "floor": lambda p: jnp.floor(p).sum(),
    "sign": lambda p: jnp.sign(p).sum(),
    "pure_callback": lambda p: jax.pure_callback(np.sum, jax.ShapeDtypeStruct((), np.float32), p),
}


@pytest.mark.parametrize("primitive", CUTS)
def test_the_cutting_primitive_is_named_with_its_line(primitive):
    leaf = reach(lambda p: CUTS[primitive](p["w"]), {"w": X})["w"]
    assert leaf.verdict == "blocked"
    assert [place.split()[1] for place in leaf.where] == [primitive]
    (number,) = [
        i
        for i, line in enumerate(Path(__file__).read_text().splitlines(), 1)
        if line.startswith(f'    "{primitive}": lambda')
    ]
    assert leaf.where[0].startswith(f"tests/checks/{Path(__file__).name}:{number} ")


def test_every_cut_of_a_leaf_is_named_and_no_other():
    def loss(p):
        one = lax.stop_gradient(p["a"]).sum()  # first cut
        two = jnp.argmax(p["a"] * 2).astype(jnp.float32)  # second cut
        thrown_away = lax.stop_gradient(p["a"] * 3)
        return one + two + lax.stop_gradient(p["b"]).sum() + p["b"].sum() + 0 * thrown_away.size

    where = reach(loss, {"a": X, "b": X})["a"].where
    assert [place.split()[0].split("/")[-1] for place in where] == [
        _line("first cut"),
        _line("second cut"),
    ]


def test_a_cut_inside_scan_remat_and_jit_is_found_at_its_own_line():
    @jax.jit
    def helper(x):
        return lax.stop_gradient(x)  # inner cut

    def loss(p):
        body = jax.checkpoint(lambda c, x: (c + helper(p["w"] * x), None))
        return lax.scan(body, 0.0, X)[0]  # its scan

    (where,) = reach(loss, {"w": jnp.float32(1)})["w"].where
    assert _line("inner cut") in where and "called at" in where


def test_a_custom_rule_that_drops_an_argument_is_named():
    (where,) = reach(lambda p: _deaf(p["a"], p["b"]), {"a": X[0], "b": X[0]})["b"].where
    assert "custom_vjp_call of _deaf" in where
    line = inspect.getsourcelines(test_a_custom_rule_that_drops_an_argument_is_named)[1] + 1
    assert f"{Path(__file__).name}:{line} " in where


def test_a_rule_of_zeros_inside_a_scan_is_not_hidden_by_the_initial_carry():
    def loss(p):
        return lax.scan(lambda c, _: (_deaf(X[0], c), None), p["w"], None, length=2)[0]

    assert _verdicts(loss, {"w": X[0]}) == {"w": "blocked"}


def test_where_the_data_of_a_disconnected_leaf_go_is_said():
    def loss(p):
        unused = jnp.tanh(p["thrown"])
        return p["w"].sum(), {"metric": p["logged"] + 0 * unused.size, "n": p["shape"].shape[0]}

    report = reach(loss, {"w": X, "thrown": X, "logged": X, "shape": X})
    assert {n for n, leaf in report.items() if leaf.verdict == "disconnected"} == {
        "thrown",
        "logged",
        "shape",
    }
    assert "auxiliary output metric" in report["logged"].evidence
    assert "thrown away" in report["thrown"].evidence
    assert "never read by any equation" in report["shape"].evidence


def test_shapes_suffice_and_other_leaves_are_skipped():
    struct = jax.ShapeDtypeStruct((1 << 20, 1 << 20), jnp.bfloat16)
    params = {"w": struct, "step": jax.ShapeDtypeStruct((), jnp.int32), "key": jax.random.key(0)}
    report = reach(lambda p, x: (p["w"] @ x).astype(jnp.float32).sum(), params, struct)
    assert report.passes and list(report) == ["w"]
    assert set(report.skipped) == {"step", "key"}


def test_shard_map_keeps_its_operands_apart():
    mesh = jax.make_mesh((1,), ("d",), axis_types=(jax.sharding.AxisType.Auto,))
    spec = jax.sharding.PartitionSpec

    def loss(p):
        def inner(a, b):
            return lax.psum(a * 2, "d"), lax.stop_gradient(lax.psum(b, "d"))

        shard = partial(jax.shard_map, mesh=mesh, in_specs=spec(), out_specs=spec())
        return sum(x.sum() for x in shard(inner)(p["a"], p["b"]))

    assert _verdicts(loss, {"a": X, "b": X}) == {"a": "reachable", "b": "blocked"}


def test_a_write_to_a_reference_is_followed():
    if not hasattr(jax, "new_ref"):
        pytest.skip("this JAX has no mutable references")

    def loss(p):
        ref = jax.new_ref(jnp.zeros(4))
        ref[...] = p["w"]
        return ref[...].sum()

    assert _verdicts(loss, {"w": X, "v": X}) == {"w": "reachable", "v": "disconnected"}


def test_the_module_path_of_a_scanned_flax_module_is_given():
    import flax.linen as nn

    class Cell(nn.Module):
        @nn.compact
        def __call__(self, carry, x):
            return carry + lax.stop_gradient(nn.Dense(4, name="d1")(x)), None

    class Model(nn.Module):
        @nn.compact
        def __call__(self, xs):
            scan = nn.scan(Cell, variable_broadcast="params", split_rngs={"params": False})
            return scan(name="layers")(jnp.zeros(4), xs)[0]

    model, xs = Model(), jnp.ones((3, 4))
    params = jax.eval_shape(model.init, jax.random.key(0), xs)["params"]
    report = reach(lambda p: model.apply({"params": p}, xs).sum(), params)
    (where,) = report["layers/d1/kernel"].where
    assert where.endswith("stop_gradient in Model/layers")


NOT_LOSSES = {
    "no parameters": (lambda p: 1.0, {"n": 1}, "floating-point"),
    "not a scalar": (lambda p: p["w"], {"w": X}, r"scalar: got shape \(4,\)"),
    "an integer": (lambda p: jnp.int32(1), {"w": X}, "int32"),
    "raises": (lambda p: p["missing"], {"w": X}, "KeyError"),
    "not traceable": (lambda p: float(p["w"].sum()), {"w": X}, "traceable"),
    "nothing": (lambda p: None, {"w": X}, "NoneType"),
}


@pytest.mark.parametrize("case", NOT_LOSSES)
def test_what_is_no_loss_gets_one_clear_sentence(case):
    loss, params, words = NOT_LOSSES[case]
    with pytest.raises(NotALoss, match=words) as raised:
        reach(loss, params)
    assert "\n" not in str(raised.value)


def test_names_that_collide_take_the_full_form():
    report = reach(lambda p: p["a"]["b"] + p["a/b"], {"a": {"b": 1.0}, "a/b": 2.0})
    assert set(report) == {"['a']['b']", "['a/b']"}


@pytest.mark.parametrize("kind", ["relu", "jit"])
def test_a_thousand_layers_take_seconds(kind):
    import time

    def loss(p, x):
        for w in p:
            x = jax.nn.relu(x @ w) if kind == "relu" else jax.jit(jnp.tanh)(x @ w)
        return x.sum()

    params = [jax.ShapeDtypeStruct((8, 8), jnp.float32)] * 1000
    start = time.perf_counter()
    assert reach(loss, params, jax.ShapeDtypeStruct((2, 8), jnp.float32)).passes
    assert time.perf_counter() - start < 60
