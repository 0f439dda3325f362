"""What depends on what in a jaxpr: by value, and by tangent. Proofs, from shapes alone.

For each jaxpr one boolean matrix, outputs by inputs, of either kind; rows are Python integers used
as bit sets. An output depends on an input *by value* when some chain of equations leads from one
to the other, and *by tangent* when every link of some chain has a derivative.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from checks.program import jaxprs
from checks.program.places import describe_rule, find_place, is_jax_rule
from checks.proofs.derivatives import pullback

# Results with a derivative that is zero wherever it exists.
_FLAT = frozenset({"stop_gradient", "floor", "ceil", "round", "sign", "nextafter", "is_finite"})
# Each result belongs to the operand in the same position.
_PAIRWISE = frozenset(
    {"optimization_barrier", "psum", "psum2", "psum_invariant", "pmax", "pmin", "ppermute"}
    | {"pvary", "pcast", "copy", "copy_p"}
)
_LOOP_PATIENCE = 64


class Rows(NamedTuple):
    """Rows of one equation or jaxpr: for each output, the inputs that it depends on."""

    value: tuple[int, ...]
    tangent: tuple[int, ...]


class Dependence:
    """Flows of jaxprs and equations, each worked out once.

    `notes` collects what had to be taken on trust (opaque kernels, rules that could not be
    traced), for the report to say.
    """

    def __init__(
        self,
        ask_rules: bool = True,
        refused: Mapping[int, str] = MappingProxyType({}),
        underivable: Mapping[int, str] = MappingProxyType({}),
    ) -> None:
        """Starts with nothing known.

        Args:
            ask_rules: False takes a custom rule's tangent from its body (only values matter).
            refused: equations whose derivative cannot be traced with all tangents, likewise. JAX
                forgets what a custom rule returned once it has raised, so it is not asked again.
            underivable: equations without a reverse derivative, as id -> JAX's reason.
        """
        self.notes: list[str] = []
        self._ask_rules, self._refused, self._underivable = ask_rules, refused, underivable
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

    def jaxpr(self, jaxpr: Any) -> Rows:
        """Rows from the `invars` of a jaxpr (closed or not) to its outputs."""
        jaxpr = jaxprs.open_jaxpr(jaxpr)
        if id(jaxpr) not in self._jaxprs:
            ones = [1 << i for i in range(len(jaxpr.invars))]
            env = self.forward(jaxpr, Sets(ones, ones))
            flow = Rows(*(tuple(column) for column in env.of(jaxpr.outvars)))
            self._jaxprs[id(jaxpr)] = (jaxpr, flow)  # kept, so that its id stays its own
        return self._jaxprs[id(jaxpr)][1]

    def forward(self, jaxpr: Any, inputs: "Sets") -> "Environment":
        """The sets of every variable of a jaxpr, given those of its inputs."""
        env = Environment(jaxpr, inputs)
        for equation in jaxpr.eqns:
            env.apply(equation, self.equation(equation))
        return env

    def equation(self, equation: Any) -> Rows:
        """Rows from the operands of an equation to its results."""
        flow = self._flow(equation)
        if (why := self._underivable.get(id(equation))) is None:
            return flow
        self.note(f"JAX has no reverse derivative of {find_place(equation)} ({why})")
        return flow._replace(tangent=(0,) * len(flow.value))

    def _flow(self, equation: Any) -> Rows:
        name = equation.primitive.name
        if any(map(jaxprs.is_reference, equation.invars)):
            return _everything(equation)
        if name in self._by_name:
            return self._by_name[name](equation)
        if (inner := jaxprs.find_callee(equation)) is not None:
            return self.jaxpr(inner)
        if name in _PAIRWISE and len(equation.invars) == len(equation.outvars):
            rows = tuple(1 << i for i in range(len(equation.outvars)))
            return Rows(rows, rows)
        everything = _everything(equation)
        if name in jaxprs.CALLBACKS or jaxprs.is_opaque(equation):
            self.note(f"taken as a whole, its inside is not read: {find_place(equation)}")
        if jaxprs.is_opaque(equation):
            return everything._replace(tangent=self._opaque_tangent(equation, everything.tangent))
        if name in _FLAT or name in jaxprs.CALLBACKS:
            return everything._replace(tangent=(0,) * len(equation.outvars))
        return everything

    def _cond(self, equation: Any) -> Rows:
        flows = [self.jaxpr(branch) for branch in equation.params["branches"]]
        columns = [tuple(_union(rows) << 1 for rows in zip(*flow)) for flow in zip(*flows)]
        value = tuple(row | 1 for row in columns[0])
        return Rows(value, columns[1])

    def _scan(self, equation: Any) -> Rows:
        body = self.jaxpr(equation.params["jaxpr"])
        constants, carries = jaxprs.count_scan_inputs(equation)
        length = equation.params["length"]
        return Rows(*(_iterate(rows, constants, carries, length) for rows in body))

    def _while(self, equation: Any) -> Rows:
        """Value only: a loop of unknown length has no reverse derivative in JAX."""
        params = equation.params
        of_cond, of_body = params["cond_nconsts"], params["body_nconsts"]
        body, inside = self.jaxpr(params["body_jaxpr"]), jaxprs.open_jaxpr(params["body_jaxpr"])
        carry = [1 << i for i in range(of_cond + of_body, len(equation.invars))]
        constants = [1 << i for i in range(of_cond + of_body)]
        (asked,) = self.jaxpr(params["cond_jaxpr"]).value
        changes = [out is not into for out, into in zip(inside.outvars, inside.invars[of_body:])]
        while True:
            decides = _collect(asked, constants[:of_cond] + carry)
            known = constants[of_cond:] + carry
            after = [
                old | (_collect(row, known) | decides if change else 0)
                for old, row, change in zip(carry, body.value, changes)
            ]
            if after == carry:
                return Rows(tuple(carry), (0,) * len(carry))
            carry = after

    def _custom(self, equation: Any) -> Rows:
        body = self.jaxpr(jaxprs.get_custom_body(equation))
        if not self._ask_rules or id(equation) in self._underivable:
            return body
        key = _rule_key(equation)
        if key not in self._rules:
            try:
                refusal = self._refused.get(id(equation))
                self._rules[key] = self._rule_tangent(equation) if refusal is None else body.value
            except Exception as error:
                refusal = type(error).__name__
                self._rules[key] = body.value  # not the body's tangent: a rule may cross a loop
            if refusal is not None:
                why = f"{refusal}; it is taken to have a derivative everywhere"
                self.note(f"custom rule of {describe_rule(equation)} could not be traced: {why}")
        return Rows(body.value, self._rules[key])

    def _opaque_tangent(self, equation: Any, otherwise: tuple[int, ...]) -> tuple[int, ...]:
        """By the rule of an equation whose inside is not read, where it has one to be traced."""
        key = _Same(equation)
        if self._ask_rules and key not in self._rules:
            try:
                self._rules[key] = self._rule_tangent(equation)
            except Exception:  # most kernels have no derivative of their own
                self._rules[key] = otherwise
        return self._rules.get(key, otherwise)

    def _rule_tangent(self, equation: Any) -> tuple[int, ...]:
        """Which operands' cotangents depend on which results' ones, by tracing the rule itself."""
        traced, moved, seen = pullback(equation)
        rows = Dependence(ask_rules=False).jaxpr(traced).value
        tangent = [0] * len(equation.outvars)
        for i, row in zip(moved, rows):
            for k, j in enumerate(seen):
                if row >> (len(equation.invars) + k) & 1:
                    tangent[j] |= 1 << i
        return tuple(tangent)

    def note(self, text: str) -> None:
        """Something that the method takes on trust; said once in the report."""
        if text not in self.notes:
            self.notes.append(text)


class Sets(NamedTuple):
    """For each of a list of variables: what it depends on, by value and by tangent."""

    value: Sequence[int]
    tangent: Sequence[int]


class Environment:
    """The sets of every variable of one jaxpr."""

    def __init__(self, jaxpr: Any, inputs: Sets) -> None:
        self._value = dict(zip(jaxpr.invars, inputs.value))
        self._tangent = {
            variable: bits if jaxprs.is_differentiable(variable) else 0
            for variable, bits in zip(jaxpr.invars, inputs.tangent)
        }

    def of(self, atoms: Sequence[Any]) -> Sets:
        """The sets of these variables; literals and constants depend on nothing."""
        hashable = [None if jaxprs.is_literal(atom) else atom for atom in atoms]
        return Sets(
            [self._value.get(atom, 0) for atom in hashable],
            [self._tangent.get(atom, 0) for atom in hashable],
        )

    def apply(self, equation: Any, flow: Rows) -> None:
        """Enters an equation's results, and what it may have written into references."""
        operands = self.of(equation.invars)
        for variable, value, tangent in zip(equation.outvars, *flow):
            self._value[variable] = _collect(value, operands.value)
            if tangent and jaxprs.is_differentiable(variable):
                self._tangent[variable] = _collect(tangent, operands.tangent)
        for atom in equation.invars:
            if not jaxprs.is_literal(atom) and jaxprs.is_reference(atom):
                self._value[atom] = _union(operands.value)
                self._tangent[atom] = _union(operands.tangent)


