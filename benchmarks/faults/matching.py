"""Faults in assignments and comparisons: transport, sparse choice, triplets."""

import jax
import jax.numpy as jnp

from benchmarks.faults.registry import Example, Fault, normal

X = normal(460, 5, 4)


def potential_of_the_rows(faulty: bool) -> Example:
    """A transport normalises each row first, which removes what is added to a row.

    Args:
        faulty: True for this fault; False for the sound twin, which normalises the columns only.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `out` [4, 2], `rows` [5] and `w` [4, 5]. `args` has `x` [5, 4]. `settings` is empty.
    """
    axes = (1, 0, 1, 0, 1) if faulty else (0,)

    def loss(p, x):
        plan = x @ p["w"] + p["rows"][:, None]
        for axis in axes:
            plan = jax.nn.log_softmax(plan, axis)
        return jnp.mean((jnp.exp(plan).T @ x @ p["out"] - 1) ** 2)

    params = {"w": normal(461, 4, 5), "rows": normal(462, 5), "out": normal(463, 4, 2)}
    return Example(loss, params, (X,))


def _sparsemax(z):
    """Returns the point of the simplex nearest to `z` (Martins and Astudillo 2016)."""
    ordered = jnp.sort(z)[::-1]
    sums, counts = jnp.cumsum(ordered), jnp.arange(1, len(z) + 1)
    size = jnp.sum(1 + counts * ordered > sums)
    return jnp.maximum(z - (sums[size - 1] - 1) / size, 0.0)


def expert_outside_the_support(faulty: bool) -> Example:
    """A sparse choice among experts ignores the input and gives one expert the weight 0.

    Args:
        faulty: True for this fault; False for the sound twin, in which the logit of this expert
            starts at 0.2 instead of -0.6, with a positive weight.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `experts` [3, 4, 2] and `logits` [3]. `args` has `x` [5, 4]. `settings` is empty.
    """
    start = jnp.array([0.3, 0.1, -0.6 if faulty else 0.2])

    def loss(p, x):
        made = jnp.tanh(jnp.einsum("nd,edk->enk", x, p["experts"]))
        return jnp.mean((jnp.tensordot(_sparsemax(p["logits"]), made, 1) - 1) ** 2)

    return Example(loss, {"logits": start, "experts": normal(464, 3, 4, 2)}, (X,))


def margins_all_kept(faulty: bool) -> Example:
    """All triplets keep the margin already: the negatives are mirror images.

    Args:
        faulty: True for this fault; False for the sound twin, whose negatives lie near the anchors,
            so that no margin is kept.

    Returns:
        An `Example`: `loss(params, x, near, far)` returns a scalar. `params` is a dict with the
        leaves `out` [5], `project` [5, 3] and `stem` [4, 5]. `args` has `x` [5, 4], `near` [5, 4]
        and `far` [5, 4]. `settings` is empty.
    """
    near = X + 0.05 * normal(465, 5, 4)
    far = -X if faulty else X + 0.05 * normal(466, 5, 4)

    def loss(p, x, near, far):
        a, b, c = (jnp.tanh(v @ p["stem"]) @ p["project"] for v in (x, near, far))
        margin = 0.2 + ((a - b) ** 2).sum(-1) - ((a - c) ** 2).sum(-1)
        told = jnp.tanh(x @ p["stem"]) @ p["out"]
        return jnp.mean(jax.nn.relu(margin)) + jnp.mean((told - 1) ** 2)

    params = {"stem": normal(467, 4, 5), "project": normal(468, 5, 3), "out": normal(469, 5)}
    return Example(loss, params, (X, near, far))


FAULTS = [
    Fault("invariant", ("rows",), potential_of_the_rows, held_out=True),
    Fault(
        "stuck", ("logits", "experts"), expert_outside_the_support, axis=(0, (2,)), held_out=True
    ),
    Fault("unvisited", ("project",), margins_all_kept, held_out=True),
]
