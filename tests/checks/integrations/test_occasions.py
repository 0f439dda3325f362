"""When a loop is diagnosed, and what follows a report that fails."""

import math
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from checks.integrations.occasions import (
    LeavesFail,
    Occasions,
    answer,
    copy_arrays,
    is_plateau,
    require_on_failure,
)
from checks.report import Report
from tests.checks.render.helpers import make_leaf


def due_steps(values, window=2, tolerance=0.01, most=10):
    occasions = Occasions(window, tolerance, most)
    return [i for i, value in enumerate([None, *values]) if occasions.is_due(value)]


def test_the_first_step_and_each_plateau_are_due():
    assert due_steps([8.0, 7.0, 6.0, 5.0, 4.0, 3.0]) == [0]
    assert due_steps([8.0, 7.0, 6.0, 5.0, 5.0, 6.0, 5.0, 5.0, 5.0, 5.0]) == [0, 6, 10]


def test_no_more_diagnoses_than_asked_for():
    assert due_steps([1.0] * 40, most=3) == [0, 4, 8] and due_steps([1.0] * 40, most=1) == [0]


def test_a_plateau_is_a_share_of_the_loss_and_nan_is_one():
    assert is_plateau([100.0], [99.5], 0.01) and not is_plateau([100.0], [98.5], 0.01)
    assert not is_plateau([-1.0], [-1.1], 0.01) and is_plateau([-1.0], [-1.001], 0.01)
    assert is_plateau([1.0], [math.nan], 0.01) and is_plateau([1.0], [2.0], 0.0)


def test_values_are_read_once_a_window():
    read = []

    class Value:
        def __init__(self, i):
            self.i = i

        def __float__(self):
            read.append(self.i)
            return 1 / (1 + self.i)

    occasions = Occasions(3, 0.0, 2)
    for i in range(9):
        occasions.is_due(Value(i))
        assert len(read) in (0, 6, 9)


@pytest.mark.parametrize("wrong", [{"window": 0}, {"tolerance": -0.1}, {"most": 0}])
def test_numbers_that_are_too_small(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} is at least"):
        Occasions(**({"window": 1, "tolerance": 0.0, "most": 1} | wrong))


def test_a_failing_report_raises_or_warns_and_a_passing_one_is_silent():
    failing, passing = Report((make_leaf("w", "stuck"),)), Report((make_leaf("w"),))
    with pytest.raises(AssertionError, match=r"at step 7: 1 of 1 parameters (.|\n)*why of w"):
        answer(failing, 7, "raise")
    with pytest.warns(LeavesFail, match="at step 7"):
        answer(failing, 7, "warn")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answer(passing, 7, "raise")


def test_copies_stay_when_the_arrays_are_donated():
    tree = {"w": jnp.ones(2), "key": jax.random.key(0), "name": "n", "numbers": np.ones(1)}
    copies = copy_arrays(tree)
    tree["w"].delete()
    assert copies["w"].sum() == 2 and copies["name"] == "n" and copies["key"] == tree["key"]


def test_other_words_are_refused():
    with pytest.raises(ValueError, match="'raise' or 'warn': got 'stop'"):
        require_on_failure("stop")
