"""Edits that replace a custom rule by the derivative that JAX computes of the rule's function."""

from collections.abc import Iterable
from typing import Any

import jax

from checks.cures.edits import Edit, group_by_place
from checks.cures.failing_leaf import FailingLeaf
from checks.cures.failures import Failures
from checks.program import jaxprs
from checks.program.bits import to_bits
from checks.program.interpret import Interpreter
from checks.program.places import find_place, is_jax_rule


def propose_rule_edits(failures: Failures) -> Iterable[Edit]:
    """Proposes JAX's own derivative for rules that are wrong, or that return zero.

    Args:
        failures: the failing leaves and their loss.
    """
    failing = failures.select("wrong", "blocked")
    calls = [
        (seen.site, leaves)
        for seen in failures.walk()
        if seen.site.equation.primitive.name in jaxprs.CUSTOM_RULES
        and not is_jax_rule(seen.site.equation)
        and (leaves := _find_leaves(failing, find_place(seen.site.equation, seen.site.enclosing)))
    ]
    for group in group_by_place(calls, failures):
        yield group.replace("use JAX's own derivative", use_own_derivative)


def _find_leaves(failing: Iterable[FailingLeaf], place: str) -> int:
    """Returns the bit set of the failing leaves of which a place was named."""
    return to_bits(f.leaf for f in failing if place in f.where)


def use_own_derivative(equation: Any, operands: list[Any]) -> list[Any]:
    """Computes a custom rule's function with the derivative that JAX computes of it.

    The result is again a custom rule, so that it can be compared with differences as the first was.

    Args:
        equation: an equation of `custom_jvp_call` or `custom_vjp_call`.
        operands: one array for each operand.

    Returns:
        The list of its results, which have the values that they had.
    """

    def plain(*given: Any) -> list[Any]:
        return Interpreter().run(jaxprs.get_custom_body(equation), given)[0]

    function = jax.custom_jvp(plain)
    function.defjvp(lambda primals, tangents: jax.jvp(plain, primals, tangents))
    results: Any = function(*operands)
    return list(results)
