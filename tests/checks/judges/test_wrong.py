"""`wrong`: gradients that pass a faulty rule or solve."""

from types import SimpleNamespace

import numpy as np
import pytest

from checks.evidence import RuleErrors
from checks.findings import Finding
from checks.judges.wrong import WRONG, find_wrong
from tests.checks.judges.small_evidence import evidence, measured


def _rule(leaves, error, is_zero=False, place="m.py:1", rule="f", is_flat=False):
    return SimpleNamespace(
        leaves=leaves,
        error=error,
        is_zero=is_zero,
        is_flat=is_flat,
        place=place,
        rule=rule,
        operand=1,
        derivative="bwd (m.py:9)" if rule == "g" else "",
    )


def _solve(leaves, error, place="s.py:1"):
    return SimpleNamespace(leaves=leaves, error=error, place=place)


def _find(rules=(), solves=(), slopes=(1.0, 1.0, 1.0), values=()):
    data = [measured([np.full(2, slope) for slope in slopes])]
    errors = RuleErrors(tuple(rules), tuple(values))
    return find_wrong(evidence(data, rule_errors=errors, solve_errors=solves))


def test_the_worst_rule_is_described_and_every_place_named_once():
    rules = [
        _rule(0b011, 1e-3, place="m.py:1", rule="f"),
        _rule(0b001, 5e-2, place="m.py:2", rule="g"),
        _rule(0b001, 1e-3, place="m.py:1", rule="f"),
    ]
    text = (
        "measured: the rule of {} is off by {} of the directional derivative of its function "
        "for operand 1{} (Richardson's differences in float64)"
    )
    computed = ", which bwd (m.py:9) computes"
    assert _find(rules) == {
        0: [
            Finding(
                "wrong",
                text.format("g", "5.0e-02", computed),
                ("m.py:1", "m.py:2"),
            )
        ],
        1: [Finding("wrong", text.format("f", "1.0e-03", ""), ("m.py:1",))],
    }


@pytest.mark.parametrize("slope, is_wrong", [(1.0, True), (0.0, False)])
def test_a_rule_that_returns_zero_is_wrong_where_another_gradient_is_left(slope, is_wrong):
    found = _find([_rule(0b1, 1.0, is_zero=True)], slopes=(slope, 1.0, 1.0))
    text = "measured: the rule of f returns exactly zero where its function changes"
    assert found == ({0: [Finding("wrong", text, ("m.py:1",))]} if is_wrong else {})


def test_a_rule_that_returns_zero_is_no_error_of_the_others():
    found = _find([_rule(1, 1.0, is_zero=True, rule="f"), _rule(1, 0.5, place="m.py:2", rule="g")])
    assert [finding.where for finding in found[0]] == [("m.py:2",), ("m.py:1",)]
    assert "the rule of g is off by 5.0e-01" in found[0][0].evidence


def test_a_straight_through_estimate_is_described_as_one_after_all_other_rules():
    flat, steep = _rule(0b11, 1.0, is_flat=True), _rule(0b10, 1e-3, place="m.py:2", rule="g")
    found = _find([flat, steep])
    text = (
        "measured: the rule of f passes a gradient where its function is flat: a straight-through "
        "estimate, which belongs on the allow-list if it is meant"
    )
    assert found[0] == [Finding("wrong", text, ("m.py:1",))]
    assert "the rule of g is off by 1.0e-03" in found[1][0].evidence


def test_a_rule_that_returns_other_values_is_described_before_its_derivative():
    values = [_rule(0b1, 0.1, place="m.py:1"), _rule(0b1, 0.5, place="m.py:2", rule="g")]
    first, second = _find([_rule(0b1, 0.2)], values=values)[0]
    text = (
        "measured: the rule of g returns other values than its function, off by 5.0e-01 of their "
        "size: the gradient is taken at values that the loss does not have"
    )
    assert first == Finding("wrong", text, ("m.py:1", "m.py:2"))
    assert "directional derivative" in second.evidence


def test_a_solve_that_contradicts_itself_is_described_by_its_worst_error():
    found = _find(solves=[_solve(0b100, 1e-2), _solve(0b100, 3e-2, "s.py:2"), _solve(0b100, 1e-2)])
    text = (
        "measured: the transpose_solve of a custom_linear_solve is off by 3.0e-02 of the transpose "
        "of its matvec (which is the matvec itself if symmetric=True)"
    )
    assert found == {2: [Finding("wrong", text, ("s.py:1", "s.py:2"))]}


def test_rules_come_before_solves():
    (found,) = _find([_rule(1, 0.1)], [_solve(1, 0.1)]).values()
    assert [finding.where for finding in found] == [("m.py:1",), ("s.py:1",)]


def test_only_watched_leaves_are_judged():
    data = [measured([np.ones(2), np.ones(2)])]
    found = find_wrong(evidence(data, watched=[1], rule_errors=RuleErrors((_rule(0b11, 0.1),))))
    assert list(found) == [1]


def test_wrong_fails_in_leaves_and_slices():
    assert (WRONG.verdict, WRONG.find) == ("wrong", find_wrong)
    assert not WRONG.passes and not WRONG.is_harmless_in_slices
