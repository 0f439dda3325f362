"""Faults of number formats: gradients and updates that only the training precision loses."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from jax import lax

from benchmarks.faults.registry import Example, Fault, normal

X = normal(120, 8, 4)


def _square(p, x):
    return jnp.mean((x @ p["w"]) ** 2)


def bfloat16_master_weights(faulty: bool) -> Example:
    """Weights of size 100 are bfloat16, so a step of 0.001 is below half an ulp.

    Args:
        faulty: True for this fault; False for the sound twin, whose weights are float32.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `v` [4] bfloat16 and `w` [4, 2]; in the twin all are float32. `args` has `x` [8, 4].
        `settings` is empty.
    """
    start = (100.0 + normal(121, 4)).astype(jnp.bfloat16 if faulty else jnp.float32)

    def loss(p, x):
        return _square(p, x) + jnp.mean(p["v"].astype(jnp.float32) ** 2)

    return Example(loss, {"w": normal(122, 4, 2), "v": start}, (X,))


def float16_flush(faulty: bool) -> Example:
    """A cotangent of 1e-8 passes through float16.

    Args:
        faulty: True for this fault; False for the sound twin, whose cotangent passes through
            float32.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves `v` [3]
        and `w` [4, 2]. `args` has `x` [8, 4]. `settings` is empty.
    """
    dtype = jnp.float16 if faulty else jnp.float32

    def loss(p, x):
        return 1e-3 * _square(p, x) + 1e-8 * p["v"].astype(dtype).astype(jnp.float32).sum()

    return Example(loss, {"w": normal(123, 4, 2), "v": normal(124, 3)}, (X,))


def large_offset(faulty: bool) -> Example:
    """Float32 parameters hold positions in seconds since 1970.

    Args:
        faulty: True for this fault; False for the sound twin, whose positions have size one.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `time` [3] and `w` [4, 2]. `args` has `x` [8, 4]. `settings` is empty.
    """
    start = normal(125, 3) + (1.6e9 if faulty else 0.0)

    def loss(p, x):
        return _square(p, x) + jnp.mean(jnp.cos(p["time"]))

    return Example(loss, {"w": normal(126, 4, 2), "time": start}, (X,))


def half_precision_compute(faulty: bool) -> Example:
    """Computation in float16 flushes a gradient of 1e-9 to zero; float32 does not.

    Args:
        faulty: True for this fault; False for the sound twin, which computes in float32: no
            `compute_dtype` is set.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves `v` [3]
        and `w` [4, 2]. `args` has `x` [8, 4]. `settings` has `compute_dtype` with the fault only.
    """

    def loss(p, x):
        x32, w, v = (a.astype(jnp.float32) for a in (x, p["w"], p["v"]))
        return 1e-4 * jnp.mean((x32 @ w) ** 2) + 1e-9 * v.sum()

    settings = {"compute_dtype": jnp.float16} if faulty else {}
    return Example(loss, {"w": normal(129, 4, 2), "v": normal(130, 3)}, (X,), settings)


def bfloat16_scale_of_one(faulty: bool) -> Example:
    """The scale of a layer norm is one, and 1.001 rounds back to it in bfloat16.

    Args:
        faulty: True for bfloat16 parameters, the fault; False for float32 ones, the sound twin.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a nested dict with the leaves
        `norm/bias` [4] bfloat16, `norm/scale` [4] bfloat16 and `w` [4, 2]; in the twin all are
        float32. `args` has `x` [8, 4]. `settings` is empty.
    """
    model = nn.LayerNorm(dtype=jnp.float32, param_dtype=jnp.bfloat16 if faulty else jnp.float32)
    norm = model.init(jax.random.key(0), X)["params"]

    def loss(p, x):
        return jnp.mean((jnp.asarray(model.apply({"params": p["norm"]}, x)) @ p["w"] - 1) ** 2)

    return Example(loss, {"norm": norm, "w": normal(131, 4, 2)}, (X,))


def rate_below_an_ulp(faulty: bool) -> Example:
    """The learning rate is 1e-10 and the weights have size one.

    Args:
        faulty: True for this fault; False for the sound twin, whose learning rate is 1e-2.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves `v` [2]
        and `w` [4, 2]. `args` has `x` [8, 4]. `settings` has `optimizer`, an optax transformation.
    """

    def loss(p, x):
        return jnp.mean((jnp.tanh(x @ p["w"]) @ p["v"] - 1) ** 2)

    params = {"w": 1 + 0.2 * normal(132, 4, 2), "v": 1 + 0.2 * normal(133, 2)}
    return Example(loss, params, (X,), {"optimizer": optax.sgd(1e-10 if faulty else 1e-2)})


def float16_table(faulty: bool) -> Example:
    """A table is float16, and steps are a tenth of an ulp.

    Args:
        faulty: True for this fault; False for the sound twin, whose table is float32.

    Returns:
        An `Example`: `loss(params, ids)` returns a scalar. `params` is a dict with the leaves
        `table` [4, 3] float16 and `w` [3, 2]; in the twin all are float32. `args` has
        `ids` [5] int32. `settings` has `optimizer`, an optax transformation.
    """
    start = (1 + 0.2 * normal(134, 4, 3)).astype(jnp.float16 if faulty else jnp.float32)

    def loss(p, ids):
        return jnp.mean((p["table"][ids].astype(jnp.float32) @ p["w"] - 1) ** 2)

    params = {"table": start, "w": normal(135, 3, 2)}
    return Example(loss, params, (jnp.array([0, 1, 2, 3, 1]),), {"optimizer": optax.sgd(1e-5)})


def float16_recurrence(faulty: bool) -> Example:
    """A gradient in float16 is halved at each of twenty steps.

    Args:
        faulty: True for this fault; False for the sound twin, which computes in float32.

    Returns:
        An `Example`: `loss(params, xs)` returns a scalar. `params` is a dict with the leaves
        `out` [3, 2] and `start` [3]. `args` has `xs` [20, 3]. `settings` is empty.
    """
    dtype = jnp.float16 if faulty else jnp.float32

    def loss(p, xs):
        def step(h, x):
            return 0.5 * h + x.astype(dtype), None

        last, _ = lax.scan(step, p["start"].astype(dtype), xs)
        return 1e-3 * jnp.mean((last.astype(jnp.float32) @ p["out"] - 1) ** 2)

    params = {"start": normal(136, 3), "out": normal(137, 3, 2)}
    return Example(loss, params, (normal(138, 20, 3),))


def softmax_without_its_maximum(faulty: bool) -> Example:
    """Exponentials of scores are taken without their maximum in float16, which ends at 65,504.

    Args:
        faulty: True for this fault; False for the sound twin, which computes in float32.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `out` [3, 2] and `w` [4, 3]. `args` has `x` [8, 4]. `settings` is empty.
    """
    dtype = jnp.float16 if faulty else jnp.float32

    def loss(p, x):
        scores = (12 * x @ p["w"]).astype(dtype)
        weights = jnp.exp(scores)  # here
        shares = (weights / weights.sum(-1, keepdims=True)).astype(jnp.float32)
        return jnp.mean((shares @ p["out"] - 1) ** 2)

    return Example(loss, {"w": normal(502, 4, 3), "out": normal(503, 3, 2)}, (X,))


def variance_as_a_difference(faulty: bool) -> Example:
    """A variance is the mean of squares minus the squared mean, around a mean of 30,000.

    Args:
        faulty: True for this fault; False for the sound twin, whose readings have the mean 0.

    Returns:
        An `Example`: `loss(params, x, readings)` returns a scalar. `params` is a dict with the
        leaves `gain` (scalar) and `w` [4, 2]. `args` has `x` [8, 4] and `readings` [16]. `settings`
        is empty.
    """
    readings = normal(504, 16) + (3e4 if faulty else 0.0)

    def loss(p, x, readings):
        seen = p["gain"] * readings
        spread = jnp.mean(seen**2) - jnp.mean(seen) ** 2
        return jnp.mean((x @ p["w"] - 1) ** 2) + spread

    return Example(loss, {"w": normal(505, 4, 2), "gain": jnp.float32(0.9)}, (X, readings))


def weight_of_a_term_is_zero_in_half(faulty: bool) -> Example:
    """The weight of a penalty, 2e-8, is zero in float16, in which the loss is computed.

    Args:
        faulty: True for this fault; False for the sound twin, with a weight of 0.02.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `prior` [3] and `w` [4, 3]. `args` has `x` [8, 4]. `settings` has `compute_dtype`.
    """
    weight = 2e-8 if faulty else 0.02

    def loss(p, x):
        return jnp.mean((x @ p["w"] - 1) ** 2) + weight * jnp.sum((p["prior"] - 1) ** 2)

    params = {"w": normal(990, 4, 3), "prior": normal(991, 3)}
    return Example(loss, params, (normal(992, 8, 4),), {"compute_dtype": jnp.float16})


FAULTS = [
    Fault("underflow", ("v",), bfloat16_master_weights, report="keras-team/keras-hub#2629"),
    Fault("underflow", ("v",), float16_flush),
    Fault("underflow", ("time",), large_offset),
    Fault(
        "underflow",
        ("v",),
        half_precision_compute,
        report="engichang1467/Open-Rig3R#35",
        held_out=True,
    ),
    Fault("underflow", ("norm/scale",), bfloat16_scale_of_one, report="workofart/ml-by-hand#85"),
    Fault("underflow", ("w", "v"), rate_below_an_ulp),
    Fault("underflow", ("table",), float16_table),
    Fault("underflow", ("start",), float16_recurrence, held_out=True),
    Fault("non_finite", ("w", "out"), softmax_without_its_maximum, held_out=True),
    Fault("underflow", ("gain",), variance_as_a_difference, held_out=True),
    Fault("underflow", ("prior",), weight_of_a_term_is_zero_in_half),
]
