"""Finds the first equation that makes a NaN or an Inf, forward or backward.

Every equation of the gradient's program is flagged by `isnan` and `isinf` on its results; a maximum
would not do, since XLA on CPU loses NaN in one. From a gradient that is not finite the flags are
followed back, through values that are not finite, to the equations where they start. A NaN that a
`where` hides, or an Inf under a mask, is not reached.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from checks.program import jaxprs
from checks.program.interpret import Interpreter
from checks.program.jax_internals import get_scopes
from checks.program.leaves import Partition, is_key
from checks.program.places import find_place
from checks.program.runner import QUICK, Gradient, Runner, widen_array
from checks.program.sites import Notes, Run, Site, SitePath

# Most places that are named.
_SHOWN = 4


class FailureOrigin(NamedTuple):
    """An equation whose result is not finite although its operands are.

    Attributes:
        site: the equation.
        kind: `NaN` or `Inf`.
        step: the first step of the scan at which it happens; None outside of scans.
    """

    site: Site
    kind: str
    step: int | None

    @property
    def place(self) -> str:
        """The place of the equation: `path:line primitive in module/path`."""
        return find_place(self.site.equation, self.site.enclosing)

    @property
    def is_backward(self) -> bool:
        """Whether the equation belongs to the backward pass; False for the forward pass."""
        chain = [*self.site.enclosing, self.site.equation]
        return any("transpose(" in get_scopes(e) for e in chain)


@dataclass
class NonFiniteFlags:
    """The flags of a gradient's program at one point.

    Attributes:
        jaxpr: the program as a closed jaxpr; its outputs are the loss and the gradients of the
            watched leaves.
        flags: path of an equation -> booleans [..., 4], with an axis for each scan around it:
            whether its results contain NaN, contain Inf, and whether it made a NaN, and an Inf. A
            path is a `SitePath`: indices of equations and of their sub-jaxprs in turn, from the
            outside in, such as (4, 0, 2) for equation 2 in sub-jaxpr 0 of equation 4.
        inputs: for each input of the program, whether it contains NaN, and Inf.
    """

    jaxpr: Any
    flags: Notes
    inputs: list[tuple[bool, bool]]
    _found: dict[int, list[FailureOrigin]] = field(default_factory=dict)

    def of_loss(self) -> list[FailureOrigin]:
        """Returns the equations at which a loss that is not finite becomes so, in program order.

        The list is empty for a finite loss, and if the NaN or Inf comes in with the inputs.
        """
        return self._follow(0)

    def of_leaf(self, position: int) -> list[FailureOrigin]:
        """Returns the equations at which the gradient of a leaf becomes NaN or Inf.

        They are in program order. The list is empty for a finite gradient, and if the NaN or Inf
        comes in with the inputs.

        Args:
            position: the position of the leaf in `Runner.watched`, not its index.
        """
        return self._follow(1 + position)

    def _follow(self, output: int) -> list[FailureOrigin]:
        if output not in self._found:
            tracer = _Tracer(self.flags)
            inner = jaxprs.open_jaxpr(self.jaxpr)
            inputs = dict(zip(inner.invars, self.inputs))
            inputs.update(zip(inner.constvars, _flags_of(jaxprs.get_constants(self.jaxpr))))
            tracer.follow(inner, [inner.outvars[output]], inputs, (), ())
            self._found[output] = sorted(tracer.origins, key=lambda origin: origin.site.path)
        return self._found[output]


def find_first_failures(watched: Sequence[int], gradients: Sequence[Gradient]) -> dict[int, int]:
    """Finds the leaves whose gradient is not finite.

    Args:
        watched: indices of the leaves with a derivative.
        gradients: one for each batch.

    Returns:
        Leaf index -> index of the first batch at which its gradient is not finite; leaves whose
        gradient is always finite are left out.
    """
    found: dict[int, int] = {}
    for batch, gradient in enumerate(gradients):
        for leaf in watched:
            if not is_finite(gradient.leaves[leaf]):
                found.setdefault(leaf, batch)
    return found


def is_finite(slope: np.ndarray | None) -> bool:
    """Returns whether every element of a gradient is finite; a missing gradient counts as finite.

    Args:
        slope: the gradient of one leaf, or None.
    """
    return slope is None or bool(np.isfinite(widen_array(slope)).all())


class GradientFlagger:
    """Runs the gradient's program in its own types, and flags its equations.

    The program is traced and compiled once, at the first point.

    Args:
        runner: the compiled program.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._traced: tuple[Any, Any] | None = None

    def flag(self, leaves: Sequence[Any], args: Partition) -> NonFiniteFlags:
        """Flags the equations at one point.

        Args:
            leaves: the parameters.
            args: the loss's further arguments, split by `partition`.
        """
        closed, flagged = self._traced = self._traced or self._trace(leaves, args)
        inputs = self._runner.list_gradient_inputs(leaves, args)
        return NonFiniteFlags(closed, jax.tree.map(np.asarray, flagged(inputs)), _flags_of(inputs))

    def _trace(self, leaves: Sequence[Any], args: Partition) -> tuple[Any, Any]:
        """Returns the gradient's program, and the compiled function that flags it."""
        closed, _ = self._runner.trace_gradient(leaves, args)
        run = jax.jit(lambda given: _Flagger().run(closed, given)[1], compiler_options=QUICK)
        return closed, run


