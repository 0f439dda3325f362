"""The judge of `wrong`: a custom rule or a linear solve returns a wrong derivative."""

from collections.abc import Sequence

from checks.evidence import Evidence
from checks.findings import Finding, Findings
from checks.judges.blocked import describe_zero_rule, is_zero_at_data
from checks.judges.judge import Judge
from checks.measure.rule_values import RuleValueError
from checks.measure.rules import RuleError
from checks.measure.solves import SolveError
from checks.program.bits import has_leaf


def find_wrong(evidence: Evidence) -> Findings:
    """Finds the leaves whose gradient passes through a faulty rule or solve.

    Args:
        evidence: what was proved and measured.

    Returns:
        Leaf index -> its findings, for the leaves of which the verdict `wrong` is true. The other
        leaves are left out.
    """
    found = {}
    for leaf in evidence.runner.watched:
        rules = [error for error in evidence.rule_errors.found if has_leaf(error.leaves, leaf)]
        solves = [error for error in evidence.solve_errors if has_leaf(error.leaves, leaf)]
        values = [error for error in evidence.rule_errors.values if has_leaf(error.leaves, leaf)]
        if findings := [
            *_judge_values(values),
            *_judge_rules(evidence, leaf, rules),
            *_judge_solves(solves),
        ]:
            found[leaf] = findings
    return found


def _judge_rules(evidence: Evidence, leaf: int, errors: Sequence[RuleError]) -> list[Finding]:
    """Judges the rules; one that returns zero is wrong only if the leaf has another gradient."""
    findings = []
    if others := [error for error in errors if not error.is_zero]:
        findings.append(Finding("wrong", _describe_rules(others), _list_places(others)))
    zeros = [error for error in errors if error.is_zero]
    if zeros and not is_zero_at_data(evidence.survey, leaf):
        findings.append(Finding("wrong", describe_zero_rule(zeros), _list_places(zeros)))
    return findings


def _describe_rules(errors: Sequence[RuleError]) -> str:
    """Returns a sentence about the worst rule; straight-through estimates come last."""
    worst = max(errors, key=lambda error: (not error.is_flat, error.error))
    if worst.is_flat:
        return (
            f"measured: the rule of {worst.rule} passes a gradient where its function is flat: a "
            "straight-through estimate, which belongs on the allow-list if it is meant"
        )
    return (
        f"measured: the rule of {worst.rule} is off by {worst.error:.1e} of the directional "
        f"derivative of its function for operand {worst.operand}{_name_derivative(worst)} "
        "(Richardson's differences in float64)"
    )


def _name_derivative(error: RuleError) -> str:
    return f", which {error.derivative} computes" if error.derivative else ""


def _judge_values(errors: Sequence[RuleValueError]) -> list[Finding]:
    if not errors:
        return []
    worst = max(errors, key=lambda error: error.error)
    text = (
        f"measured: the rule of {worst.rule} returns other values than its function, off by "
        f"{worst.error:.1e} of their size: the gradient is taken at values that the loss does not "
        "have"
    )
    return [Finding("wrong", text, _list_places(errors))]


def _judge_solves(errors: Sequence[SolveError]) -> list[Finding]:
    if not errors:
        return []
    worst = max(error.error for error in errors)
    text = (
        f"measured: the transpose_solve of a custom_linear_solve is off by {worst:.1e} of the "
        "transpose of its matvec (which is the matvec itself if symmetric=True)"
    )
    return [Finding("wrong", text, _list_places(errors))]


def _list_places(
    errors: Sequence[RuleError] | Sequence[RuleValueError] | Sequence[SolveError],
) -> tuple[str, ...]:
    return tuple(dict.fromkeys(error.place for error in errors))


WRONG = Judge("wrong", find_wrong, "#9c5fd0")
