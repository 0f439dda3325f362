"""Proves what depends on what in a jaxpr, by value and by tangent, from shapes alone.

An output depends on an input *by value* when a chain of equations leads from the input to the
output. It depends *by tangent* when each equation of such a chain has a derivative. For each jaxpr
there are two boolean matrices, outputs by inputs; their rows are Python integers used as bit sets.
The module depends on `checks/program`.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from checks.program import jaxprs
from checks.program.bits import unite
from checks.program.custom_rules import RuleCall, TracedRule, describe_error, is_own_rule
from checks.program.places import describe_rule, find_place
from checks.proofs.derivatives import trace_pullback

# Equations whose derivative is zero wherever it exists.
_FLAT = frozenset({"stop_gradient", "floor", "ceil", "round", "sign", "nextafter", "is_finite"})
# Equations whose results each depend only on the operand at the same position.
_PAIRWISE = frozenset(
    {"optimization_barrier", "psum", "psum2", "psum_invariant", "pmax", "pmin", "ppermute"}
    | {"pvary", "pcast", "copy", "copy_p"}
)
# Equations that make zeros of zeros.
_KEEPS_ZERO = frozenset(
    {"broadcast_in_dim", "convert_element_type", "copy", "neg", "pad", "pvary", "reshape"}
    | {"squeeze", "transpose", "concatenate", "reduce_sum", "add_any", "add", "mul"}
)
# A scan is followed step by step for so many steps. If its carries still change then, they rotate
# through a long cycle, and the sets of further steps are united.
_MOST_EXACT_STEPS = 64


class Rows(NamedTuple):
    """What each output of an equation or jaxpr depends on.

    A bit set is an integer in which bit i stands for operand or input i.

    Attributes:
        value: for each output, the bit set of the inputs that it depends on by value.
        tangent: for each output, the bit set of the inputs that it depends on by tangent, which
            means through equations that all have a derivative.
    """

    value: tuple[int, ...]
    tangent: tuple[int, ...]


class Dependence:
    """Computes what the outputs of jaxprs and equations depend on, for each jaxpr once.

    Args:
        ask_rules: True reads from custom rules which derivatives they return; False takes those of
            the function behind each rule.
        rules: `id(equation)` -> the jaxprs of a custom rule, as in `Derivatives`. A call that is
            not among them counts as having a derivative of all that its value depends on.
        underivable: `id(equation)` -> JAX's reason, for equations without a reverse derivative.

    Attributes:
        notes: sentences about what was assumed without proof, such as the rules of opaque kernels
            and of functions that cannot be traced.
    """

    def __init__(
        self,
        ask_rules: bool = True,
        rules: Mapping[int, Mapping[RuleCall, TracedRule]] = MappingProxyType({}),
        underivable: Mapping[int, str] = MappingProxyType({}),
    ) -> None:
        self.notes: list[str] = []
        self._ask_rules, self._answers, self._underivable = ask_rules, rules, underivable
        self._jaxprs: dict[int, tuple[Any, Rows]] = {}
        self._rules: dict[Any, tuple[int, ...]] = {}
        self._by_name: dict[str, Callable[[Any], Rows]] = {
            "scan": self._scan,
            "while": self._while,
            "cond": self._cond,
            "sort": _sort,
            "select_n": _select,
            "custom_jvp_call": self._custom,
            "custom_vjp_call": self._custom,
        }

    def get_jaxpr_rows(self, jaxpr: Any) -> Rows:
        """Returns what the outputs of a jaxpr depend on among its `invars`.

        Args:
            jaxpr: a jaxpr, open or closed.
        """
        jaxpr = jaxprs.open_jaxpr(jaxpr)
        if id(jaxpr) not in self._jaxprs:
            ones = [1 << i for i in range(len(jaxpr.invars))]
            sets = self.propagate(jaxpr, Sets(ones, ones)).get(jaxpr.outvars)
            rows = Rows(tuple(sets.value), tuple(sets.tangent))
            self._jaxprs[id(jaxpr)] = (jaxpr, rows)  # with the jaxpr, so that its id stays unique
        return self._jaxprs[id(jaxpr)][1]

    def propagate(self, jaxpr: Any, inputs: "Sets") -> "Environment":
        """Computes what every variable of an open jaxpr depends on, given that of its inputs.

        Args:
            jaxpr: an open jaxpr.
            inputs: what each of its inputs depends on.

        Returns:
            The environment, from which `get` reads any variable of the jaxpr.
        """
        env = Environment(jaxpr, inputs)
        for equation in jaxpr.eqns:
            env.apply(equation, self.get_equation_rows(equation))
        return env

    def get_equation_rows(self, equation: Any) -> Rows:
        """Returns what the results of an equation depend on among its operands.

        An equation that was given as `underivable` has empty tangent rows and adds a note.

        Args:
            equation: a jaxpr equation.
        """
        rows = self._compute_rows(equation)
        if (why := self._underivable.get(id(equation))) is None:
            return rows
        self._add_note(f"JAX has no reverse derivative of {find_place(equation)} ({why})")
        return rows._replace(tangent=(0,) * len(rows.value))

    def _compute_rows(self, equation: Any) -> Rows:
        name = equation.primitive.name
        if any(map(jaxprs.is_reference, equation.invars)):
            return _relate_all(equation)
        if name in self._by_name:
            return self._by_name[name](equation)
        if (inner := jaxprs.find_callee(equation)) is not None:
            return self.get_jaxpr_rows(inner)
        if name in _PAIRWISE and len(equation.invars) == len(equation.outvars):
            rows = tuple(1 << i for i in range(len(equation.outvars)))
            return Rows(rows, rows)
        everything = _relate_all(equation)
        if name in jaxprs.CALLBACKS or jaxprs.is_opaque(equation):
            self._add_note(f"taken as a whole, its inside is not read: {find_place(equation)}")
        if jaxprs.is_opaque(equation):
            return everything._replace(tangent=self._opaque_tangent(equation, everything.tangent))
        if name in _FLAT or name in jaxprs.CALLBACKS:
            return everything._replace(tangent=(0,) * len(equation.outvars))
        return everything

    def _cond(self, equation: Any) -> Rows:
        branches = [self.get_jaxpr_rows(branch) for branch in equation.params["branches"]]
        columns = [tuple(unite(rows) << 1 for rows in zip(*kind)) for kind in zip(*branches)]
        value = tuple(row | 1 for row in columns[0])
        return Rows(value, columns[1])

    def _scan(self, equation: Any) -> Rows:
        body = self.get_jaxpr_rows(equation.params["jaxpr"])
        constants, carries = jaxprs.count_scan_inputs(equation)
        length = equation.params["length"]
        return Rows(*(_iterate(rows, constants, carries, length) for rows in body))

    def _while(self, equation: Any) -> Rows:
        """Returns value rows only: a loop of unknown length has no reverse derivative."""
        params = equation.params
        cond_count, body_count = params["cond_nconsts"], params["body_nconsts"]
        inside = jaxprs.open_jaxpr(params["body_jaxpr"])
        body = self.get_jaxpr_rows(inside)
        carry = [1 << i for i in range(cond_count + body_count, len(equation.invars))]
        constants = [1 << i for i in range(cond_count + body_count)]
        (asked,) = self.get_jaxpr_rows(params["cond_jaxpr"]).value
        changes = [out is not into for out, into in zip(inside.outvars, inside.invars[body_count:])]
        while True:
            decides = _collect(asked, constants[:cond_count] + carry)
            known = constants[cond_count:] + carry
            after = [
                old | (_collect(row, known) | decides if change else 0)
                for old, row, change in zip(carry, body.value, changes)
            ]
            if after == carry:
                return Rows(tuple(carry), (0,) * len(carry))
            carry = after

    def _custom(self, equation: Any) -> Rows:
        body = self.get_jaxpr_rows(jaxprs.get_custom_body(equation))
        if not self._ask_rules or id(equation) in self._underivable:
            return body
        if is_own_rule(equation):
            answers = self._answers.get(id(equation), {})
            rows = [self._read_rule(call, rule) for call, rule in answers.items()]
            if not rows:
                return Rows(body.value, body.value)
            tangent = tuple(map(unite, zip(*rows)))
            # A rule may pass a gradient to an operand that its function does not read.
            return Rows(tuple(map(operator.or_, body.value, tangent)), tangent)
        key = _make_rule_key(equation)
        if key not in self._rules:
            try:
                self._rules[key] = self._rule_tangent(equation)
            except Exception as error:
                self._rules[key] = body.value  # not the body's tangent: it may end at a loop
                why = f"{describe_error(error)}; it is taken to have a derivative everywhere"
                self._add_note(
                    f"custom rule of {describe_rule(equation)} could not be traced: {why}"
                )
        return Rows(body.value, self._rules[key])

    def _read_rule(self, call: RuleCall, rule: TracedRule) -> tuple[int, ...]:
        """Returns for each result from which of the moved operands the rule passes a tangent."""
        key = id(call.equation), call[1:]
        if key not in self._rules:
            self._rules[key] = _find_rule_rows(call, rule)
        return self._rules[key]

    def _opaque_tangent(self, equation: Any, otherwise: tuple[int, ...]) -> tuple[int, ...]:
        """Returns the tangent rows by the rule of an opaque equation, if the rule can be traced."""
        key = _Same(equation)
        if self._ask_rules and key not in self._rules:
            try:
                self._rules[key] = self._rule_tangent(equation)
            except Exception:  # most kernels have no derivative
                self._rules[key] = otherwise
        return self._rules.get(key, otherwise)

    def _rule_tangent(self, equation: Any) -> tuple[int, ...]:
        """Returns which operands' cotangents depend on which results', by tracing the rule."""
        traced, moved, seen = trace_pullback(equation)
        rows = Dependence(ask_rules=False).get_jaxpr_rows(traced).value
        tangent = [0] * len(equation.outvars)
        for i, row in zip(moved, rows):
            for k, j in enumerate(seen):
                if row >> (len(equation.invars) + k) & 1:
                    tangent[j] |= 1 << i
        return tuple(tangent)

    def _add_note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


class Sets(NamedTuple):
    """What each of a list of variables depends on, as bit sets (bit i stands for input i).

    Attributes:
        value: for each variable, the bit set of the program's inputs that it depends on by value.
        tangent: for each variable, the same by tangent: through equations with a derivative.
    """

    value: Sequence[int]
    tangent: Sequence[int]


class Environment:
    """What every variable of one jaxpr depends on, as bit sets over the inputs of the program.

    It starts with the inputs of the jaxpr. `apply` adds the results of one equation at a time, in
    the order of the jaxpr, and `get` reads any variable.

    Args:
        jaxpr: an open jaxpr.
        inputs: what each of its inputs depends on, in order. The tangent set of an input that is
            not differentiable is ignored.
    """

    def __init__(self, jaxpr: Any, inputs: Sets) -> None:
        self._value = dict(zip(jaxpr.invars, inputs.value))
        self._tangent = {
            variable: bits if jaxprs.is_differentiable(variable) else 0
            for variable, bits in zip(jaxpr.invars, inputs.tangent)
        }

    def get(self, atoms: Sequence[Any]) -> Sets:
        """Returns what some variables depend on: by value, and by tangent.

        Args:
            atoms: variables or literals of the jaxpr.

        Returns:
            For each atom, in order, two bit sets (integers) over the inputs of the program.
            Literals and constants have the empty set, 0.
        """
        hashable = [None if jaxprs.is_literal(atom) else atom for atom in atoms]
        return Sets(
            [self._value.get(atom, 0) for atom in hashable],
            [self._tangent.get(atom, 0) for atom in hashable],
        )

    def apply(self, equation: Any, rows: Rows) -> None:
        """Adds an equation's results, and what the equation may have written into references.

        A result that is not a float gets no tangent. A reference gets all that any operand has.

        Args:
            equation: a jaxpr equation.
            rows: what its results depend on among its operands.
        """
        operands = self.get(equation.invars)
        for variable, value, tangent in zip(equation.outvars, *rows):
            self._value[variable] = _collect(value, operands.value)
            if tangent and jaxprs.is_differentiable(variable):
                self._tangent[variable] = _collect(tangent, operands.tangent)
        for atom in equation.invars:
            if not jaxprs.is_literal(atom) and jaxprs.is_reference(atom):
                self._value[atom] = unite(operands.value)
                self._tangent[atom] = unite(operands.tangent)


def _relate_all(equation: Any) -> Rows:
    rows = ((1 << len(equation.invars)) - 1,) * len(equation.outvars)
    return Rows(rows, rows)


def _select(equation: Any) -> Rows:
    """Returns the rows of a selection; the operand that selects has no derivative."""
    every = (1 << len(equation.invars)) - 1
    return Rows((every,), (every & ~1,))


def _sort(equation: Any) -> Rows:
    """Returns the rows of a sort: the order depends on the keys, each tangent on one operand."""
    keys = (1 << equation.params["num_keys"]) - 1
    own = tuple(1 << i for i in range(len(equation.invars)))
    return Rows(tuple(row | keys for row in own), own)


def _iterate(rows: Sequence[int], constants: int, carries: int, length: int) -> tuple[int, ...]:
    """Returns the rows of a scan from those of its body.

    Args:
        rows: the rows of the body, of one kind: its carries, then its results.
        constants: number of constants among the body's inputs.
        carries: number of carries.
        length: number of steps.

    Returns:
        What the last carries depend on, then for each result what it depends on at any step.
    """
    total = max((row.bit_length() for row in rows), default=0)
    ones = [1 << i for i in range(max(total, constants + carries))]
    before, after = ones[constants : constants + carries], ones[constants + carries :]
    carry, results = list(before), [0] * (len(rows) - carries)
    for step in range(length):
        known = ones[:constants] + carry + after
        found = [_collect(row, known) for row in rows]
        results = [old | new for old, new in zip(results, found[carries:])]
        if step >= _MOST_EXACT_STEPS:
            found = [new | old for new, old in zip(found, carry)]
        if found[:carries] == carry:
            break
        carry = found[:carries]
    return (*carry, *results)


def _collect(row: int, sets: Sequence[int]) -> int:
    """Returns the union of the sets at the positions that are in the row."""
    union = 0
    while row:
        low = row & -row
        union |= sets[low.bit_length() - 1]
        row ^= low
    return union


class _Same(NamedTuple):
    """An equation as a dictionary key that equals no other equation."""

    equation: Any

    def __hash__(self) -> int:
        return id(self.equation)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.equation is other.equation


def _make_rule_key(equation: Any) -> Any:
    """Returns a key that calls of one of JAX's own rules share if the types are equal."""
    shapes = tuple((x.aval.shape, str(x.aval.dtype)) for x in equation.invars)
    return describe_rule(equation), shapes


