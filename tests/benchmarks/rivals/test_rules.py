"""The rules of the tools that read a training, on gradients and values that are written down."""

import numpy as np
import pytest

from benchmarks.rivals.five_lines import find_zero_gradients
from benchmarks.rivals.gradient_flow import find_flow_issues
from benchmarks.rivals.tool import Alarm
from benchmarks.rivals.torcheck import find_unchanged
from tests.benchmarks.rivals.steps import make_case


@pytest.mark.parametrize(
    ("gradients", "is_flagged"), [([[0, 0], [1, 1]], True), ([[0, 1], [0, 0]], False)]
)
def test_five_lines_read_all_elements_of_the_first_gradient(gradients, is_flagged):
    assert find_zero_gradients(make_case(gradients)) == [Alarm("w", "zero")] * is_flagged


@pytest.mark.parametrize(
    ("norms", "issues"),
    [
        ([1] * 20, None),
        ([1e-7] * 20, "vanishing"),
        ([10.1] + [9] * 19, "exploding"),
        ([0] * 20, "dead"),
        ([0] * 18 + [1] * 2, None),
        ([0] * 19 + [1], "dead, unstable"),
        ([1] * 19 + [np.inf], "numerical"),
        ([np.nan] * 20, "numerical"),
    ],
)
def test_gradient_flow_reads_norms_over_the_steps(norms, issues):
    assert find_flow_issues(make_case(norms)) == ([] if issues is None else [Alarm("w", issues)])


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ([0, 1, 2], None),
        ([0, 1, 1], "should change"),
        ([0, np.nan, 1], "contains NaN"),
        ([0, np.inf, np.inf], "contains inf"),
        ([[0, 0], [0, 1]], None),
    ],
)
def test_torcheck_stops_at_the_first_step_with_an_error(values, errors):
    case = make_case([1] * (len(values) - 1), values)
    assert find_unchanged(case) == ([] if errors is None else [Alarm("w", errors)])
