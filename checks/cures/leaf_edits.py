"""Edits of the values of leaves: they replace zeros, scale small factors, or draw leaves anew."""

from collections.abc import Iterable
from functools import partial
from itertools import chain

import numpy as np

from checks.cures.diagnosed_loss import DiagnosedLoss
from checks.cures.edits import SMALL, Edit
from checks.cures.failing_leaf import FailingLeaf
from checks.cures.failures import Failures
from checks.judges.ends import find_ends, find_zero_factors
from checks.program.bits import LeafBits, has_leaf, unite

# Leaves that are tried for one failing leaf.
_MOST_FACTORS = 4


def propose_zero_edits(failures: Failures) -> Iterable[Edit]:
    """Proposes to replace each zero leaf that ends a gradient, and then all of them together.

    These are the gradients of stuck and unvisited leaves.

    Args:
        failures: the failing leaves and their loss.
    """
    factors = {f.leaf: _find_zeros(failures, f) for f in failures.select("stuck", "unvisited")}
    zeros = dict.fromkeys(chain.from_iterable(factors.values()))
    for zero in zeros:
        yield _redraw(failures, [zero], tuple(i for i, found in factors.items() if zero in found))
    others = {i: tuple(zero for zero in found if zero != i) for i, found in factors.items()}
    for together in dict.fromkeys(found for found in others.values() if len(found) > 1):
        leaves = tuple(i for i, found in factors.items() if set(together) <= set(found))
        yield _redraw(failures, together, leaves)._replace(is_last=True)


def propose_scale_edits(failures: Failures) -> Iterable[Edit]:
    """Proposes to scale small leaves that weaken a vanishing gradient to a usual size.

    Args:
        failures: the failing leaves and their loss.
    """
    factors = {f.leaf: _find_small_factors(failures, f) for f in failures.select("vanishing")}
    for small in dict.fromkeys(chain.from_iterable(factors.values())):
        old = failures.loss.points[0].leaves[small]
        times = _find_usual_size(failures, small) / failures.sizes[small]
        text = f"multiply {failures.name([small])} by {times:.1e}"
        leaves = tuple(i for i, found in factors.items() if small in found)
        replace = partial(DiagnosedLoss.replace_leaves, values={small: times * old})
        yield Edit("leaf", text, leaves, replace)


def propose_redraw_edits(failures: Failures) -> Iterable[Edit]:
    """Proposes to draw each failing leaf anew, and then the leaves that make its equations flat.

    It does so for stuck, unvisited, non-finite and underflowing leaves. A new value says little
    about the reason, so it is tried only where nothing else helped.

    Args:
        failures: the failing leaves and their loss.
    """
    failing = failures.select("stuck", "unvisited", "non_finite", "underflow")
    sources = {f.leaf: [f.leaf, *_find_sources(failures, f)] for f in failing}
    for leaf in dict.fromkeys(chain.from_iterable(sources.values())):
        leaves = tuple(i for i, found in sources.items() if leaf in found)
        yield _redraw(failures, [leaf], leaves)._replace(is_last=True)


def _find_small_factors(failures: Failures, failing: FailingLeaf) -> list[int]:
    """Returns small leaves in the other operands of the products that weaken the gradient."""
    factors: LeafBits = 0
    for tapped in failures.tapped:
        if tapped.reaches(failing.leaf) and tapped.factor(failing.leaf) < SMALL:
            operands = tapped.seen.operands.value
            factors |= unite(bits for bits in operands if not has_leaf(bits, failing.leaf))
    sizes = failures.sizes
    nonzero = [i for i, size in enumerate(sizes) if has_leaf(factors, i) and size > 0]
    small = [i for i in nonzero if sizes[i] < SMALL * _find_usual_size(failures, i)]
    return small[:_MOST_FACTORS]


def _find_zeros(failures: Failures, failing: FailingLeaf) -> tuple[int, ...]:
    """Returns zero leaves in the factors at which the gradient ends."""
    factors = unite(map(find_zero_factors, find_ends(failures.tapped, failing.leaf)))
    zeros = [i for i, size in enumerate(failures.sizes) if has_leaf(factors, i) and size == 0]
    return tuple(zeros[:_MOST_FACTORS])


def _find_sources(failures: Failures, failing: FailingLeaf) -> list[int]:
    """Returns the leaves from which the equations that end the gradient compute their operands.

    If slices fail, these are the other leaves with failing slices, because they belong to the same
    units. Only stuck and unvisited leaves have sources.
    """
    if failing.view > 0:
        return [f.leaf for f in failures.leaves.values() if f.view > 0 and f != failing]
    if failing.verdict not in ("stuck", "unvisited"):
        return []
    tapped = find_ends(failures.tapped, failing.leaf)
    sources = unite(bits for one in tapped for bits in one.seen.operands.value)
    count = failures.loss.program.leaf_count
    others = [i for i in range(count) if has_leaf(sources, i) and i != failing.leaf]
    return others[:_MOST_FACTORS]


def _redraw(failures: Failures, changed: Iterable[int], leaves: tuple[int, ...]) -> Edit:
    """Proposes to draw leaves anew; of a leaf whose slices fail, only those slices.

    Args:
        failures: the failing leaves.
        changed: the leaves to redraw.
        leaves: the failing leaves that this may help.
    """
    values, steps = {}, []
    for i in changed:
        failing = failures.leaves.get(i)
        values[i], step = _draw(failures, i)
        if failing is not None and failing.view > 0:
            values[i] = _mix_slices(failures.loss.points[0].leaves[i], values[i], failing)
            step = f"{step} in slice {failing.indices[0]} of axis {failing.view - 1}"
        steps.append(step)
    return Edit("leaf", " and ".join(steps), leaves, lambda loss: loss.replace_leaves(values))


def _draw(failures: Failures, leaf: int) -> tuple[np.ndarray, str]:
    """Draws normal numbers of the usual size for a leaf, or sets a scalar to that size.

    Returns:
        The new value, and a description of it in words.
    """
    name, size = failures.loss.program.params.names[leaf], _find_usual_size(failures, leaf)
    old = failures.loss.points[0].leaves[leaf]
    if old.size == 1:
        value = size if old.any() else 1.0
        return np.full_like(old, value), f"set {name} to {value:.2g}"
    values = size * np.random.default_rng(leaf).standard_normal(old.shape).astype(old.dtype)
    return values, f"redraw {name} from a normal distribution of scale {size:.2g}"


def _find_usual_size(failures: Failures, leaf: int) -> float:
    """Returns the lower median of the root mean squares of the other nonzero leaves, or one."""
    others = [size for i, size in enumerate(failures.sizes) if i != leaf]
    sizes = [size for size in others if size > 0 and np.isfinite(size)]
    return float(np.quantile(sizes, 0.5, method="lower")) if sizes else 1.0


def _mix_slices(old: np.ndarray, new: np.ndarray, failing: FailingLeaf) -> np.ndarray:
    """Returns the new values in the failing slices and the old ones elsewhere."""
    mixed, axis = old.copy(), failing.view - 1
    where = (slice(None),) * axis + (list(failing.indices),)
    mixed[where] = new[where]
    return mixed
