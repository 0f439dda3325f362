"""Faults in transformers written in Flax NNX, Flax Linen and Equinox."""

import equinox as eqx
import flax.linen as nn
import jax
import jax.numpy as jnp
from flax import nnx

from benchmarks.faults.registry import Example, Fault, normal

MEMORY = normal(220, 7, 4)
TOKENS = jnp.array([0, 2, 1, 3, 1, 0, 2])


class _Attention(nnx.Module):
    """One attention head without biases; `value` may differ from query and key."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.query, self.key, self.value = (
            nnx.Linear(4, 4, use_bias=False, rngs=rngs) for _ in range(3)
        )

    def __call__(self, x: jax.Array, value: jax.Array) -> jax.Array:
        return jax.nn.softmax(self.query(x) @ self.key(x).T / 2) @ self.value(value)


class _Decoder(nnx.Module):
    """Learned queries attend to each other and then to a memory."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.queries = nnx.Embed(5, 4, rngs=rngs)
        self.attend = _Attention(rngs)
        self.cross = nnx.Linear(4, 4, use_bias=False, rngs=rngs)

    def __call__(self, memory: jax.Array, target: jax.Array) -> jax.Array:
        queries = self.queries(jnp.arange(5))
        target = target + self.attend(target + queries, target)
        return jax.nn.softmax(self.cross(target + queries) @ memory.T) @ memory


def nnx_zero_target(faulty: bool) -> Example:
    """The first decoder layer attends to values that are all zero.

    Args:
        faulty: True for this fault; False for the sound twin, whose values are random.

    Returns:
        An `Example`: `loss(params, memory)` returns a scalar. `params` is a nested dict with the
        leaves `attend/key/kernel` [4, 4], `attend/query/kernel` [4, 4],
        `attend/value/kernel` [4, 4], `cross/kernel` [4, 4] and `queries/embedding` [5, 4]. `args`
        has `memory` [7, 4]. `settings` is empty.
    """
    graph, params = nnx.split(_Decoder(nnx.Rngs(0)), nnx.Param)
    target = jnp.zeros((5, 4)) if faulty else normal(221, 5, 4)

    def loss(p, memory):
        return jnp.mean((nnx.merge(graph, p)(memory, target) - 1) ** 2)

    return Example(loss, nnx.to_pure_dict(params), (MEMORY,))


