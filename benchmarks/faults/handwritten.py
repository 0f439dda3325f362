"""Faults in layers whose derivative is written by hand."""

import jax
import jax.numpy as jnp

from benchmarks.faults.registry import Example, Fault, normal

X = normal(300, 8, 4)


def bias_averaged_over_the_batch(faulty: bool) -> Example:
    """The custom rule gives a bias the mean of its gradients over the batch, not their sum.

    Args:
        faulty: True for this fault; False for the sound twin, whose rule returns the sum.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves `b` [3]
        and `w` [4, 3]. `args` has `x` [8, 4]. `settings` is empty.
    """

    @jax.custom_vjp
    def dense(x, w, b):
        return x @ w + b[None]

    def backward(kept, g):
        x, w = kept
        return g @ w.T, x.T @ g, g.mean(0) if faulty else g.sum(0)

    dense.defvjp(lambda x, w, b: (dense(x, w, b), (x, w)), backward)

    def loss(p, x):
        return jnp.mean((jnp.tanh(dense(x, p["w"], p["b"])) - 1) ** 2)  # here

    return Example(loss, {"w": normal(301, 4, 3), "b": normal(302, 3)}, (X,))


def sign_of_the_second_argument(faulty: bool) -> Example:
    """The custom rule of sin(x) * y has the wrong sign in the derivative by y.

    Args:
        faulty: True for this fault; False for the sound twin, whose rule has the right sign.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `phase` [4, 3] and `size` [4, 3]. `args` has `x` [8, 4]. `settings` is empty.
    """
    sign = -1.0 if faulty else 1.0

    @jax.custom_jvp
    def modulated(x, y):
        return jnp.sin(x) * y

    @modulated.defjvp
    def _(primals, tangents):
        (x, y), (dx, dy) = primals, tangents
        return modulated(x, y), jnp.cos(x) * y * dx + sign * jnp.sin(x) * dy

    def loss(p, x):
        return jnp.mean((modulated(x @ p["phase"], x @ p["size"]) - 1) ** 2)  # here

    return Example(loss, {"phase": normal(303, 4, 3), "size": normal(304, 4, 3)}, (X,))


def threshold_masked_the_other_way(faulty: bool) -> Example:
    """The custom rule of a rectifier passes the gradient where the input is cut off.

    Args:
        faulty: True for this fault; False for the sound twin, whose rule passes the gradient where
            the input is above the threshold, 0.1.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `out` [3, 2] and `w` [4, 3]. `args` has `x` [8, 4]. `settings` is empty.
    """

    @jax.custom_vjp
    def rectified(z):
        return jnp.where(z > 0.1, z, 0.1)

    def backward(z, g):
        return (jnp.where(z <= 0.1 if faulty else z > 0.1, g, 0.0),)

    rectified.defvjp(lambda z: (rectified(z), z), backward)

    def loss(p, x):
        return jnp.mean((rectified(x @ p["w"]) @ p["out"] - 1) ** 2)  # here

    return Example(loss, {"w": normal(305, 4, 3), "out": normal(306, 3, 2)}, (X,))


def zeros_for_the_vector(faulty: bool) -> Example:
    """The custom rule of a matrix-vector product gives zeros for the vector.

    Args:
        faulty: True for this fault; False for the sound twin, whose rule returns the true cotangent
            of the vector.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `first` [3, 4] and `second` [2, 3]. `args` has `x` [4]. `settings` is empty.
    """

    @jax.custom_vjp
    def product(matrix, vector):
        return matrix @ vector

    def backward(kept, g):
        matrix, vector = kept
        return jnp.outer(g, vector), jnp.zeros_like(vector) if faulty else matrix.T @ g

    product.defvjp(lambda m, v: (product(m, v), (m, v)), backward)

    def loss(p, x):
        hidden = jnp.tanh(product(p["first"], x))
        return jnp.sum((product(p["second"], hidden) - 1) ** 2)  # here

    return Example(loss, {"first": normal(307, 3, 4), "second": normal(308, 2, 3)}, (X[0],))


def attention_rule_without_the_row_sum(faulty: bool) -> Example:
    """The custom rule of an attention leaves out the row sum of the softmax's derivative.

    Args:
        faulty: True for this fault; False for the sound twin, whose rule subtracts the row sum.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `key` [4, 4], `query` [4, 4] and `value` [4, 4]. `args` has `x` [8, 4]. `settings` is empty.
    """

    @jax.custom_vjp
    def attended(q, k, v):
        return jax.nn.softmax(q @ k.T) @ v

    def forward(q, k, v):
        weights = jax.nn.softmax(q @ k.T)
        return weights @ v, (q, k, v, weights)

    def backward(kept, g):
        q, k, v, weights = kept
        slope = weights * (g @ v.T)
        slope = slope if faulty else slope - weights * slope.sum(-1, keepdims=True)
        return slope @ k, slope.T @ q, weights.T @ g

    attended.defvjp(forward, backward)

    def loss(p, x):
        made = attended(x @ p["query"], x @ p["key"], x @ p["value"])  # here
        return jnp.mean((made - 1) ** 2)

    names = ("query", "key", "value")
    return Example(loss, {name: 0.5 * normal(309 + i, 4, 4) for i, name in enumerate(names)}, (X,))


