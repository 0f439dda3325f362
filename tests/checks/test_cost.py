"""What the proofs cost: seconds and memory, each in a process of its own.

Memory is the high-water mark of the program's own address space (`VmHWM`); `ru_maxrss` would count
what the test's process held when it forked.
"""

import json
import os
import subprocess
import sys

import pytest

PROLOGUE = """
import json, pathlib, re, time
import jax, jax.numpy as jnp
from checks import reach

start = time.process_time()
array = jax.ShapeDtypeStruct
"""
EPILOGUE = """
seconds = time.process_time() - start
status = pathlib.Path("/proc/self/status").read_text()
gigabytes = int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) / 2**20
size = sum(leaf.size for leaf in report.values())
print(json.dumps([report.passes, len(report), size, seconds, gigabytes]))
"""
MLP = """
def loss(p, x):
    for w, b in p:
        x = jax.nn.relu(x @ w + b)
    return x.sum()

layer = (array((64, 64), jnp.float32), array((64,), jnp.float32))
report = reach(loss, [layer] * 1000, array((8, 64), jnp.float32))
"""
TRANSFORMER = """
D, H, LAYERS, HEADS, WORDS = 4096, 11008, 32, 32, 32000

def normed(x, gain):
    size = jnp.mean(x.astype(jnp.float32) ** 2, -1, keepdims=True)
    return x * jax.lax.rsqrt(size + 1e-6).astype(x.dtype) * gain

@jax.checkpoint
def block(p, x):
    h = normed(x, p["norm"])
    q, k, v = ((h @ p[n]).reshape(*x.shape[:2], HEADS, -1) for n in ("q", "k", "v"))
    scores = jnp.einsum("bqhd,bkhd->bhqk", q, k).astype(jnp.float32)
    scores = jnp.where(jnp.tril(jnp.ones(scores.shape[-2:], bool)), scores, -jnp.inf)
    weights = jax.nn.softmax(scores).astype(x.dtype)
    x = x + jnp.einsum("bhqk,bkhd->bqhd", weights, v).reshape(x.shape) @ p["out"]
    h = normed(x, p["ff_norm"])
    return x + (jax.nn.silu(h @ p["gate"]) * (h @ p["up"])) @ p["down"]

def loss(p, words):
    x = p["embedding"][words]
    for layer in p["layers"]:
        x = block(layer, x)
    logits = (normed(x, p["norm"]) @ p["head"]).astype(jnp.float32)
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits)[:, :-1], words[:, 1:, None], -1)
    return -chosen.mean()

def weight(*shape):
    return array(shape, jnp.bfloat16)

square = {name: weight(D, D) for name in ("q", "k", "v", "out")}
wide = {"up": weight(D, H), "gate": weight(D, H), "down": weight(H, D)}
layer = square | wide | {"norm": weight(D), "ff_norm": weight(D)}
ends = {"embedding": weight(WORDS, D), "norm": weight(D), "head": weight(D, WORDS)}
params = ends | {"layers": [dict(layer) for _ in range(LAYERS)]}
report = reach(loss, params, array((4, 2048), jnp.int32))
"""
# Program -> leaves, parameters at least, CPU seconds at most, gigabytes at most.
LIMITS = {"MLP": (MLP, 2000, 4e6, 60, 8), "TRANSFORMER": (TRANSFORMER, 291, 6.7e9, 60, 2)}


@pytest.mark.slow
@pytest.mark.parametrize("name", LIMITS)
def test_a_proof_from_shapes_alone(name):
    program, leaves, least, seconds, gigabytes = LIMITS[name]
    command = [sys.executable, "-c", PROLOGUE + program + EPILOGUE]
    environment = os.environ | {"JAX_PLATFORMS": "cpu"}
    run = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert run.returncode == 0, run.stderr
    passes, count, size, took, memory = json.loads(run.stdout)
    assert passes and count == leaves and size >= least
    assert took < seconds and memory < gigabytes
