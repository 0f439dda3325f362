"""The checks of this repository, as one of the tools."""

from benchmarks.faults.benchmark import diagnose_model
from benchmarks.rivals.case import Case
from benchmarks.rivals.tool import Alarm, Tool
from checks.verdicts import ORDER, PASSING


def find_failing(case: Case) -> list[Alarm]:
    """Returns an alarm for each leaf of which the report says anything but that it passes.

    Slices count as well, those that are unvisited and fail nothing included.

    Args:
        case: The program.
    """
    alarms = []
    for leaf in diagnose_model(case.example, cures=False).values():
        verdicts = dict.fromkeys([leaf.verdict, *(s.verdict for s in leaf.slices)])
        if bad := [verdict for verdict in verdicts if verdict not in PASSING]:
            alarms.append(Alarm(leaf.name, ", ".join(bad), tuple(leaf.where)))
    return alarms


_CAUSES = {verdict: verdict for verdict in ORDER}
CHECKS = Tool("checks", find_failing, "`checks.diagnose`, without cures", _CAUSES)
