"""Faults of the optimiser chain, and of weights that training drives to a limit."""

import jax
import jax.numpy as jnp
import optax

from benchmarks.faults.registry import Example, Fault, normal

X = normal(140, 8, 4)
PARAMS = {"w": normal(141, 4, 2), "v": normal(142, 3)}


def _loss(p, x):
    return jnp.mean((x @ p["w"]) ** 2) + jnp.sum(p["v"] ** 2)


def frozen_by_label(faulty: bool) -> Example:
    """A group of parameters was frozen for a first phase and is never trained again.

    Args:
        faulty: True for this fault; False for the sound twin, in which the group is trained.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves `v` [3]
        and `w` [4, 2]. `args` has `x` [8, 4]. `settings` has `optimizer`, an optax transformation.
    """
    labels = {"w": "train", "v": "freeze" if faulty else "train"}
    chain = optax.multi_transform(
        {"train": optax.adam(1e-3), "freeze": optax.set_to_zero()}, labels
    )
    return Example(_loss, PARAMS, (X,), {"optimizer": chain})


def rate_of_zero(faulty: bool) -> Example:
    """The learning rate schedule has decayed to zero.

    Args:
        faulty: True for this fault; False for the sound twin, whose learning rate starts at 1e-3
            and decays over 1,000 steps.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves `v` [3]
        and `w` [4, 2]. `args` has `x` [8, 4]. `settings` has `optimizer`, an optax transformation.
    """
    end = 0 if faulty else 1000
    rate = optax.linear_schedule(1e-3 if not faulty else 0.0, 0.0, end)
    return Example(_loss, PARAMS, (X,), {"optimizer": optax.sgd(rate)})


def crushed_by_a_clip(faulty: bool) -> Example:
    """One leaf's gradient is a million times larger, and one norm clips all leaves.

    Args:
        faulty: True for this fault; False for the sound twin, in which both gradients have a
            similar size.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves `v` [3]
        and `w` [4, 2]. `args` has `x` [8, 4]. `settings` has `optimizer`, an optax transformation.
    """

    def loss(p, x):
        return (1e6 if faulty else 1.0) * jnp.mean((x @ p["w"]) ** 2) + jnp.sum(p["v"] ** 2)

    chain = optax.chain(optax.clip_by_global_norm(1e-2), optax.sgd(1e-1))
    return Example(loss, PARAMS, (X,), {"optimizer": chain})


def masked_out(faulty: bool) -> Example:
    """A mask by name sets the updates of one leaf to zero.

    Args:
        faulty: True for this fault; False for the sound twin, whose mask excludes no leaf.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves `v` [3]
        and `w` [4, 2]. `args` has `x` [8, 4]. `settings` has `optimizer`, an optax transformation.
    """
    chain = optax.chain(
        optax.masked(optax.set_to_zero(), {"w": False, "v": faulty}), optax.sgd(1e-2)
    )
    return Example(_loss, PARAMS, (X,), {"optimizer": chain})


def step_into_the_negative(faulty: bool) -> Example:
    """One large step makes a variance under a square root negative.

    Args:
        faulty: True for this fault; False for the sound twin, whose learning rate is 1e-3 instead
            of 1.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves `v` [3]
        and `w` [4, 2]. `args` has `x` [8, 4]. `settings` has `optimizer`, an optax transformation.
    """
    rate = 1.0 if faulty else 1e-3

    def loss(p, x):
        return jnp.sum(jnp.sqrt(p["v"])) + jnp.mean((x @ p["w"]) ** 2)  # here

    params = {"w": normal(143, 4, 2), "v": jnp.full(3, 0.9)}
    return Example(loss, params, (X,), {"optimizer": optax.sgd(rate)})


def tiny_auxiliary_loss(faulty: bool) -> Example:
    """An auxiliary loss has a weight of 1e-10.

    Args:
        faulty: True for this fault; False for the sound twin, whose weight is 1.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `u` [2, 2], `v` [3] and `w` [4, 2]. `args` has `x` [8, 4]. `settings` is empty.
    """
    weight = 1e-10 if faulty else 1.0

    def loss(p, x):
        hidden = jnp.tanh(x @ p["w"])
        return jnp.mean((hidden @ p["u"]) ** 2) + weight * jnp.sum(p["v"] ** 2)

    return Example(loss, PARAMS | {"u": normal(144, 2, 2)}, (X,))


