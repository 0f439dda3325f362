"""Runs what is missing, one condition after another, and says how long it will still take."""

import time
from collections.abc import Sequence
from itertools import groupby

from checks.causes.cause import Cause
from checks.causes.conditions import Condition, Store
from checks.causes.experiments import conditions
from checks.causes.trial import Scale
from pgat_jax.config import Config
from pgat_jax.progress import Reporter


def run_missing(
    config: Config,
    scales: Sequence[Scale],
    causes: Sequence[Cause],
    remedies: bool,
    seeds: Sequence[int],
    store: Store,
    reporter: Reporter,
) -> None:
    """Try every condition at every scale and seed that the store does not hold.

    Interrupted, it has lost the trial under way alone; the same call goes on.
    """
    wanted = conditions(config, scales, causes, remedies)
    missing = [(c, scale, s) for c, scale in wanted for s in store.missing(c, scale, seeds)]
    total = len(wanted) * len(seeds)
    if not missing:
        return reporter.say(f"all {total} trials are there")
    reporter.say(f"{len(missing)} of {total} trials to run, the others are there")
    clock = _Clock(reporter, len(missing))
    for (condition, scale), group in groupby(missing, key=lambda m: m[:2]):
        clock.now = f"{scale.name}: {_short(condition)}"
        store.run(condition, scale, [seed for *_, seed in group], clock.tick)
    reporter.close()


class _Clock:
    """Counts trials; the time left is that of the trials so far, compiling included."""

    def __init__(self, reporter: Reporter, total: int):
        self._reporter, self._total, self._done = reporter, total, 0
        self._began = time.monotonic()
        self.now = ""

    def tick(self) -> None:
        self._done += 1
        each = (time.monotonic() - self._began) / self._done
        left = each * (self._total - self._done)
        trial = f"{self._done}/{self._total}"
        self._reporter.step(self._done, self._total, left, trial=trial, of=self.now)


def _short(condition: Condition) -> str:
    """A condition's name for one line of a terminal."""
    names = [i.name for i in condition.interventions]
    return ", ".join(names[-2:]) or "healthy"
