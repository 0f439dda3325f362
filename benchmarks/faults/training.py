"""Faults of the optimiser chain, and of weights that it drives into a wall."""

import jax
import jax.numpy as jnp
import optax

from benchmarks.faults.registry import Fault, Model, normal

X = normal(140, 8, 4)
PARAMS = {"w": normal(141, 4, 2), "v": normal(142, 3)}


def _loss(p, x):
    return jnp.mean((x @ p["w"]) ** 2) + jnp.sum(p["v"] ** 2)


def frozen_by_label(faulty: bool) -> Model:
    """A group that was frozen for a first phase and never thawed."""
    labels = {"w": "train", "v": "freeze" if faulty else "train"}
    chain = optax.multi_transform(
        {"train": optax.adam(1e-3), "freeze": optax.set_to_zero()}, labels
    )
    return Model(_loss, PARAMS, (X,), {"optimizer": chain})


def rate_of_zero(faulty: bool) -> Model:
    """A schedule that has already decayed to nothing."""
    end = 0 if faulty else 1000
    rate = optax.linear_schedule(1e-3 if not faulty else 0.0, 0.0, end)
    return Model(_loss, PARAMS, (X,), {"optimizer": optax.sgd(rate)})


def crushed_by_a_clip(faulty: bool) -> Model:
    """One leaf's gradient is a million times larger, and one norm clips them all."""

    def loss(p, x):
        return (1e6 if faulty else 1.0) * jnp.mean((x @ p["w"]) ** 2) + jnp.sum(p["v"] ** 2)

    chain = optax.chain(optax.clip_by_global_norm(1e-2), optax.sgd(1e-1))
    return Model(loss, PARAMS, (X,), {"optimizer": chain})


def masked_out(faulty: bool) -> Model:
    """A mask by name that misses a leaf, with nothing behind it."""
    chain = optax.chain(
        optax.masked(optax.set_to_zero(), {"w": False, "v": faulty}), optax.sgd(1e-2)
    )
    return Model(_loss, PARAMS, (X,), {"optimizer": chain})


def step_into_the_negative(faulty: bool) -> Model:
    """A variance that one large step makes negative, under a square root."""
    rate = 1.0 if faulty else 1e-3

    def loss(p, x):
        return jnp.sum(jnp.sqrt(p["v"])) + jnp.mean((x @ p["w"]) ** 2)  # here

    params = {"w": normal(143, 4, 2), "v": jnp.full(3, 0.9)}
    return Model(loss, params, (X,), {"optimizer": optax.sgd(rate)})


def tiny_auxiliary_loss(faulty: bool) -> Model:
    """An auxiliary loss with a weight of 1e-10."""
    weight = 1e-10 if faulty else 1.0

    def loss(p, x):
        hidden = jnp.tanh(x @ p["w"])
        return jnp.mean((hidden @ p["u"]) ** 2) + weight * jnp.sum(p["v"] ** 2)

    return Model(loss, PARAMS | {"u": normal(144, 2, 2)}, (X,))


def product_of_small_gates(faulty: bool) -> Model:
    """Six gates at 1e-2 in a row before one branch."""
    gate = 1e-2 if faulty else 0.9

    def loss(p, x):
        h = x @ p["branch"]
        for _ in range(6):
            h = gate * h
        return jnp.mean((x @ p["w"] + jax.nn.gelu(x @ p["u"]) + h) ** 2)

    params = {"w": normal(145, 4, 2), "u": normal(146, 4, 2), "branch": normal(147, 4, 2)}
    return Model(loss, params, (X,))


def head_outside_every_group(faulty: bool) -> Model:
    """Groups are made by name; what no list names falls into the group of the frozen."""
    named = ("w",) if faulty else ("w", "v")
    labels = {name: "train" if name in named else "rest" for name in PARAMS}
    chain = optax.multi_transform({"train": optax.adamw(1e-3), "rest": optax.set_to_zero()}, labels)
    return Model(_loss, PARAMS, (X,), {"optimizer": chain})


def module_forgotten_in_the_list(faulty: bool) -> Model:
    """The optimiser is given a list of modules, and one of them is not on it."""
    listed = {"w": True, "v": not faulty}
    rest = {name: not given for name, given in listed.items()}
    chain = optax.chain(
        optax.masked(optax.trace(0.9), listed),
        optax.masked(optax.set_to_zero(), rest),
        optax.scale(-1e-2),
    )
    return Model(_loss, PARAMS, (X,), {"optimizer": chain})


def warm_up_by_epochs(faulty: bool) -> Model:
    """A warm-up over epochs, counted by whole ones, of a million steps each."""
    steps = 1_000_000 if faulty else 4

    def rate(count):
        return 1e-2 * jnp.minimum(count // steps, 5) / 5

    return Model(_loss, PARAMS, (X,), {"optimizer": optax.sgd(rate)})


def clipped_to_nothing(faulty: bool) -> Model:
    """A largest norm of zero, meant to say that nothing is clipped."""
    norm = 0.0 if faulty else 1.0
    chain = optax.chain(optax.clip_by_global_norm(norm), optax.sgd(1e-2))
    return Model(_loss, PARAMS, (X,), {"optimizer": chain})


def eps_lost_in_float16(faulty: bool) -> Model:
    """Adam's eps is zero in float16, and a row without gradient is zero over zero."""
    optimizer = optax.adam(1e-2, eps=1e-8 if faulty else 1e-4)

    def loss(p, ids):
        return jnp.mean((p["table"][ids] @ p["w"] - 1) ** 2)

    params = {"table": normal(148, 4, 3), "w": normal(149, 3, 2)}
    params = jax.tree.map(lambda x: x.astype(jnp.float16), params)
    return Model(loss, params, (jnp.array([0, 1, 3, 1]),), {"optimizer": optimizer})


def average_that_keeps_all(faulty: bool) -> Model:
    """Updates are averaged with a decay of one, so the average stays the zero that it starts as."""
    decay = 1.0 if faulty else 0.9
    chain = optax.chain(optax.ema(decay, debias=False), optax.sgd(1e-2))
    return Model(_loss, PARAMS, (X,), {"optimizer": chain})


def pushed_against_zero(faulty: bool) -> Model:
    """Weights that must not be negative start at zero, and the loss wants them lower."""

    def loss(p, x):
        return _loss(p, x) + jnp.sum(p["gate"] + p["gate"] ** 2)

    gate = jnp.full(3, 0.0 if faulty else 0.5)
    params = {name: jnp.abs(value) for name, value in PARAMS.items()} | {"gate": gate}
    chain = optax.chain(optax.sgd(1e-2), optax.keep_params_nonnegative())
    return Model(loss, params, (X,), {"optimizer": chain})


def injected_rate_of_zero(faulty: bool) -> Model:
    """The rate of one group is a number in the optimiser's state, and that number is zero."""
    rate = 0.0 if faulty else 1e-3
    chain = optax.multi_transform(
        {"body": optax.adam(1e-3), "head": optax.inject_hyperparams(optax.adam)(rate)},
        {"w": "body", "v": "head"},
    )
    return Model(_loss, PARAMS, (X,), {"optimizer": chain})


def eps_far_above_the_gradient(faulty: bool) -> Model:
    """A loss that is of size 1e-15 for its units, under Adam with an eps of one."""
    optimizer = optax.adam(1e-3, eps=1.0 if faulty else 1e-30)

    def loss(p, x):
        return 1e-15 * _loss(p, x)

    return Model(loss, PARAMS, (X,), {"optimizer": optimizer})


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
