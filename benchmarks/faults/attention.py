"""Faults in attention, low-rank adapters and mixtures of experts."""

import jax
import jax.numpy as jnp
from jax import lax

from benchmarks.faults.registry import Example, Fault, normal

X = normal(60, 7, 4)


def _attend(p, x):
    biases = {n: jnp.broadcast_to(p[f"{n}_bias"], x.shape) for n in ("query", "key", "value")}
    q, k, v = (x @ p[name] + bias for name, bias in biases.items())
    return jax.nn.softmax(q @ k.T / 2.0) @ v


def _params():
    kernels = {n: normal(61 + i, 4, 4) for i, n in enumerate(("query", "key", "value"))}
    return kernels | {f"{n}_bias": 0.1 * normal(65, 4) for n in kernels}


def key_bias(faulty: bool) -> Example:
    """A key bias shifts all scores of a row equally, which the softmax cancels.

    Args:
        faulty: True for this fault; False for the sound twin, which multiplies the key bias by a
            feature of each token, so that it differs between keys.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `key` [4, 4], `key_bias` [4], `query` [4, 4], `query_bias` [4], `value` [4, 4] and
        `value_bias` [4]. `args` has `x` [7, 4]. `settings` is empty.
    """

    def loss(p, x):
        if not faulty:
            p = p | {"key_bias": p["key_bias"][None] * x[:, :1]}
        return jnp.mean(_attend(p, x) ** 2)

    return Example(loss, _params(), (X,))


def packed_key_bias(faulty: bool) -> Example:
    """A key bias is one third of a packed vector; the softmax cancels it.

    Args:
        faulty: True for this fault; False for the sound twin, which has a sigmoid in place of the
            softmax.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `bias` [12] and `qkv` [4, 12]. `args` has `x` [7, 4]. `settings` is empty.
    """

    def loss(p, x):
        q, k, v = jnp.split(x @ p["qkv"] + p["bias"][None], 3, -1)
        scores = q @ k.T
        weights = jax.nn.softmax(scores) if faulty else jax.nn.sigmoid(scores)
        return jnp.mean((weights @ v) ** 2)

    return Example(loss, {"qkv": 0.5 * normal(66, 4, 12), "bias": 0.1 * normal(67, 12)}, (X,))


def one_token(faulty: bool) -> Example:
    """Attention over a single token has the weight 1, so query and key have no gradient.

    Args:
        faulty: True for this fault; False for the sound twin, which has all seven tokens.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `key` [4, 4], `query` [4, 4], `query_bias` [4], `value` [4, 4] and `value_bias` [4]. `args`
        has `x` [7, 4]. `settings` is empty.
    """

    def loss(p, x):
        return jnp.mean(_attend(p | {"key_bias": 0.0}, x[:1] if faulty else x) ** 2)

    params = _params()
    del params["key_bias"]  # never alive behind a softmax
    return Example(loss, params, (X,))


def squared_bias_scale(faulty: bool) -> Example:
    """A scale starts at zero and multiplies its bias twice.

    Args:
        faulty: True for this fault; False for the sound twin, in which the scale multiplies its
            bias once.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `edge` [7, 7], `scale` (scalar) and `w` [4, 2]. `args` has `x` [7, 4]. `settings` is empty.
    """

    def loss(p, x):
        scores = (
            x @ x.T + p["scale"] ** 2 * p["edge"] if faulty else x @ x.T + p["scale"] * p["edge"]
        )
        return jnp.mean((jax.nn.softmax(scores) @ x @ p["w"]) ** 2)

    return Example(loss, {"scale": 0.0, "edge": normal(68, 7, 7), "w": normal(69, 4, 2)}, (X,))


def both_lora_factors_zero(faulty: bool) -> Example:
    """Both factors of the adapter start at zero, so neither gives the other a gradient.

    Args:
        faulty: True for this fault; False for the sound twin, in which the factor `down` starts at
            random values.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `down` [4, 2], `up` [2, 4] and `w` [4, 4]. `args` has `x` [7, 4]. `settings` is empty.
    """
    down = jnp.zeros((4, 2)) if faulty else normal(70, 4, 2)
    params = {"w": normal(71, 4, 4), "down": down, "up": jnp.zeros((2, 4))}
    return Example(lambda p, x: jnp.mean((x @ (p["w"] + p["down"] @ p["up"])) ** 2), params, (X,))


def router_renormalised(faulty: bool) -> Example:
    """The weight of the one chosen expert is divided by itself.

    Args:
        faulty: True for this fault; False for the sound twin, in which the weight is not divided.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `experts` [3, 4, 4] and `router` [4, 3]. `args` has `x` [7, 4]. `settings` is empty.
    """

    def loss(p, x):
        weights = jax.nn.softmax(x @ p["router"])
        top = weights.max(-1, keepdims=True)
        gate = top / weights.max(-1, keepdims=True) if faulty else top
        chosen = jax.nn.one_hot(weights.argmax(-1), 3)  # here
        return jnp.mean((gate * jnp.einsum("nd,ne,edk->nk", x, chosen, p["experts"])) ** 2)

    return Example(loss, {"router": normal(72, 4, 3), "experts": normal(73, 3, 4, 4)}, (X,))


