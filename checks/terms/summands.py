"""Finds the summands of the loss: walks back from it through equations that only add and weigh.

A summand is what the walk cannot pass. Its edges are the places where the sum reads it: if the
value is scaled there and nowhere else, the loss is linear in the scale. So a variable that
something else reads as well is not passed, and is itself the summand. The module depends on
`checks/program` and `checks/proofs`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from checks.program import jaxprs
from checks.program.places import find_user_line, is_jax_function
from checks.program.sites import SitePath
from checks.program.trace import Program
from checks.proofs.context import Seen, walk
from checks.proofs.dependence import Dependence
from checks.terms.linear import ArraySums, find_linear_operands, is_sum


class Edge(NamedTuple):
    """An operand of an equation through which a summand enters the sum.

    Attributes:
        path: the address of the equation.
        operand: the position of the operand.
        repeats: lengths of the scans around the equation, outermost first.
    """

    path: SitePath
    operand: int
    repeats: tuple[int, ...]


class Summand(NamedTuple):
    """A value whose sum with others, each with its weight, is the loss.

    Attributes:
        head: the equation that stands for it: the outermost reduction below the last split, or
            else the one that computes it (for an input, the one that reads it); after the
            equations around it, outermost first.
        equation: the equation that computes it, or that reads an input.
        path: the address of the equation that computes it; None for an input.
        result: the position of the value among that equation's results.
        repeats: lengths of the scans around that equation.
        edges: where the sum reads it.
        key: the name of the auxiliary output that it is a part of; empty if there is none.
        value: bit set (an integer; bit i stands for leaf i) of the leaves that it depends on.
        tangent: bit set of the leaves from which a derivative reaches it.
    """

    head: tuple[Any, ...]
    equation: Any
    path: SitePath | None
    result: int
    repeats: tuple[int, ...]
    edges: tuple[Edge, ...]
    key: str
    value: int
    tangent: int

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value, for a summand that an equation computes."""
        return self.equation.outvars[self.result].aval.shape


def find_summands(program: Program, dependence: Dependence) -> list[Summand]:
    """Finds the summands of a loss; one summand if the loss is no sum.

    Summands that no input of the program reaches are left out.

    Args:
        program: the traced loss.
        dependence: what depends on what in the program, by value and by tangent.
    """
    jaxpr = jaxprs.open_jaxpr(program.jaxpr)
    loss = jaxpr.outvars[0]
    if jaxprs.is_literal(loss):
        return []
    every = (1 << len(jaxpr.invars)) - 1
    seen = {one.site.path: one for one in walk(dependence, jaxpr, every)}
    outputs = zip(jaxpr.outvars[1:], program.outputs[1:])
    names = {x: name for x, name in outputs if not jaxprs.is_literal(x) and x is not loss}
    walker = _Walker(seen, (1 << program.leaf_count) - 1)
    scope = _Scope(jaxpr, (), (), (), names, True)
    found = walker.visit(scope, {loss: _Reached()}, ())
    inputs = [
        s for x, one in found.inputs.items() for s in walker.make_input_summands(scope, x, one)
    ]
    return [*found.summands, *inputs]


class _Scope(NamedTuple):
    """A jaxpr in its place in the program, and the names of its variables."""

    jaxpr: Any
    path: SitePath
    enclosing: tuple[Any, ...]
    repeats: tuple[int, ...]
    names: Mapping[Any, str]
    splits: bool


class _Head(NamedTuple):
    """The equation that stands for a part of the sum; without equations it is not known yet."""

    path: SitePath = ()
    chain: tuple[Any, ...] = ()


@dataclass(frozen=True)
class _Reached:
    """How the walk reached a variable.

    Attributes:
        edges: head -> the edges that lead from it to the variable.
        key: name of an auxiliary output, or empty.
        chain: an equation that reads it, after those around it.
        uses: number of reads that are edges.
    """

    edges: Mapping[_Head, tuple[Edge, ...]] = field(default_factory=lambda: {_Head(): ()})
    key: str = ""
    chain: tuple[Any, ...] = ()
    uses: int = 0

    @property
    def all_edges(self) -> set[Edge]:
        return {edge for edges in self.edges.values() for edge in edges}

    def join(self, other: "_Reached") -> "_Reached":
        edges = dict(self.edges)
        for head, more in other.edges.items():
            edges[head] = tuple(dict.fromkeys((*edges.get(head, ()), *more)))
        chain, uses = self.chain or other.chain, self.uses + other.uses
        return _Reached(edges, self.key or other.key, chain, uses)


