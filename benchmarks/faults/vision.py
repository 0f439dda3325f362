"""Faults in losses of detection and of pose."""

import jax.numpy as jnp
import optax

from benchmarks.faults.registry import Example, Fault, normal

IMAGES = normal(410, 8, 4)


def huber_without_width(faulty: bool) -> Example:
    """The width of a Huber loss for boxes is zero, so the loss is zero.

    Args:
        faulty: True for this fault; False for the sound twin, whose width is 1.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `box` [5, 2], `box_bias` [2], `kind` [5, 3] and `stem` [4, 5]. `args` has `x` [8, 4].
        `settings` is empty.
    """
    width = 0.0 if faulty else 1.0
    kinds, boxes = jnp.arange(8) % 3, normal(411, 8, 2)

    def loss(p, x):
        h = jnp.tanh(x @ p["stem"])
        named = optax.softmax_cross_entropy_with_integer_labels(h @ p["kind"], kinds)
        placed = optax.huber_loss(h @ p["box"] + p["box_bias"][None], boxes, delta=width)
        return named.mean() + placed.mean()

    params = {"stem": normal(412, 4, 5), "kind": normal(413, 5, 3), "box": normal(414, 5, 2)}
    return Example(loss, params | {"box_bias": 0.1 * normal(415, 2)}, (IMAGES,))


def angle_at_its_target(faulty: bool) -> Example:
    """The angle between two rotations is an arc cosine, and the pose starts at its target.

    Args:
        faulty: True for this fault; False for the sound twin, whose pose starts away from its
            target.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `pose` [4] and `w` [4, 2]. `args` has `x` [8, 4]. `settings` is empty.
    """
    target = jnp.array([1.0, 0.0, 0.0, 0.0])
    start = target if faulty else jnp.array([0.8, 0.6, 0.2, 0.1])

    def loss(p, x):
        nearness = jnp.abs(p["pose"] / jnp.linalg.norm(p["pose"]) @ target)
        angle = 2 * jnp.arccos(nearness)  # here
        return angle**2 + jnp.mean((x @ p["w"] - 1) ** 2)

    return Example(loss, {"pose": start, "w": normal(416, 4, 2)}, (IMAGES,))


FAULTS = [
    Fault("invariant", ("box", "box_bias"), huber_without_width, held_out=True),
    Fault("non_finite", ("pose",), angle_at_its_target, held_out=True),
]
