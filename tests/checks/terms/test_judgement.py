"""How terms are judged, on measurements that are written down."""

from types import SimpleNamespace

import numpy as np

from checks.measure.points import Point
from checks.program.leaves import partition
from checks.terms.judgement import TermJudge
from checks.terms.measurement import Measured

POINTS = [Point(kind, [np.ones(2)], partition(())) for kind in ("data", "params", "params")]


class _Meter:
    """Answers with sums of gradients, each a vector for each point."""

    def __init__(self, slopes, values, weights=None, shifts=(1.0,)):
        self.slopes, self.values = slopes, values
        self.weights = np.ones(len(values)) if weights is None else np.array(weights)
        self.shifts = list(shifts)

    def measure(self, chosen, leaves, args):
        at = [p.leaves is leaves for p in POINTS].index(True)
        slope = sum((np.array(self.slopes[i][at]) for i in chosen), np.zeros(2))
        value = sum(self.values[i][at] for i in chosen)
        return Measured(1.0 + value, np.abs(slope))

    def measure_weights(self, leaves, args):
        return self.weights

    def measure_shifts(self, term, leaves, args):
        return self.shifts


def _judge(slopes, values, tangents=None, values_bits=None, **more):
    count = len(values)
    tangents = [1] * count if tangents is None else tangents
    bits = [1] * count if values_bits is None else values_bits
    parts = [
        SimpleNamespace(name=f"t{i}", value=b, tangent=t)
        for i, (b, t) in enumerate(zip(bits, tangents))
    ]
    judge = TermJudge(_Meter(slopes, values, **more), parts, POINTS, live=1)
    return [one.state for one in judge.judge()], judge.judge()


ONE, TWO, ZERO = [(1.0, 2.0)] * 3, [(3.0, 1.0)] * 3, [(0.0, 0.0)] * 3
SAME = [1.0] * 3


def test_alive_constant_off_and_dead():
    slopes, values = [ONE, ZERO, ZERO, ZERO], [SAME, SAME, [0.0] * 3, SAME]
    states, found = _judge(slopes, values, [1, 0, 1, 0], [1, 0, 1, 1], weights=[1, 1, 0, 1])
    assert states == ["alive", "constant", "switched off", "dead"]
    assert found[3].evidence.startswith("proved")


def test_a_term_of_leaves_without_a_gradient_is_frozen():
    assert _judge([ONE, ZERO], [SAME] * 2, [1, 0], [1, 2])[0] == ["alive", "frozen"]


def test_a_detached_term_that_is_always_zero_is_idle():
    assert _judge([ONE, ZERO], [SAME, [0.0] * 3], [1, 0])[0] == ["alive", "idle"]


def test_a_detached_term_that_takes_back_a_value_or_shifts_is_lawful():
    back = [-1.0] * 3
    states, found = _judge([ONE, TWO, ZERO], [SAME, [5.0] * 3, back], [1, 1, 0])
    assert states[2] == "offset" and found[2].partners == (0,)
    states, _ = _judge([ONE, ZERO], [SAME, [3.0] * 3], [1, 0], shifts=(1e-16,))
    assert states == ["alive", "offset"]


def test_terms_cancel_if_they_do_at_every_point():
    opposite = [(-1.0, -2.0)] * 3
    states, found = _judge([ONE, opposite, TWO], [SAME] * 3)
    assert states == ["cancels", "cancels", "alive"] and found[0].partners == (1,)
    only_here = [(-1.0, -2.0), (4.0, 1.0), (1.0, 1.0)]
    states, found = _judge([ONE, only_here], [SAME] * 2)
    assert states == ["alive", "alive"] and "at the data, not elsewhere" in found[0].evidence
    turned = [(1.0, 2.0)] * 3  # as large, and in the same direction
    assert _judge([ONE, turned], [SAME] * 2)[0] == ["alive", "alive"]


def test_a_term_outweighs_others_that_are_not_rounding():
    huge = [(1e5, 0.0)] * 3
    assert _judge([huge, ONE], [SAME] * 2)[0] == ["outweighs", "alive"]
    assert _judge([[(1e3, 0.0)] * 3, ONE], [SAME] * 2)[0] == ["alive", "alive"]
    noise = [(1e-13, 0.0)] * 3
    assert _judge([huge, noise], [SAME, [0.0] * 3])[0] == ["alive", "alive"]


def test_without_a_gradient_the_value_and_other_points_decide():
    later = [(0.0, 0.0), (1.0, 0.0), (0.0, 0.0)]
    changing = [1.0, 2.0, 3.0]
    states, _ = _judge([ONE, ZERO, ZERO, later], [SAME, changing, SAME, SAME])
    assert states == ["alive", "dead", "idle", "idle"]


def test_what_is_not_finite_is_said():
    states, _ = _judge([ONE, [(np.nan, 0.0)] * 3], [SAME, [np.nan] * 3])
    assert states == ["alive", "non-finite"]