def _find_rule_rows(call: RuleCall, rule: TracedRule) -> tuple[int, ...]:
    """Returns the tangent rows of a rule, for the results of its call among its operands."""
    tangent = [0] * len(call.equation.outvars)
    plain = Dependence(ask_rules=False)
    if rule.second is None:
        first = len(call.equation.invars)
        slopes = plain.get_jaxpr_rows(rule.first).value[len(tangent) :]
        for j, row in zip(call.seen, slopes):
            tangent[j] = sum(1 << i for k, i in enumerate(call.moved) if row >> (first + k) & 1)
        return tuple(tangent)
    slopes = plain.get_jaxpr_rows(rule.second).value
    first = len(jaxprs.open_jaxpr(rule.second).invars) - len(call.seen)
    back = jaxprs.open_jaxpr(rule.second).outvars
    for i, row, slope in zip(call.moved, slopes, back):
        # What does not depend on the cotangents passes no gradient only if it is zero.
        ignores = not row >> first and not _is_zero(rule.second, slope)
        for k, j in enumerate(call.seen):
            if ignores or row >> (first + k) & 1:
                tangent[j] |= 1 << i
    return tuple(tangent)


def _is_zero(closed: Any, atom: Any) -> bool:
    """Returns whether a variable of a jaxpr is made of literal zeros alone."""
    if jaxprs.is_literal(atom):
        return not np.any(atom.val)
    jaxpr = jaxprs.open_jaxpr(closed)
    for variable, value in zip(jaxpr.constvars, jaxprs.get_constants(closed)):
        if variable is atom:
            return not np.any(np.asarray(value))
    makers = (e for e in jaxpr.eqns for x in e.outvars if x is atom)
    if (maker := next(makers, None)) is None:
        return False
    if (inner := jaxprs.find_callee(maker)) is not None:
        which = next(i for i, x in enumerate(maker.outvars) if x is atom)
        return _is_zero(inner, jaxprs.open_jaxpr(inner).outvars[which])
    return maker.primitive.name in _KEEPS_ZERO and all(_is_zero(closed, x) for x in maker.invars)
