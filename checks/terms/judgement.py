"""Says of each measured term whether it is dead, cancels another, outweighs the rest, or is alive.

The module depends on the measurements of `checks/terms`.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from checks.measure.points import Point
from checks.terms.measurement import Measured, TermMeter
from checks.terms.parts import Part
from checks.terms.term import (
    ALIVE,
    CANCELS,
    CONSTANT,
    DEAD,
    FROZEN,
    IDLE,
    NON_FINITE,
    OFF,
    OFFSET,
    OUTWEIGHS,
)

# Two gradients cancel if their sum is smaller than this share of one of them. Less would be too
# much: the parts of a variance of large numbers nearly cancel, and what is left is real.
_CANCELS = 1e-9
# A term outweighs the rest if its gradient is this many times theirs together.
_OUTWEIGHS = 1e4
# If the others together have less than this share of its gradient, theirs is rounding.
_ROUNDING = 1e-13
# A term has no gradient if a relative change of the parameters changes its value relatively by less
# than this share: the changes of values in float64 are 1e-16.
_NO_GRADIENT = 1e-12
# Two values are equal, and a shift has no effect, up to this share.
_EQUAL = 1e-9


class Judgement(NamedTuple):
    """What is said of a term.

    Attributes:
        state: one of `checks.terms.term.STATES`.
        evidence: one sentence that says why.
        partners: positions of the terms that it cancels or offsets.
    """

    state: str
    evidence: str
    partners: tuple[int, ...] = ()


class TermJudge:
    """Judges the terms of one loss.

    Args:
        meter: measures sums of the terms.
        parts: the terms.
        points: the data, and then other parameters with the same inputs.
        live: bit set (an integer; bit i stands for leaf i) of the leaves that a gradient reaches.
    """

    def __init__(
        self, meter: TermMeter, parts: Sequence[Part], points: Sequence[Point], live: int
    ) -> None:
        self._meter, self._parts, self._live = meter, parts, live
        self._data, *self._others = points
        self._known: dict[tuple[tuple[int, ...], int], Measured] = {}
        self.rest = self._measure((), self._data).value
        self.single = [self._measure((i,), self._data) for i in range(len(parts))]
        self.values = [one.value - self.rest for one in self.single]

    def judge(self) -> list[Judgement]:
        """Returns what is said of each term."""
        return [self._judge(i) for i in range(len(self._parts))]

    def _judge(self, i: int) -> Judgement:
        part, one = self._parts[i], self.single[i]
        if not part.value:
            return Judgement(CONSTANT, "proved: no parameter leads to it")
        if self.values[i] == 0 and one.norm == 0 and self._weights[i] == 0:
            more = "" if part.tangent else "; whatever its weight, no gradient leaves it"
            return Judgement(OFF, f"measured: its weight at the data is zero{more}")
        if not part.tangent:
            return self._judge_detached(i)
        if not (np.isfinite(self.values[i]) and np.isfinite(one.norm)):
            return Judgement(NON_FINITE, "measured: its value or its gradient is not finite")
        if self._is_still(i, self._data):
            return self._judge_still(i)
        if i in self._cancelling:
            return self._describe_cancellation(i, self._cancelling[i])
        others = sum(x.norm for k, x in enumerate(self.single) if k != i and np.isfinite(x.norm))
        if others > _ROUNDING * one.norm and one.norm > _OUTWEIGHS * others:
            times = f"{one.norm / others:.1e} times as large as those of all others together"
            return Judgement(OUTWEIGHS, f"measured: its gradient is {times}")
        return Judgement(ALIVE, "measured: its gradient reaches the parameters")

    def _judge_detached(self, i: int) -> Judgement:
        if not self._parts[i].value & self._live:
            evidence = "only leaves that no gradient reaches lead to it; their verdicts say why"
            return Judgement(FROZEN, f"proved: {evidence}")
        if all(self._value(i, point) == 0 for point in (self._data, *self._others)):
            evidence = f"its value is zero at the data and at {len(self._others)} other points"
            return Judgement(IDLE, f"measured: {evidence}")
        value = self.values[i]
        for k, other in enumerate(self.values):
            is_pair = bool(self._parts[k].tangent) and value != 0
            if is_pair and abs(value + other) <= _EQUAL * abs(value):
                evidence = "it takes back the value of another term, and leaves that its gradient"
                return Judgement(OFFSET, f"measured: {evidence}", (k,))
        shifts = self._meter.measure_shifts(i, self._data.leaves, self._data.args)
        weight = float(self._weights[i])
        if shifts and all(size <= _EQUAL * weight for size in shifts):
            evidence = "it shifts two parts of the loss that cancel, so it needs no gradient"
            return Judgement(OFFSET, f"measured: {evidence}")
        return Judgement(
            DEAD, "proved: its value depends on parameters, but no derivative leads to any of them"
        )

    def _judge_still(self, i: int) -> Judgement:
        measured = [(self._measure((i,), point), point) for point in self._others]
        if not all(self._is_still(i, point) for _, point in measured):
            return Judgement(IDLE, "measured: no gradient at the data, and one at other parameters")
        values = [self.values[i], *(self._value(i, point) for point in self._others)]
        count = len(self._others)
        if max(values) - min(values) > _EQUAL * max(map(abs, values)):
            changes = f"its value changes with the parameters, and no gradient there at {count}"
            return Judgement(DEAD, f"measured: {changes} other points either")
        evidence = f"no gradient, and the same value, at the data and at {count} other points"
        return Judgement(IDLE, f"measured: {evidence}")

    @cached_property
    def _weights(self) -> np.ndarray:
        """For each term, the size of the factor with which the loss reads it."""
        return self._meter.measure_weights(self._data.leaves, self._data.args)

    @cached_property
    def _cancelling(self) -> dict[int, int]:
        """Term -> the term whose gradient is the opposite of its own at the data."""
        pairs: dict[int, int] = {}
        live = [i for i, one in enumerate(self.single) if one.norm > 0 and np.isfinite(one.norm)]
        live = [i for i in live if not self._is_still(i, self._data)]
        for at, i in enumerate(live):
            for k in live[at + 1 :]:
                if i not in pairs and k not in pairs and self._cancel(i, k, self._data):
                    pairs |= {i: k, k: i}
        return pairs

    def _cancel(self, i: int, k: int, point: Point) -> bool:
        one, two = (self._measure((x,), point) for x in (i, k))
        if np.any(np.abs(one.norms - two.norms) > _CANCELS * one.norm):
            return False
        return self._measure((i, k), point).norm <= _CANCELS * one.norm

    def _describe_cancellation(self, i: int, k: int) -> Judgement:
        name = self._parts[k].name
        if all(self._cancel(i, k, point) for point in self._others):
            everywhere = f"at the data and at {len(self._others)} other points"
            text = f"measured: its gradient and that of {name} sum to zero, {everywhere}"
            return Judgement(CANCELS, text, (k,))
        text = f"measured: its gradient and that of {name} sum to zero at the data, not elsewhere"
        return Judgement(ALIVE, text, (k,))

    def _is_still(self, i: int, point: Point) -> bool:
        """Returns whether a term has no gradient above rounding at a point."""
        norm = self._measure((i,), point).norm
        size = float(np.sqrt(sum(np.sum(np.abs(x) ** 2) for x in point.leaves)))
        return norm == 0 or norm * size <= _NO_GRADIENT * abs(self._value(i, point))

    def _value(self, i: int, point: Point) -> float:
        return self._measure((i,), point).value - self._measure((), point).value

    def _measure(self, chosen: tuple[int, ...], point: Point) -> Measured:
        key = (chosen, id(point))
        if key not in self._known:
            self._known[key] = self._meter.measure(chosen, point.leaves, point.args)
        return self._known[key]