@dataclass
class _Found:
    """The summands in a jaxpr, and its inputs that the walk reached."""

    summands: list[Summand] = field(default_factory=list)
    inputs: dict[Any, _Reached] = field(default_factory=dict)
    exclusive: set[Any] = field(default_factory=set)
    used: set[Any] = field(default_factory=set)


class _Walker:
    """Walks jaxprs from their outputs to their inputs."""

    def __init__(self, seen: Mapping[SitePath, Seen], leaves: int) -> None:
        self._seen, self._leaves = seen, leaves

    def visit(
        self, scope: _Scope, reached: Mapping[Any, _Reached], others: Iterable[Any]
    ) -> _Found:
        """Finds the summands of some outputs of a jaxpr.

        Args:
            scope: the jaxpr and its place.
            reached: output -> how it was reached.
            others: outputs that are read, and not only by the sum.
        """
        found, pending = _Found(), dict(reached)
        counts = self._count_uses(scope, others)
        found.used = set(counts)
        sums = ArraySums(scope.jaxpr, self._make_depends(scope), self._make_find_line(scope))
        for i in reversed(range(len(scope.jaxpr.eqns))):
            equation, path = scope.jaxpr.eqns[i], (*scope.path, i)
            results = {
                k: (pending.pop(x), counts.get(x, 0))
                for k, x in enumerate(equation.outvars)
                if x in pending
            }
            if not results:
                continue
            seen = self._seen.get(path)
            named = {
                k: replace(one, key=scope.names.get(equation.outvars[k], one.key))
                for k, (one, _) in results.items()
            }
            passing = {
                k: one
                for k, one in named.items()
                if one.uses == results[k][1] and len(one.edges) == 1
            }
            passed = self._pass(scope, seen, passing, sums) if seen and passing else None
            kept = set(passing) if passed is not None else set()
            for k, one in named.items():
                if k not in kept and seen is not None:
                    found.summands += self._make_summands(seen, k, one)
            for atom, one in (passed.inputs if passed else {}).items():
                pending[atom] = pending[atom].join(one) if atom in pending else one
            found.summands += passed.summands if passed else []
        variables = {*scope.jaxpr.invars}
        found.inputs = {x: one for x, one in pending.items() if x in variables}
        found.exclusive = {x for x, one in found.inputs.items() if one.uses == counts.get(x, 0)}
        return found

    def make_input_summands(self, scope: _Scope, variable: Any, one: _Reached) -> list[Summand]:
        """Makes the summands of an input of the whole program; none if it is no parameter."""
        bits = 1 << scope.jaxpr.invars.index(variable) & self._leaves
        return [
            Summand(head.chain or one.chain, one.chain[-1], None, 0, (), edges, one.key, bits, bits)
            for head, edges in one.edges.items()
            if bits and edges
        ]

    def _make_summands(self, seen: Seen, result: int, one: _Reached) -> list[Summand]:
        """Returns the summands that an equation computes; none for a constant of the program."""
        value, tangent = seen.results.value[result], seen.results.tangent[result]
        if not value:
            return []
        chain = (*seen.site.enclosing, seen.site.equation)
        leaves = value & self._leaves, tangent & self._leaves
        place = (seen.site.path, result, seen.repeats or ())
        return [
            Summand(head.chain or chain, chain[-1], *place, edges, one.key, *leaves)
            for head, edges in one.edges.items()
        ]

    def _count_uses(self, scope: _Scope, others: Iterable[Any]) -> dict[Any, int]:
        """Returns how often the equations that the loss depends on read each variable."""
        counts: dict[Any, int] = {}
        for i, equation in enumerate(scope.jaxpr.eqns):
            seen = self._seen.get((*scope.path, i))
            if seen is None or any(seen.live):
                for x in equation.invars:
                    if not jaxprs.is_literal(x):
                        counts[x] = counts.get(x, 0) + 1
        for x in others:
            if not jaxprs.is_literal(x):
                counts[x] = counts.get(x, 0) + 1
        return counts

    def _make_depends(self, scope: _Scope) -> Any:
        value: dict[Any, int] = {}
        for i, equation in enumerate(scope.jaxpr.eqns):
            seen = self._seen.get((*scope.path, i))
            if seen is not None:
                value.update(zip(equation.outvars, seen.results.value))
                value.update(
                    (x, bits)
                    for x, bits in zip(equation.invars, seen.operands.value)
                    if not jaxprs.is_literal(x)
                )
        return lambda atom: bool(value.get(atom, 0) & self._leaves)

    def _make_find_line(self, scope: _Scope) -> Any:
        outside = [find_user_line(e) for e in reversed(scope.enclosing)]
        nearest = next((line for line in outside if line), None)
        return lambda equation: find_user_line(equation) or nearest

    def _pass(
        self, scope: _Scope, seen: Seen, results: Mapping[int, _Reached], sums: ArraySums
    ) -> _Found | None:
        """Passes an equation: returns the operands that it reads; None if it cannot be passed."""
        equation = seen.site.equation
        name = equation.primitive.name
        if seen.repeats is None:
            return None
        if name == "scan":
            return self._pass_scan(scope, seen, results)
        if name == "cond":
            return self._pass_cond(scope, seen, results)
        if (inner := jaxprs.find_callee(equation)) is not None:
            return None if name == "shard_map" else self._pass_call(scope, seen, inner, results)
        if jaxprs.find_sub_jaxprs(equation) or len(equation.outvars) != 1:
            return None
        return self._pass_plain(scope, seen, results[0], sums)

    def _pass_plain(
        self, scope: _Scope, seen: Seen, one: _Reached, sums: ArraySums
    ) -> _Found | None:
        equation, leaves = seen.site.equation, self._leaves
        value = [bits & leaves for bits in seen.operands.value]
        tangent = [bits & leaves for bits in seen.operands.tangent]
        if not any(value):  # the constant part of a loss is followed by the data it reads
            value = list(seen.operands.value)
            if sum(map(bool, value)) != 1:
                return None
        if is_sum(equation) and not (
            self._is_one(value) or (scope.splits and sums.can_split(equation))
        ):
            return None
        operands = find_linear_operands(equation, value, tangent)
        if not all(jaxprs.is_differentiable(equation.invars[i]) for i in operands):
            return None  # a count or a comparison, which no scale multiplies
        head = self._find_head(seen, value, operands, next(iter(one.edges)))
        found = _Found()
        for i in operands:
            atom = equation.invars[i]
            if jaxprs.is_literal(atom) or not seen.operands.value[i]:
                continue
            edge = Edge(seen.site.path, i, seen.repeats or ())
            chain = (*seen.site.enclosing, equation)
            own = _Reached({head: (edge,)}, one.key, chain, 1)
            found.inputs[atom] = found.inputs[atom].join(own) if atom in found.inputs else own
        return found if found.inputs else None

    def _find_head(
        self, seen: Seen, value: Sequence[int], operands: Sequence[int], head: _Head
    ) -> _Head:
        """Returns the head below an equation: a reduction becomes one, and a split ends it."""
        if sum(bool(value[i]) for i in operands) > 1:
            return _Head()
        site = seen.site
        if site.equation.primitive.name == "reduce_sum" and not head.chain:
            return _Head(site.path, (*site.enclosing, site.equation))
        return head

    def _is_one(self, value: Sequence[int]) -> bool:
        return sum(map(bool, value)) <= 1

    def _enter(
        self, scope: _Scope, seen: Seen, which: int, jaxpr: Any, repeats: tuple[int, ...]
    ) -> _Scope:
        body = jaxprs.open_jaxpr(jaxpr)
        names = {
            inside: scope.names[outside]
            for inside, outside in zip(body.outvars, seen.site.equation.outvars)
            if outside in scope.names and not jaxprs.is_literal(inside)
        }
        splits = scope.splits and not is_jax_function(jaxpr)
        return _Scope(body, *seen.site.enter(which), repeats, names, splits)

    def _pass_call(
        self, scope: _Scope, seen: Seen, inner: Any, results: Mapping[int, _Reached]
    ) -> _Found:
        inside = self._enter(scope, seen, 0, inner, seen.repeats or ())
        outputs = _select_outputs(inside.jaxpr, results, seen.live)
        found = self.visit(inside, *outputs)
        operands = dict(zip(inside.jaxpr.invars, seen.site.equation.invars))
        return _carry_out(found, operands)

    def _pass_cond(
        self, scope: _Scope, seen: Seen, results: Mapping[int, _Reached]
    ) -> _Found | None:
        equation = seen.site.equation
        total, direct, others = _Found(), 0, 0
        for which, branch in enumerate(equation.params["branches"]):
            inside = self._enter(scope, seen, which, branch, seen.repeats or ())
            found = self.visit(inside, *_select_outputs(inside.jaxpr, results, seen.live))
            outer = {edge for one in results.values() for edge in one.all_edges}
            inner = [set(one.edges) for one in found.summands]
            inner += [one.all_edges for one in found.inputs.values()]
            direct += sum(bool(outer & edges) for edges in inner)
            others += sum(not outer & edges for edges in inner)
            operands = dict(zip(inside.jaxpr.invars, equation.invars[1:]))
            shared = {x for x in found.used if x in operands and x not in found.inputs}
            total = _unite(total, _carry_out(found, operands), {operands[x] for x in shared})
        return None if direct and (others or direct > 1) else total

    def _pass_scan(
        self, scope: _Scope, seen: Seen, results: Mapping[int, _Reached]
    ) -> _Found | None:
        """Passes a scan: its stacked results, and the carries that only add something up."""
        equation = seen.site.equation
        repeats = (*(seen.repeats or ()), equation.params["length"])
        inside = self._enter(scope, seen, 0, equation.params["jaxpr"], repeats)
        constants, carries = jaxprs.count_scan_inputs(equation)
        first = inside.jaxpr.invars[constants : constants + carries]
        read = [True] * len(inside.jaxpr.outvars)
        chosen = dict(results)
        for i in [i for i in results if i < carries]:
            alone = self.visit(inside, *_select_outputs(inside.jaxpr, {i: results[i]}, read))
            if first[i] not in alone.exclusive:
                del chosen[i]
        if not chosen:
            return None
        found = self.visit(inside, *_select_outputs(inside.jaxpr, chosen, read))
        whole = [(i, one) for i, one in results.items() if i not in chosen]
        summands = [s for i, one in whole for s in self._make_summands(seen, i, one)]
        kept: dict[Any, _Reached] = {}
        for x, one in found.inputs.items():
            if x not in first:
                kept[x] = one
                continue
            i = first.index(x)
            if i not in chosen or x not in found.exclusive:
                return None
            edge = Edge(seen.site.path, constants + i, seen.repeats or ())
            chain = (*seen.site.enclosing, equation)
            kept[x] = _Reached({_Head(): (edge,)}, one.key, chain, one.uses)
        found.inputs = kept
        outside = _carry_out(found, dict(zip(inside.jaxpr.invars, equation.invars)))
        outside.summands += summands
        return outside


