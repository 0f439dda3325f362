"""Losses over parameters spread over eight devices; `python -m` prints their verdicts as JSON."""

import json
from functools import partial

import jax
import jax.numpy as jnp
from jax import lax
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as Spec

from checks import assert_alive, diagnose, reach

W = jax.random.normal(jax.random.key(1), (8, 8))
X = jax.random.normal(jax.random.key(0), (16, 8))
SPECS = {"w": Spec(None, "model"), "v": Spec("model", None), "stopped": Spec("model")}


def spread(mesh):
    """Parameters and inputs, laid out over the mesh."""
    params = {name: jax.device_put(W, NamedSharding(mesh, spec)) for name, spec in SPECS.items()}
    return params, jax.device_put(X, NamedSharding(mesh, Spec("data")))


def plain(p, x):
    y = jnp.tanh(x @ p["w"]) @ p["v"]
    return jnp.mean((y - 0.3) ** 2) + lax.stop_gradient(p["stopped"]).sum()


def mapped(mesh):
    """The same with collectives written out."""
    specs = (SPECS["w"], SPECS["v"], SPECS["stopped"], Spec("data"))

    @partial(jax.shard_map, mesh=mesh, in_specs=specs, out_specs=Spec())
    def loss(w, v, stopped, x):
        y = lax.psum(jnp.tanh(x @ w) @ v, "model")
        stopped = lax.psum(lax.stop_gradient(stopped).sum(), "model")
        return lax.pmean(jnp.mean((y - 0.3) ** 2), "data") + stopped

    return lambda p, x: loss(p["w"], p["v"], p["stopped"], x)


def mesh_of(kind):
    return jax.make_mesh((4, 2), ("data", "model"), axis_types=(kind, kind))


def verdicts():
    auto, explicit = mesh_of(AxisType.Auto), mesh_of(AxisType.Explicit)
    cases = {
        "Auto plain": (plain, auto),
        "Auto mapped": (mapped(auto), auto),
        "Explicit mapped": (mapped(explicit), explicit),
    }
    assert_alive(plain, *spread(auto), allow=[("stopped", "blocked", "a fixed offset")])
    return {
        f"{name} {check.__name__}": {
            leaf.name: leaf.verdict for leaf in check(loss, *spread(mesh)).values()
        }
        for name, (loss, mesh) in cases.items()
        for check in (reach, diagnose)
    }


if __name__ == "__main__":
    assert len(jax.devices()) == 8, jax.devices()
    print(json.dumps(verdicts()))
