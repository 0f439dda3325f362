"""`wrong`, and `blocked` by a rule that answers zero: leaves behind faulty rules and solves."""

from collections.abc import Sequence

from checks.measure.rules import Fault, custom_calls, faults
from checks.measure.solves import Mismatch, mismatches, user_solves
from checks.measure.survey import Survey
from checks.program.places import describe_rule
from checks.program.runner import Runner
from checks.proofs.dependence import Dependence
from checks.verdicts import Finding


def wrong(runner: Runner, dependence: Dependence, survey: Survey) -> dict[int, list[Finding]]:
    """Findings by leaf. A rule that answers exactly zero cuts; any other error makes wrong."""
    findings = _by_rules(runner, dependence, survey)
    for i, found in _by_solves(runner, dependence, survey).items():
        findings.setdefault(i, []).append(_contradicted(found))
    return findings


def _by_solves(runner: Runner, dependence: Dependence, survey: Survey) -> dict[int, list[Mismatch]]:
    program = runner.program
    calls = user_solves(dependence, program.jaxpr, program.leaf_count)
    found: list[Mismatch] = []
    for measured in survey.data if calls else ():
        found += mismatches(runner, calls, measured.point.leaves, measured.point.args)
    behind = {i: [one for one in found if one.leaves >> i & 1] for i in runner.watched}
    return {i: those for i, those in behind.items() if those}


def _by_rules(runner: Runner, dependence: Dependence, survey: Survey) -> dict[int, list[Finding]]:
    program = runner.program
    calls = custom_calls(dependence, program.jaxpr, program.leaf_count)
    if not calls:
        return {}
    try:
        found = faults(runner, calls, [measured.point for measured in survey.data])
    except Exception as error:  # rules of libraries that cannot be run apart from their program
        rules = ", ".join(dict.fromkeys(describe_rule(seen.site.equation) for seen in calls))
        dependence.note(f"not compared with their functions ({type(error).__name__}): {rules}")
        return {}
    findings: dict[int, list[Finding]] = {}
    for i in runner.watched:
        behind = [fault for fault in found if fault.leaves >> i & 1]
        if is_wrong := [fault for fault in behind if not fault.is_zero]:
            findings.setdefault(i, []).append(_wrong(is_wrong))
        if behind and len(is_wrong) < len(behind):
            cuts = [fault for fault in behind if fault.is_zero]
            verdict = "blocked" if _is_dead(survey, i) else "wrong"
            findings.setdefault(i, []).append(_cut(verdict, cuts))
    return findings


def _is_dead(survey: Survey, leaf: int) -> bool:
    """Whether the leaf's gradient is zero at all data."""
    slopes = [m.wide.leaves[leaf] for m in survey.data]
    return all(slope is None or not slope.any() for slope in slopes)


def _wrong(found: Sequence[Fault]) -> Finding:
    worst = max(found, key=lambda fault: fault.error)
    return Finding(
        "wrong",
        f"measured: the rule of {worst.rule} is off by {worst.error:.1e} of the directional "
        "derivative of its function (Richardson's differences in float64)",
        tuple(dict.fromkeys(fault.place for fault in found)),
    )


def _contradicted(found: Sequence[Mismatch]) -> Finding:
    worst = max(one.error for one in found)
    return Finding(
        "wrong",
        f"measured: the transpose_solve of a custom_linear_solve is off by {worst:.1e} of the "
        "transpose of its matvec (a symmetric one is its own)",
        tuple(dict.fromkeys(one.place for one in found)),
    )


def _cut(verdict: str, found: Sequence[Fault]) -> Finding:
    return Finding(
        verdict,
        f"measured: the rule of {found[0].rule} answers exactly zero where its function changes",
        tuple(dict.fromkeys(fault.place for fault in found)),
    )
