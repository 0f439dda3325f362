"""Runs the checks on every fault and on its sound twin, and counts what they find."""

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import partial
from typing import Any

from benchmarks.faults.oracle import is_confirmed
from benchmarks.faults.record import (
    find_failing_verdict,
    find_verdict,
    is_line_named,
    make_record,
    make_unconfirmed_record,
)
from benchmarks.faults.registry import Example, Fault
from checks import Report, diagnose
from checks.verdicts import ORDER, PASSING

_PROCESSES = 2


@dataclass
class Score:
    """Counts over leaves and faults.

    Attributes:
        expected: Verdict -> number of leaves that must get it.
        found: Verdict -> number of leaves that must get it and do.
        claims: Verdict -> number of leaves that get it, rightly or wrongly.
        lines: Verdict -> number of leaves whose report must name a line.
        right_lines: Verdict -> number of leaves whose report names that line.
        cured_leaves: Verdict -> number of affected leaves for which a cure (an edit that makes the
            leaf pass) was found.
        cured: Number of faults for all of whose affected leaves a cure was found.
        confirmed: Number of faults that the oracle confirms. The other faults are not run.
        misses: A sentence for each leaf with a wrong verdict.
        alarms: A sentence for each leaf that fails and should not: a leaf of a faulty program that
            the fault does not affect, or any leaf of a sound twin.
        wrong_lines: A sentence for each report that names another line.
        unconfirmed: Names of the faults that the oracle does not confirm.
        records: What was expected and what was said of each fault; see `record.make_record`.
        seconds: Seconds in the checks, summed over the processes.
    """

    expected: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    claims: Counter[str] = field(default_factory=Counter)
    lines: Counter[str] = field(default_factory=Counter)
    right_lines: Counter[str] = field(default_factory=Counter)
    cured_leaves: Counter[str] = field(default_factory=Counter)
    cured: int = 0
    confirmed: int = 0
    misses: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    wrong_lines: list[str] = field(default_factory=list)
    unconfirmed: list[str] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, fault: Fault, cures: bool = True) -> None:
        """Runs the checks on a fault and on its sound twin, and adds the counts to this score.

        A fault that the oracle (`is_confirmed`) does not confirm is added to `unconfirmed`, and the
        checks do not run on it.

        Args:
            fault: The fault.
            cures: True tries cures on the faulty program; False tries none, so that `cured` and
                `cured_leaves` do not grow.
        """
        if not is_confirmed(fault):
            self.unconfirmed.append(fault.name)
            self.records.append(make_unconfirmed_record(fault))
            return
        start = time.perf_counter()
        report = diagnose_model(fault.make(True), cures)
        twin = diagnose_model(fault.make(False), cures=False)
        self.seconds += time.perf_counter() - start
        self.records.append(make_record(fault, report, twin))
        self._add_faulty(fault, report)
        for leaf in twin.failing:
            bad = find_failing_verdict(leaf)
            self.claims[bad] += 1
            self.alarms.append(f"{fault.name} (twin): {leaf.name} {bad}: {leaf.evidence}")

    def _add_faulty(self, fault: Fault, report: Report) -> None:
        with_cure = [name for name in fault.leaves if report[name].cures]
        self.cured_leaves[fault.verdict] += len(with_cure)
        self.confirmed += 1
        self.cured += len(with_cure) == len(fault.leaves)
        for name in fault.leaves:
            self.expected[fault.verdict] += 1
            given = find_verdict(fault, report, name)
            if given == fault.verdict:
                self.found[fault.verdict] += 1
                self._check_line(fault, name, report[name].where)
            else:
                self.misses.append(f"{fault.name}: {name} is {given}, not {fault.verdict}")
        for leaf in report.values():
            if leaf.name not in fault.leaves and fnmatch(leaf.name, fault.along):
                continue
            if leaf.verdict not in PASSING:
                self.claims[leaf.verdict] += 1
                if leaf.name not in fault.leaves:
                    self.alarms.append(f"{fault.name}: {leaf.name} {leaf.verdict}: {leaf.evidence}")
            elif (
                leaf.name in fault.leaves
                and find_verdict(fault, report, leaf.name) == fault.verdict
            ):
                self.claims[fault.verdict] += 1

    def _check_line(self, fault: Fault, name: str, where: list[str]) -> None:
        line = fault.line()
        if line is None:
            return
        self.lines[fault.verdict] += 1
        if is_line_named(line, where):
            self.right_lines[fault.verdict] += 1
        else:
            self.wrong_lines.append(f"{fault.name}: {name}: {line} is not in {where}")

    def merge(self, other: "Score") -> None:
        """Adds the counts, sentences and seconds of another score to this one, in place.

        Args:
            other: The other score; it does not change.
        """
        for name, value in vars(other).items():
            if isinstance(value, Counter):
                getattr(self, name).update(value)
            else:
                setattr(self, name, getattr(self, name) + value)

    def table(self) -> str:
        """Returns a text table of the score.

        It has a row for each expected verdict with the number of its leaves, recall, precision,
        the share of right lines and the number of cured leaves. Then come the number of cured
        faults and the lists `misses`, `alarms`, `wrong_lines` and `unconfirmed`.
        """
        titles = f"{'recall':>9}{'precision':>11}{'lines right':>13}{'cured':>8}"
        rows = [f"{'verdict':14}{'leaves':>7}{titles}"]
        for verdict in ORDER:
            if count := self.expected[verdict]:
                recall = self.found[verdict] / count
                claims = self.claims[verdict]
                precision = f"{self.found[verdict] / claims:.0%}" if claims else "-"
                count_lines = self.lines[verdict]
                lines = f"{self.right_lines[verdict] / count_lines:.0%}" if count_lines else "-"
                cured = f"{self.cured_leaves[verdict]:8}"
                rows.append(f"{verdict:14}{count:7}{recall:9.0%}{precision:>11}{lines:>13}{cured}")
        rows.append(f"cured: {self.cured} of {self.confirmed} faults, every leaf of them")
        for title, items in (
            ("missed", self.misses),
            ("false alarms on sound twins and other leaves", self.alarms),
            ("wrong lines", self.wrong_lines),
            ("not confirmed by the oracle, and not counted", self.unconfirmed),
        ):
            rows.append(f"{title}: {len(items)}")
            rows += [f"  {item}" for item in items]
        return "\n".join(rows)


def score_faults(
    faults: Sequence[Fault], say: Callable[[str], None] = lambda line: None, cures: bool = True
) -> Score:
    """Runs the checks on faults and on their sound twins, in two new processes.

    Args:
        faults: The faults.
        say: Called as `say(line)` with a line of progress after each fault; it ignores the line by
            default.
        cures: True tries cures on each faulty program; False tries none.

    Returns:
        One score over all the faults, as `Score.add` counts them.
    """
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


def diagnose_model(model: Example, cures: bool = True) -> Report:
    """Runs `checks.diagnose` on a program, with the settings that the program brings.

    Args:
        model: The program; its `settings` must not contain `cures`.
        cures: True tries edits that could make each failing leaf pass; False tries none.

    Returns:
        The report of `diagnose`, a mapping from each leaf's name to its verdict and evidence.
    """
    return diagnose(model.loss, model.params, *model.args, **model.settings, cures=cures)
