"""An edit that replaces a `while` of unknown length by a scan of as many steps as the data need."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from checks.cures.edits import Edit, EquationGroup
from checks.cures.failures import Failures
from checks.measure.readings import narrow_point
from checks.program.control import is_running, keep_stopped, split_while
from checks.program.interpret import Interpreter
from checks.program.runner import QUICK
from checks.program.sites import Feeds, Run, Site, SitePath


def edit_loop(failures: Failures, group: EquationGroup) -> Edit:
    """Counts the steps of loops at the first batch, and returns the edit that makes them scans.

    Args:
        failures: the failing leaves and their loss.
        group: `while` equations at one place.
    """
    runner = failures.loss.runner
    leaves, args = narrow_point(runner, failures.loss.points[0])
    program = runner.program
    count = jax.jit(lambda given: _Counter().run(program.jaxpr, given)[1], compiler_options=QUICK)
    notes = count(program.list_inputs(leaves, args))
    steps = max(int(np.max(notes[path])) for path in group.paths)
    return group.rewrite(f"run the loop as a scan of {steps} steps", _Scanner(group.paths, steps))


class _Counter(Interpreter):
    """Notes the number of steps of each `while`."""

    def control(self, site: Site, operands: list[Any], feeds: Feeds) -> Run:
        """Counts the steps of a `while`."""
        if site.equation.primitive.name != "while":
            return super().control(site, operands, feeds)
        goes_on, body, first = _make_loop(site, operands)
        results, count = lax.while_loop(
            lambda state: is_running(goes_on(state[0])),
            lambda state: (body(state[0]), state[1] + 1),
            (first, jnp.zeros((), int)),
        )
        return list(results), {site.path: count}


class _Scanner(Interpreter):
    """Runs the loops at some paths for a fixed number of steps.

    Steps after the end of the loop change nothing.
    """

    def __init__(self, paths: set[SitePath], steps: int) -> None:
        self._paths, self._steps = paths, steps

    def control(self, site: Site, operands: list[Any], feeds: Feeds) -> Run:
        """Runs a `while` at one of the paths as a scan."""
        if site.path not in self._paths:
            return super().control(site, operands, feeds)
        goes_on, body, first = _make_loop(site, operands)

        def step(carry: list[Any], _: None) -> tuple[list[Any], None]:
            return keep_stopped(goes_on(carry), body(carry), carry), None

        return list(lax.scan(step, first, None, length=self._steps)[0]), {}


def _make_loop(site: Site, operands: list[Any]) -> tuple[Callable, Callable, list[Any]]:
    """Returns the condition, the body and the first carry of a `while`."""
    params = site.equation.params
    parts = split_while(site.equation, operands)

    def goes_on(carry: list[Any]) -> Any:
        return Interpreter().run(params["cond_jaxpr"], [*parts.cond_constants, *carry])[0][0]

    def body(carry: list[Any]) -> list[Any]:
        return Interpreter().run(params["body_jaxpr"], [*parts.body_constants, *carry])[0]

    return goes_on, body, parts.carry