def product_of_small_gates(faulty: bool) -> Example:
    """Six gates of 1e-2 in a row multiply one branch.

    Args:
        faulty: True for this fault; False for the sound twin, whose gates are 0.9.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `branch` [4, 2], `u` [4, 2] and `w` [4, 2]. `args` has `x` [8, 4]. `settings` is empty.
    """
    gate = 1e-2 if faulty else 0.9

    def loss(p, x):
        h = x @ p["branch"]
        for _ in range(6):
            h = gate * h
        return jnp.mean((x @ p["w"] + jax.nn.gelu(x @ p["u"]) + h) ** 2)

    params = {"w": normal(145, 4, 2), "u": normal(146, 4, 2), "branch": normal(147, 4, 2)}
    return Example(loss, params, (X,))


def head_outside_every_group(faulty: bool) -> Example:
    """Groups of parameters are made by name; a leaf that no list names gets into the frozen group.

    Args:
        faulty: True for this fault; False for the sound twin, in which the leaf `v` is named too.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves `v` [3]
        and `w` [4, 2]. `args` has `x` [8, 4]. `settings` has `optimizer`, an optax transformation.
    """
    named = ("w",) if faulty else ("w", "v")
    labels = {name: "train" if name in named else "rest" for name in PARAMS}
    chain = optax.multi_transform({"train": optax.adamw(1e-3), "rest": optax.set_to_zero()}, labels)
    return Example(_loss, PARAMS, (X,), {"optimizer": chain})


def module_forgotten_in_the_list(faulty: bool) -> Example:
    """The optimiser gets a list of modules, and one module is missing in it.

    Args:
        faulty: True for this fault; False for the sound twin, whose list is complete.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves `v` [3]
        and `w` [4, 2]. `args` has `x` [8, 4]. `settings` has `optimizer`, an optax transformation.
    """
    listed = {"w": True, "v": not faulty}
    rest = {name: not given for name, given in listed.items()}
    chain = optax.chain(
        optax.masked(optax.trace(0.9), listed),
        optax.masked(optax.set_to_zero(), rest),
        optax.scale(-1e-2),
    )
    return Example(_loss, PARAMS, (X,), {"optimizer": chain})


