"""Explains the terms of a run's page in one line each, where they first appear."""

import math
import re
from collections.abc import Iterable

from pgat_jax.names import BODIES

# Term, as tables and captions have it -> its explanation.
TERMS = {
    "MSE": "mean squared error of the point forecast.",
    "MAE": "mean absolute error of the point forecast.",
    "CRPS": "continuous ranked probability score, the error of a whole distribution; for a single "
    "value it is the absolute error. Lower is better.",
    "log score": "minus the logarithm of the density that the forecast gave to the actual return, "
    "in nats (units of the natural logarithm). Lower is better.",
    "skill": "the share of a baseline's loss that the model removes; 0 is as good, 1 is perfect.",
    "scaled units": "one unit is the standard deviation of the daily log returns of the training "
    "rows, for each price its own; the section Data has them in percent.",
    "PIT": "probability integral transform, the probability that the forecast gave to values below "
    "the actual one. If forecasts are calibrated, each tenth of the scale gets a tenth of them.",
    "gate": "a number from 0 to 1 for each day and channel, the share of the sky's signal that "
    "enters the stream of the model.",
    "entropy": "how evenly attention is spread over the bodies: 0 if one gets all of it, "
    f"ln {len(BODIES)} = {math.log(len(BODIES)):.3f} nats if all get the same.",
}


class Explainer:
    """Explains each term once, where a text first has it."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def explain(self, texts: Iterable[str]) -> dict[str, str]:
        """Returns the terms that texts have and earlier texts had not, with their explanations.

        Args:
            texts: a caption with the heads of its table, for example.

        Returns:
            Term -> explanation, in the order of `TERMS`.
        """
        whole = " ".join(texts)
        found = {t: TERMS[t] for t in TERMS if t not in self._known and _has(whole, t)}
        self._known |= found.keys()
        return found


def _has(text: str, term: str) -> bool:
    return re.search(rf"\b{term}\b", text, re.IGNORECASE) is not None