def expert_never_chosen(faulty: bool) -> Example:
    """No token of this batch is routed to the last expert.

    Args:
        faulty: True for this fault; False for the sound twin, in which
            some tokens are routed to the last expert.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaf
        `experts` [3, 4, 4]. `args` has `x` [7, 4]. `settings` is empty.
    """
    x = jnp.abs(X).at[:, 2].set(-9.0 if faulty else 9.0)
    x = x if faulty else x.at[:3, 2].set(-9.0)

    def loss(p, x):
        chosen = jax.nn.one_hot((x @ (5 * jnp.eye(4)[:, :3])).argmax(-1), 3)
        return jnp.mean(jnp.einsum("nd,ne,edk->nk", x, chosen, p["experts"]) ** 2)

    return Example(loss, {"experts": normal(73, 3, 4, 4)}, (x,))


def tokens_all_alike(faulty: bool) -> Example:
    """All tokens of one short sequence are routed to the same expert.

    Args:
        faulty: True for this fault; False for the sound twin, whose tokens
            differ and reach the other two experts too.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `experts` [3, 4, 4] and `router` [4, 3]. `args` has `x` [7, 4]. `settings` is empty.
    """
    x = 0.1 * X + jnp.array([[3.0, 0, 0, 0]]) if faulty else X

    def loss(p, x):
        weights = jax.nn.softmax(x @ p["router"])
        chosen = jax.nn.one_hot(weights.argmax(-1), 3)
        out = jnp.einsum("nd,ne,edk->nk", x, chosen, p["experts"])
        return jnp.mean((weights.max(-1, keepdims=True) * out - 1) ** 2)

    return Example(loss, {"router": jnp.eye(4)[:, :3], "experts": normal(59, 3, 4, 4)}, (x,))


def rows_not_in_batch(faulty: bool) -> Example:
    """Some tokens of the vocabulary do not occur in the batch.

    Args:
        faulty: True for this fault; False for the sound twin, in whose batch all five tokens occur.

    Returns:
        An `Example`: `loss(params, tokens)` returns a scalar. `params` is a dict with the leaves
        `table` [5, 4] and `w` [4, 2]. `args` has `tokens` [5] int32. `settings` is empty.
    """
    tokens = jnp.array([0, 1, 2, 2, 1]) if faulty else jnp.array([0, 1, 2, 3, 4])

    def loss(p, tokens):
        return jnp.mean((p["table"][tokens] @ p["w"]) ** 2)

    return Example(loss, {"table": normal(74, 5, 4), "w": normal(75, 4, 2)}, (tokens,))


def masked_row(faulty: bool) -> Example:
    """A query may attend to nothing: its softmax runs over minus infinity alone.

    Args:
        faulty: True for this fault; False for the sound twin, in which each query may also attend
            to its own position.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `key` [4, 4], `query` [4, 4] and `value` [4, 4]. `args` has `x` [7, 4]. `settings` is empty.
    """
    mask = jnp.tril(jnp.ones((7, 7), bool), -1 if faulty else 0)

    def loss(p, x):
        scores = jnp.where(mask, (x @ p["query"]) @ (x @ p["key"]).T, -jnp.inf)
        return jnp.mean((jax.nn.softmax(scores) @ (x @ p["value"])) ** 2)  # here

    params = {"query": normal(76, 4, 4), "key": normal(77, 4, 4), "value": normal(58, 4, 4)}
    return Example(loss, params, (X,))


def stopped_keys(faulty: bool) -> Example:
    """Keys are stopped as if they were targets, and nothing else trains them.

    Args:
        faulty: True for this fault; False for the sound twin, without the `stop_gradient`.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `key` [4, 4] and `query` [4, 4]. `args` has `x` [7, 4]. `settings` is empty.
    """

    def loss(p, x):
        k = x @ p["key"]
        if faulty:
            k = lax.stop_gradient(k)  # here
        return jnp.mean((jax.nn.softmax((x @ p["query"]) @ k.T) @ x) ** 2)

    return Example(loss, {"query": normal(78, 4, 4), "key": normal(79, 4, 4)}, (X,))


FAULTS = [
    Fault("invariant", ("key_bias",), key_bias, report="microsoft/unilm#510"),
    Fault("invariant", ("bias",), packed_key_bias, axis=(0, (4, 5, 6, 7))),
    Fault(
        "invariant",
        ("query", "key", "query_bias"),
        one_token,
        report="pixelite1201/CameraHMR#26",
        held_out=True,
    ),
    Fault("stuck", ("scale", "edge"), squared_bias_scale),
    Fault("stuck", ("down", "up"), both_lora_factors_zero, report="Guitaricet/relora#18"),
    Fault("blocked", ("router",), router_renormalised, report="jingyaogong/minimind#858"),
    Fault("unvisited", ("experts",), expert_never_chosen, axis=(0, (2,))),
    Fault(
        "unvisited",
        ("experts",),
        tokens_all_alike,
        axis=(0, (1, 2)),
        report="pytorch/torchtitan#1246",
    ),
    Fault("unvisited", ("table",), rows_not_in_batch, axis=(0, (3, 4))),
    Fault("non_finite", ("value",), masked_row, along="[qk]*", report="pytorch/pytorch#41508"),
    Fault("blocked", ("key",), stopped_keys, held_out=True),
]
