"""Distrax: likelihoods of flows, mixtures and hidden Markov models."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from benchmarks.faults.registry import Example, normal

LIBRARY = "distrax"


def _dense(*sizes: int) -> Any:
    layers = [layer for size in sizes[:-1] for layer in (nn.Dense(size), nn.tanh)]
    return nn.Sequential([*layers, nn.Dense(sizes[-1])])


def mixture_density(distrax: Any) -> Example:
    """Builds a mixture density network: distrax.MixtureSameFamily of Normal, dense heads.

    Args:
        distrax: The module `distrax`.

    Returns:
        An `Example`: `loss(params, x, y)` returns the mean negative log-likelihood. `params` is the
        Linen net's nested dict of parameters. `args` has `x` [32, 4] and `y` [32]. `settings` is
        empty.
    """
    net, x = _dense(8, 9), normal(0, 32, 4)
    params = net.init(jax.random.key(0), x)["params"]

    def loss(p, x, y):
        logits, mean, scale = jnp.split(jnp.asarray(net.apply({"params": p}, x)), 3, -1)
        parts = distrax.Normal(mean, jax.nn.softplus(scale) + 1e-3)
        mixture = distrax.MixtureSameFamily(distrax.Categorical(logits=logits), parts)
        return -mixture.log_prob(y).mean()

    return Example(loss, params, (x, normal(1, 32)))


def _coupling_flow(distrax: Any, net: Any, bijector: Any, x: jax.Array) -> Example:
    """Builds two masked coupling layers with opposite masks over a standard normal."""
    masks = [jnp.arange(x.shape[1]) % 2 == turn for turn in (0, 1)]
    params = [net.init(jax.random.key(i), x)["params"] for i in range(2)]

    def loss(p, x):
        layers = [
            distrax.MaskedCoupling(
                mask=mask, bijector=bijector, conditioner=lambda z, q=q: net.apply({"params": q}, z)
            )
            for mask, q in zip(masks, p)
        ]
        zeros = jnp.zeros(x.shape[1])
        base = distrax.MultivariateNormalDiag(zeros, jnp.ones_like(zeros))
        flow = distrax.Transformed(base, distrax.Inverse(distrax.Chain(layers)))
        return -flow.log_prob(x).mean()

    return Example(loss, params, (x,))


class _Heads(nn.Module):
    """A conditioner that returns some numbers for each coordinate, zero at the start."""

    count: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        hidden = nn.tanh(nn.Dense(8)(x))
        out = nn.Dense(x.shape[-1] * self.count, kernel_init=nn.initializers.zeros)(hidden)
        return out.reshape(*x.shape, self.count)


def real_nvp(distrax: Any) -> Example:
    """Builds a model with distrax.MaskedCoupling with ScalarAffine.

    Args:
        distrax: The module `distrax`.

    Returns:
        An `Example`: `loss(params, x)` returns the mean negative log-likelihood. `params` is a list
        of the nested dicts of parameters of two Linen nets. `args` has `x` [32, 4]. `settings` has
        `allow`, entries (name pattern, verdict, reason) for leaves that cannot learn by design.
    """

    def bijector(params):
        return distrax.ScalarAffine(params[..., 0], log_scale=params[..., 1])

    inputs = "inputs of a conditioner for the coordinates that it transforms, which are masked"
    outputs = "outputs for the coordinates that a masked coupling passes on unchanged"
    allow = [
        ("*/Dense_0/kernel", "disconnected", inputs),
        ("*/Dense_1/*", "disconnected", outputs),
    ]
    model = _coupling_flow(distrax, _Heads(2), bijector, normal(0, 32, 4))
    return model._replace(settings={"allow": allow})


def neural_spline_flow(distrax: Any) -> Example:
    """Builds distrax.RationalQuadraticSpline in SplitCoupling, as in Distrax's flow example.

    Args:
        distrax: The module `distrax`.

    Returns:
        An `Example`: `loss(params, x)` returns the mean negative log-likelihood. `params` is a list
        of the nested dicts of parameters of two Linen nets. `args` has `x` [32, 4]. `settings` is
        empty.
    """
    net = _dense(8, 2 * 13)
    x = jnp.tanh(normal(0, 32, 4))
    params = [net.init(jax.random.key(i), x[:, :2])["params"] for i in range(2)]

    def loss(p, x):
        def spline(q):
            def conditioner(z):
                return jnp.asarray(net.apply({"params": q}, z)).reshape(*z.shape[:-1], 2, 13)

            return conditioner

        def bijector(params):
            inner = distrax.RationalQuadraticSpline(params, range_min=-2.0, range_max=2.0)
            return distrax.Block(inner, 1)

        layers = [
            distrax.SplitCoupling(
                split_index=2, event_ndims=1, conditioner=spline(q), bijector=bijector, swap=swap
            )
            for q, swap in zip(p, (False, True))
        ]
        base = distrax.Independent(distrax.Uniform(-2 * jnp.ones(4), 2 * jnp.ones(4)), 1)
        flow = distrax.Transformed(base, distrax.Inverse(distrax.Chain(layers)))
        return -flow.log_prob(x).mean()

    return Example(loss, params, (x,))


def hidden_markov_model(distrax: Any) -> Example:
    """Builds a model with distrax.HMM's forward algorithm, three states with normal emissions.

    Args:
        distrax: The module `distrax`.

    Returns:
        An `Example`: `loss(params, x)` returns the negative log-likelihood of the sequence.
        `params` is a dict with the leaves `mean` [3], `moves` [3, 3], `scale` [3] and `start` [3].
        `args` has `x` [20]. `settings` is empty.
    """
    zeros = {"start": jnp.zeros(3), "scale": jnp.zeros(3)}
    params = zeros | {"moves": 0.5 * normal(0, 3, 3), "mean": jnp.array([-1.0, 0.0, 1.5])}

    def loss(p, x):
        model = distrax.HMM(
            init_dist=distrax.Categorical(logits=p["start"]),
            trans_dist=distrax.Categorical(logits=p["moves"]),
            obs_dist=distrax.Normal(p["mean"], jnp.exp(p["scale"])),
        )
        return -model.forward(x)[0]

    return Example(loss, params, (2 * normal(1, 20),))


def policy_gradient_with_entropy(distrax: Any) -> Example:
    """Builds log-probabilities of distrax.Categorical and MultivariateNormalTri, entropy, KL.

    Args:
        distrax: The module `distrax`.

    Returns:
        An `Example`: `loss(params, x, key, advantage)` returns the policy-gradient loss with
        entropy and KL terms. `params` is the Linen net's nested dict of parameters. `args` has
        `x` [32, 4], `key` (a PRNG key) and `advantage` [32]. `settings` is empty.
    """
    net, x = _dense(8, 3 + 2 + 3), normal(0, 32, 4)
    params = net.init(jax.random.key(0), x)["params"]

    def loss(p, x, key, advantage):
        out = jnp.asarray(net.apply({"params": p}, x))
        discrete = distrax.Categorical(logits=out[:, :3])
        action, logs = discrete.sample_and_log_prob(seed=key)
        tril = jnp.stack([jnp.exp(out[:, 5]), 0 * out[:, 5], out[:, 6], jnp.exp(out[:, 7])], -1)
        posterior = distrax.MultivariateNormalTri(out[:, 3:5], tril.reshape(-1, 2, 2))
        prior = distrax.MultivariateNormalTri(jnp.zeros(2), jnp.eye(2))
        bonus = 0.01 * discrete.entropy() - posterior.kl_divergence(prior)
        return -(advantage * logs + bonus).mean() + 0 * action.sum()

    return Example(loss, params, (x, jax.random.key(1), normal(2, 32)))


MODELS = [
    mixture_density,
    real_nvp,
    neural_spline_flow,
    hidden_markov_model,
    policy_gradient_with_entropy,
]
