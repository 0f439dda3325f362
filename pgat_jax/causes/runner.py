"""Runs what is missing, two conditions at a time, and says how long it will still take."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from itertools import groupby
from threading import Lock

import jax

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.conditions import Condition, Store
from pgat_jax.causes.config import StudyConfig
from pgat_jax.causes.experiments import conditions
from pgat_jax.causes.programs import HASTY, Programs
from pgat_jax.causes.trial import Scale
from pgat_jax.progress import Reporter

TOGETHER = 2
"""Conditions that are tried side by side: XLA compiles one on one core while another runs."""


def run_missing(
    config: StudyConfig,
    scales: Sequence[Scale],
    causes: Sequence[Cause],
    remedies: bool,
    seeds: Sequence[int],
    store: Store,
    reporter: Reporter,
) -> None:
    """Try every condition at every scale and seed that the store does not hold.

    Interrupted, it has lost the trials under way alone; the same call goes on.
    """
    wanted = conditions(config, scales, causes, remedies)
    missing = [(c, scale, s) for c, scale in wanted for s in store.missing(c, scale, seeds)]
    total = len(wanted) * len(seeds)
    if not missing:
        return reporter.say(f"all {total} trials are there")
    reporter.say(f"{len(missing)} of {total} trials to run, the others are there")
    clock = _Clock(reporter, len(missing))
    for scale, group in groupby(missing, key=lambda m: m[1]):
        trials = [(condition, seed) for condition, _, seed in group]
        _run_scale(scale, trials, store, clock)
        jax.clear_caches()
    reporter.close()


def _run_scale(
    scale: Scale, trials: Sequence[tuple[Condition, int]], store: Store, clock: "_Clock"
) -> None:
    """Programs of one scale alone are loaded: each takes memory maps, and a process has 65,530."""
    programs = Programs(None if scale.updates else HASTY)
    with ThreadPoolExecutor(TOGETHER) as pool:
        tasks = []
        for condition, group in groupby(trials, key=lambda t: t[0]):
            done = partial(clock.tick, f"{scale.name}: {_short(condition)}")
            seeds = [seed for _, seed in group]
            tasks.append(pool.submit(store.run, condition, scale, seeds, programs, done))
        try:
            for task in as_completed(tasks):
                task.result()
        except BaseException:
            programs.stop()
            pool.shutdown(cancel_futures=True)
            raise


class _Clock:
    """Counts trials; the time left is that of the trials so far, compiling included."""

    def __init__(self, reporter: Reporter, total: int):
        self._reporter, self._total, self._done = reporter, total, 0
        self._began, self._lock = time.monotonic(), Lock()

    def tick(self, of: str) -> None:
        """A trial of the condition ``of`` is done; from any thread."""
        with self._lock:
            self._done += 1
            each = (time.monotonic() - self._began) / self._done
            left = each * (self._total - self._done)
            trial = f"{self._done}/{self._total}"
            self._reporter.step(self._done, self._total, left, trial=trial, of=of)


def _short(condition: Condition) -> str:
    """A condition's name for one line of a terminal."""
    names = [i.name for i in condition.interventions]
    return ", ".join(names[-2:]) or "healthy"
