"""Fits the biases of the head to the training targets, so that training begins at parity.

With `data.volatility` the kernels of the head start at zero. The untrained model then forecasts the
same distribution every day, in units of the volatility that was forecast: filtered historical
simulation. The fits run on the host, in float64. The module depends on NumPy, SciPy and the state.
"""

import jax.numpy as jnp
import numpy as np
from scipy.special import logsumexp

from pgat_jax.config import LossConfig
from pgat_jax.data.dataset import Data
from pgat_jax.training.plan import Plan
from pgat_jax.training.state import TrainState, pack_params, unpack_params

# Steps of expectation maximisation. On the four targets of Nasdaq the mean log likelihood of five
# components is then 0.0002 to 0.001 nats below that after 600 steps, which take six times as long.
EM_STEPS = 100


def start_at_residuals(plan: Plan, state: TrainState, data: Data) -> TrainState:
    """Replaces the biases of the head by those that fit the training targets best.

    Args:
        plan: the fixed parts of the run.
        state: the first state.
        data: the table, of which the training rows are read.

    Returns:
        The state with other parameters; the same state without `data.volatility`.
    """
    if data.scaler.har is None:
        return state
    params = unpack_params(plan, state.params)
    biases = fit_biases(collect_targets(data), plan.config.loss)
    head = {
        name: leaves | {"bias": jnp.asarray(biases[name], leaves["bias"].dtype)}
        for name, leaves in params["head"].items()
    }
    return state._replace(params=pack_params(plan, params | {"head": head}))


def collect_targets(data: Data) -> np.ndarray:
    """Returns the targets [n, T] of all training windows and days ahead, in the model's units.

    Args:
        data: the table and its scaler.
    """
    rows = data.windows("train")
    days = rows[:, None] + 1 + np.arange(data.config.pred_len)
    returns = data.table.values[days, : len(data.scaler.target_std)]
    scaled = data.scaler.scale_targets(returns)
    shift, scale = data.compute_target_units(rows)
    return ((scaled - shift) / scale).reshape(-1, scaled.shape[-1])


def fit_biases(targets: np.ndarray, loss: LossConfig) -> dict[str, np.ndarray]:
    """Computes the biases with which a head forecasts the distribution of some targets.

    Args:
        targets: [n, T].
        loss: the configuration of the head.

    Returns:
        Name of a layer of the head -> its bias: `point` [T] for `mse`; `anchor` and `width` for
        `quantile`; `means`, `scales` and, with several components, `weights` for `nll`.
    """
    if loss.criterion == "mse":
        return {"point": targets.mean(0)}
    if loss.criterion == "quantile":
        return _fit_quantiles(targets, np.asarray(loss.quantiles))
    fits = [fit_mixture(y, loss.mixture_components) for y in targets.T]
    weights, means, scales = (np.concatenate(parts) for parts in zip(*fits))
    widths = np.maximum(scales - loss.sigma_floor, loss.sigma_floor)
    biases = {"means": means, "scales": _invert_softplus(widths)}
    return biases if loss.mixture_components == 1 else biases | {"weights": np.log(weights)}


def fit_mixture(values: np.ndarray, components: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fits a mixture of normal distributions by expectation maximisation (Dempster et al. 1977).

    It starts with equal means and scales that double from one component to the next, as suits
    returns, whose distribution has one peak and long tails.

    Args:
        values: [n].
        components: K.

    Returns:
        Weights, means and scales, each [K].
    """
    width = values.std()
    weights = np.full(components, 1 / components)
    means = np.full(components, values.mean())
    scales = width * 2.0 ** (np.arange(components) - components / 2)
    for _ in range(EM_STEPS):
        z = (values[:, None] - means) / scales
        logs = np.log(weights) - np.log(scales) - z**2 / 2
        shares = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
        counts = shares.sum(0)
        weights, means = counts / len(values), shares.T @ values / counts
        squares = np.sum(shares * (values[:, None] - means) ** 2, 0) / counts
        scales = np.maximum(np.sqrt(squares), 1e-3 * width)
    return weights, means, scales


def _fit_quantiles(targets: np.ndarray, levels: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the biases of the quantile head: its middle quantile, and the steps between them."""
    quantiles = np.quantile(targets, levels, axis=0)
    middle = int(np.argmin(np.abs(levels - 0.5)))
    steps = np.maximum(np.diff(quantiles, axis=0), 1e-6)
    return {"anchor": quantiles[middle], "width": _invert_softplus(steps.T.ravel())}


def _invert_softplus(values: np.ndarray) -> np.ndarray:
    return values + np.log(-np.expm1(-values))
