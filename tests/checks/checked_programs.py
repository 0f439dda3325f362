"""Small losses, each with the verdicts that its leaves must get."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import lax

_KEYS = jax.random.split(jax.random.key(7), 16)
X = jax.random.normal(_KEYS[0], (8, 4))
IDS = jnp.array([1, 2, 2, 3])


def draw(number: int, *shape: int) -> jax.Array:
    return jax.random.normal(_KEYS[number], shape)


class Case(NamedTuple):
    loss: Any
    params: Any
    expected: dict[str, str]
    args: tuple = (X,)
    settings: dict = {}  # noqa: RUF012  (read only)


def custom(function, forward, backward):
    rule = jax.custom_vjp(function)
    rule.defvjp(forward, backward)
    return rule


slightly_off = custom(lambda x: x**3, lambda x: (x**3, x), lambda x, g: (3.003 * x**2 * g,))
straight_through = custom(lambda x: jnp.round(x), lambda x: (jnp.round(x), None), lambda _, g: (g,))
answers_zero = custom(lambda x: x**3, lambda x: (x**3, x), lambda x, g: (g * 0,))
exactly_right = custom(
    lambda x, n: x**3 * n,
    lambda x, n: (x**3 * n, (x, n)),
    lambda r, g: (3 * r[0] ** 2 * g * r[1], None),
)


@jax.custom_jvp
def half_tanh(x):
    return jnp.tanh(x)


@half_tanh.defjvp
def _(primals, tangents):
    return half_tanh(primals[0]), 0.5 * (1 - jnp.tanh(primals[0]) ** 2) * tangents[0]


def mlp(p, x):
    return (jax.nn.relu(x @ p["w1"] + p["b1"][None]) @ p["w2"]).var()


def square(p, x):
    return ((x @ p["w"]) ** 2).mean()


def attention(p, x):
    q, k, v = jnp.split(x @ p["qkv"] + p["b"][None], 3, -1)
    return ((jax.nn.softmax(q @ k.T) @ v) ** 2).sum()


def experts(p, x):
    chosen = jax.nn.one_hot(jnp.argmax(x @ p["router"], -1), 3)
    return jnp.einsum("be,bi,eio->bo", chosen, x, p["experts"]).var()


def frozen_by_mask():
    return optax.multi_transform(
        {"train": optax.adam(1e-3), "freeze": optax.set_to_zero()}, {"w": "train", "v": "freeze"}
    )


W = draw(1, 4, 2)
CASES = {
    "a plain network": Case(
        mlp,
        {"w1": draw(1, 4, 8), "b1": jnp.zeros(8), "w2": draw(2, 8, 2)},
        {"w1": "alive", "b1": "alive", "w2": "alive"},
    ),
    "unused and stopped": Case(
        lambda p, x: square(p, x) + lax.stop_gradient(p["stopped"]).sum(),
        {"w": W, "unused": W, "stopped": W},
        {"w": "alive", "unused": "disconnected", "stopped": "blocked"},
    ),
    "a factor that is zero, squared": Case(
        lambda p, x: square(p, x) + p["s"] ** 2 * (p["b"][None] * x).sum(),
        {"w": W, "s": 0.0, "b": draw(3, 4)},
        {"w": "alive", "s": "stuck", "b": "stuck"},
    ),
    "both factors of a low-rank pair zero": Case(
        lambda p, x: ((x @ (p["w"] + p["down"] @ p["up"])) ** 2).mean(),
        {"w": W, "down": jnp.zeros((4, 1)), "up": jnp.zeros((1, 2))},
        {"w": "alive", "down": "stuck", "up": "stuck"},
    ),
    "a zero head wakes": Case(
        lambda p, x: ((jnp.tanh(x @ p["w"]) @ p["head"] - x[:, :2]) ** 2).mean(),
        {"w": draw(1, 4, 3), "head": jnp.zeros((3, 2))},
        {"w": "waking", "head": "alive"},
    ),
    "softmax does not see a constant": Case(
        lambda p, x: (jax.nn.softmax(x @ p["w"] + p["c"]) ** 2).sum(),
        {"w": draw(1, 4, 3), "c": jnp.ones(())},
        {"w": "alive", "c": "invariant"},
    ),
    "a constant behind a zero factor is invariant, not stuck": Case(
        lambda p, x: (jax.nn.softmax(x @ p["w"] + p["s"] ** 2 * p["c"]) ** 2).sum(),
        {"w": draw(1, 4, 3), "c": jnp.ones(()), "s": 0.0},
        {"w": "alive", "c": "invariant", "s": "invariant"},
    ),
    "an expert that no input of this batch is sent to": Case(
        experts,
        {"router": jnp.eye(4)[:, :3] * 5, "experts": draw(2, 3, 4, 2)},
        {"router": "blocked", "experts": "alive"},
        (jnp.abs(X).at[:, 2].set(-9.0),),
    ),
    "an adapter that these inputs do not switch on": Case(
        lambda p, x: square(p, x) + jnp.where(x[0, 0] > 0, p["v"].sum() ** 2, 0.0),
        {"w": W, "v": draw(2, 3)},
        {"w": "alive", "v": "unvisited"},
        (-jnp.abs(X),),
    ),
    "a branch that no drawn input takes": Case(
        lambda p, x: (
            square(p, x)
            + lax.cond(x.sum() > 1e9, lambda: p["u"].sum() ** 2, lambda: 1.0)
            + jnp.where(x[0, 0] > 1e9, p["v"].sum() ** 2, 0.0)
        ),
        {"w": W, "u": draw(2, 3), "v": draw(3, 3)},
        {"w": "alive", "u": "unvisited", "v": "unvisited"},
    ),
    "a path a million million times too weak": Case(
        lambda p, x: square(p, x) + 1e-12 * p["v"].sum() + (p["u"] ** 2).sum(),
        {"w": W, "u": draw(4, 2), "v": draw(2, 3)},
        {"w": "alive", "u": "alive", "v": "vanishing"},
    ),
    "an update below half an ulp": Case(
        lambda p, x: square(p, x) + jnp.cos(p["v"]).sum(),
        {"w": W, "v": 1e6 + draw(2, 3)},
        {"w": "alive", "v": "underflow"},
    ),
    "a gradient that float16 flushes to zero": Case(
        lambda p, x: (
            1e-3 * square(p, x) + 1e-8 * p["v"].astype(jnp.float16).astype(jnp.float32).sum()
        ),
        {"w": W, "v": draw(2, 3)},
        {"w": "alive", "v": "underflow"},
    ),
    "frozen by the optimiser": Case(
        lambda p, x: square(p, x) + (p["v"] ** 2).sum(),
        {"w": W, "v": draw(2, 3)},
        {"w": "alive", "v": "starved"},
        settings={"optimizer": frozen_by_mask()},
    ),
    "crushed by a clip that another leaf triggers": Case(
        lambda p, x: 1e6 * square(p, x) + (p["v"] ** 2).sum(),
        {"w": W, "v": draw(2, 3)},
        {"w": "alive", "v": "starved"},
        settings={"optimizer": optax.chain(optax.clip_by_global_norm(1e-2), optax.sgd(1e-1))},
    ),
    "warm-up from zero and accumulation are no faults": Case(
        square,
        {"w": W},
        {"w": "alive"},
        settings={
            "optimizer": optax.MultiSteps(
                optax.adam(optax.linear_schedule(0.0, 1e-3, 100)), every_k_schedule=30
            )
        },
    ),
    "custom rules, right and wrong": Case(
        lambda p, x: (
            slightly_off(x @ p["a"]).sum()
            + answers_zero(x @ p["b"]).sum()
            + exactly_right(x @ p["c"], 2.0).mean()
            + straight_through(x @ p["d"]).sum()
            + lax.scan(
                jax.checkpoint(lambda c, t: (c + half_tanh(t @ p["e"]).sum(), None)), 0.0, x
            )[0]
        ),
        {"a": W, "b": draw(2, 4, 3), "c": W, "d": W, "e": W},
        {"a": "wrong", "b": "blocked", "c": "alive", "d": "wrong", "e": "wrong"},
    ),
    "a straight-through line out of stop_gradient is right as meant": Case(
        lambda p, x: (
            (x @ p["w"] + lax.stop_gradient(jnp.round(x @ p["w"]) - x @ p["w"])) ** 2
        ).mean(),
        {"w": W},
        {"w": "alive"},
    ),
    "the untaken branch of where": Case(
        lambda p, x: (
            square(p, x) + jnp.where(p["v"] > 0, jnp.log(p["v"]), 0.0).sum()  # untaken
        ),
        {"w": W, "v": jnp.array([1.0, 0.0])},
        {"w": "alive", "v": "non_finite"},
    ),
    "an exponential that overflows in float32 only": Case(
        lambda p, x: square(p, x) + (jnp.exp(p["v"]) / jnp.exp(p["v"])).sum(),
        {"w": W, "v": jnp.full(2, 100.0)},
        {"w": "alive", "v": "non_finite"},
    ),
    "a loop of unknown length has no reverse derivative": Case(
        lambda p, x: (
            square(p, x)
            + lax.while_loop(lambda s: s < 3 + p["v"].sum(), lambda s: s * p["u"] + 1.0, 0.0)
        ),
        {"w": W, "v": W, "u": 1.0},
        {"w": "alive", "v": "blocked", "u": "blocked"},
    ),
}
