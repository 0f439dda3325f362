"""Every kind of pytree, leaf and loss that users bring."""

import dataclasses
from functools import partial
from typing import Any, NamedTuple

import chex
import equinox as eqx
import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp
import pytest
from flax import nnx
from flax.core import freeze

from checks import diagnose, reach

X = jax.random.normal(jax.random.key(0), (6, 3))
W = jax.random.normal(jax.random.key(1), (3, 2))


class Pair(NamedTuple):
    w: Any
    unused: Any


@partial(jax.tree_util.register_dataclass, data_fields=["w", "unused"], meta_fields=["name"])
@dataclasses.dataclass
class Record:
    w: Any
    unused: Any
    name: str = "r"


def _attributes(p, x):
    return ((x @ p.w) ** 2).mean()


def _items(p, x):
    return ((x @ p["w"]) ** 2).mean()


@flax.struct.dataclass
class Struct:
    w: Any
    unused: Any
    rate: float = 0.5


@chex.dataclass
class Chexed:
    w: Any
    unused: Any


TREES = {
    "flax.struct": (_attributes, Struct(W, W)),
    "chex.dataclass": (_attributes, Chexed(w=W, unused=W)),
    "namedtuple": (_attributes, Pair(W, W)),
    "dataclass": (_attributes, Record(W, W)),
    "FrozenDict": (_items, freeze({"w": W, "unused": W})),
    "dict with other leaves": (_items, {"w": W, "unused": W, "n": 3, "f": jnp.tanh, "none": None}),
}


@pytest.mark.parametrize("kind", TREES)
def test_containers(kind):
    loss, params = TREES[kind]
    verdicts = {name: leaf.verdict for name, leaf in reach(loss, params, X).items()}
    assert verdicts == {"w": "reachable", "unused": "disconnected"}


def test_a_list_is_named_by_index():
    report = reach(lambda p, x: ((x @ p[1]) ** 2).mean(), [W, W], X)
    assert {name: leaf.verdict for name, leaf in report.items()} == {
        "0": "disconnected",
        "1": "reachable",
    }


def test_a_whole_equinox_module_is_taken_apart():
    model = eqx.nn.MLP(3, 2, 4, 1, key=jax.random.key(0))
    report = diagnose(lambda m, x: (jax.vmap(m)(x) ** 2).mean(), model, X)
    assert report.passes and "layers/0/weight" in report


def test_an_nnx_state_with_dropout_passes():
    class Net(nnx.Module):
        def __init__(self, rngs):
            self.linear = nnx.Linear(3, 2, rngs=rngs)
            self.dropout = nnx.Dropout(0.3, rngs=rngs)

        def __call__(self, x):
            return self.dropout(self.linear(x))

    graph, params, rest = nnx.split(Net(nnx.Rngs(0)), nnx.Param, ...)

    def loss(p, x):
        return (nnx.merge(graph, p, rest, copy=True)(x) ** 2).mean()

    report = diagnose(loss, params, X)
    assert report.passes and len(report) == 2


def test_a_linen_model_with_batch_statistics_scan_and_auxiliary_output():
    class Net(nn.Module):
        @nn.compact
        def __call__(self, x):
            h = nn.BatchNorm(use_running_average=False)(nn.Dense(4, use_bias=False)(x))
            return nn.RNN(nn.GRUCell(3))(nn.relu(h)[None])

    state = Net().init(jax.random.key(0), X)
    stats = state["batch_stats"]

    def loss(p, x):
        y, mutated = Net().apply({"params": p, "batch_stats": stats}, x, mutable=["batch_stats"])
        return jnp.mean((y - 0.3) ** 2), mutated

    report = diagnose(loss, state["params"], X)
    assert {leaf.verdict for leaf in report.values()} == {"alive"}


@pytest.mark.parametrize("key", [jax.random.key(3), jax.random.PRNGKey(3)], ids=["typed", "raw"])
def test_keys_are_arguments_like_others(key):
    def loss(p, x, key):
        kept = jax.random.bernoulli(key, 0.5, x.shape)
        return ((jnp.where(kept, x, 0.0) @ p["w"]) ** 2).mean()

    assert diagnose(loss, {"w": W}, X, key).passes


def test_a_jitted_and_donated_loss():
    loss = jax.jit(_items, donate_argnums=0)
    assert diagnose(loss, {"w": W}, X)["w"].verdict == "alive"
    assert not W.is_deleted()


def test_complex_leaves_and_leaves_of_size_zero_and_one():
    params = {"z": jax.lax.complex(W, W), "one": jnp.ones((1, 1)), "none": jnp.zeros((0, 2))}

    def loss(p, x):
        y = jnp.abs(x.astype(jnp.complex64) @ p["z"])
        return jnp.mean((y * p["one"]) ** 2) + p["none"].sum()

    verdicts = {name: leaf.verdict for name, leaf in diagnose(loss, params, X).items()}
    assert verdicts == {"z": "alive", "one": "alive", "none": "alive"}


def test_integer_and_bool_leaves_are_skipped_and_said_to_be():
    params = {"w": W, "steps": jnp.int32(3), "mask": jnp.ones(2, bool)}

    def loss(p, x):
        return _items(p, x) * (p["steps"] * p["mask"].sum()).astype(jnp.float32)

    report = diagnose(loss, params, X)
    assert list(report) == ["w"] and report.passes
    assert report.skipped == {"mask": "not a float: bool", "steps": "not a float: int32"}


def test_a_module_that_holds_settings_as_numbers_is_taken_apart():
    keys = jax.random.split(jax.random.key(0))
    layers = [eqx.nn.Linear(3, 2, key=keys[0]), eqx.nn.Dropout(0.5), eqx.nn.Lambda(jnp.tanh)]
    model = eqx.nn.inference_mode(eqx.nn.Sequential(layers))
    report = reach(lambda m, x: (jax.vmap(m)(x) ** 2).mean(), model, X)
    assert report.passes and set(report) == {"layers/0/weight", "layers/0/bias"}
    assert report.skipped["layers/1/p"].startswith("a setting of a module")


def test_a_loss_may_branch_on_numbers_and_words():
    def loss(p, x, train, power, mode):
        return (_items(p, x) if train else 0.0) + (
            (p["v"] ** power).sum() if mode == "plain" else 0.0
        )

    report = reach(loss, {"w": W, "v": W}, X, True, 2, "plain")
    assert report.passes
    with pytest.raises(ValueError, match=r"Python numbers of the first.*batches\[0\]"):
        diagnose(loss, {"w": W, "v": W}, X, True, 2, "plain", batches=[(X, True, 3, "plain")])


def test_a_tangent_that_jax_dropped_is_said_to_be_so():
    def loss(p, x):
        rounded = lambda w: (w * 2).astype(jnp.int32)  # noqa: E731
        jax.jvp(rounded, (p["w"],), (p["tangent"],))  # of type float0
        return _items(p, x) + 0 * jnp.ones(p["shape"].shape[0]).sum()

    report = reach(loss, {"w": W, "tangent": W, "shape": W}, X)
    assert report["tangent"].verdict == report["shape"].verdict == "disconnected"
    assert "float0" in report["tangent"].evidence and "a shape" in report["shape"].evidence
