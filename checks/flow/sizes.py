"""Measures the size of the cotangent that each group passes back for each variable it reads."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from checks.flow.probe import probe
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
    """Measures the cotangents of the reads of a graph, in float64.

    Args:
        runner: runs the program.
        graph: the graph of the program: which group of equations (module) reads what.
        point: values of all leaves that can learn.
        args: the loss's further arguments, split by `partition`.

    Returns:
        Position of a read in `graph.reads` -> Euclidean norms of its cotangent, an array with one
        axis for each scan around the read. Reads through which no gradient flows, and reads of
        leaves only (whose gradients are known), are left out.
    """
    program = runner.program
    measured = [i for i, read in enumerate(graph.reads) if _is_measured(read, program.leaf_count)]
    if not measured:
        return {}
    prober = _ReadProber(graph.owners)

    def compute_gradient(given: list[Any]) -> Feeds:
        tokens: Feeds = {}
        for i in measured:
            read = graph.reads[i]
            own = tokens.setdefault(read.seen.site.path, {})
            own[read.operand] = jnp.zeros(read.seen.repeats or (), jnp.float64)
        return jax.grad(lambda fed: prober.run(program.jaxpr, given, fed)[0][0])(tokens)

    with jax.enable_x64(True):
        inputs = program.list_inputs([*map(widen_array, point)], widen_args(args))
        sizes = jax.jit(compute_gradient, compiler_options=QUICK)(inputs)
    return {i: _read_norm(graph.reads[i], sizes) for i in measured}


class _ReadProber(Widener):
    """Runs the float64 shadow, in which each group reads each variable through its own probe."""

    def __init__(self, owners: dict[SitePath, str]) -> None:
        super().__init__()
        self._owners = owners

    def operands(self, site: Site, values: list[Any], feeds: Feeds, views: Views) -> list[Any]:
        """Probes a variable where a group first reads it; later reads get the same probed value."""
        owner = self._owners.get(site.path)
        tokens = feeds.get(site.path, {}) if owner is not None else {}
        seen = []
        for i, (atom, value) in enumerate(zip(site.equation.invars, values)):
            key = None if jaxprs.is_literal(atom) else (atom, owner)
            if i in tokens:
                views[key] = probe(value, tokens[i])
            seen.append(views.get(key, value))
        return seen


def _is_measured(read: Read, leaf_count: int) -> bool:
    """Returns whether a gradient flows through a read, and a probe can measure it."""
    variable = read.seen.site.equation.invars[read.operand]
    is_complex = jnp.issubdtype(variable.aval.dtype, jnp.complexfloating)
    is_inside = any(e.primitive.name == "shard_map" for e in read.seen.site.enclosing)
    if read.state != "flows" or read.seen.repeats is None or is_inside or is_complex:
        return False
    return any(_is_away(source, read, leaf_count) for source in read.sources)


def _is_away(source: Source, read: Read, leaf_count: int) -> bool:
    """Returns whether a source is another group, another scan step, or an input that is no leaf."""
    if isinstance(source.node, int):
        return source.node >= leaf_count
    return source.node != read.reader or source.step is not None


def _read_norm(read: Read, sizes: Feeds) -> np.ndarray:
    """Converts the root mean square that a probe gives to a Euclidean norm."""
    count = read.seen.site.equation.invars[read.operand].aval.size
    mean = np.asarray(sizes[read.seen.site.path][read.operand])
    return mean * np.sqrt(count)
