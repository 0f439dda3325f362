"""RLax: losses of reinforcement learning, with their stopped targets, on one small net."""

from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.faults.clean.registry import integers
from benchmarks.faults.registry import Example, normal

LIBRARY = "rlax"


def _params(outputs: int) -> dict[str, jax.Array]:
    hidden, out = 0.5 * normal(0, 4, 8), 0.5 * normal(1, 8, outputs)
    return {"hidden": hidden, "bias": jnp.zeros(8), "out": out, "shift": jnp.zeros(outputs)}


def _net(p, x):
    return jnp.tanh(x @ p["hidden"] + p["bias"]) @ p["out"] + p["shift"]


def double_q_learning(rlax: Any) -> Example:
    """Builds a model with rlax.double_q_learning with l2_loss, as in RLax's DQN example.

    Args:
        rlax: The module `rlax`.

    Returns:
        An `Example`: `loss(params, before, action, reward, after)` returns the mean squared TD
        error, halved. `params` is a dict with the leaves `bias` [8], `hidden` [4, 8], `out` [8, 3]
        and `shift` [3]. `args` has `before` [16, 4], `action` [16] int32, `reward` [16] and
        `after` [16, 4]. `settings` is empty.
    """
    target = {k: v + 0.1 for k, v in _params(3).items()}

    def loss(p, before, action, reward, after):
        value, selector = _net(p, before), _net(p, after)
        error = jax.vmap(rlax.double_q_learning)(
            value, action, reward, jnp.full(len(reward), 0.9), _net(target, after), selector
        )
        return rlax.l2_loss(error).mean()

    data = normal(2, 16, 4), integers(3, 3, 16), normal(4, 16), normal(5, 16, 4)
    return Example(loss, _params(3), data)


def categorical_q_learning(rlax: Any) -> Example:
    """Builds rlax.categorical_q_learning: distributions of returns on a grid of atoms.

    Args:
        rlax: The module `rlax`.

    Returns:
        An `Example`: `loss(params, before, action, reward, after)` returns the mean cross-entropy
        to the projected target. `params` is a dict with the leaves `bias` [8], `hidden` [4, 8],
        `out` [8, 15] and `shift` [15]. `args` has `before` [16, 4], `action` [16] int32,
        `reward` [16] and `after` [16, 4]. `settings` is empty.
    """
    atoms = jnp.linspace(-2.0, 2.0, 5)

    def loss(p, before, action, reward, after):
        def one(logits, action, reward, following):
            return rlax.categorical_q_learning(atoms, logits, action, reward, 0.9, atoms, following)

        logits = _net(p, before).reshape(-1, 3, 5), _net(p, after).reshape(-1, 3, 5)
        return jax.vmap(one)(logits[0], action, reward, logits[1]).mean()

    data = normal(2, 16, 4), integers(3, 3, 16), normal(4, 16), normal(5, 16, 4)
    return Example(loss, _params(15), data)


def quantile_regression(rlax: Any) -> Example:
    """Builds a model with rlax.quantile_q_learning with a Huber loss over quantiles.

    Args:
        rlax: The module `rlax`.

    Returns:
        An `Example`: `loss(params, before, action, reward, after)` returns the mean quantile Huber
        loss. `params` is a dict with the leaves `bias` [8], `hidden` [4, 8], `out` [8, 12] and
        `shift` [12]. `args` has `before` [16, 4], `action` [16] int32, `reward` [16] and
        `after` [16, 4]. `settings` is empty.
    """
    levels = (jnp.arange(4) + 0.5) / 4

    def loss(p, before, action, reward, after):
        def one(quantiles, action, reward, following):
            return rlax.quantile_q_learning(
                quantiles, levels, action, reward, 0.9, following, following, 1.0
            )

        quantiles = _net(p, before).reshape(-1, 4, 3), _net(p, after).reshape(-1, 4, 3)
        return jax.vmap(one)(quantiles[0], action, reward, quantiles[1]).mean()

    data = normal(2, 16, 4), integers(3, 3, 16), normal(4, 16), normal(5, 16, 4)
    return Example(loss, _params(12), data)


