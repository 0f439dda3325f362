"""The operations of random programs: functions of two vectors of three floats to such a vector."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax


def _to_index(a: Any) -> Any:
    """Returns integers from 0 to 2 that depend on the values."""
    return jnp.clip(jnp.abs(a).astype(jnp.int32), 0, 2)


def _narrow(dtype: Any) -> Callable[..., Any]:
    return lambda a, b: a.astype(dtype).astype(b.dtype) + b


OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "multiply": lambda a, b: a * b,
    "subtract": lambda a, b: a - b,
    "divide": lambda a, b: a / (1 + b * b),
    "maximum": lambda a, b: jnp.maximum(a, b),
    "arctan2": lambda a, b: jnp.arctan2(a, 2 + b * b),
    "outer product": lambda a, b: (a[:, None] * b[None]) @ jnp.array([0.5, 1.0, -1.0], a.dtype),
    "where": lambda a, b: jnp.where(a > 0, b, b * b),
    "where of a constant": lambda a, b: jnp.where(b > 0, a, jnp.zeros_like(a)),
    "sine": lambda a, b: jnp.sin(a),
    "tanh": lambda a, b: jnp.tanh(b),
    "relu": lambda a, b: jax.nn.relu(a) + 0.5 * a,
    "gelu": lambda a, b: jax.nn.gelu(a),
    "softmax": lambda a, b: jax.nn.softmax(a) * b,
    "logsumexp": lambda a, b: jax.nn.logsumexp(a) + b,
    "logaddexp": lambda a, b: jnp.logaddexp(a, b),
    "norm": lambda a, b: a / (1 + jnp.linalg.norm(b + 0.1)),
    "cumulative sum": lambda a, b: jnp.cumsum(a),
    "stop": lambda a, b: lax.stop_gradient(a),
    "straight through": lambda a, b: a + lax.stop_gradient(jnp.round(a) - a),
    "floor": lambda a, b: jnp.floor(a) * b,
    "round": lambda a, b: jnp.round(a),
    "sign": lambda a, b: jnp.sign(a) + b,
    "compare": lambda a, b: (a > b).astype(a.dtype),
    "to integer": lambda a, b: (3 * a).astype(jnp.int32).astype(a.dtype) * b,
    "argmax": lambda a, b: b[jnp.argmax(a)] + 0 * b,
    "one hot": lambda a, b: jax.nn.one_hot(jnp.argmax(a), 3, dtype=a.dtype) * b,
    "gather": lambda a, b: a[_to_index(b)],
    "scatter": lambda a, b: a.at[_to_index(b)].set(b),
    "scatter add": lambda a, b: a.at[_to_index(a)].add(b),
    "overwrite": lambda a, b: a.at[:].set(b),
    "one element": lambda a, b: a.at[1].set(b[2]),
    "dynamic slice": lambda a, b: lax.dynamic_slice(
        jnp.concatenate([a, b]), (_to_index(a)[0],), (3,)
    ),
    "sort": lambda a, b: jnp.sort(a) * b,
    "sort with payload": lambda a, b: lax.sort((a, b), num_keys=1)[1],
    "sorted order": lambda a, b: b[jnp.argsort(a)],
    "top two": lambda a, b: jnp.concatenate([lax.top_k(a, 2)[0], b[:1]]),
    "float16": _narrow(jnp.float16),
    "bfloat16": _narrow(jnp.bfloat16),
    "complex": lambda a, b: jnp.abs(lax.complex(a, b) + (2 + 1j)),
    "real part": lambda a, b: lax.complex(a, b).real,
    "bits": lambda a, b: b + lax.bitcast_convert_type(a.astype(jnp.float32), jnp.int32) * 1e-9,
    "random": lambda a, b: a + jax.random.normal(jax.random.key(1), (3,), a.dtype),
    "random by value": lambda a, b: b * jax.random.uniform(jax.random.key(_to_index(a)[0]), (3,)),
    "constant": lambda a, b: jnp.array([0.3, -0.2, 0.7], a.dtype),
    "times zero": lambda a, b: a * 0.0 + b,
    "shape alone": lambda a, b: b * a.shape[0],
    "solve": lambda a, b: jnp.linalg.solve(jnp.diag(2 + a * a) + 0.1, b),
}
