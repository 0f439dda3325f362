"""Faults of number formats: what is lost in the training precision alone."""

import jax.numpy as jnp

from checks.faults.registry import Fault, Model, normal

X = normal(120, 8, 4)


def _square(p, x):
    return jnp.mean((x @ p["w"]) ** 2)


def bfloat16_master_weights(faulty: bool) -> Model:
    """Weights of size 100 kept in bfloat16: one thousandth is below half an ulp."""
    start = (100.0 + normal(121, 4)).astype(jnp.bfloat16 if faulty else jnp.float32)

    def loss(p, x):
        return _square(p, x) + jnp.mean(p["v"].astype(jnp.float32) ** 2)

    return Model(loss, {"w": normal(122, 4, 2), "v": start}, (X,))


def float16_flush(faulty: bool) -> Model:
    """A cotangent of 1e-8 on its way back through float16."""
    dtype = jnp.float16 if faulty else jnp.float32

    def loss(p, x):
        return 1e-3 * _square(p, x) + 1e-8 * p["v"].astype(dtype).astype(jnp.float32).sum()

    return Model(loss, {"w": normal(123, 4, 2), "v": normal(124, 3)}, (X,))


def large_offset(faulty: bool) -> Model:
    """Positions in seconds since 1970 as float32 parameters."""
    start = normal(125, 3) + (1.6e9 if faulty else 0.0)

    def loss(p, x):
        return _square(p, x) + jnp.mean(jnp.cos(p["time"]))

    return Model(loss, {"w": normal(126, 4, 2), "time": start}, (X,))


def half_precision_compute(faulty: bool) -> Model:
    """A gradient of 1e-9 that float16 computing flushes; float32 does not."""

    def loss(p, x):
        x32, w, v = (a.astype(jnp.float32) for a in (x, p["w"], p["v"]))
        return 1e-4 * jnp.mean((x32 @ w) ** 2) + 1e-9 * v.sum()

    settings = {"compute_dtype": jnp.float16} if faulty else {}
    return Model(loss, {"w": normal(129, 4, 2), "v": normal(130, 3)}, (X,), settings)


FAULTS = [
    Fault("underflow", ("v",), bfloat16_master_weights, report="keras-hub#2629"),
    Fault("underflow", ("v",), float16_flush),
    Fault("underflow", ("time",), large_offset),
    Fault("underflow", ("v",), half_precision_compute, held_out=True),
]