def describe_origins(origins: Sequence[FailureOrigin]) -> tuple[str, tuple[str, ...]]:
    """Describes where a NaN or Inf starts.

    Args:
        origins: in program order.

    Returns:
        A sentence about the first origin, and the places of at most four; without origins, a
        sentence that the NaN or Inf comes in with the parameters or the data, and no places.
    """
    if not origins:
        return "no equation makes it: it comes in with the parameters or the data", ()
    first = origins[0]
    way = "backward" if first.is_backward else "forward"
    step = f", at scan step {first.step}" if first.step is not None else ""
    name = first.site.equation.primitive.name
    places = tuple(dict.fromkeys(origin.place for origin in origins))[:_SHOWN]
    return f"{first.kind} is first made {way} by {name}{step}", places


class _Flagger(Interpreter):
    """Notes whether the results of each equation contain NaN and Inf, and whether it made them.

    An equation made a NaN if no operand contains one; in a scan, at the same step.
    """

    def after(self, site: Site, operands: list[Any], results: list[Any], feed: Any) -> Run:
        """Returns the results unchanged, and notes four booleans."""
        del feed
        if not results:
            return results, {}
        pairs = zip(site.equation.invars, operands)
        nan, inf = _any_flag([x for atom, x in pairs if _is_value(atom)])
        flags = _any_flag(results)
        made = flags & jnp.stack([~nan, ~(nan | inf)])
        return results, {site.path: jnp.concatenate([flags, made])}


class _Raised(NamedTuple):
    """What was seen of an equation at any of its steps.

    Attributes:
        nan: whether its results contain NaN.
        inf: whether its results contain Inf.
        makes_nan: whether it made a NaN.
        makes_inf: whether it made an Inf.
    """

    nan: bool = False
    inf: bool = False
    makes_nan: bool = False
    makes_inf: bool = False


# For each variable, whether it contains NaN, and Inf.
_Flags = dict[Any, tuple[bool, bool]]


