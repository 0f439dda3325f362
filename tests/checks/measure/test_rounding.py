"""Errors of gradients as written."""

import numpy as np
import pytest

from checks.measure import rounding
from checks.measure.rounding import measure_rounding
from checks.measure.survey import Survey
from tests.checks.judges.small_evidence import measured


def _batch(written, **losses):
    return measured([[3.0, 3.0], None], written=[np.float32([written] * 2), None], **losses)


def test_the_error_is_relative_to_the_gradient_and_the_smallest_of_the_batches():
    survey = Survey([_batch(6.0), _batch(4.5), _batch(9.0)], [], [])
    assert measure_rounding(None, survey, [0, 1]) == {0: 0.5}


def test_a_zero_gradient_has_no_error():
    data = [measured([[0.0, 0.0]], written=[np.float32([1.0, 1.0])])]
    assert measure_rounding(None, Survey(data, [], []), [0]) == {}


@pytest.mark.parametrize("loss, is_compared", [(1.0099, True), (0.9901, True), (1.011, False)])
def test_batches_with_other_losses_are_left_out(loss, is_compared):
    survey = Survey([_batch(4.5, loss=1.0, written_loss=loss)], [], [])
    assert measure_rounding(None, survey, [0]) == ({0: 0.5} if is_compared else {})


@pytest.mark.parametrize(
    "written, loss, is_alike, is_compared",
    [
        (9.0, 5.0, True, True),
        (9.0, 5.0, False, False),
        (6.0, 5.0, True, False),
        (9.0, np.inf, True, False),
    ],
)
def test_other_losses_count_if_all_decisions_are_alike_and_an_error_is_large(
    monkeypatch, written, loss, is_alike, is_compared
):
    monkeypatch.setattr(rounding, "has_same_decisions", lambda runner, point: is_alike)
    survey = Survey([_batch(written, loss=1.0, written_loss=loss)], [], [])
    assert bool(measure_rounding(None, survey, [0])) is is_compared