def actor_critic(rlax: Any) -> Example:
    """Builds IMPALA: rlax.vtrace_td_error_and_advantage, policy_gradient_loss, entropy_loss.

    Args:
        rlax: The module `rlax`.

    Returns:
        An `Example`: `loss(params, states, actions, rewards, behaviour)` returns the sum of policy,
        value and entropy losses. `params` is a dict with the leaves `bias` [8], `hidden` [4, 8],
        `out` [8, 4] and `shift` [4]. `args` has `states` [13, 4], `actions` [12] int32,
        `rewards` [12] and `behaviour` [12, 3]. `settings` is empty.
    """

    def loss(p, states, actions, rewards, behaviour):
        out = _net(p, states)
        logits, values = out[:-1, :3], out[:, 3]
        behind = jnp.take_along_axis(jax.nn.log_softmax(behaviour), actions[:, None], 1)[:, 0]
        logs = jnp.take_along_axis(jax.nn.log_softmax(logits), actions[:, None], 1)[:, 0]
        ratio = jnp.exp(logs - behind)
        discount = jnp.full(len(rewards), 0.9)
        returns = rlax.vtrace_td_error_and_advantage(
            values[:-1], values[1:], rewards, discount, ratio
        )
        weights = jnp.ones_like(rewards)
        policy = rlax.policy_gradient_loss(logits, actions, returns.pg_advantage, weights)
        entropy = rlax.entropy_loss(logits, weights)
        return policy + 0.5 * jnp.mean(returns.errors**2) + 0.01 * entropy

    data = normal(2, 13, 4), integers(3, 3, 12), normal(4, 12), normal(5, 12, 3)
    return Example(loss, _params(4), data)


def clipped_surrogate(rlax: Any) -> Example:
    """Builds PPO: rlax.clipped_surrogate_pg_loss, truncated_generalized_advantage_estimation.

    Args:
        rlax: The module `rlax`.

    Returns:
        An `Example`: `loss(params, states, actions, rewards, behaviour)` returns the sum of policy
        and value losses. `params` is a dict with the leaves `bias` [8], `hidden` [4, 8],
        `out` [8, 4] and `shift` [4]. `args` has `states` [25, 4], `actions` [24] int32,
        `rewards` [24] and `behaviour` [24, 3]. `settings` is empty.
    """

    def loss(p, states, actions, rewards, behaviour):
        out = _net(p, states)
        logits, values = out[:-1, :3], out[:, 3]
        behind = jnp.take_along_axis(jax.nn.log_softmax(behaviour), actions[:, None], 1)[:, 0]
        logs = jnp.take_along_axis(jax.nn.log_softmax(logits), actions[:, None], 1)[:, 0]
        discount = jnp.full(len(rewards), 0.9)
        advantage = rlax.truncated_generalized_advantage_estimation(
            rewards, discount, 0.95, values, stop_target_gradients=True
        )
        target = jax.lax.stop_gradient(advantage + values[:-1])
        policy = rlax.clipped_surrogate_pg_loss(jnp.exp(logs - behind), advantage, 0.2)
        return policy + 0.5 * jnp.mean((values[:-1] - target) ** 2)

    data = normal(2, 25, 4), integers(3, 3, 24), normal(4, 24), 0.3 * normal(5, 24, 3)
    return Example(loss, _params(4), data)


def deterministic_policy_gradient(rlax: Any) -> Example:
    """Builds a model with rlax.dpg_loss of an actor through a fixed critic.

    Args:
        rlax: The module `rlax`.

    Returns:
        An `Example`: `loss(params, states)` returns the mean deterministic policy-gradient loss.
        `params` is a dict with the leaves `bias` [8], `hidden` [4, 8], `out` [8, 2] and
        `shift` [2]. `args` has `states` [16, 4]. `settings` is empty.
    """
    critic = 0.5 * normal(6, 6)

    def loss(p, states):
        def value(action, state):
            return jnp.sin(jnp.concatenate([state, action]) @ critic)

        actions = jnp.tanh(_net(p, states))
        slopes = jax.vmap(jax.grad(value))(actions, states)
        return jax.vmap(rlax.dpg_loss)(actions, slopes).mean()

    return Example(loss, _params(2), (normal(2, 16, 4),))


MODELS = [
    double_q_learning,
    categorical_q_learning,
    quantile_regression,
    actor_critic,
    clipped_surrogate,
    deterministic_policy_gradient,
]