class _Tracer:
    """Follows values that are not finite back to the equations that made them so."""

    def __init__(self, flags: Notes) -> None:
        self._noted = flags
        self.origins: list[FailureOrigin] = []
        self._done: set[tuple[SitePath, Any]] = set()

    def follow(
        self,
        jaxpr: Any,
        starts: Sequence[Any],
        inputs: _Flags,
        path: SitePath,
        enclosing: tuple[Any, ...],
    ) -> list[Any]:
        """Follows variables of a jaxpr back, and returns the inputs that are reached."""
        flags, made = dict(inputs), {}
        for i, equation in enumerate(jaxpr.eqns):
            raised = self._raised((*path, i))
            flags.update((v, (raised.nan, raised.inf)) for v in equation.outvars)
            made.update((v, Site(equation, (*path, i), enclosing)) for v in equation.outvars)
        reached, queue = [], list(starts)
        while queue:
            variable = queue.pop()
            if jaxprs.is_literal(variable) or not any(flags.get(variable, (False, False))):
                continue
            if (path, variable) in self._done:
                continue
            self._done.add((path, variable))
            if variable in made:
                queue += self._back(made[variable], variable, flags)
            else:
                reached.append(variable)
        return reached

    def _back(self, site: Site, variable: Any, flags: _Flags) -> list[Any]:
        """Returns the operands to follow; records an equation that starts a NaN or Inf."""
        equation = site.equation
        operands = [flags.get(x, (False, False)) for x in map(_hashable, equation.invars)]
        which = [x is variable for x in equation.outvars].index(True)
        inside = self._inside(site, which, operands)
        if inside is not None:
            return [equation.invars[i] for i in inside]
        raised = self._raised(site.path)
        if raised.makes_nan:
            self._note(site, "NaN")
        elif raised.makes_inf and not _brings_inf(equation):
            self._note(site, "Inf")
        return [x for x, flag in zip(equation.invars, operands) if any(flag)]

    def _inside(
        self, site: Site, which: int, operands: list[tuple[bool, bool]]
    ) -> list[int] | None:
        """Returns the operands reached through sub-jaxprs; None without sub-jaxprs."""
        equation, name = site.equation, site.equation.primitive.name
        if name == "shard_map":
            return None
        if name == "scan":
            return self._scan(site, which, operands)
        if name == "cond":
            branches = equation.params["branches"]
            found = [self._call(site, i, b, which, operands[1:]) for i, b in enumerate(branches)]
            return sorted({1 + i for one in found for i in one})
        inner = jaxprs.find_callee(equation)
        return None if inner is None else self._call(site, 0, inner, which, operands)

    def _call(
        self, site: Site, branch: int, inner: Any, which: int, operands: list[tuple[bool, bool]]
    ) -> list[int]:
        inner = jaxprs.open_jaxpr(inner)
        chain = (*site.enclosing, site.equation)
        inputs = dict(zip(inner.invars, operands))
        starts = [inner.outvars[which]]
        reached = self.follow(inner, starts, inputs, (*site.path, branch), chain)
        return [i for i, x in enumerate(inner.invars) if any(x is y for y in reached)]

    def _scan(self, site: Site, which: int, operands: list[tuple[bool, bool]]) -> list[int]:
        """Returns the positions of a scan's operands from which one of its results is not finite.

        A carry that is reached comes from an earlier step of the scan or from an operand.

        Args:
            site: the scan.
            which: the position of the result.
            operands: for each operand, whether it contains NaN, and Inf.
        """
        body = site.equation.params["jaxpr"]
        constants, carries = jaxprs.count_scan_inputs(site.equation)
        raised = self._raised(site.path)
        inputs = list(operands)
        for i in range(constants, constants + carries):
            inputs[i] = (inputs[i][0] or raised.nan, inputs[i][1] or raised.inf)
        reached: set[int] = set()
        queue, asked = [which], set()
        while queue:
            output = queue.pop()
            asked.add(output)
            found = self._call(site, 0, body, output, inputs)
            reached.update(found)
            steps = {i - constants for i in found if constants <= i < constants + carries}
            queue += [i for i in steps if i not in asked and i not in queue]
        return [i for i in sorted(reached) if any(operands[i])]

    def _raised(self, path: SitePath) -> "_Raised":
        flags = self._noted.get(path)
        return _Raised() if flags is None else _Raised(*map(bool, flags.reshape(-1, 4).any(0)))

    def _note(self, site: Site, kind: str) -> None:
        flags = self._noted[site.path][..., 2 if kind == "NaN" else 3]
        step = None
        if flags.ndim:
            step = int(np.argmax(flags.reshape(flags.shape[0], -1).any(-1)))
        self.origins.append(FailureOrigin(site, kind, step))


def _any_flag(values: Sequence[Any]) -> jax.Array:
    """Returns two booleans: whether one of the values contains NaN, and Inf."""
    return jnp.stack([jnp.zeros(2, bool), *map(_flag, values)]).any(0)


def _flag(value: Any) -> jax.Array:
    """Returns two booleans: whether the value contains NaN, and Inf."""
    if is_key(value.dtype) or not jnp.issubdtype(value.dtype, jnp.inexact):
        return jnp.zeros(2, bool)
    return jnp.stack([jnp.isnan(value).any(), jnp.isinf(value).any()])


def _flags_of(values: Sequence[Any]) -> list[tuple[bool, bool]]:
    flags = ([bool(x) for x in np.asarray(_flag(jnp.asarray(value)))] for value in values)
    return [(nan, inf) for nan, inf in flags]


def _brings_inf(equation: Any) -> bool:
    """Returns whether a literal operand is infinite, as in a mask."""
    literals = [x.val for x in equation.invars if jaxprs.is_literal(x)]
    return any(bool(np.isinf(np.asarray(x, np.float64)).any()) for x in literals)


def _is_value(atom: Any) -> bool:
    return not (jaxprs.is_literal(atom) or jaxprs.is_reference(atom))


def _hashable(atom: Any) -> Any:
    return None if jaxprs.is_literal(atom) else atom
