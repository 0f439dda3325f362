"""Rebuilds equations that have sub-jaxprs from public JAX functions.

The rebuilt equations can be differentiated and compiled as the original ones can. The caller says
how a sub-jaxpr is run, so this module depends on no interpreter.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from checks.program import jaxprs
from checks.program.sites import Feeds, Notes, Run, SitePath, StaticNode

# Runs a sub-jaxpr: its number in the equation, the jaxpr, its operands and its feeds.
RunInside = Callable[[int, Any, Sequence[Any], Feeds], Run]


class LoopParts(NamedTuple):
    """The operands of a `while` by their use.

    Attributes:
        cond_constants: what the condition reads besides the carry.
        body_constants: what the body reads besides the carry.
        carry: the first carry.
    """

    cond_constants: list[Any]
    body_constants: list[Any]
    carry: list[Any]


def split_while(equation: Any, operands: Sequence[Any]) -> LoopParts:
    """Splits the operands of a `while` by their use.

    Args:
        equation: an equation of the primitive `while`.
        operands: one array for each operand.
    """
    conditions, bodies = (equation.params[key] for key in ("cond_nconsts", "body_nconsts"))
    first = conditions + bodies
    parts = operands[:conditions], operands[conditions:first], operands[first:]
    return LoopParts(*map(list, parts))


def is_running(goes_on: Any) -> Any:
    """Returns whether a `while` takes another step, as a boolean scalar.

    Under `vmap` a condition that differs by member has one boolean for each member, and the loop
    goes on while any member does.

    Args:
        goes_on: what the condition of the loop returned: booleans of any shape.
    """
    return goes_on.any() if goes_on.ndim else goes_on


def keep_stopped(goes_on: Any, new: Sequence[Any], old: Sequence[Any]) -> list[Any]:
    """Returns the carry of a `while` after a step in which only some members take part.

    Args:
        goes_on: what the condition returned before the step: booleans whose axes are the first
            axes of every carry; a scalar is that of a loop which is not batched.
        new: the carry after the body.
        old: the carry before the body.

    Returns:
        For each carry the new value of the members that go on, and the old value of the others.
    """
    return [lax.select(_broadcast(goes_on, x.shape), x, y) for x, y in zip(new, old)]


def _broadcast(goes_on: Any, shape: tuple[int, ...]) -> Any:
    return lax.broadcast_in_dim(goes_on, shape, tuple(range(goes_on.ndim)))


def rebuild(equation: Any, operands: list[Any], feeds: Feeds, run_inside: RunInside) -> Run:
    """Runs an equation that has sub-jaxprs.

    Args:
        equation: a scan, a `while`, a `cond` or a call.
        operands: its operands.
        feeds: path of an equation inside -> its extra input.
        run_inside: called as `run_inside(which, jaxpr, operands, feeds)` with the number of a
            sub-jaxpr; returns the list of its outputs and its notes (path -> extra output).

    Returns:
        Its results and the notes of the equations inside. The notes of a scan are stacked over its
        steps; those of a `while` are the largest over its steps; those of a branch that is not
        taken are zeros. A sharded region has no notes.
    """
    name = equation.primitive.name
    run = _BY_NAME.get(name, _rebuild_call)
    return run(equation, operands, feeds, run_inside)


def _rebuild_call(equation: Any, operands: list[Any], feeds: Feeds, run_inside: RunInside) -> Run:
    return run_inside(0, jaxprs.find_callee(equation), operands, feeds)


def _rebuild_remat(equation: Any, operands: list[Any], feeds: Feeds, run_inside: RunInside) -> Run:
    params = equation.params

    def call(operands: list[Any], fed: list[Any]) -> Any:
        inner = jaxprs.find_callee(equation)
        results, notes = run_inside(0, inner, operands, dict(zip(feeds, fed)))
        return results, [*notes.values()], StaticNode(tuple(notes))

    run = jax.checkpoint(call, policy=params["policy"], prevent_cse=params["prevent_cse"])
    results, notes, paths = run(operands, [*feeds.values()])
    return results, dict(zip(paths.value, notes))


def _rebuild_shard_map(
    equation: Any, operands: list[Any], feeds: Feeds, run_inside: RunInside
) -> Run:
    """Runs a sharded region without notes, whose layout over devices is not known."""
    del feeds
    params = equation.params
    inner = jaxprs.find_callee(equation)
    names = {k: params[k] for k in ("mesh", "in_specs", "out_specs")}

    def call(*operands: Any) -> tuple[Any, ...]:
        return tuple(run_inside(0, inner, operands, {})[0])

    manual = frozenset(params.get("manual_axes", ()))
    run = jax.shard_map(call, **names, axis_names=manual, check_vma=params["check_vma"])
    return list(run(*map(_lay_out, operands, equation.invars))), {}


def _rebuild_scan(equation: Any, operands: list[Any], feeds: Feeds, run_inside: RunInside) -> Run:
    params = equation.params
    constants, carries = jaxprs.count_scan_inputs(equation)
    fixed, first = operands[:constants], operands[constants : constants + carries]
    paths: list[SitePath] = []

    def step(carry: list[Any], slices: Any) -> Any:
        each, fed = slices
        known = [*fixed, *carry, *each]
        results, notes = run_inside(0, params["jaxpr"], known, dict(zip(feeds, fed)))
        paths[:] = notes
        return results[:carries], (results[carries:], [*notes.values()])

    each = (operands[constants + carries :], [*feeds.values()])
    settings = {key: params[key] for key in ("length", "reverse", "unroll")}
    last, (stacked, noted) = lax.scan(step, first, each, **settings)
    return [*last, *stacked], dict(zip(paths, noted))


def _rebuild_cond(equation: Any, operands: list[Any], feeds: Feeds, run_inside: RunInside) -> Run:
    branches = equation.params["branches"]

    def make_branch(which: int) -> Callable[..., Run]:
        return lambda known, fed: run_inside(which, branches[which], known, dict(zip(feeds, fed)))

    known = (operands[1:], [*feeds.values()])
    shapes = [_find_note_shapes(make_branch(i), *known) for i in range(len(branches))]
    union = {path: shape for one in shapes for path, shape in one.items()}

    def fill_notes(which: int) -> Callable[..., Any]:
        def call(known: list[Any], fed: list[Any]) -> Any:
            results, notes = make_branch(which)(known, fed)
            zeros = {p: _make_zeros(s) for p, s in union.items() if p not in notes}
            notes = notes | zeros
            return results, [notes[path] for path in union]

        return call

    results, noted = lax.switch(operands[0], [*map(fill_notes, range(len(branches)))], *known)
    return results, dict(zip(union, noted))


def _rebuild_while(equation: Any, operands: list[Any], feeds: Feeds, run_inside: RunInside) -> Run:
    """Runs a loop of unknown length on detached operands; the loop's equations get no feeds.

    JAX has no reverse derivative of such a loop, and asking for one raises. Without the tangents of
    its operands the rest of the program can still be differentiated. A batched loop whose condition
    differs by member runs as JAX lowers it: until no member goes on, and those that have stopped
    keep their carry.
    """
    del feeds
    params = equation.params
    parts = split_while(equation, jaxprs.detach(operands))
    is_batched = bool(jaxprs.open_jaxpr(params["cond_jaxpr"]).outvars[0].aval.shape)

    def ask(carry: list[Any]) -> Any:
        return run_inside(0, params["cond_jaxpr"], [*parts.cond_constants, *carry], {})[0][0]

    def body(carry: list[Any]) -> Run:
        return run_inside(1, params["body_jaxpr"], [*parts.body_constants, *carry], {})

    def step(state: tuple[list[Any], list[Any]]) -> tuple[list[Any], list[Any]]:
        results, notes = body(state[0])
        if is_batched:
            results = keep_stopped(ask(state[0]), results, state[0])
        top = jax.tree.map(jnp.maximum, state[1], [notes[path] for path in shapes])
        return results, top

    shapes = _find_note_shapes(body, parts.carry)
    zeros = [_make_zeros(shape) for shape in shapes.values()]
    first = (parts.carry, zeros)
    results, noted = lax.while_loop(lambda state: is_running(ask(state[0])), step, first)
    return list(results), dict(zip(shapes, noted))


_BY_NAME: dict[str, Callable[..., Run]] = {
    "remat2": _rebuild_remat,
    "checkpoint": _rebuild_remat,
    "shard_map": _rebuild_shard_map,
    "scan": _rebuild_scan,
    "while": _rebuild_while,
    "cond": _rebuild_cond,
}


def _lay_out(value: Any, atom: Any) -> Any:
    """Lays a value out over the devices as the program's operand is, where its type says how."""
    sharding = getattr(atom.aval, "sharding", None)
    is_explicit = (
        sharding is not None and jax.sharding.AxisType.Explicit in sharding.mesh.axis_types
    )
    return jax.sharding.reshard(value, sharding) if is_explicit else value


def _find_note_shapes(function: Callable[..., Run], *operands: Any) -> Notes:
    """Returns the shapes of the notes that a function makes, by path."""
    paths: list[SitePath] = []

    def list_notes(*given: Any) -> list[Any]:
        notes = function(*given)[1]
        paths[:] = notes
        return [*notes.values()]

    shapes = jax.eval_shape(list_notes, *operands)
    return dict(zip(paths, shapes))


def _make_zeros(shapes: Any) -> Any:
    return jax.tree.map(lambda shape: jnp.zeros(shape.shape, shape.dtype), shapes)
