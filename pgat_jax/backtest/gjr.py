"""The GJR-GARCH volatility of the close, fitted by the library `arch`.

The variance of day t + 1 is omega + (alpha + gamma [e_t < 0]) e_t^2 + beta times that of day t,
with e the return less its mean (Glosten, Jagannathan and Runkle 1993). `arch` maximises the
likelihood of Student's t; the recursion runs here, so that a fit is carried over later days.
"""

from typing import NamedTuple

import numpy as np
from arch import arch_model
from scipy.signal import lfilter

# Returns are fitted in percent, as `arch` advises: its optimiser needs parameters near 1.
PERCENT = 100.0


class Gjr(NamedTuple):
    """The parameters of a fit, for returns in percent.

    Attributes:
        mean: the mean return.
        omega: the constant.
        alpha: the weight of a squared error.
        gamma: the weight that a negative error has in addition.
        beta: the weight of the last variance.
        first: the variance of the first day.
    """

    mean: float
    omega: float
    alpha: float
    gamma: float
    beta: float
    first: float


def fit_gjr(close: np.ndarray) -> Gjr:
    """Fits a GJR-GARCH(1, 1, 1) with a constant mean and errors of Student's t.

    Args:
        close: log returns [days] of the close, of the days to fit.
    """
    model = arch_model(PERCENT * close, mean="Constant", vol="GARCH", p=1, o=1, q=1, dist="t")
    result = model.fit(disp="off", show_warning=False)
    first = float(np.asarray(result.conditional_volatility)[0] ** 2)
    values = {str(name): float(value) for name, value in result.params.items()}
    return Gjr(
        values["mu"],
        values["omega"],
        values["alpha[1]"],
        values["gamma[1]"],
        values["beta[1]"],
        first,
    )


def forecast_log_volatility(gjr: Gjr, close: np.ndarray, horizon: int) -> np.ndarray:
    """Computes the log volatility that is forecast on each day for the days ahead.

    Args:
        gjr: a fit.
        close: log returns [days] of the close, from the first day of the fit.
        horizon: P, the days ahead.

    Returns:
        [days, P]: at [t, h - 1] half the log of the expected variance of day t + h.
    """
    error = PERCENT * close - gjr.mean
    shock = gjr.omega + (gjr.alpha + gjr.gamma * (error < 0)) * error**2
    shock[0] += gjr.beta * gjr.first
    variance = np.asarray(lfilter([1.0], [1.0, -gjr.beta], shock))
    persistence = gjr.alpha + gjr.gamma / 2 + gjr.beta
    powers = persistence ** np.arange(horizon)
    constants = gjr.omega * np.concatenate([[0.0], np.cumsum(powers[:-1])])
    return 0.5 * np.log(variance[:, None] * powers + constants) - np.log(PERCENT)
