"""Runs the checks on every fault and its twin, and counts."""

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import partial

from benchmarks.faults.oracle import confirms
from benchmarks.faults.registry import Fault, Model
from checks import Report, diagnose
from checks.verdicts import ORDER, PASSING

_PROCESSES = 2


@dataclass
class Score:
    """Counts by verdict over leaves; `misses`, `alarms` and `wrong_lines` say which.

    `revived` counts leaves that got a cure, `cured` the faults all of whose leaves did, out of
    `confirmed`.
    """

    expected: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    claimed: Counter[str] = field(default_factory=Counter)
    lines: Counter[str] = field(default_factory=Counter)
    lined: Counter[str] = field(default_factory=Counter)
    revived: Counter[str] = field(default_factory=Counter)
    cured: int = 0
    confirmed: int = 0
    misses: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    wrong_lines: list[str] = field(default_factory=list)
    unconfirmed: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, fault: Fault, cures: bool = True) -> None:
        """Confirms a fault, then checks it, with or without cures, and its twin."""
        if not confirms(fault):
            self.unconfirmed.append(fault.name)
            return
        start = time.perf_counter()
        self._add_faulty(fault, diagnosed(fault.make(True), cures))
        twin = diagnosed(fault.make(False), cures=False)
        self.seconds += time.perf_counter() - start
        for leaf in twin.failing:
            bad = leaf.verdict if leaf.verdict not in PASSING else leaf.slices[0].verdict
            self.claimed[bad] += 1
            self.alarms.append(f"{fault.name} (twin): {leaf.name} {bad}: {leaf.evidence}")

    def _add_faulty(self, fault: Fault, report: Report) -> None:
        with_cure = [name for name in fault.leaves if report[name].cures]
        self.revived[fault.verdict] += len(with_cure)
        self.confirmed += 1
        self.cured += len(with_cure) == len(fault.leaves)
        for name in fault.leaves:
            self.expected[fault.verdict] += 1
            given = _given(report, name, fault)
            if given == fault.verdict:
                self.found[fault.verdict] += 1
                self._check_line(fault, name, report[name].where)
            else:
                self.misses.append(f"{fault.name}: {name} is {given}, not {fault.verdict}")
        for leaf in report.values():
            if leaf.name not in fault.leaves and fnmatch(leaf.name, fault.along):
                continue
            if leaf.verdict not in PASSING:
                self.claimed[leaf.verdict] += 1
                if leaf.name not in fault.leaves:
                    self.alarms.append(f"{fault.name}: {leaf.name} {leaf.verdict}: {leaf.evidence}")
            elif leaf.name in fault.leaves and _given(report, leaf.name, fault) == fault.verdict:
                self.claimed[fault.verdict] += 1

    def _check_line(self, fault: Fault, name: str, where: list[str]) -> None:
        line = fault.line()
        if line is None:
            return
        self.lined[fault.verdict] += 1
        if any(place.startswith(line) or place.split()[0].endswith(line) for place in where):
            self.lines[fault.verdict] += 1
        else:
            self.wrong_lines.append(f"{fault.name}: {name}: {line} is not in {where}")

    def merge(self, other: "Score") -> None:
        """Adds another score to this one."""
        for name, value in vars(other).items():
            if isinstance(value, Counter):
                getattr(self, name).update(value)
            else:
                setattr(self, name, getattr(self, name) + value)

    def table(self) -> str:
        """Recall, precision and right lines for each verdict, then what went wrong."""
        titles = f"{'recall':>9}{'precision':>11}{'lines right':>13}{'cured':>8}"
        rows = [f"{'verdict':14}{'leaves':>7}{titles}"]
        for verdict in ORDER:
            if count := self.expected[verdict]:
                recall = self.found[verdict] / count
                claims = self.claimed[verdict]
                precision = f"{self.found[verdict] / claims:.0%}" if claims else "-"
                lined = self.lined[verdict]
                lines = f"{self.lines[verdict] / lined:.0%}" if lined else "-"
                cured = f"{self.revived[verdict]:8}"
                rows.append(f"{verdict:14}{count:7}{recall:9.0%}{precision:>11}{lines:>13}{cured}")
        rows.append(f"cured: {self.cured} of {self.confirmed} faults, every leaf of them")
        for title, items in (
            ("missed", self.misses),
            ("alarms on clean twins and bystanders", self.alarms),
            ("wrong lines", self.wrong_lines),
            ("not confirmed by the oracle, hence not counted", self.unconfirmed),
        ):
            rows.append(f"{title}: {len(items)}")
            rows += [f"  {item}" for item in items]
        return "\n".join(rows)


def scored(
    faults: Sequence[Fault], say: Callable[[str], None] = lambda line: None, cures: bool = True
) -> Score:
    """The score of all of them, in two processes; `say` gets a line for each that is done."""
    total, score = Score(), partial(_score, cures=cures)
    processes = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(_PROCESSES, mp_context=processes) as pool:
        for number, (fault, one) in enumerate(zip(faults, pool.map(score, faults)), 1):
            total.merge(one)
            say(f"{number}/{len(faults)} {fault.name}")
    return total


def _score(fault: Fault, cures: bool) -> Score:
    score = Score()
    score.add(fault, cures)
    return score


def diagnosed(model: Model, cures: bool = True) -> Report:
    """The report of a model of the registry."""
    return diagnose(model.loss, model.params, *model.args, **model.settings, cures=cures)


def _given(report: Report, name: str, fault: Fault) -> str:
    leaf = report[name]
    if fault.axis is None:
        return leaf.verdict
    axis, index = fault.axis
    return next(
        (s.verdict for s in leaf.slices if s.axis == axis and set(index) <= set(s.index)),
        leaf.verdict,
    )
