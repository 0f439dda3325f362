"""Running a jaxpr anew with a say in what each equation does.

`Interpreter` is the identity. Subclasses change what single equations compute (`compute`), look at
results and change them (`after`), and so make the float64 shadow, taps and flags.
Control flow is rebuilt from public JAX functions, so that what is run can be differentiated and
compiled like the original.

Equations are addressed by *paths*: indices from the outside in, such as `(4, 0, 2)`: equation 2 of
sub-jaxpr 0 of equation 4. *Feeds* are extra inputs by path, *notes* extra outputs by path; inside a
scan both have the step as their leading axis.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend import source_info_util

from checks.program import jaxprs
from checks.program.places import nearest_traceback

Path = tuple[int, ...]
Feeds = dict[Path, Any]
Notes = dict[Path, Any]
Views = dict[Any, Any]
Run = tuple[list[Any], Notes]


class Site(NamedTuple):
    """An equation and where it stands: its path, and the equations around it, outermost first."""

    equation: Any
    path: Path
    enclosing: tuple[Any, ...]


class Interpreter:
    """Runs jaxprs equation by equation; the base class changes nothing."""

    def compute(self, site: Site, operands: list[Any], feed: Any) -> list[Any]:
        """Results of an equation that is not control flow; `feed` as in `after`."""
        if site.equation.primitive.name in jaxprs.CALLBACKS:
            operands = held(operands)
        return jaxprs.bind(site.equation, operands)

    def after(self, site: Site, operands: list[Any], results: list[Any], feed: Any) -> Run:
        """Called with the results of every equation, control flow too; gives them and a note.

        Args:
            site: the equation.
            operands: its operands.
            results: what it computed.
            feed: the extra input for this path, or None.
        """
        return results, {}

    def operands(self, site: Site, values: list[Any], feeds: Feeds, views: Views) -> list[Any]:
        """The operands of every equation, control flow too, as it is to see them.

        Args:
            site: the equation.
            values: its operands.
            feeds: all extra inputs of the jaxpr.
            views: empty at the start of each run of a jaxpr; for subclasses to remember in.
        """
        del site, feeds, views
        return values

    def constant(self, value: Any) -> Any:
        """What a literal or a constant of the jaxpr becomes."""
        return value

    def run(self, closed: Any, operands: Sequence[Any], feeds: Feeds | None = None) -> Run:
        """Results and notes of a closed jaxpr."""
        return self._jaxpr(closed, operands, feeds or {}, (), ())

    def _jaxpr(
        self,
        jaxpr: Any,
        operands: Sequence[Any],
        feeds: Feeds,
        path: Path,
        enclosing: tuple[Any, ...],
    ) -> Run:
        constants = jaxprs.consts_of(jaxpr)
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
            results, made = self._equation(site, operands, feeds)
            env.update(zip(equation.outvars, results))
            notes |= made
        return [read(x) for x in jaxpr.outvars], notes

    def _equation(self, site: Site, operands: list[Any], feeds: Feeds) -> Run:
        source = site.equation.source_info
        names = source_info_util.current_name_stack() + source.name_stack
        traceback = nearest_traceback(site.equation, site.enclosing)
        context = source_info_util.user_context(traceback, name_stack=names)
        with context, site.equation.ctx.manager:
            handler = self._handler(site.equation)
            inner = {p: x for p, x in feeds.items() if p[: len(site.path)] == site.path}
            own = inner.pop(site.path, None)
            if site.equation.primitive.name in jaxprs.DEBUGGING:
                results, notes = [], {}
            elif handler is None:
                results, notes = self.compute(site, operands, own), {}
            else:
                results, notes = handler(site, operands, inner)
            results, made = self.after(site, operands, results, own)
            return results, notes | made

    def _handler(self, equation: Any) -> Callable[[Site, list[Any], Feeds], Run] | None:
        name = equation.primitive.name
        if name in ("remat2", "checkpoint"):
            return self._remat
        if name == "shard_map":
            return self._shard_map
        if jaxprs.callee(equation) is not None:
            return self._call
        return {"scan": self._scan, "while": self._while, "cond": self._cond}.get(name)

    def _inside(self, site: Site, which: int) -> tuple[Path, tuple[Any, ...]]:
        return (*site.path, which), (*site.enclosing, site.equation)

    def _call(self, site: Site, operands: list[Any], feeds: Feeds) -> Run:
        inner = jaxprs.callee(site.equation)
        return self._jaxpr(inner, operands, feeds, *self._inside(site, 0))

    def _remat(self, site: Site, operands: list[Any], feeds: Feeds) -> Run:
        params = site.equation.params

        def call(operands: list[Any], fed: list[Any]) -> Any:
            results, notes = self._call(site, operands, dict(zip(feeds, fed)))
            return results, [*notes.values()], Static(tuple(notes))

        run = jax.checkpoint(call, policy=params["policy"], prevent_cse=params["prevent_cse"])
        results, notes, paths = run(operands, [*feeds.values()])
        return results, dict(zip(paths.value, notes))

    def _shard_map(self, site: Site, operands: list[Any], feeds: Feeds) -> Run:
        """Notes do not leave a sharded region: their layout is not known."""
        params = site.equation.params
        inner = jaxprs.callee(site.equation)
        names = {k: params[k] for k in ("mesh", "in_specs", "out_specs")}

        def call(*operands: Any) -> tuple[Any, ...]:
            return tuple(self._jaxpr(inner, operands, {}, *self._inside(site, 0))[0])

        manual = frozenset(params.get("manual_axes", ()))
        run = jax.shard_map(call, **names, axis_names=manual, check_vma=params["check_vma"])
        return list(run(*map(_laid_out, operands, site.equation.invars))), {}

    def _scan(self, site: Site, operands: list[Any], feeds: Feeds) -> Run:
        params = site.equation.params
        constants, carries = jaxprs.scan_counts(site.equation)
        fixed, first = operands[:constants], operands[constants : constants + carries]
        paths: list[Path] = []

        def step(carry: list[Any], given: Any) -> Any:
            each, fed = given
            known = [*fixed, *carry, *each]
            fed = dict(zip(feeds, fed))
            results, notes = self._jaxpr(params["jaxpr"], known, fed, *self._inside(site, 0))
            paths[:] = notes
            return results[:carries], (results[carries:], [*notes.values()])

        each = (operands[constants + carries :], [*feeds.values()])
        settings = {key: params[key] for key in ("length", "reverse", "unroll")}
        last, (stacked, noted) = lax.scan(step, first, each, **settings)
        return [*last, *stacked], dict(zip(paths, noted))

    def _cond(self, site: Site, operands: list[Any], feeds: Feeds) -> Run:
        """The notes of a branch that is not taken are zeros."""
        branches = site.equation.params["branches"]

        def branch(which: int) -> Callable[..., Run]:
            inside = self._inside(site, which)
            return lambda given, fed: self._jaxpr(
                branches[which], given, dict(zip(feeds, fed)), *inside
            )

        given = (operands[1:], [*feeds.values()])
        shapes = [_note_shapes(branch(i), *given) for i in range(len(branches))]
        union = {path: shape for one in shapes for path, shape in one.items()}
        paths = list(union)

        def padded(which: int) -> Callable[..., Any]:
            def call(given: list[Any], fed: list[Any]) -> Any:
                results, notes = branch(which)(given, fed)
                zeros = {p: _zeros(s) for p, s in union.items() if p not in notes}
                notes = notes | zeros
                return results, [notes[path] for path in paths]

            return call

        results, noted = lax.switch(operands[0], [*map(padded, range(len(branches)))], *given)
        return results, dict(zip(paths, noted))

    def _while(self, site: Site, operands: list[Any], feeds: Feeds) -> Run:
        """Notes are the largest over all steps; feeds do not enter.

        A loop of unknown length has no reverse derivative in JAX, and asking for one raises: its
        operands are held, so that the rest of the program can be differentiated.
        """
        operands = held(operands)
        params = site.equation.params
        of_cond, of_body = params["cond_nconsts"], params["body_nconsts"]
        asked, fixed = operands[:of_cond], operands[of_cond : of_cond + of_body]
        first = operands[of_cond + of_body :]

        def body(carry: list[Any]) -> Run:
            known = [*fixed, *carry]
            return self._jaxpr(params["body_jaxpr"], known, {}, *self._inside(site, 1))

        def step(state: tuple[list[Any], list[Any]]) -> tuple[list[Any], list[Any]]:
            results, notes = body(state[0])
            top = jax.tree.map(jnp.maximum, state[1], [notes[path] for path in paths])
            return results, top

        def goes_on(state: tuple[list[Any], list[Any]]) -> Any:
            known = [*asked, *state[0]]
            return self._jaxpr(params["cond_jaxpr"], known, {}, *self._inside(site, 0))[0][0]

        shapes = _note_shapes(body, first)
        paths = list(shapes)
        results, noted = lax.while_loop(
            goes_on, step, (first, [_zeros(shape) for shape in shapes.values()])
        )
        return list(results), dict(zip(paths, noted))


def _laid_out(value: Any, atom: Any) -> Any:
    """The value laid out over the devices as the program's own operand is, where types say how."""
    sharding = getattr(atom.aval, "sharding", None)
    is_explicit = (
        sharding is not None and jax.sharding.AxisType.Explicit in sharding.mesh.axis_types
    )
    return jax.sharding.reshard(value, sharding) if is_explicit else value


def held(operands: Sequence[Any]) -> list[Any]:
    """The operands without their tangents."""
    return [lax.stop_gradient(x) for x in operands]


@jax.tree_util.register_static
class Static(NamedTuple):
    """A value that passes through a transformed function as part of its structure."""

    value: Any


def _note_shapes(function: Callable[..., Run], *operands: Any) -> dict[Path, Any]:
    """Shapes of the notes that a function makes, by path."""
    paths: list[Path] = []

    def notes(*given: Any) -> list[Any]:
        made = function(*given)[1]
        paths[:] = made
        return [*made.values()]

    shapes = jax.eval_shape(notes, *operands)
    return dict(zip(paths, shapes))


def _zeros(shapes: Any) -> Any:
    return jax.tree.map(lambda shape: jnp.zeros(shape.shape, shape.dtype), shapes)