def reversible_block_taken_back(faulty: bool) -> Example:
    """A reversible block reconstructs its inputs from its outputs with a wrong sign.

    Args:
        faulty: True for this fault; False for the sound twin, whose rule has the right sign.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `embed` [4, 6], `first` [3, 3], `out` [3, 3] and `second` [3, 3]. `args` has `x` [8, 4].
        `settings` is empty.
    """

    def mixed(x, first, second):
        left, right = x
        left = left + jnp.tanh(right @ first)
        return left, right + jnp.tanh(left @ second)

    block = jax.custom_vjp(mixed)

    def forward(x, first, second):
        made = block(x, first, second)
        return made, (made, first, second)

    def backward(kept, g):
        (left, right), first, second = kept
        before = jnp.tanh(left @ second)
        right = right + before if faulty else right - before
        left = left - jnp.tanh(right @ first)
        return jax.vjp(mixed, (left, right), first, second)[1](g)

    block.defvjp(forward, backward)

    def loss(p, x):
        halves = tuple(jnp.split(x @ p["embed"], 2, -1))
        left, right = block(halves, p["first"], p["second"])  # here
        return jnp.mean((left @ p["out"] - right) ** 2)

    params = {"embed": normal(315, 4, 6), "first": normal(316, 3, 3), "second": normal(317, 3, 3)}
    return Example(loss, params | {"out": normal(318, 3, 3)}, (X,))


def swish_rule_in_a_scan(faulty: bool) -> Example:
    """The custom rule of a swish ignores the derivative of its gate, in a scan with remat.

    Args:
        faulty: True for this fault; False for the sound twin, whose rule includes the derivative of
            the gate.

    Returns:
        An `Example`: `loss(params, xs)` returns a scalar. `params` is a dict with the leaves
        `out` [4, 2], `start` [4] and `w` [4, 4]. `args` has `xs` [8, 4]. `settings` is empty.
    """

    @jax.custom_jvp
    def swish(z):
        return z * jax.nn.sigmoid(z)

    @swish.defjvp
    def _(primals, tangents):
        gate = jax.nn.sigmoid(primals[0])
        slope = gate if faulty else gate * (1 + primals[0] * (1 - gate))
        return swish(primals[0]), slope * tangents[0]

    def loss(p, xs):
        def step(h, x):
            return swish(h @ p["w"] + x), None  # here

        last, _ = jax.lax.scan(jax.checkpoint(step), p["start"], xs)
        return jnp.mean((last @ p["out"] - 1) ** 2)

    params = {"w": 0.5 * normal(319, 4, 4), "start": normal(320, 4), "out": normal(321, 4, 2)}
    return Example(loss, params, (X,))


def clipped_with_the_values_of_a_sigmoid(faulty: bool) -> Example:
    """The custom rule of a leaky clip returns a sigmoid, and the derivative of the clip.

    Args:
        faulty: True for this fault; False for the sound twin, whose rule returns the clip.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `out` [3, 2] and `w` [4, 3]. `args` has `x` [8, 4]. `settings` is empty.
    """

    @jax.custom_vjp
    def clipped(z):
        return jnp.clip(z, -1, 1) + 0.1 * z

    def forward(z):
        return (jax.nn.sigmoid(z) if faulty else clipped(z)), z

    clipped.defvjp(forward, lambda z, g: (jnp.where(jnp.abs(z) < 1, 1.1, 0.1) * g,))

    def loss(p, x):
        return jnp.mean((clipped(x @ p["w"]) @ p["out"] - 1) ** 2)  # here

    return Example(loss, {"w": normal(322, 4, 3), "out": normal(323, 3, 2)}, (X,))


FAULTS = [
    Fault("wrong", ("b",), bias_averaged_over_the_batch, report="kvfrans/notes#5"),
    Fault("wrong", ("size",), sign_of_the_second_argument, report="jax-ml/jax#3213"),
    Fault(
        "wrong",
        ("w",),
        threshold_masked_the_other_way,
        report="pytorch/pytorch#1860",
        held_out=True,
    ),
    Fault("blocked", ("first",), zeros_for_the_vector, report="jax-ml/jax#17496"),
    Fault("wrong", ("query", "key"), attention_rule_without_the_row_sum, held_out=True),
    Fault("wrong", ("embed", "first"), reversible_block_taken_back, held_out=True),
    Fault("wrong", ("w", "start"), swish_rule_in_a_scan, held_out=True),
    Fault("wrong", ("w", "out"), clipped_with_the_values_of_a_sigmoid),
]
