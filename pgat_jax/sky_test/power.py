"""Measures the power of the test: the share of laws of known size that it finds.

Each law is put into the returns, and the whole test is repeated: HAR, ridge regression, scores and
ranks of all skies.
"""

import dataclasses
import time
from typing import Any, NamedTuple

import numpy as np

from pgat_jax.backtest.forecasters import forecast_har_volatility
from pgat_jax.backtest.history import History
from pgat_jax.backtest.origins import Block
from pgat_jax.backtest.store import ScoreStore
from pgat_jax.data.cache import Arrays, content_key
from pgat_jax.progress import Reporter
from pgat_jax.sky_test.laws import KINDS, LAW_BODIES, Law, compute_course, plant_law
from pgat_jax.sky_test.ranks import LEVEL, PERCENT, measure_gains, rank_true
from pgat_jax.sky_test.residual_blocks import ResidualBlock
from pgat_jax.sky_test.sky_scores import SkyForecaster, score_known_law

# Share of the laws of a size that a test with enough power finds.
ENOUGH = 0.8


class Field(NamedTuple):
    """All arms of the test (one forecaster for each sky), and what they are fitted and scored on.

    Attributes:
        history: the returns and dates.
        blocks: the origins, with the fit row of each year.
        sound: the same years, with the residuals and pools of the returns without a law.
        angles: the angles of the true sky, as `compute_angles` returns them.
        forecaster: the linear forecaster: no sky, the true sky, the false rates, the other years.
        false: the number of skies at a false rate.
        digest: the digest of all that the scores depend on besides the returns' laws.
    """

    history: History
    blocks: tuple[Block, ...]
    sound: list[ResidualBlock]
    angles: dict[str, np.ndarray]
    forecaster: SkyForecaster
    false: int
    digest: str

    def split(self, values: np.ndarray) -> tuple[np.ndarray, ...]:
        """Splits values [A, ...] into those of no sky, the true sky, false rates, other years.

        Args:
            values: one entry for each arm, in that order.
        """
        return values[0], values[1], values[2 : 2 + self.false], values[2 + self.false :]


def study_power(
    field: Field, laws: list[Law], store: ScoreStore, reporter: Reporter
) -> list[dict[str, Any]]:
    """Puts each law into the returns and repeats the test; finished laws are read from the store.

    Args:
        field: the forecasters of all skies, and what they are scored on.
        laws: the laws.
        store: where finished laws are.
        reporter: shows progress.

    Returns:
        For each law its fields by name, and what `repeat_with_law` returned, as numbers.
    """
    keys = [content_key(field.digest.encode(), repr(law).encode()) for law in laws]
    stored = {key: store.read(key) for key in keys}
    found = {key: outcome for key, outcome in stored.items() if outcome is not None}
    missing, began = len(laws) - len(found), time.monotonic()
    for key, law in zip(keys, laws):
        if key in found:
            continue
        found[key] = repeat_with_law(field, law)
        store.write(key, found[key])
        done = missing - len(laws) + len(found)
        left = (time.monotonic() - began) / done * (missing - done)
        reporter.step(done, missing, left, laws=f"{done}/{missing}", of=f"{law.kind} {law.body}")
    reporter.close()
    return [
        law._asdict() | {name: float(value) for name, value in found[key].items()}
        for key, law in zip(keys, laws)
    ]


def repeat_with_law(field: Field, law: Law) -> Arrays:
    """Repeats the test on returns with a law.

    Args:
        field: the forecasters of all skies, and what they are scored on.
        law: the law.

    Returns:
        `gain` of the true sky over no sky in percent; `worth`, the gain of a forecaster that is
        given the law, in percent; `rank_p` of the true sky among false rates, and `rank_p_shifted`
        among other years. Each is an array of one number.
    """
    course = compute_course(law, field.angles)
    history = plant(field, law, course)
    scores = field.forecaster.score(history)
    none = scores[0]
    _, true, false, shifted = field.split(measure_gains(scores, none))
    known = score_known_law(field.sound, history, law.kind, course)
    return {
        "gain": np.array(true),
        "worth": np.array(PERCENT * (1 - known.mean() / none.mean())),
        "rank_p": np.array(rank_true(float(true), false)),
        "rank_p_shifted": np.array(rank_true(float(true), shifted)),
    }


def plant(field: Field, law: Law, course: np.ndarray) -> History:
    """Returns the history with a law, in units of the volatility forecast at the first fit row.

    Args:
        field: the forecasters of all skies, and what they are scored on.
        law: the law.
        course: its value [days].
    """
    history = field.history
    log_volatility = forecast_har_volatility(history, field.blocks[0].fit_row)[:, 0]
    own = np.exp(np.concatenate([log_volatility[:1], log_volatility[:-1]]))
    return dataclasses.replace(history, returns=plant_law(law.kind, course, history.returns, own))


def summarise_power(outcomes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Counts the laws that were found, by kind and size.

    Args:
        outcomes: the results of `study_power`.

    Returns:
        For each `kind` and `size`: `laws`, their number; `found`, the share with a rank p-value up
        to 0.05, `found_shifted` the same among other years; `worth`, the mean gain of a forecaster
        that is given the law, in percent; `by_body`, body -> share found.
    """
    rows = []
    for kind in KINDS:
        for size in sorted({one["size"] for one in outcomes}):
            own = [one for one in outcomes if (one["kind"], one["size"]) == (kind, size)]
            rows.append(
                {
                    "kind": kind,
                    "size": size,
                    "laws": len(own),
                    "found": _share_found(own, "rank_p"),
                    "found_shifted": _share_found(own, "rank_p_shifted"),
                    "worth": float(np.mean([one["worth"] for one in own])),
                    "by_body": {
                        body: _share_found(outcomes_of, "rank_p")
                        for body in LAW_BODIES
                        if (outcomes_of := [o for o in own if o["body"] == body])
                    },
                }
            )
    return rows


def find_least_found(
    rows: list[dict[str, Any]], kind: str, body: str | None = None
) -> dict[str, Any] | None:
    """Returns the row of the smallest size from which on at least 80% of the laws were found.

    Args:
        rows: the result of `summarise_power`.
        kind: `mean` or `volatility`.
        body: the body whose laws count; by default those of all bodies.

    Returns:
        The row, or None if even of the largest laws fewer were found.
    """
    least = None
    for row in sorted((r for r in rows if r["kind"] == kind), key=lambda r: -r["size"]):
        if (row["by_body"][body] if body else row["found"]) < ENOUGH:
            break
        least = row
    return least


def _share_found(outcomes: list[dict[str, Any]], key: str) -> float:
    return float(np.mean([one[key] <= LEVEL for one in outcomes]))
