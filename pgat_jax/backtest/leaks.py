"""Rings the alarm when results are too good to be true: daily prices do not allow them."""

from collections.abc import Mapping
from typing import Any

from pgat_jax.backtest.forecasters import NAMES

# The best forecasters of daily returns have a pooled skill below 4%, and none has moved the mean of
# the close: its squared error over that of a zero return is 0.998 to 1.008. On few days a mean that
# was off by luck may gain more, so the gain must also be above 0 with its interval.
MOST_SKILL = 6.0
LEAST_MSE = 0.985
# A turbulent year alone allows more. So much more skill than the least of the simulations that know
# the volatility is suspicious in any period.
MOST_LEAD = 3.0
CONSEQUENCE = (
    "Daily prices do not allow that, so it has seen what it forecasts: look for a column that "
    "knows a later price."
)
SIMULATIONS = ("ewma_fhs", "gjr_fhs", "har_fhs")


def find_leaks(results: Mapping[str, Any]) -> list[str]:
    """Returns a sentence for each sign that a forecaster has seen the future; none is the rule.

    A sign is a pooled skill above 6% that exceeds that of the worst simulation by more than 3%; or
    a squared error of the close below 0.985 of that of a zero return, with a gain whose interval is
    above 0.

    Args:
        results: name -> results, as `summarise` returns them.
    """
    known = [results[name]["skill"]["pooled"]["value"] for name in SIMULATIONS if name in results]
    limit = max(MOST_SKILL, min(known, default=0.0) + MOST_LEAD)
    sentences = []
    for name, result in results.items():
        skill, mse = result["skill"]["pooled"]["value"], result["mse_over_zero"]["Close"]
        if skill > limit:
            sentences.append(
                f"LEAK: {NAMES[name]} has a pooled skill of {skill:.1f}%, above {limit:.1f}%. "
                f"{CONSEQUENCE}"
            )
        if mse < LEAST_MSE and result["mse_gain_close"]["low"] > 0:
            sentences.append(
                f"LEAK: {NAMES[name]} forecasts the close with {mse:.3f} of the squared error of a "
                f"zero return, less than {LEAST_MSE}. {CONSEQUENCE}"
            )
    return sentences
