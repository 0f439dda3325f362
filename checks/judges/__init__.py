"""Lists the judges, one a verdict; `JUDGES` is the only place where their order is written."""

from collections.abc import Callable

from checks.evidence import Evidence
from checks.findings import Finding
from checks.judges.alive import ALIVE
from checks.judges.blocked import BLOCKED
from checks.judges.disconnected import DISCONNECTED
from checks.judges.invariant import INVARIANT
from checks.judges.judge import Judge
from checks.judges.non_finite import NON_FINITE
from checks.judges.starved import STARVED
from checks.judges.stuck import STUCK
from checks.judges.underflow import UNDERFLOW
from checks.judges.unvisited import UNVISITED
from checks.judges.vanishing import VANISHING
from checks.judges.waking import WAKING
from checks.judges.wrong import WRONG

# In the order of precedence: proof before measurement, cause before symptom. Where several verdicts
# hold for a leaf, the first is its verdict.
JUDGES: tuple[Judge, ...] = (
    DISCONNECTED,
    BLOCKED,
    NON_FINITE,
    WRONG,
    INVARIANT,
    UNVISITED,
    STUCK,
    WAKING,
    VANISHING,
    UNDERFLOW,
    STARVED,
    ALIVE,
)


def collect_findings(evidence: Evidence, say: Callable[[str], None]) -> list[list[Finding]]:
    """Asks every judge in `JUDGES` for its findings.

    Args:
        evidence: what was proved and measured.
        say: called as `say(stage)` with the name of each stage when it begins.

    Returns:
        For each leaf, in the order of the program, the list of its findings in the order of
        `JUDGES`; it may be empty.
    """
    collected: list[list[Finding]] = [[] for _ in range(evidence.program.leaf_count)]
    for judge in JUDGES:
        say(f"judging: {judge.verdict}")
        for leaf, findings in judge.find(evidence).items():
            collected[leaf] += findings
    return collected
