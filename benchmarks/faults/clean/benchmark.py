"""Runs the checks on clean models and counts what they complain about."""

import time
from collections import Counter
from dataclasses import dataclass, field

from benchmarks.faults.benchmark import diagnosed
from benchmarks.faults.clean.registry import Clean
from checks import Report
from checks.verdicts import HARMLESS_SLICES, ORDER, PASSING, Leaf


@dataclass
class CleanScore:
    """Counts over models and leaves.

    Attributes:
        models: number of models run.
        leaves: number of their leaves.
        claimed: verdict -> number of leaves that got it and should not; models that were `not run`,
            or failed `as a whole`, stand under these words.
        alarms: a sentence for each such leaf, and for each model that failed as a whole.
        alarmed: names of the models with an alarm.
        allowed: a sentence for each leaf rightly flagged, with its reason.
        seconds: time of building and diagnosing.
    """

    models: int = 0
    leaves: int = 0
    claimed: Counter[str] = field(default_factory=Counter)
    alarms: list[str] = field(default_factory=list)
    alarmed: set[str] = field(default_factory=set)
    allowed: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, clean: Clean) -> None:
        """Builds and diagnoses one model. One that cannot be diagnosed counts as an alarm."""
        start = time.perf_counter()
        self.models += 1
        try:
            self._count(clean.name, diagnosed(clean.build()))
        except Exception as error:
            self._alarm(clean.name, "not run", f"{type(error).__name__}: {error}")
        self.seconds += time.perf_counter() - start

    def _count(self, name: str, report: Report) -> None:
        self.leaves += len(report)
        for leaf in report.values():
            if leaf.allowed is not None:
                self.allowed.append(f"{name}: {leaf.name} {_bad(leaf)}: {leaf.allowed}")
        for leaf in report.failing:
            self._alarm(name, verdict := _bad(leaf), f"{leaf.name} {verdict}: {_why(leaf)}")
        for problem in report.problems:
            self._alarm(name, "as a whole", problem)

    def _alarm(self, name: str, verdict: str, text: str) -> None:
        self.claimed[verdict] += 1
        self.alarms.append(f"{name}: {text}")
        self.alarmed.add(name)

    def table(self) -> str:
        """False alarms by verdict, their share of models and leaves, then each of them."""
        count = sum(self.claimed[verdict] for verdict in ORDER)
        rows = [
            f"{'clean models':28}{self.models:6}, with a false alarm {len(self.alarmed)} "
            f"({_share(len(self.alarmed), self.models)})",
            f"{'leaves':28}{self.leaves:6}, false alarms {count} ({_share(count, self.leaves)})",
            f"{'rightly flagged, allowed':28}{len(self.allowed):6}",
        ]
        rows += [f"  false {verdict:20}{number:6}" for verdict, number in self.claimed.items()]
        for title, items in (("false alarms", self.alarms), ("allowed", self.allowed)):
            rows += [f"{title}: {len(items)}", *(f"  {item}" for item in items)]
        return "\n".join(rows)


def _bad(leaf: Leaf) -> str:
    """The verdict that fails a leaf: its own, or that of a slice."""
    if leaf.verdict not in PASSING:
        return leaf.verdict
    return next(s.verdict for s in leaf.slices if s.verdict not in HARMLESS_SLICES)


def _why(leaf: Leaf) -> str:
    if leaf.verdict not in PASSING:
        return leaf.evidence
    bad = next(s for s in leaf.slices if s.verdict not in HARMLESS_SLICES)
    return f"axis {bad.axis} at {bad.index}: {bad.evidence}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2%}" if whole else "-"