def warm_up_by_epochs(faulty: bool) -> Example:
    """A warm-up counts whole epochs of a million steps each.

    Args:
        faulty: True for this fault; False for the sound twin, whose epochs have four steps.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves `v` [3]
        and `w` [4, 2]. `args` has `x` [8, 4]. `settings` has `optimizer`, an optax transformation.
    """
    steps = 1_000_000 if faulty else 4

    def rate(count):
        return 1e-2 * jnp.minimum(count // steps, 5) / 5

    return Example(_loss, PARAMS, (X,), {"optimizer": optax.sgd(rate)})


def clipped_to_nothing(faulty: bool) -> Example:
    """The largest norm is zero, which was meant to turn the clip off.

    Args:
        faulty: True for this fault; False for the sound twin, whose largest norm is 1.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves `v` [3]
        and `w` [4, 2]. `args` has `x` [8, 4]. `settings` has `optimizer`, an optax transformation.
    """
    norm = 0.0 if faulty else 1.0
    chain = optax.chain(optax.clip_by_global_norm(norm), optax.sgd(1e-2))
    return Example(_loss, PARAMS, (X,), {"optimizer": chain})


def eps_lost_in_float16(faulty: bool) -> Example:
    """Adam's eps is zero in float16, so a row without gradient is 0/0.

    Args:
        faulty: True for this fault; False for the sound twin, whose eps is 1e-4 instead of 1e-8.

    Returns:
        An `Example`: `loss(params, ids)` returns a scalar. `params` is a dict with the leaves
        `table` [4, 3] float16 and `w` [3, 2] float16. `args` has `ids` [4] int32. `settings` has
        `optimizer`, an optax transformation.
    """
    optimizer = optax.adam(1e-2, eps=1e-8 if faulty else 1e-4)

    def loss(p, ids):
        return jnp.mean((p["table"][ids] @ p["w"] - 1) ** 2)

    params = {"table": normal(148, 4, 3), "w": normal(149, 3, 2)}
    params = jax.tree.map(lambda x: x.astype(jnp.float16), params)
    return Example(loss, params, (jnp.array([0, 1, 3, 1]),), {"optimizer": optimizer})


def average_that_keeps_all(faulty: bool) -> Example:
    """Updates are averaged with a decay of one, so the average stays at its start, zero.

    Args:
        faulty: True for this fault; False for the sound twin, whose decay is 0.9.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves `v` [3]
        and `w` [4, 2]. `args` has `x` [8, 4]. `settings` has `optimizer`, an optax transformation.
    """
    decay = 1.0 if faulty else 0.9
    chain = optax.chain(optax.ema(decay, debias=False), optax.sgd(1e-2))
    return Example(_loss, PARAMS, (X,), {"optimizer": chain})


def pushed_against_zero(faulty: bool) -> Example:
    """Weights that must not be negative start at zero, and their gradient pushes them lower.

    Args:
        faulty: True for this fault; False for the sound twin, in which the weights start at 0.5.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves
        `gate` [3], `v` [3] and `w` [4, 2]. `args` has `x` [8, 4]. `settings` has `optimizer`, an
        optax transformation.
    """

    def loss(p, x):
        return _loss(p, x) + jnp.sum(p["gate"] + p["gate"] ** 2)

    gate = jnp.full(3, 0.0 if faulty else 0.5)
    params = {name: jnp.abs(value) for name, value in PARAMS.items()} | {"gate": gate}
    chain = optax.chain(optax.sgd(1e-2), optax.keep_params_nonnegative())
    return Example(loss, params, (X,), {"optimizer": chain})


def injected_rate_of_zero(faulty: bool) -> Example:
    """The learning rate of one parameter group, a number in the optimiser's state, is zero.

    Args:
        faulty: True for this fault; False for the sound twin, whose rate is 1e-3.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves `v` [3]
        and `w` [4, 2]. `args` has `x` [8, 4]. `settings` has `optimizer`, an optax transformation.
    """
    rate = 0.0 if faulty else 1e-3
    chain = optax.multi_transform(
        {"body": optax.adam(1e-3), "head": optax.inject_hyperparams(optax.adam)(rate)},
        {"w": "body", "v": "head"},
    )
    return Example(_loss, PARAMS, (X,), {"optimizer": chain})


def eps_far_above_the_gradient(faulty: bool) -> Example:
    """The loss has size 1e-15 by its units, and Adam has an eps of one.

    Args:
        faulty: True for this fault; False for the sound twin, whose eps is 1e-30.

    Returns:
        An `Example`: `loss(params, x)` returns a scalar. `params` is a dict with the leaves `v` [3]
        and `w` [4, 2]. `args` has `x` [8, 4]. `settings` has `optimizer`, an optax transformation.
    """
    optimizer = optax.adam(1e-3, eps=1.0 if faulty else 1e-30)

    def loss(p, x):
        return 1e-15 * _loss(p, x)

    return Example(loss, PARAMS, (X,), {"optimizer": optimizer})


FAULTS = [
    Fault("starved", ("v",), frozen_by_label),
    Fault("starved", ("w", "v"), rate_of_zero),
    Fault("starved", ("v",), crushed_by_a_clip),
    Fault("starved", ("v",), masked_out, held_out=True),
    Fault("non_finite", ("v",), step_into_the_negative),
    Fault("vanishing", ("v",), tiny_auxiliary_loss),
    Fault("vanishing", ("branch",), product_of_small_gates, held_out=True),
    Fault("starved", ("v",), head_outside_every_group, report="modelscope/ms-swift#10151"),
    Fault("starved", ("v",), module_forgotten_in_the_list, report="ohhhyeahhh/SiamCAR#18"),
    Fault("starved", ("w", "v"), warm_up_by_epochs, held_out=True),
    Fault("starved", ("w", "v"), clipped_to_nothing),
    Fault(
        "non_finite",
        ("table",),
        eps_lost_in_float16,
        stage="optimiser",
        report="google-deepmind/optax#1754",
    ),
    Fault("starved", ("w", "v"), average_that_keeps_all, held_out=True),
    Fault("starved", ("gate",), pushed_against_zero, held_out=True),
    Fault("starved", ("v",), injected_rate_of_zero, held_out=True),
    Fault("starved", ("w", "v"), eps_far_above_the_gradient, held_out=True),
]
