"""NumPyro: evidence lower bounds of models and guides, with the sample key as an argument."""

from importlib import import_module
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from benchmarks.faults.clean.registry import integers
from benchmarks.faults.registry import Example, normal

LIBRARY = "numpyro"


def _bound(numpyro: Any, model: Any, guide: Any, *data: jax.Array, particles: int = 4) -> Example:
    """Computes the negative evidence lower bound in unconstrained parameters, as SVI does."""
    elbo = numpyro.infer.Trace_ELBO(num_particles=particles)
    svi = numpyro.infer.SVI(model, guide, numpyro.optim.Adam(1e-3), elbo)
    state = svi.init(jax.random.key(0), *data)

    def loss(p, key, *data):
        return elbo.loss(key, svi.constrain_fn(p), model, guide, *data)

    return Example(loss, svi.optim.get_params(state.optim_state), (jax.random.key(1), *data))


def _regression(numpyro: Any) -> Any:
    dist = numpyro.distributions

    def model(x, y):
        weight = numpyro.sample("weight", dist.Normal(jnp.zeros(3), 1.0).to_event(1))
        scale = numpyro.sample("scale", dist.HalfNormal(1.0))
        with numpyro.plate("data", len(x)):
            numpyro.sample("y", dist.Normal(x @ weight, scale), obs=y)

    return model


def mean_field(numpyro: Any) -> Example:
    """Builds a model with numpyro.infer.autoguide.AutoNormal on a regression with unknown noise.

    Args:
        numpyro: The module `numpyro`.

    Returns:
        An `Example`: `loss(params, key, x, y)` returns the negative evidence lower bound. `params`
        is a dict of the guide's unconstrained parameters. `args` has `key` (a PRNG key),
        `x` [20, 3] and `y` [20]. `settings` is empty.
    """
    model = _regression(numpyro)
    guide = numpyro.infer.autoguide.AutoNormal(model)
    return _bound(numpyro, model, guide, normal(0, 20, 3), normal(1, 20))


def low_rank_guide(numpyro: Any) -> Example:
    """Builds numpyro.infer.autoguide.AutoLowRankMultivariateNormal on a linear regression.

    Args:
        numpyro: The module `numpyro`.

    Returns:
        An `Example`: `loss(params, key, x, y)` returns the negative evidence lower bound. `params`
        is a dict of the guide's unconstrained parameters. `args` has `key` (a PRNG key),
        `x` [20, 3] and `y` [20]. `settings` is empty.
    """
    model = _regression(numpyro)
    guide = numpyro.infer.autoguide.AutoLowRankMultivariateNormal(model, rank=2)
    return _bound(numpyro, model, guide, normal(0, 20, 3), normal(1, 20))


def eight_schools(numpyro: Any) -> Example:
    """Builds NumPyro's eight-schools example, reparameterised; AutoMultivariateNormal.

    Args:
        numpyro: The module `numpyro`.

    Returns:
        An `Example`: `loss(params, key, effects)` returns the negative evidence lower bound.
        `params` is a dict of the guide's unconstrained parameters. `args` has `key` (a PRNG key)
        and `effects` [8]. `settings` is empty.
    """
    dist, reparam = numpyro.distributions, numpyro.infer.reparam
    spread = jnp.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])

    def model(effects):
        mean = numpyro.sample("mean", dist.Normal(0, 5))
        scale = numpyro.sample("scale", dist.HalfCauchy(5))
        with (
            numpyro.plate("schools", 8),
            numpyro.handlers.reparam(config={"effect": reparam.LocScaleReparam(0)}),
        ):
            effect = numpyro.sample("effect", dist.Normal(mean, scale))
            numpyro.sample("observed", dist.Normal(effect, spread), obs=effects)

    guide = numpyro.infer.autoguide.AutoMultivariateNormal(model)
    effects = jnp.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
    return _bound(numpyro, model, guide, effects)


def vae(numpyro: Any) -> Example:
    """Builds NumPyro's VAE example in small, with Linen nets by contrib.module.flax_module.

    Args:
        numpyro: The module `numpyro`.

    Returns:
        An `Example`: `loss(params, key, x)` returns the negative evidence lower bound. `params` is
        a dict of the unconstrained parameters of both nets. `args` has `key` (a PRNG key) and
        `x` [24, 5]. `settings` is empty.
    """
    dist = numpyro.distributions
    flax_module = import_module("numpyro.contrib.module").flax_module
    encoder, decoder = nn.Sequential([nn.Dense(8), nn.tanh, nn.Dense(4)]), nn.Dense(5)

    def model(x):
        decode = flax_module("decoder", decoder, input_shape=(1, 2))
        with numpyro.plate("batch", len(x)):
            z = numpyro.sample("z", dist.Normal(jnp.zeros(2), 1.0).to_event(1))
            numpyro.sample("x", dist.Bernoulli(logits=decode(z)).to_event(1), obs=x)

    def guide(x):
        encode = flax_module("encoder", encoder, input_shape=(1, 5))
        mean, scale = jnp.split(encode(x), 2, -1)
        with numpyro.plate("batch", len(x)):
            numpyro.sample("z", dist.Normal(mean, jnp.exp(scale)).to_event(1))

    return _bound(numpyro, model, guide, (normal(0, 24, 5) > 0).astype(jnp.float32), particles=1)


def beta_bernoulli(numpyro: Any) -> Example:
    """Builds NumPyro's SVI example: a Beta guide with constraints, pathwise through gamma.

    Args:
        numpyro: The module `numpyro`.

    Returns:
        An `Example`: `loss(params, key, x)` returns the negative evidence lower bound. `params` is
        a dict of the guide's unconstrained parameters. `args` has `key` (a PRNG key) and
        `x` [10] int32. `settings` is empty.
    """
    dist = numpyro.distributions

    def model(x):
        fairness = numpyro.sample("fairness", dist.Beta(10, 10))
        with numpyro.plate("throws", len(x)):
            numpyro.sample("x", dist.Bernoulli(fairness), obs=x)

    def guide(x):
        alpha = numpyro.param("alpha", 15.0, constraint=dist.constraints.positive)
        beta = numpyro.param("beta", 15.0, constraint=dist.constraints.positive)
        numpyro.sample("fairness", dist.Beta(alpha, beta))

    return _bound(numpyro, model, guide, integers(0, 2, 10))


def ordered_logistic(numpyro: Any) -> Example:
    """Builds numpyro.infer.util.initialize_model's potential energy, with ordered cut points.

    Args:
        numpyro: The module `numpyro`.

    Returns:
        An `Example`: `loss(params, x, y)` returns the potential energy, which is the negative log
        of the joint density. `params` is a dict of the unconstrained `cuts` and `slope`. `args` has
        `x` [24] and `y` [24] int32. `settings` is empty.
    """
    dist = numpyro.distributions

    def model(x, y):
        slope = numpyro.sample("slope", dist.Normal(0, 2))
        prior = dist.Normal(jnp.arange(-1.0, 2.0), 1.0).to_event(1)
        ordered = dist.transforms.OrderedTransform()
        cuts = numpyro.sample("cuts", dist.TransformedDistribution(prior, ordered))
        numpyro.sample("y", dist.OrderedLogistic(slope * x, cuts), obs=y)

    data = normal(0, 24), integers(1, 4, 24)
    start = numpyro.infer.util.initialize_model(jax.random.key(0), model, model_args=data)

    def loss(p, x, y):
        return numpyro.infer.util.potential_energy(model, (x, y), {}, p)

    return Example(loss, start.param_info.z, data)


MODELS = [mean_field, low_rank_guide, eight_schools, vae, beta_bernoulli, ordered_logistic]