def _select_outputs(
    jaxpr: Any, results: Mapping[int, _Reached], live: Sequence[bool]
) -> tuple[dict[Any, _Reached], list[Any]]:
    """Returns the outputs of a sub-jaxpr that the sum reads, and the others that are read."""
    reached: dict[Any, _Reached] = {}
    others: list[Any] = []
    for i, x in enumerate(jaxpr.outvars):
        if jaxprs.is_literal(x):
            continue
        if i in results:
            one = replace(results[i], uses=0)
            reached[x] = reached[x].join(one) if x in reached else one
        elif live[i]:
            others.append(x)
    return reached, others


def _carry_out(found: _Found, operands: Mapping[Any, Any]) -> _Found:
    """Returns the summands of a sub-jaxpr, with its inputs replaced by the operands outside."""
    outside = _Found(summands=list(found.summands))
    for x, one in found.inputs.items():
        atom = operands[x]
        if jaxprs.is_literal(atom):
            continue
        own = replace(one, uses=1 if x in found.exclusive else 0)
        outside.inputs[atom] = outside.inputs[atom].join(own) if atom in outside.inputs else own
    return outside


def _unite(one: _Found, two: _Found, shared: set[Any]) -> _Found:
    """Returns what two branches found; an operand that one reads otherwise is not passed on."""
    inputs = dict(one.inputs)
    for x, reached in two.inputs.items():
        both = inputs[x].join(reached) if x in inputs else reached
        inputs[x] = replace(both, uses=min(1, both.uses))
    blocked = {x: replace(y, uses=0) if x in shared else y for x, y in inputs.items()}
    return _Found(summands=[*one.summands, *two.summands], inputs=blocked)
