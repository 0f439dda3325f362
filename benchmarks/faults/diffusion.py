"""Faults in blocks and losses of diffusion models."""

import jax.numpy as jnp

from benchmarks.faults.registry import Example, Fault, normal

NOISY, CONTROL = normal(250, 8, 4), normal(251, 8, 4)
# Share of signal at each step; the last step is noise alone.
SIGNAL = jnp.array([0.99, 0.7, 0.4, 0.1, 0.0])
STEPS = jnp.array([0, 1, 2, 3, 4, 3, 2, 1])


def weight_at_zero_signal(faulty: bool) -> Example:
    """The weight min(SNR, 5) / SNR is 0/0 at a last step without signal.

    Args:
        faulty: True for this fault; False for the sound twin, whose weight is
            min(SNR, 5) / (SNR + 1).

    Returns:
        An `Example`: `loss(params, x, step)` returns a scalar. `params` is a dict with the leaves
        `out` [6, 4], `time` [6] and `w` [4, 6]. `args` has `x` [8, 4] and `step` [8] int32.
        `settings` is empty.
    """

    def loss(p, x, step):
        signal = SIGNAL[step]
        ratio = signal / (1 - signal)
        weight = jnp.minimum(ratio, 5.0) / (ratio if faulty else ratio + 1)  # here
        h = jnp.tanh(x @ p["w"] + signal[:, None] * p["time"][None])
        return jnp.mean(weight[:, None] * (h @ p["out"] - x) ** 2)

    params = {"w": normal(252, 4, 6), "time": normal(253, 6), "out": normal(254, 6, 4)}
    return Example(loss, params, (NOISY, STEPS))


def two_zero_convolutions(faulty: bool) -> Example:
    """Both projections of a control branch, out of it and into the network, start at zero.

    Args:
        faulty: True for this fault; False for the sound twin, in which the first projection starts
            at random values.

    Returns:
        An `Example`: `loss(params, x, control)` returns a scalar. `params` is a nested dict with
        the leaves `encode` [4, 4], `join/bias` [4], `join/kernel` [4, 4], `project/bias` [4],
        `project/kernel` [4, 4] and `w` [4, 4]. `args` has `x` [8, 4] and `control` [8, 4].
        `settings` is empty.
    """

    def dense(p, x):
        return x @ p["kernel"] + p["bias"][None]

    def loss(p, x, control):
        branch = dense(p["project"], jnp.tanh(control @ p["encode"]))
        return jnp.mean((x @ p["w"] + dense(p["join"], branch) - 1) ** 2)

    zero = {"kernel": jnp.zeros((4, 4)), "bias": jnp.zeros(4)}
    project = zero if faulty else {"kernel": normal(255, 4, 4), "bias": normal(256, 4)}
    params = {"w": normal(257, 4, 4), "encode": normal(258, 4, 4)}
    return Example(loss, params | {"project": project, "join": zero}, (NOISY, CONTROL))


def control_blocks_not_joined(faulty: bool) -> Example:
    """Only the middle one of a list of control blocks is added.

    Args:
        faulty: True for this fault; False for the sound twin, which adds every control block.

    Returns:
        An `Example`: `loss(params, x, control)` returns a scalar. `params` is a nested dict with
        the leaves `blocks/0` [4, 4], `blocks/1` [4, 4], `controls/0` [4, 4], `controls/1` [4, 4]
        and `middle` [4, 4]. `args` has `x` [8, 4] and `control` [8, 4]. `settings` is empty.
    """

    def loss(p, x, control):
        h = x
        for kernel, joined in zip(p["blocks"], p["controls"]):
            h = jnp.tanh(h @ kernel)
            h = h if faulty else h + control @ joined
        return jnp.mean((h + control @ p["middle"] - 1) ** 2)

    params = {"blocks": [normal(260 + i, 4, 4) for i in range(2)]}
    params["controls"] = [normal(262 + i, 4, 4) for i in range(2)]
    return Example(loss, params | {"middle": normal(264, 4, 4)}, (NOISY, CONTROL))


def null_class_never_drawn(faulty: bool) -> Example:
    """Classifier-free guidance has a row for no class, which no sample of this batch uses.

    Args:
        faulty: True for this fault; False for the sound twin, in which one label is 4, the row for
            no class.

    Returns:
        An `Example`: `loss(params, x, labels)` returns a scalar. `params` is a dict with the leaves
        `classes` [5, 6], `out` [6, 4] and `w` [4, 6]. `args` has `x` [8, 4] and `labels` [8] int32.
        `settings` is empty.
    """
    labels = jnp.array([0, 1, 2, 3, 0, 1, 2, 3 if faulty else 4])

    def loss(p, x, labels):
        h = jnp.tanh(x @ p["w"] + p["classes"][labels])
        return jnp.mean((h @ p["out"] - x) ** 2)

    params = {"w": normal(265, 4, 6), "classes": normal(266, 5, 6), "out": normal(267, 6, 4)}
    return Example(loss, params, (NOISY, labels))


FAULTS = [
    Fault(
        "non_finite", ("w", "time", "out"), weight_at_zero_signal, report="kohya-ss/sd-scripts#934"
    ),
    Fault(
        "stuck",
        ("encode", "project/kernel", "project/bias", "join/kernel"),
        two_zero_convolutions,
        report="lllyasviel/ControlNet#510",
        held_out=True,
    ),
    Fault(
        "disconnected",
        ("controls/0", "controls/1"),
        control_blocks_not_joined,
        report="ir-lab/Diff-Control#1",
    ),
    Fault("unvisited", ("classes",), null_class_never_drawn, axis=(0, (4,)), held_out=True),
]