class _Scaled(nnx.Module):
    """Attention beside a residual path, with a scale for each feature."""

    def __init__(self, scale: float, rngs: nnx.Rngs) -> None:
        self.attend = _Attention(rngs)
        self.scale = nnx.LayerNorm(
            4, use_bias=False, scale_init=nnx.initializers.constant(scale), rngs=rngs
        )
        self.out = nnx.Linear(4, 2, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.out(x + self.scale(self.attend(x, x)))


def nnx_tiny_layer_scale(faulty: bool) -> Example:
    """The branch of the attention has a layer scale of 1e-11.

    Args:
        faulty: True for this fault; False for the sound twin, whose layer scale is 0.1.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a nested dict with the leaves
        `attend/key/kernel` [4, 4], `attend/query/kernel` [4, 4], `attend/value/kernel` [4, 4],
        `out/bias` [2], `out/kernel` [4, 2] and `scale/scale` [4]. `args` has `x` [7, 4]. `settings`
        is empty.
    """
    graph, params = nnx.split(_Scaled(1e-11 if faulty else 0.1, nnx.Rngs(1)), nnx.Param)

    def loss(p, x):
        return jnp.mean((nnx.merge(graph, p)(x) - 1) ** 2)

    return Example(loss, nnx.to_pure_dict(params), (MEMORY,))


class _Block(nn.Module):
    """Attention with a residual path, the body of a scan."""

    @nn.compact
    def __call__(self, h: jax.Array, _: None) -> tuple[jax.Array, jax.Array]:
        query, key = (nn.Dense(4, False, name=name)(h) for name in ("query", "key"))
        h = h + nn.Dense(4, name="mix")(nn.softmax(query @ key.T) @ h)
        return h, h


class _Stack(nn.Module):
    """Three scanned blocks; returns the output of each."""

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        scanned = nn.scan(_Block, {"params": 0}, split_rngs={"params": True}, length=3)
        return scanned(name="layers")(x, None)[1]


def linen_first_layer_taken(faulty: bool) -> Example:
    """Every layer's output is returned, and index 0 is read as the last layer.

    Args:
        faulty: True for this fault; False for the sound twin, which reads index -1.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a nested dict with the leaves
        `layers/key/kernel` [3, 4, 4], `layers/mix/bias` [3, 4], `layers/mix/kernel` [3, 4, 4] and
        `layers/query/kernel` [3, 4, 4]. `args` has `x` [7, 4]. `settings` is empty.
    """
    params = _Stack().init(jax.random.key(3), MEMORY)["params"]

    def loss(p, x):
        layers = jnp.asarray(_Stack().apply({"params": p}, x))
        return jnp.mean((layers[0 if faulty else -1] - 1) ** 2)

    return Example(loss, params, (MEMORY,))


class _Reader(eqx.Module):
    """Embeddings of tokens and positions, one head of causal attention, and an output."""

    tokens: jax.Array
    positions: jax.Array
    query: eqx.nn.Linear
    key: eqx.nn.Linear
    out: eqx.nn.Linear

    def __init__(self, key: jax.Array) -> None:
        keys = jax.random.split(key, 5)
        self.tokens = jax.random.normal(keys[0], (4, 4))
        self.positions = jax.random.normal(keys[1], (6, 4))
        self.query, self.key = (eqx.nn.Linear(4, 4, False, key=k) for k in keys[2:4])
        self.out = eqx.nn.Linear(4, 4, key=keys[4])

    def embed(self, tokens: jax.Array) -> jax.Array:
        """Returns embeddings, `[length, 4]`."""
        return self.tokens[tokens] + self.positions[: len(tokens)]

    def scores(self, x: jax.Array) -> jax.Array:
        """Returns the score of each position for those up to it, `[length, length]`."""
        scores = jax.vmap(self.query)(x) @ jax.vmap(self.key)(x).T
        return jnp.where(jnp.tril(jnp.ones((len(x), len(x)), bool)), scores, -1e9)


def equinox_last_position(faulty: bool) -> Example:
    """Sequences are as long as the table of positions minus the token that is only a target.

    Args:
        faulty: True for this fault; False for the sound twin, whose sequence has one more token, so
            that each row of `positions` is read.

    Returns:
        An `Example`: `loss(params, tokens)` returns a scalar. `params` is the array part of an
        Equinox module with the leaves `tokens` [4, 4], `positions` [6, 4], `query/weight` [4, 4],
        `key/weight` [4, 4], `out/weight` [4, 4] and `out/bias` [4]. `args` has `tokens` [6] int32;
        in the twin `tokens` [7] int32. `settings` is empty.
    """
    params, static = eqx.partition(_Reader(jax.random.key(4)), eqx.is_inexact_array)
    tokens = TOKENS[: 6 if faulty else 7]

    def loss(p, tokens):
        model = eqx.combine(p, static)
        x = model.embed(tokens[:-1])
        logits = jax.vmap(model.out)(jax.nn.softmax(model.scores(x)) @ x)
        return -jnp.mean(jax.nn.log_softmax(logits)[jnp.arange(len(x)), tokens[1:]])

    return Example(loss, params, (tokens,))


def equinox_hard_attention(faulty: bool) -> Example:
    """Each position reads the one with the highest score, and the score has no gradient.

    Args:
        faulty: True for this fault; False for the sound twin, which weights the positions by a
            softmax of the scores.

    Returns:
        An `Example`: `loss(params, tokens)` returns a scalar. `params` is the array part of an
        Equinox module with the leaves `tokens` [4, 4], `positions` [6, 4], `query/weight` [4, 4],
        `key/weight` [4, 4], `out/weight` [4, 4] and `out/bias` [4]. `args` has `tokens` [6] int32.
        `settings` is empty.
    """
    params, static = eqx.partition(_Reader(jax.random.key(5)), eqx.is_inexact_array)

    def loss(p, tokens):
        model = eqx.combine(p, static)
        x = model.embed(tokens)
        scores = model.scores(x)
        weights = jax.nn.one_hot(scores.argmax(-1), 6) if faulty else jax.nn.softmax(scores)  # here
        return jnp.mean((jax.vmap(model.out)(weights @ x) - 1) ** 2)

    return Example(loss, params, (TOKENS[:6],))


FAULTS = [
    Fault(
        "invariant",
        ("attend/query/kernel", "attend/key/kernel", "attend/value/kernel"),
        nnx_zero_target,
        report="facebookresearch/MaskFormer#63",
    ),
    Fault(
        "vanishing",
        ("attend/query/kernel", "attend/key/kernel"),
        nnx_tiny_layer_scale,
        along="attend/value/kernel",
        held_out=True,
    ),
    Fault(
        "disconnected",
        ("layers/query/kernel", "layers/key/kernel", "layers/mix/kernel"),
        linen_first_layer_taken,
        axis=(0, (1, 2)),
        report="tonyzhaozh/act#10",
        held_out=True,
    ),
    Fault(
        "unvisited",
        ("positions",),
        equinox_last_position,
        axis=(0, (5,)),
        report="simple-stories/simple_stories_train#46",
    ),
    Fault("blocked", ("query/weight", "key/weight"), equinox_hard_attention, held_out=True),
]