def _everything(equation: Any) -> Rows:
    rows = ((1 << len(equation.invars)) - 1,) * len(equation.outvars)
    return Rows(rows, rows)


def _select(equation: Any) -> Rows:
    """The choice itself has no derivative."""
    every = (1 << len(equation.invars)) - 1
    return Rows((every,), (every & ~1,))


def _sort(equation: Any) -> Rows:
    """Order comes from the keys; what is ordered keeps its own tangent."""
    keys = (1 << equation.params["num_keys"]) - 1
    own = tuple(1 << i for i in range(len(equation.invars)))
    return Rows(tuple(row | keys for row in own), own)


def _iterate(rows: Sequence[int], constants: int, carries: int, length: int) -> tuple[int, ...]:
    """Carries out after exactly `length` steps, and per-step results over all of them."""
    total = max((row.bit_length() for row in rows), default=0)
    ones = [1 << i for i in range(max(total, constants + carries))]
    before, after = ones[constants : constants + carries], ones[constants + carries :]
    carry, results = list(before), [0] * (len(rows) - carries)
    for step in range(length):
        known = ones[:constants] + carry + after
        found = [_collect(row, known) for row in rows]
        results = [old | new for old, new in zip(results, found[carries:])]
        if step >= _LOOP_PATIENCE:  # a long cycle of shifted carries: any of its phases
            found = [new | old for new, old in zip(found, carry)]
        if found[:carries] == carry:
            break
        carry = found[:carries]
    return (*carry, *results)


def _collect(row: int, sets: Sequence[int]) -> int:
    """Union of the sets whose bits are in the row."""
    union = 0
    while row:
        low = row & -row
        union |= sets[low.bit_length() - 1]
        row ^= low
    return union


def _union(sets: Sequence[int]) -> int:
    union = 0
    for one in sets:
        union |= one
    return union


class _Same(NamedTuple):
    """An equation as a key of its own: equal to itself alone, and kept alive."""

    equation: Any

    def __hash__(self) -> int:
        return id(self.equation)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.equation is other.equation


def _rule_key(equation: Any) -> Any:
    """JAX's own rules are told apart by source and shapes; a user's only by the equation."""
    if not is_jax_rule(equation):
        return _Same(equation)
    shapes = tuple((x.aval.shape, str(x.aval.dtype)) for x in equation.invars)
    return describe_rule(equation), shapes
