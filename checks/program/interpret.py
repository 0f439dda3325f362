"""Runs a jaxpr equation by equation, with hooks to change what single equations do.

The float64 shadow, taps, flags and the edited programs of the cures are subclasses of `Interpreter`
with one or two hooks each. The module depends on the other modules of `checks/program` only.
"""

from collections.abc import Sequence
from typing import Any

import jax

from checks.program import jaxprs
from checks.program.control import rebuild
from checks.program.custom_rules import is_own_rule, run_rule
from checks.program.jax_internals import enter_equation
from checks.program.places import find_traceback
from checks.program.sites import Feeds, Notes, Run, Site, SitePath, Views


class Interpreter:
    """Runs jaxprs equation by equation; subclasses override hooks to change what happens.

    There are five hooks. The hooks of this class change nothing.

    - `constant(value)` returns what a literal or a constant becomes.
    - `operands(site, values, feeds, views)` returns what an equation reads.
    - `compute(site, operands, feed)` returns the results of an equation without sub-jaxprs.
    - `control(site, operands, feeds)` runs an equation with sub-jaxprs: `scan`, `while`, `cond`,
      and calls such as `jit`. It runs each of them by `run_inside`.
    - `after(site, operands, results, feed)` sees the results of every equation, may change them,
      and may add a note.

    Feeds are extra inputs by the path of an equation, and notes are extra outputs by path.

    The smallest subclass doubles every sine:

        class DoubleSines(Interpreter):
            def compute(self, site, operands, feed):
                results = super().compute(site, operands, feed)
                is_sine = site.equation.primitive.name == "sin"
                return [2 * x for x in results] if is_sine else results

        (y,), notes = DoubleSines().run(jax.make_jaxpr(f)(x), [x])
    """

    def constant(self, value: Any) -> Any:
        """Returns what a literal or a constant of the jaxpr becomes: here the value itself.

        Args:
            value: an array or a number.

        Returns:
            The array or number to use in its place.
        """
        return value

    def operands(self, site: Site, values: list[Any], feeds: Feeds, views: Views) -> list[Any]:
        """Returns the operands on which an equation, with or without sub-jaxprs, is to be run.

        Args:
            site: the equation.
            values: its operands.
            feeds: all extra inputs of the jaxpr.
            views: an empty dictionary at the start of each run of a jaxpr, in which a subclass
                keeps values for later equations of that run.

        Returns:
            As many operands, of the same shapes.
        """
        del site, feeds, views
        return values

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """Returns the results of an equation without sub-jaxprs.

        A callback is computed on operands without tangents. A custom rule is traced once, and its
        jaxprs serve all runs.

        Args:
            site: the equation.
            operands: its operands.
            feed: the extra input for this path, or None.

        Returns:
            One array for each result of the equation.
        """
        del feed
        if site.equation.primitive.name in jaxprs.CALLBACKS:
            operands = jaxprs.detach(operands)
        if is_own_rule(site.equation) and not _is_sharded(site):
            return run_rule(site.equation, operands, bool(jax.config.read("jax_enable_x64")))
        return jaxprs.bind(site.equation, operands)

    def control(self, site: Site, operands: list[Any], feeds: Feeds) -> Run:
        """Runs an equation with sub-jaxprs.

        Args:
            site: the equation.
            operands: its operands.
            feeds: the extra inputs of the equations inside it.

        Returns:
            Its results, and the notes (path -> extra output) of the equations inside it.
        """

        def run_inside(which: int, jaxpr: Any, operands: Sequence[Any], feeds: Feeds) -> Run:
            return self.run_inside(site, which, jaxpr, operands, feeds)

        return rebuild(site.equation, operands, feeds, run_inside)

    def after(self, site: Site, operands: list[Any], results: list[Any], feed: Any) -> Run:
        """Sees the results of an equation, with or without sub-jaxprs.

        Args:
            site: the equation.
            operands: its operands.
            results: what it computed.
            feed: the extra input for this path, or None.

        Returns:
            The results to go on with, and notes: `{}`, or `{site.path: array}`.
        """
        del site, operands, feed
        return results, {}

    def run(self, closed: Any, operands: Sequence[Any], feeds: Feeds | None = None) -> Run:
        """Runs a program equation by equation; it may be called under `jit`, `grad` and the like.

        Args:
            closed: a closed jaxpr.
            operands: one array for each of its inputs.
            feeds: path of an equation -> extra input, which the hooks of that equation get.

        Returns:
            The list of its outputs, and the notes of all equations as path -> extra output.
        """
        return self._run_jaxpr(closed, operands, feeds or {}, (), ())

    def run_inside(
        self, site: Site, which: int, jaxpr: Any, operands: Sequence[Any], feeds: Feeds
    ) -> Run:
        """Runs a sub-jaxpr of an equation; for subclasses that override `control`.

        Args:
            site: the equation.
            which: the number of the sub-jaxpr in the equation, which becomes part of the paths.
            jaxpr: the sub-jaxpr.
            operands: one array for each of its inputs.
            feeds: extra inputs by path.

        Returns:
            Its outputs, and the notes of the equations in it.
        """
        return self._run_jaxpr(jaxpr, operands, feeds, *site.enter(which))

    def _run_jaxpr(
        self,
        jaxpr: Any,
        operands: Sequence[Any],
        feeds: Feeds,
        path: SitePath,
        enclosing: tuple[Any, ...],
    ) -> Run:
        constants = jaxprs.get_constants(jaxpr)
        jaxpr = jaxprs.open_jaxpr(jaxpr)
        env = dict(zip(jaxpr.constvars, map(self.constant, constants)))
        env.update(zip(jaxpr.invars, operands))
        notes: Notes = {}
        views: Views = {}

        def read(atom: Any) -> Any:
            return self.constant(atom.val) if jaxprs.is_literal(atom) else env[atom]

        for i, equation in enumerate(jaxpr.eqns):
            site = Site(equation, (*path, i), enclosing)
            operands = self.operands(site, [read(x) for x in equation.invars], feeds, views)
            results, more = self._run_equation(site, operands, feeds)
            env.update(zip(equation.outvars, results))
            notes |= more
        return [read(x) for x in jaxpr.outvars], notes

    def _run_equation(self, site: Site, operands: list[Any], feeds: Feeds) -> Run:
        with enter_equation(site.equation, find_traceback(site.equation, site.enclosing)):
            inner = {p: x for p, x in feeds.items() if p[: len(site.path)] == site.path}
            feed = inner.pop(site.path, None)
            if site.equation.primitive.name in jaxprs.DEBUGGING:
                results, notes = [], {}
            elif jaxprs.is_control(site.equation):
                results, notes = self.control(site, operands, inner)
            else:
                results, notes = self.compute(site, operands, feed), {}
            results, more = self.after(site, operands, results, feed)
            return results, notes | more


def _is_sharded(site: Site) -> bool:
    """Returns whether an equation is inside a `shard_map`, where a rule cannot be traced apart."""
    return any(e.primitive.name == "shard_map" for e in site.enclosing)
