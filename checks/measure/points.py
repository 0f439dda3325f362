"""Points to measure at: parameters and inputs, near the given ones and far from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from checks.program.leaves import Partition, is_key
from checks.program.runner import widen_array
from checks.program.trace import Program
from checks.proofs.context import walk
from checks.proofs.dependence import Dependence

# Some hundred ulps: large against float64 rounding, small against any curvature.
JITTER = 1e-13


@dataclass(frozen=True)
class Point:
    """Where to measure.

    Attributes:
        kind: `data` (the caller's), `inputs` (others of the same kind), `params` (other
            parameters) or `far` (inputs far out).
        leaves: all leaves, float64.
        args: the arguments.
    """

    kind: str
    leaves: list[np.ndarray]
    args: Partition


class Sampler:
    """Draws points around the given parameters and arguments, always the same for one seed."""

    def __init__(self, program: Program, dependence: Dependence, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._base = [widen_array(x) for x in program.params.learning]
        self._scales = leaf_scales(self._base)
        self._args = program.args
        self._ranges = index_ranges(program, dependence)
        self._seen = 0

    def data(self, args: Partition) -> Point:
        """The given parameters at the caller's data."""
        return Point("data", self._base, args)

    def inputs(self) -> Point:
        """The given parameters at other inputs of the same kind."""
        return Point("inputs", self._base, self._redrawn(1.0))

    def far_inputs(self, scale: float) -> Point:
        """The given parameters at inputs `scale` times as large."""
        return Point("far", self._base, self._redrawn(scale))

    def near(self, distance: float, redraw: bool) -> Point:
        """Every leaf moved by `distance` times its size; a zero leaf by that of its peers."""
        moved = [
            x + distance * scale * self._normal(x) for x, scale in zip(self._base, self._scales)
        ]
        return Point("params", moved, self._redrawn(1.0) if redraw else self._args)

    def redrawn(self, factor: float, redraw: bool) -> Point:
        """Every leaf drawn anew, `factor` times as large as it is."""
        drawn = [factor * scale * self._normal(x) for x, scale in zip(self._base, self._scales)]
        return Point("params", drawn, self._redrawn(1.0) if redraw else self._args)

    def jittered(self, point: Point) -> Point:
        """The same point but for a change that only rounding errors notice."""
        moved = [
            x + JITTER * np.maximum(np.abs(x), scale) * self._signs(x)
            for x, scale in zip(point.leaves, self._scales)
        ]
        return replace(point, leaves=moved)

    def moved(self, point: Point, leaf: int, mask: np.ndarray, factor: float) -> Point:
        """The elements of one leaf under the mask drawn anew, `factor` times as large."""
        leaves = list(point.leaves)
        drawn = factor * self._scales[leaf] * self._normal(leaves[leaf])
        leaves[leaf] = np.where(mask, drawn, leaves[leaf])
        return replace(point, leaves=leaves)

    def _redrawn(self, scale: float) -> Partition:
        self._seen += 1
        held = []
        for i, x in enumerate(self._args.fixed):
            held.append(self._redrawn_held(x, self._ranges.get(i)))
        learning = [self._redrawn_float(np.asarray(x), scale) for x in self._args.learning]
        return replace(self._args, learning=tuple(learning), fixed=tuple(held))

    def _redrawn_float(self, value: np.ndarray, scale: float) -> np.ndarray:
        """At the scale that it has; non-negative stays so, and zeros and ones stay such."""
        wide = widen_array(value)
        if wide.size == 0:
            return wide
        top = np.abs(wide).max()
        if scale == 1.0 and top > 0 and np.isin(wide, (0.0, 1.0)).all():
            return self._random.integers(0, 2, wide.shape).astype(wide.dtype)
        drawn = scale * (unit_scales(wide) if top > 0 else 1.0) * self._normal(wide)
        is_positive = top > 0 and not np.iscomplexobj(wide) and (wide >= 0).all()
        return np.abs(drawn) if is_positive else drawn

    def _redrawn_held(self, value: Any, limit: int | None) -> Any:
        if is_key(value.dtype):
            words = jnp.asarray(self._words(jax.random.key_data(value).shape))
            return jax.random.wrap_key_data(words, impl=jax.random.key_impl(value))
        array = np.asarray(value)
        if array.dtype == np.bool_:
            flip = self._seen % 2 == 1
            return ~array if flip else self._random.integers(0, 2, array.shape).astype(bool)
        if array.dtype == np.uint32 and array.shape[-1:] == (2,):
            return self._words(array.shape)
        if limit is not None and array.size:
            return self._sweep(array, limit)
        low, high = (int(array.min()), int(array.max())) if array.size else (0, 0)
        return self._random.integers(low, high + 1, array.shape).astype(array.dtype)

    def _sweep(self, array: np.ndarray, limit: int) -> np.ndarray:
        """Successive draws go through all indices, so that few draws visit every row."""
        start = (self._seen - 1) * array.size
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


def leaf_scales(leaves: Sequence[np.ndarray]) -> list[np.ndarray]:
    """`unit_scales` of each leaf; the size of its peers (their median, or 1) for a zero leaf."""
    own = [root_mean_square(x) for x in leaves]
    others = [size for size in own if size > 0]
    typical = float(np.median(others)) if others else 1.0
    return [unit_scales(x) if size else np.array(typical) for x, size in zip(leaves, own)]


def unit_scales(array: np.ndarray) -> np.ndarray:
    """How large elements are, in the units of their rows and columns; broadcasts to the array.

    The columns of a table have units of their own, and so have the rows of the matrix that reads
    it. The scale of an element is the root mean square of the array, times for each axis that of
    the element's slice over that of the array. Slices of zeros count as slices like the others.
    """
    whole = root_mean_square(array)
    if array.ndim < 2 or whole == 0 or not np.isfinite(whole):
        return np.array(whole)
    scales = np.array(whole)
    for axis in range(array.ndim):
        rest = tuple(a for a in range(array.ndim) if a != axis)
        share = np.sqrt(np.mean(np.abs(array / whole) ** 2, axis=rest, keepdims=True))
        scales = scales * np.where(share > 0, share, 1.0)
    return scales


def root_mean_square(array: np.ndarray) -> float:
    """Of an array, 0 for an empty one; scaled first, so that 1e-200 squared does not vanish."""
    top = float(np.abs(array).max()) if array.size else 0.0
    if top == 0 or not np.isfinite(top):
        return top
    return top * float(np.sqrt(np.mean(np.abs(array / top) ** 2)))


def index_ranges(program: Program, dependence: Dependence) -> Mapping[int, int]:
    """For each integer argument that indexes an axis: the length of that axis."""
    first = program.leaf_count + len(program.params.fixed) + len(program.args.learning)
    integers = {first + i: i for i, x in enumerate(program.args.fixed) if _is_integer(x)}
    mask = sum(1 << i for i in integers)
    ranges: dict[int, int] = {}
    if not mask:
        return ranges
    for seen in walk(dependence, program.jaxpr, mask):
        for bits, limit in _limits(seen.site.equation, seen.operands.value):
            for at, position in integers.items():
                if bits >> at & 1:
                    ranges[position] = min(limit, ranges.get(position, limit))
    return ranges


def _is_integer(value: Any) -> bool:
    return not is_key(value.dtype) and np.issubdtype(value.dtype, np.integer)


def _limits(equation: Any, sets: Sequence[int]) -> list[tuple[int, int]]:
    """(bit set of what indexes, length of the axis indexed), for one equation."""
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
