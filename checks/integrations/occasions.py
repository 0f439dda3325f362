"""When a training loop is diagnosed, copies of what it trains, and what follows a failure."""

import warnings
from collections.abc import Sequence
from typing import Any, Literal

import jax

from checks.assertion import describe_failure
from checks.report import Report

# What is done with a report that fails.
OnFailure = Literal["raise", "warn"]


class LeavesFail(UserWarning):
    """Leaves fail in a training that goes on; the message has their table."""


class Occasions:
    """The occasions for a diagnosis: the first step, and each plateau of the loss.

    A plateau is `window` losses whose mean is not below the mean of the `window` losses before them
    by more than `tolerance` of its size. NaN is never below, so it is a plateau too. After a
    diagnosis the losses are collected anew. The losses are read every `window` steps only, so
    that the loop does not wait for the device at each step.

    Args:
        window: number of losses in a mean, at least 1.
        tolerance: share of the loss, at least 0; a smaller improvement is none.
        most: largest number of diagnoses, the first step included.

    Raises:
        ValueError: a number is smaller than that.
    """

    def __init__(self, window: int, tolerance: float, most: int) -> None:
        for name, value, least in (
            ("window", window, 1),
            ("tolerance", tolerance, 0),
            ("most", most, 1),
        ):
            if not value >= least:
                raise ValueError(f"{name} is at least {least}: got {value!r}")
        self._window, self._tolerance, self._most = window, tolerance, most
        self._count = 0
        self._values: list[Any] = []

    def is_due(self, value: Any = None) -> bool:
        """Returns whether the loop is to be diagnosed now.

        Args:
            value: the loss of the step before, a number or an array of one; None if there is none.
        """
        if self._count >= self._most:
            return False
        if value is not None:
            self._values.append(value)
        if self._count and not self._is_plateau():
            return False
        self._count += 1
        self._values.clear()
        return True

    def _is_plateau(self) -> bool:
        if len(self._values) < 2 * self._window:
            return False
        values = [float(value) for value in self._values]
        self._values = list(values[self._window :])
        return is_plateau(values[: self._window], values[self._window :], self._tolerance)


def is_plateau(before: Sequence[float], after: Sequence[float], tolerance: float) -> bool:
    """Returns whether the mean loss did not fall by more than a share of its size.

    Args:
        before: earlier losses.
        after: later losses.
        tolerance: the share of the earlier mean.
    """
    earlier, later = sum(before) / len(before), sum(after) / len(after)
    return not later < earlier - tolerance * abs(earlier)


def copy_arrays(tree: Any) -> Any:
    """Returns a pytree with copies of its arrays, which stay when a training step donates its own.

    Args:
        tree: any pytree.
    """
    return jax.tree.map(lambda x: x.copy() if isinstance(x, jax.Array) else x, tree)


def answer(report: Report, step: int, on_failure: OnFailure) -> None:
    """Raises or warns if a report fails; does nothing if it passes.

    Args:
        report: the report of a diagnosis.
        step: the step or epoch of the diagnosis, for the message.
        on_failure: `raise` or `warn`.

    Raises:
        AssertionError: the report fails and `on_failure` is `raise`.
    """
    if report.passes:
        return
    text = f"at step {step}: {describe_failure(report)}"
    if on_failure == "raise":
        raise AssertionError(text)
    warnings.warn(text, LeavesFail, stacklevel=3)


def require_on_failure(on_failure: str) -> None:
    """Raises ValueError unless it is `raise` or `warn`.

    Args:
        on_failure: what the caller asks for.
    """
    if on_failure not in ("raise", "warn"):
        raise ValueError(f"on_failure is 'raise' or 'warn': got {on_failure!r}")
