"""Faults in losses of reinforcement learning."""

import jax
import jax.numpy as jnp

from benchmarks.faults.registry import Example, Fault, normal

STATES, ACTIONS = normal(440, 12, 4), jnp.arange(12) % 3


def _log_chosen(p, states, actions):
    logits = jnp.tanh(states @ p["trunk"]) @ p["actor"]
    return jnp.take_along_axis(jax.nn.log_softmax(logits), actions[:, None], 1)[:, 0]


def _params():
    return {"trunk": normal(441, 4, 5), "actor": normal(442, 5, 3), "critic": normal(443, 5)}


def ratios_all_clipped(faulty: bool) -> Example:
    """Every action was good and is far more probable than before, so every ratio is clipped.

    Args:
        faulty: True for this fault; False for the sound twin, whose actions are little more
            probable than before, so that no ratio is clipped.

    Returns:
        An `Example`: `loss(params, states, actions, before, advantages, returns)` returns a scalar.
        `params` is a dict with the leaves `actor` [5, 3], `critic` [5] and `trunk` [4, 5]. `args`
        has `states` [12, 4], `actions` [12] int32, `before` [12], `advantages` [12] and
        `returns` [12]. `settings` is empty.
    """
    before = _log_chosen(_params(), STATES, ACTIONS) - (3.0 if faulty else 0.1)
    advantages, returns = 1 + jnp.abs(normal(444, 12)), normal(445, 12)

    def loss(p, states, actions, before, advantages, returns):
        ratio = jnp.exp(_log_chosen(p, states, actions) - before)
        clipped = jnp.clip(ratio, 0.8, 1.2)
        gained = jnp.minimum(ratio * advantages, clipped * advantages)
        value = jnp.tanh(states @ p["trunk"]) @ p["critic"]
        return jnp.mean((value - returns) ** 2) - jnp.mean(gained)

    return Example(loss, _params(), (STATES, ACTIONS, before, advantages, returns))


def equal_rewards(faulty: bool) -> Example:
    """Advantages are divided by the spread of rewards that are all equal.

    Args:
        faulty: True for this fault; False for the sound twin, which adds 1e-4 to the spread.

    Returns:
        An `Example`: `loss(params, states, actions, rewards)` returns a scalar. `params` is a dict
        with the leaves `actor` [5, 3] and `trunk` [4, 5]. `args` has `states` [12, 4],
        `actions` [12] int32 and `rewards` [3, 4]. `settings` is empty.
    """
    rewards = jnp.abs(normal(446, 3, 4)).at[1].set(1.0)
    guard = 0.0 if faulty else 1e-4

    def loss(p, states, actions, rewards):
        centred = rewards - rewards.mean(1, keepdims=True)
        advantages = centred / (rewards.std(1, keepdims=True) + guard)  # here
        return -jnp.mean(advantages.ravel() * _log_chosen(p, states, actions))

    params = _params()
    del params["critic"]
    return Example(loss, params, (STATES, ACTIONS, rewards))


FAULTS = [
    Fault("unvisited", ("actor",), ratios_all_clipped, held_out=True),
    Fault("non_finite", ("trunk", "actor"), equal_rewards, held_out=True),
]
