"""Draws cases of a kind, judges each and counts the outcomes."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, given, seed, settings


def fuzz(strategy: Callable, judge: Callable, cases: int, number: int) -> tuple[Counter, list[str]]:
    """Draws and judges cases.

    Args:
        strategy: called without arguments; returns the hypothesis strategy that draws a case.
        judge: called as `judge(case, folder)` with an empty folder; returns the outcome in words,
            or raises AssertionError if the case was handled wrongly.
        cases: the number of cases, at least 1.
        number: the seed.

    Returns:
        Outcome in words (`WRONG` for wrong cases) -> its count, and a text for each wrong case.
    """
    outcomes, wrong = Counter(), []

    @seed(number)
    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],  # pyright: ignore[reportArgumentType]
    )
    @given(strategy())
    def each(case: object) -> None:
        with TemporaryDirectory() as folder:
            try:
                outcomes[judge(case, Path(folder))] += 1
            except AssertionError as error:
                outcomes["WRONG"] += 1
                wrong.append(f"{str(case)[:300]!r}: {error}")

    each()
    return outcomes, wrong
