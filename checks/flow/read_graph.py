"""The graph of a program's modules: which module reads which result of which other.

The equations of a program are sorted into groups (modules). A read is one variable as one group
uses it; its sources are the groups that compute the variable. The gradient flows back, from the
reading group to the sources. Only shapes are used.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from checks.flow.scopes import find_scopes, group_scopes
from checks.flow.sources import Source, Sources
from checks.program import jaxprs
from checks.program.sites import SitePath
from checks.program.trace import Program
from checks.proofs.context import Seen, walk
from checks.proofs.dependence import Dependence

# Number of groups that a graph has at most, so that a picture of it can be read.
MOST_GROUPS = 48
# States of a read, the worst first.
STATES = ("unused", "cut", "flows")


@dataclass
class Read:
    """A variable as one group of equations (a module) uses it.

    Attributes:
        reader: name of the group.
        seen: the equation of the group that reads it first.
        operand: position of the variable in that equation.
        sources: the groups or inputs that compute the variable.
        state: `flows` if a derivative leads on to the loss, `cut` if only the value does, else
            `unused`.
    """

    reader: str
    seen: Seen
    operand: int
    sources: frozenset[Source]
    state: str


class ReadGraph(NamedTuple):
    """Groups of equations (modules) and what they read, for all that depends on a floating input.

    Inputs are leaves of the parameters and floating arrays among the arguments.

    Attributes:
        reads: the reads in program order.
        groups: names of the groups, the one nearest to the loss first.
        owners: path of each equation -> its group.
        loss: the sources of the loss.
    """

    reads: list[Read]
    groups: list[str]
    owners: dict[SitePath, str]
    loss: frozenset[Source]


def build_read_graph(program: Program, dependence: Dependence) -> ReadGraph:
    """Builds the graph of a program; nothing is computed.

    Args:
        program: the traced loss.
        dependence: what depends on what in the program, by value and by tangent.

    Returns:
        The graph, with at most 48 (`MOST_GROUPS`) groups.
    """
    first = program.leaf_count + len(program.params.fixed)
    inputs = ((1 << len(program.args.learning)) - 1) << first
    mask = inputs | ((1 << program.leaf_count) - 1)
    seen = [one for one in walk(dependence, program.jaxpr, mask) if one.arriving]
    owners = _find_owners(seen, program)
    sources = Sources(program.jaxpr, seen, owners)
    reads: dict[Any, Read] = {}
    for one in seen:
        for operand, state in _find_states(one, dependence) if one.site.path in owners else ():
            owner, frame = owners[one.site.path], one.site.path[:-1]
            variable = one.site.equation.invars[operand]
            read = Read(owner, one, operand, sources.find(frame, variable), state)
            known = reads.setdefault((frame, variable, owner), read)
            known.state = max(known.state, state, key=STATES.index)
    loss = sources.find((), jaxprs.open_jaxpr(program.jaxpr).outvars[0])
    order = list(dict.fromkeys(reversed(owners.values())))
    return ReadGraph(list(reads.values()), order, owners, loss)


def _find_owners(seen: Sequence[Seen], program: Program) -> dict[SitePath, str]:
    """Returns the path of each equation -> its group, in program order.

    An equation that contains a single group belongs to it as a whole; scans are always entered,
    so that their steps can be separated.
    """
    containing = {one.site.path[:-2] for one in seen}
    ends = [one for one in seen if one.site.path not in containing]
    chains = [(*one.site.enclosing, one.site.equation) for one in ends]
    scopes = find_scopes(chains, program.params.names)
    names = group_scopes(scopes, MOST_GROUPS)
    inside: dict[SitePath, dict[str, None]] = {}
    for one, own in zip(ends, scopes):
        for length in range(1, len(one.site.path) + 1, 2):
            inside.setdefault(one.site.path[:length], {})[names[own]] = None
    entered: set[SitePath] = {()}
    owners: dict[SitePath, str] = {}
    for one in seen:
        path, kind = one.site.path, one.site.equation.primitive.name
        if path[:-2] not in entered:
            continue
        if kind == "scan" or (len(inside[path]) > 1 and kind != "shard_map"):
            entered.add(path)
        else:
            owners[path] = next(iter(inside[path]))
    return owners


def _find_states(seen: Seen, dependence: Dependence) -> Iterator[tuple[int, str]]:
    """Yields each operand that has a tangent, and the state of its read by this equation."""
    rows = dependence.get_equation_rows(seen.site.equation)
    for i, bits in enumerate(seen.operands.tangent):
        if bits and not jaxprs.is_literal(seen.site.equation.invars[i]):
            felt = any(is_felt and row >> i & 1 for is_felt, row in zip(seen.felt, rows.tangent))
            live = any(is_live and row >> i & 1 for is_live, row in zip(seen.live, rows.value))
            yield i, "flows" if felt else "cut" if live else "unused"
