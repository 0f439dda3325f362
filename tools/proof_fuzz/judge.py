"""Compares what the checks prove of a random program with its float64 gradients."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from checks import NotALoss, diagnose, reach
from tools.proof_fuzz.programs import ARGUMENTS, LEAVES, Block, build_loss

# Compiling matters more than running.
_QUICK: dict[str, Any] = {"xla_backend_optimization_level": 0}
# Points at which the gradients are computed.
POINTS = 100
# One of so many programs is diagnosed as well.
DIAGNOSED = 100
# JAX's caches are emptied after so many programs, since each adds maps of memory.
_CACHED = 100
_NUMBER = itertools.count(1)


def judge_program(block: Block, folder: Path) -> str:
    """Proves a program and compares each proof with float64 gradients at 100 points.

    Every other program has its gradient traced before. One of a hundred is diagnosed too.

    Args:
        block: the program.
        folder: not used.

    Returns:
        The outcome in words.

    Raises:
        AssertionError: a proof is contradicted, or the checks raise.
    """
    del folder
    number = next(_NUMBER)
    if number % _CACHED == 0:
        jax.clear_caches()
    loss, (params, args) = build_loss(block), _draw(np.random.default_rng(0), np.float32)
    gradient = None
    if number % 2:
        gradient = _trace(jax.grad(loss), params, *args)
    if isinstance(_trace(loss, params, *args), str):
        return "no program"
    report = _call(reach, loss, params, *args)
    assert not report.problems, report.problems
    proved = {name: leaf.verdict for name, leaf in report.items() if leaf.verdict != "reachable"}
    outcome = "nothing proved"
    if proved:
        outcome = _compare(loss, proved)
    if number % DIAGNOSED == 0 and not isinstance(gradient, str):
        found = _call(diagnose, loss, params, *args, cures=False)
        assert not any("fault of the checks" in text for text in found.problems), found.problems
        outcome += ", diagnosed"
    return outcome


def _compare(loss: Callable[..., Any], proved: dict[str, str]) -> str:
    """Compares proofs with gradients and, where JAX has none, with values."""
    with jax.enable_x64(True):
        points = [_draw(np.random.default_rng(seed), np.float64) for seed in range(POINTS)]
        traced = _trace(jax.grad(loss), *_flatten(points[0]))
        compute = None if isinstance(traced, str) else _compile(loss, proved, points[0])
        if compute is not None:
            _compare_gradients(compute, proved, points)
            return "proofs agree with gradients"
        _compare_values(loss, proved, points)
        return "no gradient, and proofs agree with values"


def _compile(loss: Callable[..., Any], proved: dict[str, str], point: Any) -> Any | None:
    """Compiles the gradients of the leaves in question; None if JAX cannot."""

    def slopes(*given: Any) -> dict[str, Any]:
        found = jax.grad(loss)(*given)
        return {name: found[name] for name in proved}

    try:
        return jax.jit(slopes).lower(*_flatten(point)).compile(_QUICK)
    except Exception:  # whatever JAX raises, such as for a jvp of a rule of reverse mode
        return None


def _compare_gradients(compute: Any, proved: dict[str, str], points: list[Any]) -> None:
    for at, point in enumerate(points):
        for name, slope in compute(*_flatten(point)).items():
            assert not np.any(np.asarray(slope) != 0), (
                f"{name} is proved to be {proved[name]}; its gradient at point {at} is {slope}"
            )


def _compare_values(loss: Any, proved: dict[str, str], points: list[Any]) -> None:
    """Changes each disconnected leaf, and compares the loss; of blocked leaves it says nothing."""
    compute = jax.jit(loss, compiler_options=_QUICK)
    disconnected = [name for name, verdict in proved.items() if verdict == "disconnected"]
    for point, other in itertools.pairwise(points[: POINTS // 5]):
        params, args = point
        moved = params | {name: other[0][name] for name in disconnected}
        one, two = compute(params, *args), compute(moved, *args)
        assert np.array_equal(one, two, equal_nan=True), f"the loss depends on {disconnected}"


def _draw(random: np.random.Generator, dtype: Any) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """Draws the parameters and the further arguments."""
    params = {name: random.normal(size=3).astype(dtype) for name in "abcdefgh"[:LEAVES]}
    return params, tuple(random.normal(size=3).astype(dtype) for _ in range(ARGUMENTS))


def _flatten(point: Any) -> tuple[Any, ...]:
    return (point[0], *point[1])


def _trace(function: Any, *args: Any) -> Any:
    """Returns the shapes of a function's results, or the name of the error that it raises."""
    try:
        return jax.eval_shape(function, *args)
    except Exception as error:  # whatever JAX raises
        return type(error).__name__


def _call(check: Callable[..., Any], loss: Any, params: Any, *args: Any, **settings: Any) -> Any:
    try:
        return check(loss, params, *args, **settings)
    except NotALoss as error:
        raise AssertionError(f"refused: {error}") from error
    except Exception as error:
        raise AssertionError(f"{check.__name__} raised {type(error).__name__}: {error}") from error
