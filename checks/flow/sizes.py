"""How large the cotangent is that each group gives back for each variable it reads, in float64."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from checks.flow.probe import probed
from checks.flow.read_graph import Read, ReadGraph
from checks.flow.sources import Source
from checks.program import jaxprs
from checks.program.leaves import Partition
from checks.program.runner import QUICK, Runner, widen_args, widen_array
from checks.program.shadow import Widener
from checks.program.sites import Feeds, Site, SitePath, Views


def measure_reads(
    runner: Runner, graph: ReadGraph, point: Sequence[np.ndarray], args: Partition
) -> dict[int, np.ndarray]:
    """Position of a read in the graph -> Euclidean norm, one for each step of the scans around it.

    Only reads whose cotangent flows are measured, and of leaves none: their gradient is known.
    """
    program = runner.program
    asked = [i for i, read in enumerate(graph.reads) if _is_asked(read, program.leaf_count)]
    if not asked:
        return {}
    prober = _Prober(graph.owners)

    def measured(given: list[Any]) -> Feeds:
        tokens: Feeds = {}
        for i in asked:
            read = graph.reads[i]
            own = tokens.setdefault(read.seen.site.path, {})
            own[read.operand] = jnp.zeros(read.seen.repeats or (), jnp.float64)
        return jax.grad(lambda fed: prober.run(program.jaxpr, given, fed)[0][0])(tokens)

    with jax.enable_x64(True):
        inputs = program.list_inputs([*map(widen_array, point)], widen_args(args))
        sizes = jax.jit(measured, compiler_options=QUICK)(inputs)
    return {i: _norm(graph.reads[i], sizes) for i in asked}


class _Prober(Widener):
    """The shadow, in which each group sees each variable through one probe of its own."""

    def __init__(self, owners: dict[SitePath, str]) -> None:
        super().__init__()
        self._owners = owners

    def operands(self, site: Site, values: list[Any], feeds: Feeds, views: Views) -> list[Any]:
        """Probed at the first reading; the same view again at the others."""
        owner = self._owners.get(site.path)
        tokens = feeds.get(site.path, {}) if owner is not None else {}
        seen = []
        for i, (atom, value) in enumerate(zip(site.equation.invars, values)):
            key = None if jaxprs.is_literal(atom) else (atom, owner)
            if i in tokens:
                views[key] = probed(value, tokens[i])
            seen.append(views.get(key, value))
        return seen


def _is_asked(read: Read, leaf_count: int) -> bool:
    variable = read.seen.site.equation.invars[read.operand]
    is_complex = jnp.issubdtype(variable.aval.dtype, jnp.complexfloating)
    inside = any(e.primitive.name == "shard_map" for e in read.seen.site.enclosing)
    known = read.seen.repeats is not None and not inside and not is_complex
    return (
        known and read.state == "flows" and any(_is_away(s, read, leaf_count) for s in read.sources)
    )


def _is_away(source: Source, read: Read, leaf_count: int) -> bool:
    """Whether it is another group, an earlier step of a scan, or an input that is no leaf."""
    if isinstance(source.node, int):
        return source.node >= leaf_count
    return source.node != read.reader or source.step is not None


def _norm(read: Read, sizes: Feeds) -> np.ndarray:
    count = read.seen.site.equation.invars[read.operand].aval.size
    mean = np.asarray(sizes[read.seen.site.path][read.operand])
    return mean * np.sqrt(count)
