"""Says in which operands an equation is linear, and where a sum is a sum of terms.

An equation is passed if its result is linear in the operands that lead to parameters. Scalars are
always split at a sum. Arrays are split only if the parts look like losses of samples: each is a
reduction, or stands on a line of its own. So the inside of an error, of a layer or of a divergence
stays one term. The module depends on `checks/program`.
"""

from collections.abc import Callable, Sequence
from typing import Any

from checks.program import jaxprs

# Linear in their first operand, and the others carry no tangent.
_UNARY = frozenset(
    {
        "neg",
        "reduce_sum",
        "convert_element_type",
        "reduce_precision",
        "reshape",
        "squeeze",
        "expand_dims",
        "broadcast_in_dim",
        "transpose",
        "copy",
        "slice",
        "dynamic_slice",
        "rev",
    }
)
_SUMS = frozenset({"add", "sub", "add_any"})
_STACKS = frozenset({"concatenate", "stack"})
_PRODUCTS = frozenset({"mul", "dot_general"})
# Results of these are layers, inputs or shifts, and no losses of samples.
_LAYERS = frozenset({"dot_general", "conv_general_dilated", "gather"})
_NOT_LOSSES = _LAYERS | {"stop_gradient"}
_REDUCTIONS = frozenset({"reduce_sum", "reduce_max", "reduce_min", "reduce_prod", "reduce_and"})


def find_linear_operands(
    equation: Any, value: Sequence[int], tangent: Sequence[int]
) -> tuple[int, ...]:
    """Returns the positions of the operands in which an equation is linear, and no others count.

    Args:
        equation: an equation without sub-jaxprs.
        value: for each operand, the bit set of the inputs that it depends on by value.
        tangent: for each operand, the bit set of the parameters that it depends on by tangent.

    Returns:
        The positions; empty if the equation is not linear in what carries the tangent, or in what
        carries the value where nothing carries a tangent.
    """
    name = equation.primitive.name
    if name in _UNARY:
        return (0,)
    if name in _SUMS:
        return (0, 1)
    if name == "select_n":
        return tuple(range(1, len(equation.invars)))
    if name in _STACKS:
        is_list = all(x.aval.size == 1 for x in equation.invars)
        return tuple(range(len(equation.invars))) if is_list else ()
    if name == "div":
        return (0,) if _find_factor((0, 1), value, tangent) == 0 else ()
    if name not in _PRODUCTS or (name == "dot_general" and not _is_weighted_list(equation)):
        return ()
    at = _find_factor((0, 1), value, tangent)
    return () if at is None else (at,)


def is_sum(equation: Any) -> bool:
    """Returns whether the result of an equation can be a sum or a choice of several operands.

    Args:
        equation: a jaxpr equation.
    """
    return equation.primitive.name in _SUMS or equation.primitive.name == "select_n"


class ArraySums:
    """Decides which sums of arrays in one jaxpr are sums of terms.

    Args:
        jaxpr: an open jaxpr.
        depends: called as `depends(atom)`; returns whether a parameter leads to a variable.
        find_line: called as `find_line(equation)`; returns the user's line of an equation.
    """

    def __init__(
        self, jaxpr: Any, depends: Callable[[Any], bool], find_line: Callable[[Any], str | None]
    ) -> None:
        self._makers = {v: e for e in jaxpr.eqns for v in e.outvars}
        self._depends, self._find_line = depends, find_line

    def can_split(self, equation: Any) -> bool:
        """Returns whether a sum is one of scalars, or one of arrays that look like losses.

        Args:
            equation: an equation of this jaxpr for which `is_sum` holds.
        """
        parts = [x for x in equation.invars if not jaxprs.is_literal(x) and self._depends(x)]
        if len(parts) < 2 or equation.outvars[0].aval.ndim == 0:
            return True
        line = self._find_line(equation)
        return all(self._looks_like_losses(part, line) for part in parts)

    def _looks_like_losses(self, atom: Any, line: str | None) -> bool:
        maker = self._find_maker(atom)
        if maker is None or maker.primitive.name in _NOT_LOSSES:
            return False
        if maker.primitive.name in _REDUCTIONS:
            return True
        own = self._find_line(maker)
        if is_sum(maker):
            return self.can_split(maker) if own == line else not self._is_layer(maker)
        return own != line

    def _is_layer(self, equation: Any) -> bool:
        makers = [self._find_maker(x) for x in equation.invars if self._is_read(x)]
        return any(
            m is None or m.primitive.name in _LAYERS or (is_sum(m) and self._is_layer(m))
            for m in makers
        )

    def _is_read(self, atom: Any) -> bool:
        return not jaxprs.is_literal(atom) and self._depends(atom)

    def _find_maker(self, atom: Any) -> Any | None:
        """Returns the equation behind casts, shapes and constant factors; None for an input."""
        maker = self._makers.get(atom)
        while maker is not None and not is_sum(maker):
            name, reads = maker.primitive.name, [x for x in maker.invars if self._is_read(x)]
            is_shape = name in _UNARY and name not in _REDUCTIONS
            if not (is_shape or name in ("mul", "div")) or len(reads) != 1:
                return maker
            maker = self._makers.get(reads[0])
        return maker


def _find_factor(
    positions: tuple[int, int], value: Sequence[int], tangent: Sequence[int]
) -> int | None:
    """Returns which of two factors carries the tangent, or else the value; None if both do."""
    for bits in (tangent, value):
        carriers = [i for i in positions if bits[i]]
        if carriers:
            return carriers[0] if len(carriers) == 1 else None
    return positions[0]


def _is_weighted_list(equation: Any) -> bool:
    """Returns whether a product is that of a list of weights and a list of losses."""
    return equation.outvars[0].aval.ndim == 0 and all(x.aval.ndim == 1 for x in equation.invars)
