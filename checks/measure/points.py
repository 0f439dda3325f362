"""The points at which gradients are measured: parameters and inputs, given or drawn at random.

The module depends on `checks/program` and `checks/proofs`.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from checks.program import jaxprs
from checks.program.bits import to_bits, unite
from checks.program.leaves import Partition, is_key
from checks.program.runner import widen_array
from checks.program.trace import Program
from checks.proofs.context import walk
from checks.proofs.dependence import Dependence

# Relative size of a jitter: some hundred ulps, so only rounding errors notice it.
JITTER = 1e-13


@dataclass(frozen=True)
class Point:
    """Parameters and inputs at which gradients are measured.

    Attributes:
        kind: `data` (the caller's data), `inputs` (drawn inputs), `params` (drawn parameters),
            `far` (drawn inputs of many times the size) or `branch` (the caller's data with the
            other branches of its choices).
        leaves: the values of all leaves in float64.
        args: the loss's further arguments, split by `partition`.
    """

    kind: str
    leaves: list[np.ndarray]
    args: Partition


class Sampler:
    """Draws points around the given parameters and arguments.

    The points depend on the seed and on the order of the calls.

    Args:
        program: the traced loss, whose inputs have values.
        dependence: what depends on what in the program, by value and by tangent.
        seed: the seed of the draws, an integer that is not negative.
    """

    def __init__(self, program: Program, dependence: Dependence, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._base = [widen_array(x) for x in program.params.learning]
        self._factors = compute_leaf_factors(self._base)
        self._args = program.args
        self._ranges = find_index_ranges(program, dependence)
        self._draws = 0

    def split(self) -> "Sampler":
        """Returns a sampler of the same points with random numbers of its own.

        What this sampler draws afterwards does not depend on the draws of the other one.
        """
        other = copy(self)
        vars(other)["_random"] = self._random.spawn(1)[0]
        return other

    def keep_parameters(self, args: Partition) -> Point:
        """Returns the given parameters at the caller's data.

        Args:
            args: the loss's further arguments, split by `partition`.
        """
        return Point("data", self._base, args)

    def draw_inputs(self) -> Point:
        """Returns the given parameters at drawn inputs of the same shapes and types.

        Floats are drawn from normal distributions of the same size, integers between the smallest
        and the largest of the given array or over the axis that they index, and keys anew.
        """
        return Point("inputs", self._base, self._draw_args(1.0))

    def keep_inputs(self, point: Point) -> Point:
        """Returns the given parameters at the inputs of a point, as a point of kind `inputs`.

        Args:
            point: a point with drawn inputs.
        """
        return Point("inputs", self._base, point.args)

    def draw_far_inputs(self, scale: float) -> Point:
        """Returns the given parameters at drawn inputs that are `scale` times as large.

        Args:
            scale: the factor on the size of the inputs.
        """
        return Point("far", self._base, self._draw_args(scale))

    def draw_near(self, distance: float, redraw: bool) -> Point:
        """Moves every leaf by a multiple of its size, or of the size of other leaves if it is zero.

        Args:
            distance: the multiple.
            redraw: True draws the inputs too; False keeps the program's own.

        Returns:
            A point of kind `params`.
        """
        moved = [x + distance * scale * self._normal(x) for x, scale in self._list_scales()]
        return Point("params", moved, self._draw_args(1.0) if redraw else self._args)

    def draw_parameters(self, factor: float, redraw: bool) -> Point:
        """Draws every leaf anew.

        Args:
            factor: the new size over the size of the given leaf.
            redraw: True draws the inputs too; False keeps the program's own.

        Returns:
            A point of kind `params`.
        """
        drawn = [factor * scale * self._normal(x) for x, scale in self._list_scales()]
        return Point("params", drawn, self._draw_args(1.0) if redraw else self._args)

    def jitter(self, point: Point) -> Point:
        """Returns the point with tiny changes of the leaves, which only rounding errors depend on.

        Args:
            point: the point to start from.
        """
        moved = [
            x + JITTER * np.maximum(np.abs(x), scale) * self._signs(x)
            for x, scale in zip(point.leaves, map(_multiply, self._factors))
        ]
        return replace(point, leaves=moved)

    def redraw_elements(self, point: Point, leaf: int, mask: np.ndarray, factor: float) -> Point:
        """Draws some elements of one leaf anew.

        Args:
            point: the point to start from.
            leaf: index of the leaf.
            mask: which elements to draw, in a shape that broadcasts to the leaf's.
            factor: the new size over the size of the leaf's own elements.
        """
        leaves = list(point.leaves)
        drawn = factor * _multiply(self._factors[leaf]) * self._normal(leaves[leaf])
        leaves[leaf] = np.where(mask, drawn, leaves[leaf])
        return replace(point, leaves=leaves)

    def _list_scales(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yields each given leaf with its scales, which are as large as the leaf."""
        yield from zip(self._base, map(_multiply, self._factors))

    def _draw_args(self, scale: float) -> Partition:
        self._draws += 1
        fixed = [self._draw_fixed(x, self._ranges.get(i)) for i, x in enumerate(self._args.fixed)]
        learning = [self._draw_float(np.asarray(x), scale) for x in self._args.learning]
        return replace(self._args, learning=tuple(learning), fixed=tuple(fixed))

    def _draw_float(self, value: np.ndarray, scale: float) -> np.ndarray:
        """Draws floats of the same scale; an array without negative numbers keeps that property."""
        wide = widen_array(value)
        if wide.size == 0:
            return wide
        top = np.abs(wide).max()
        if scale == 1.0 and top > 0 and np.isin(wide, (0.0, 1.0)).all():
            return self._random.integers(0, 2, wide.shape).astype(wide.dtype)
        drawn = scale * (compute_unit_scales(wide) if top > 0 else 1.0) * self._normal(wide)
        is_positive = top > 0 and not np.iscomplexobj(wide) and (wide >= 0).all()
        return np.abs(drawn) if is_positive else drawn

    def _draw_fixed(self, value: Any, limit: int | None) -> Any:
        if is_key(value.dtype):
            words = jnp.asarray(self._words(jax.random.key_data(value).shape))
            return jax.random.wrap_key_data(words, impl=jax.random.key_impl(value))
        array = np.asarray(value)
        if array.dtype == np.bool_:
            flip = self._draws % 2 == 1
            return ~array if flip else self._random.integers(0, 2, array.shape).astype(bool)
        if array.dtype == np.uint32 and array.shape[-1:] == (2,):
            return self._words(array.shape)
        if limit is not None and array.size:
            return self._sweep(array, limit)
        low, high = (int(array.min()), int(array.max())) if array.size else (0, 0)
        return self._random.integers(low, high + 1, array.shape).astype(array.dtype)

    def _sweep(self, array: np.ndarray, limit: int) -> np.ndarray:
        """Draws the next indices of an axis, in an order that reaches every index in few draws."""
        start = (self._draws - 1) * array.size
        values = (start + np.arange(array.size)) % limit
        return self._random.permutation(values).reshape(array.shape).astype(array.dtype)

    def _words(self, shape: Sequence[int]) -> np.ndarray:
        return self._random.integers(0, 1 << 32, shape, dtype=np.uint32)

    def _normal(self, like: np.ndarray) -> np.ndarray:
        drawn = self._random.standard_normal(like.shape)
        if np.iscomplexobj(like):
            drawn = drawn + 1j * self._random.standard_normal(like.shape)
        return drawn

    def _signs(self, like: np.ndarray) -> np.ndarray:
        return self._random.uniform(-1.0, 1.0, like.shape)


def compute_leaf_factors(leaves: Sequence[np.ndarray]) -> list[list[np.ndarray]]:
    """Computes the scales of the elements of each leaf, as factors of one axis each.

    A zero leaf gets the median size of the other leaves, or 1 if all are zero.

    Args:
        leaves: one array for each leaf.

    Returns:
        For each leaf the factors; their product, in order, broadcasts to the leaf's shape.
    """
    own = [root_mean_square(x) for x in leaves]
    others = [size for size in own if size > 0]
    typical = float(np.median(others)) if others else 1.0
    return [_compute_factors(x) if size else [np.array(typical)] for x, size in zip(leaves, own)]


def compute_unit_scales(array: np.ndarray) -> np.ndarray:
    """Computes how large elements are, in the units of their rows and columns.

    The columns of a table may have different units, and so may the rows of a matrix that multiplies
    it. The scale of an element is the root mean square of the array, multiplied for each axis by
    the root mean square of the element's slice over that of the array. A slice of zeros counts as
    one of the size of the array.

    Args:
        array: an array of any shape.

    Returns:
        The scales, in a shape that broadcasts to the array's: one number for an array with fewer
        than two axes, of zeros or with a NaN or Inf.
    """
    return _multiply(_compute_factors(array))


def _compute_factors(array: np.ndarray) -> list[np.ndarray]:
    """Returns the factors of an array's scales: its size, then one factor for each axis."""
    whole = root_mean_square(array)
    factors = [np.array(whole)]
    if array.ndim < 2 or whole == 0 or not np.isfinite(whole):
        return factors
    for axis in range(array.ndim):
        rest = tuple(a for a in range(array.ndim) if a != axis)
        share = np.sqrt(np.mean(np.abs(array / whole) ** 2, axis=rest, keepdims=True))
        factors.append(np.where(share > 0, share, 1.0))
    return factors


def _multiply(factors: Sequence[np.ndarray]) -> np.ndarray:
    return reduce(np.multiply, factors)


def root_mean_square(array: np.ndarray) -> float:
    """Computes the root mean square of an array, 0 for an empty one, NaN or Inf if it contains one.

    The array is scaled first, so that squares of small or large numbers do not under- or overflow.

    Args:
        array: an array of any shape.
    """
    top = float(np.abs(array).max()) if array.size else 0.0
    if top == 0 or not np.isfinite(top):
        return top
    return top * float(np.sqrt(np.mean(np.abs(array / top) ** 2)))


def find_index_ranges(program: Program, dependence: Dependence) -> Mapping[int, int]:
    """Finds the integer arguments that index an axis.

    Args:
        program: the traced loss.
        dependence: what depends on what in the program, by value and by tangent.

    Returns:
        Position among the fixed arguments -> length of the shortest axis that the argument indexes.
    """
    first = program.leaf_count + len(program.params.fixed) + len(program.args.learning)
    integers = {first + i: i for i, x in enumerate(program.args.fixed) if _is_integer(x)}
    mask = sum(1 << i for i in integers)
    ranges: dict[int, int] = {}
    if not mask:
        return ranges
    for bits, limit in _find_all_limits(dependence, program.jaxpr, mask):
        for at, position in integers.items():
            if bits >> at & 1:
                ranges[position] = min(limit, ranges.get(position, limit))
    return ranges


def _find_all_limits(dependence: Dependence, jaxpr: Any, mask: int) -> Iterator[tuple[int, int]]:
    """Yields which inputs of a jaxpr index an axis, as a bit set, and how long the axis is.

    The functions behind custom rules are read too.
    """
    for seen in walk(dependence, jaxpr, mask):
        equation, sets = seen.site.equation, seen.operands.value
        yield from _find_limits(equation, sets)
        if equation.primitive.name in jaxprs.CUSTOM_RULES and any(sets):
            body = jaxprs.get_custom_body(equation)
            inner = to_bits([i for i, bits in enumerate(sets) if bits])
            for operands, limit in _find_all_limits(dependence, body, inner):
                yield unite(bits for i, bits in enumerate(sets) if operands >> i & 1), limit


def _is_integer(value: Any) -> bool:
    return not is_key(value.dtype) and np.issubdtype(value.dtype, np.integer)


def _find_limits(equation: Any, sets: Sequence[int]) -> list[tuple[int, int]]:
    """Returns which inputs index an axis in one equation, as bit sets, and how long the axis is."""
    name = equation.primitive.name
    if name == "gather":
        axes = equation.params["dimension_numbers"].start_index_map
        shape = equation.invars[0].aval.shape
        return [(sets[1], min(shape[axis] for axis in axes))] if axes else []
    if name == "dynamic_slice":
        pairs = zip(sets[1:], equation.invars[0].aval.shape)
        return [(bits, length) for bits, length in pairs if bits]
    if name == "eq" and (shape := equation.outvars[0].aval.shape):
        one_hot = [bits for bits in sets if bits]  # compared with a constant range
        is_integer = np.issubdtype(equation.invars[0].aval.dtype, np.integer)
        return [(one_hot[0], shape[-1])] if len(one_hot) == 1 and is_integer else []
    return []
