"""Runs the checks on sound models of real libraries and counts false alarms."""

import time
from collections import Counter
from dataclasses import dataclass, field

from benchmarks.faults.benchmark import diagnose_model
from benchmarks.faults.clean.registry import SoundModel
from benchmarks.faults.record import find_failing_verdict
from checks import Report
from checks.verdicts import HARMLESS_SLICES, ORDER, PASSING, Leaf


@dataclass
class FalseAlarms:
    """Counts over models and leaves.

    Attributes:
        models: Number of models that were added, those included that raised an error.
        leaves: Number of leaves of the models that were diagnosed.
        claims: Verdict -> number of leaves that got it wrongly. Two further keys are counted:
            `not run` for a model that raised an error, and `as a whole` for each problem of a
            report that concerns the model and not one leaf.
        alarms: A sentence for each false alarm.
        alarmed_models: Names of the models with a false alarm.
        allowed: A sentence for each leaf that is flagged rightly, with its reason.
        seconds: Seconds to build and diagnose the models.
    """

    models: int = 0
    leaves: int = 0
    claims: Counter[str] = field(default_factory=Counter)
    alarms: list[str] = field(default_factory=list)
    alarmed_models: set[str] = field(default_factory=set)
    allowed: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, clean: SoundModel) -> None:
        """Builds and diagnoses one model, with cures, and adds its counts in place.

        A model that raises any error is counted as an alarm, and the error is not raised.

        Args:
            clean: The sound model.
        """
        start = time.perf_counter()
        self.models += 1
        try:
            self._count(clean.name, diagnose_model(clean.build()))
        except Exception as error:
            self._alarm(clean.name, "not run", f"{type(error).__name__}: {error}")
        self.seconds += time.perf_counter() - start

    def _count(self, name: str, report: Report) -> None:
        self.leaves += len(report)
        for leaf in report.values():
            if leaf.allowed is not None:
                self.allowed.append(
                    f"{name}: {leaf.name} {find_failing_verdict(leaf)}: {leaf.allowed}"
                )
        for leaf in report.failing:
            verdict = find_failing_verdict(leaf)
            self._alarm(name, verdict, f"{leaf.name} {verdict}: {_explain(leaf)}")
        for problem in report.problems:
            self._alarm(name, "as a whole", problem)

    def _alarm(self, name: str, verdict: str, text: str) -> None:
        self.claims[verdict] += 1
        self.alarms.append(f"{name}: {text}")
        self.alarmed_models.add(name)

    def table(self) -> str:
        """Returns a text table of the false alarms.

        It has the shares of models and of leaves with a false alarm, the number of leaves that are
        flagged rightly, the number of false alarms of each verdict, and the sentences of `alarms`
        and `allowed`.
        """
        alarmed, false = len(self.alarmed_models), sum(self.claims[verdict] for verdict in ORDER)
        rows = [
            f"{'sound models':28}{self.models:6}, with a false alarm {alarmed} "
            f"({_format_share(alarmed, self.models)})",
            f"{'leaves':28}{self.leaves:6}, false alarms {false} "
            f"({_format_share(false, self.leaves)})",
            f"{'rightly flagged, allowed':28}{len(self.allowed):6}",
        ]
        rows += [f"  false {verdict:20}{number:6}" for verdict, number in self.claims.items()]
        for title, items in (("false alarms", self.alarms), ("allowed", self.allowed)):
            rows += [f"{title}: {len(items)}", *(f"  {item}" for item in items)]
        return "\n".join(rows)


def _explain(leaf: Leaf) -> str:
    if leaf.verdict not in PASSING:
        return leaf.evidence
    bad = next(s for s in leaf.slices if s.verdict not in HARMLESS_SLICES)
    return f"axis {bad.axis} at {bad.index}: {bad.evidence}"


def _format_share(part: int, whole: int) -> str:
    return f"{part / whole:.2%}" if whole else "-"
