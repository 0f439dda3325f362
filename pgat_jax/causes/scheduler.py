"""Runs the missing trials of a study, two conditions at a time, and reports the time left."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from itertools import groupby
from threading import Lock

import jax

from pgat_jax.causes.cause import Cause
from pgat_jax.causes.condition import Condition
from pgat_jax.causes.config import StudyConfig
from pgat_jax.causes.experiments import list_conditions
from pgat_jax.causes.scales import Scale
from pgat_jax.causes.trial_programs import QUICK_COMPILE, TrialPrograms
from pgat_jax.causes.trial_store import TrialStore
from pgat_jax.progress import Reporter

# Conditions that run side by side: XLA compiles one on one core while another runs.
THREADS = 2


def run_missing(
    study: StudyConfig,
    scales: Sequence[Scale],
    causes: Sequence[Cause],
    with_remedies: bool,
    seeds: Sequence[int],
    store: TrialStore,
    reporter: Reporter,
) -> None:
    """Runs every trial that the store does not contain, and stores it.

    If it is interrupted, only the trials in progress are lost; the same call continues.

    Args:
        study: The configuration and its faults.
        scales: Scales to try.
        causes: Causes to try.
        with_remedies: Whether remedies are tried too.
        seeds: Seeds of each condition.
        store: Where finished trials are.
        reporter: Shows progress.
    """
    wanted = list_conditions(study, scales, causes, with_remedies)
    missing = [(c, scale, s) for c, scale in wanted for s in store.find_missing(c, scale, seeds)]
    total = len(wanted) * len(seeds)
    if not missing:
        return reporter.say(f"all {total} trials are finished")
    reporter.say(f"{len(missing)} of {total} trials to run, the others are finished")
    clock = _Clock(reporter, len(missing))
    for scale, group in groupby(missing, key=lambda m: m[1]):
        trials = [(condition, seed) for condition, _, seed in group]
        _run_scale(scale, trials, store, clock)
        jax.clear_caches()
    reporter.close()


def _run_scale(
    scale: Scale, trials: Sequence[tuple[Condition, int]], store: TrialStore, clock: "_Clock"
) -> None:
    """Runs trials of one scale.

    The programs of one scale at a time are loaded, because each takes memory maps, of which Linux
    gives a process 65,530.
    """
    programs = TrialPrograms(None if scale.updates else QUICK_COMPILE)
    with ThreadPoolExecutor(THREADS) as pool:
        tasks = []
        for condition, group in groupby(trials, key=lambda t: t[0]):
            report = partial(clock.tick, f"{scale.name}: {_shorten(condition)}")
            seeds = [seed for _, seed in group]
            tasks.append(pool.submit(store.run, condition, scale, seeds, programs, report))
        try:
            for task in as_completed(tasks):
                task.result()
        except BaseException:
            programs.stop()
            pool.shutdown(cancel_futures=True)
            raise


class _Clock:
    """Counts finished trials and estimates the time left, compiling included."""

    def __init__(self, reporter: Reporter, total: int):
        self._reporter, self._total, self._done = reporter, total, 0
        self._began, self._lock = time.monotonic(), Lock()

    def tick(self, of: str) -> None:
        """Counts one finished trial and reports the time left; any thread may call it.

        Args:
            of: The name of the trial's condition.
        """
        with self._lock:
            self._done += 1
            each = (time.monotonic() - self._began) / self._done
            left = each * (self._total - self._done)
            trial = f"{self._done}/{self._total}"
            self._reporter.step(self._done, self._total, left, trial=trial, of=of)


def _shorten(condition: Condition) -> str:
    """Returns a condition's name for one line of a terminal: its last two interventions."""
    names = [i.name for i in condition.interventions]
    return ", ".join(names[-2:]) or "sound model"
