"""A hook for a training loop in plain JAX, with optax or any other optimiser."""

from collections.abc import Callable
from typing import Any

from checks.diagnosis import diagnose
from checks.integrations.occasions import (
    Occasions,
    OnFailure,
    answer,
    copy_arrays,
    require_on_failure,
)
from checks.render.printable import PrintableReport


class LoopCheck:
    """Diagnoses a loss at the first step of a loop and on a plateau; it changes nothing.

        check = LoopCheck(loss, optimizer=optax.adam(1e-3))
        value = None
        for batch in batches:
            check(value, params, batch)
            params, state, value = train_step(params, state, batch)

    Call it before the step: a step that donates its arguments deletes them. A report has
    copies of the arrays, so that it can be written as a page later. A plateau is two times
    `window` losses of which the later half is not lower, see `Occasions`. A call that diagnoses
    nothing keeps the loss and returns at once.

    Args:
        loss: called as `loss(params, *args)`; returns a real scalar, or a tuple of it and anything
            else.
        window: number of steps over which the loss is averaged.
        tolerance: share of the loss; a smaller improvement is a plateau.
        most: largest number of diagnoses, the first step included.
        on_failure: `raise` ends the loop by an AssertionError when a leaf fails; `warn` gives a
            warning of the class `LeavesFail` and goes on.
        **settings: further keyword arguments of `checks.diagnose`.

    Attributes:
        reports: number of the step, from 0 -> the report of its diagnosis.

    Raises:
        ValueError: `on_failure` is something else, or a number is too small.
    """

    def __init__(
        self,
        loss: Callable[..., Any],
        *,
        window: int = 100,
        tolerance: float = 0.01,
        most: int = 2,
        on_failure: OnFailure = "raise",
        **settings: Any,
    ) -> None:
        require_on_failure(on_failure)
        self.reports: dict[int, PrintableReport] = {}
        self._loss, self._settings = loss, settings
        self._on_failure: OnFailure = on_failure
        self._occasions = Occasions(window, tolerance, most)
        self._step = -1

    def __call__(self, value: Any, params: Any, *args: Any) -> PrintableReport | None:
        """Diagnoses the loss if this is the first step or the loss is on a plateau.

        Args:
            value: the loss of the step before; None at the first step.
            params: the parameters that the next step gets.
            *args: the other arguments of the loss in the next step, such as the batch.

        Returns:
            The report, or None if nothing was diagnosed.

        Raises:
            AssertionError: the report fails and `on_failure` is `raise`.
            NotALoss: the checks could not be run.
        """
        self._step += 1
        if not self._occasions.is_due(value):
            return None
        report = diagnose(self._loss, *copy_arrays((params, *args)), **self._settings)
        self.reports[self._step] = report
        answer(report, self._step, self._on_failure)
        return report
