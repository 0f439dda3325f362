"""Takes the first steps of the optimiser on the real gradients: which leaves it moves, and when."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from checks.measure.chain import Chain, fill_gradient
from checks.measure.points import root_mean_square
from checks.measure.readings import Measurement, narrow_point
from checks.program.runner import Gradient, Runner, widen_array

# Number of steps.
STEPS = 20
# The parameters are kept after these numbers of steps.
CHECKPOINTS = (1, 3, 8, 20)


@dataclass(frozen=True)
class Training:
    """The results of the first optimiser steps.

    Attributes:
        leaves: number of steps (0, and those of `CHECKPOINTS` up to the last step) -> the
            parameters after them in their own types, one array for each leaf.
        moved: for each leaf, booleans in its shape: which elements changed at least once.
        movement: for each leaf, the root mean square of its first non-zero move over that of the
            leaf; None for a leaf that starts at zero.
        non_finite: leaf index -> the first step (from 1) whose gradient, or after which the leaf,
            is not finite, and whether it was the gradient.
        before_failure: the parameters at which a gradient first was not finite, if any.
        state: the optimiser's state after the last step.
    """

    leaves: dict[int, list[np.ndarray]]
    moved: list[np.ndarray]
    movement: list[float | None]
    non_finite: dict[int, tuple[int, bool]] = field(default_factory=dict)
    before_failure: list[np.ndarray] | None = None
    state: Any = None

    @property
    def last(self) -> list[np.ndarray]:
        """The parameters after the last step that is in `leaves`."""
        return self.leaves[max(self.leaves)]


def train(
    runner: Runner, chain: Chain, data: Sequence[Measurement], steps: int = STEPS
) -> Training:
    """Takes steps of the optimiser in the program's own types, with one batch after the other.

    After the last batch it begins again with the first.

    Args:
        runner: the compiled program.
        chain: the optimiser.
        data: the measurements at the given parameters, one for each batch; at least one.
        steps: number of steps.
    """
    leaves, _ = narrow_point(runner, data[0].point)
    log = _Log(leaves)
    state = chain.init(leaves)
    known = dict(enumerate(m.written for m in data))  # by batch, for as long as no leaf moves
    for step in range(steps):
        batch = step % len(data)
        if batch not in known:
            known[batch] = runner.compute_written(
                leaves, narrow_point(runner, data[batch].point)[1]
            )
        gradient = known[batch]
        new, state, _ = chain.step(leaves, state, fill_gradient(gradient, leaves), gradient.loss)
        new = [np.asarray(x) for x in new]
        log.add(leaves, new, gradient, step + 1)
        if not all(map(np.array_equal, leaves, new)):
            known = {}
        leaves = new
    return Training(log.leaves, log.moved, log.movement, log.non_finite, log.before_failure, state)


class _Log:
    """Collects what a `Training` reports, step by step."""

    def __init__(self, leaves: list[np.ndarray]) -> None:
        self.leaves = {0: leaves}
        self.moved = [np.zeros(x.shape, bool) for x in leaves]
        self.movement: list[float | None] = [0.0 if x.any() else None for x in leaves]
        self.non_finite: dict[int, tuple[int, bool]] = {}
        self.before_failure: list[np.ndarray] | None = None

    def add(
        self, old: list[np.ndarray], new: list[np.ndarray], gradient: Gradient, step: int
    ) -> None:
        """Adds one step, by number, with the parameters before and after it."""
        if step in CHECKPOINTS:
            self.leaves[step] = new
        for i, (before, after, slope) in enumerate(zip(old, new, gradient.leaves)):
            self.moved[i] |= before != after
            if self.movement[i] == 0:
                self.movement[i] = _relative_move(before, after)
            bad_slope = slope is not None and not np.isfinite(widen_array(slope)).all()
            is_bad = bad_slope or not np.isfinite(widen_array(after)).all()
            if i not in self.non_finite and is_bad:
                self.non_finite[i] = (step, bad_slope)
                if bad_slope and self.before_failure is None:
                    self.before_failure = old


def _relative_move(before: np.ndarray, after: np.ndarray) -> float:
    old, new = widen_array(before), widen_array(after)
    size = root_mean_square(old)
    return root_mean_square(new - old) / size if size > 0 else 0.0
