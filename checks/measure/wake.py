"""Whether training leaves a point where the gradient is zero, and after how many steps."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from checks.measure.points import Sampler
from checks.measure.readings import Reading, measure
from checks.measure.simulate import Training
from checks.measure.survey import Survey
from checks.program.runner import Runner, widen_array


class Wakes:
    """Measures along the path of training, each point once and only when asked."""

    def __init__(
        self, runner: Runner, sampler: Sampler, survey: Survey, training: Training
    ) -> None:
        self._runner, self._sampler = runner, sampler
        self._survey, self._training = survey, training
        self._measured: dict[int, list[list[Reading | None]]] = {}

    def __call__(self, leaf: int) -> list[np.ndarray]:
        """For each view of the leaf: the step after which each slice was alive, 0 for never."""
        found: list[np.ndarray] | None = None
        for step in sorted(self._training.leaves):
            if step == 0:
                continue
            for readings in self._at(step):
                reading = readings[leaf]
                if reading is None:
                    continue
                steps = [np.where(alive, step, 0) for alive in reading.alive]
                found = steps if found is None else list(map(_earlier, found, steps))
            if found is not None and all((x > 0).all() for x in found):
                break
        return found if found is not None else self._never(leaf)

    def _at(self, step: int) -> Sequence[list[Reading | None]]:
        if step not in self._measured:
            leaves = [widen_array(x) for x in self._training.leaves[step]]
            self._measured[step] = [
                measure(self._runner, self._sampler, replace(m.point, leaves=leaves)).readings
                for m in self._survey.data
            ]
        return self._measured[step]

    def _never(self, leaf: int) -> list[np.ndarray]:
        reading = next(m.readings[leaf] for m in self._survey.data)
        return [np.zeros(size.shape, int) for size in reading.size] if reading else []


def _earlier(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    return np.where(old > 0, old, new)
