"""Edits of the optimiser stage that makes a leaf's update zero or tiny, and of learning rates."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import optax

from checks.cures.edits import Edit
from checks.cures.failing_leaf import FailingLeaf
from checks.cures.failures import Failures
from checks.measure.chain import fill_gradient
from checks.measure.points import root_mean_square
from checks.measure.stages import Stage, find_blamed_stages, get_closure, replace_stage

# The learning rate that replaces one of zero: the default of Adam.
_RATE = 1e-3
# Factors on the learning rate for updates lost in rounding, and for steps that end in NaN or Inf.
_RAISED = (10.0, 1e3)
_LOWERED = (0.1, 1e-2)

# From a stage's transformation, the stage, the leaves it starves and all failures to the edit in
# words and the transformation that replaces it; None where it does not apply to the stage.
_Swap = Callable[[Any, Stage, Sequence[int], Failures], tuple[str, Any] | None]


def propose_optimizer_edits(failures: Failures) -> Iterable[Edit]:
    """Proposes edits of the stage that starves leaves, and other learning rates.

    Other learning rates are proposed for leaves with the verdict `underflow` or `non_finite`.

    Args:
        failures: the failing leaves and their loss.
    """
    for leaves in _group_by_stage(failures.select("starved")):
        stage = _find_stage(failures, leaves[0])
        for swap in _SWAPS:
            if edit := _swap_stage(failures, stage, leaves, swap):
                yield edit
    for verdict, factors in (("underflow", _RAISED), ("non_finite", _LOWERED)):
        leaves = tuple(f.leaf for f in failures.select(verdict))
        if leaves:
            yield from (_scale_rate(failures, leaves, factor) for factor in factors)


def _group_by_stage(failing: Iterable[FailingLeaf]) -> list[tuple[int, ...]]:
    """Groups leaves whose verdicts name the same stage."""
    groups: dict[Any, list[int]] = {}
    for one in failing:
        groups.setdefault(one.where, []).append(one.leaf)
    return [tuple(leaves) for leaves in groups.values()]


def _find_stage(failures: Failures, leaf: int) -> Stage:
    loss = failures.loss
    leaves, gradient = loss.points[0].leaves, loss.measured[0].wide
    with jax.enable_x64(True):
        found = find_blamed_stages(loss.chain, leaves, fill_gradient(gradient, leaves), [leaf])
        return found[leaf]


def _swap_stage(
    failures: Failures, stage: Stage, leaves: tuple[int, ...], swap: _Swap
) -> Edit | None:
    """Returns the edit that swaps one stage, None where the swap does not apply to it."""
    swapped: list[tuple[str, Any] | None] = []

    def replace(old: Any) -> Any:
        swapped[:] = [swap(old, stage, leaves, failures)]
        return swapped[0][1] if swapped[0] else old

    optimizer = replace_stage(failures.loss.chain.optimizer, stage.path, replace)
    if swapped[0] is None:
        return None
    return _replace_optimizer(swapped[0][0], leaves, optimizer)


def _replace_optimizer(text: str, leaves: tuple[int, ...], optimizer: Any) -> Edit:
    return Edit("optimizer", text, leaves, lambda loss: loss.replace_optimizer(optimizer))


def _relabel(old: Any, stage: Stage, leaves: Sequence[int], failures: Failures) -> Any:
    """Gives the leaves of an `optax.partition` the label that most other leaves have."""
    known = get_closure(old.update)
    if not {"transforms", "param_labels"} <= set(known):
        return None
    params = failures.loss.chain.tree(failures.loss.points[0].leaves)
    given = known["param_labels"]
    labels = jax.tree.leaves(given(params) if callable(given) else given)
    counts = Counter(x for i, x in enumerate(labels) if i not in leaves and x != labels[leaves[0]])
    if not counts or len(labels) != len(jax.tree.leaves(params)):
        return None
    label = counts.most_common(1)[0][0]
    own = [label if i in leaves else x for i, x in enumerate(labels)]
    tree = jax.tree.unflatten(jax.tree.structure(params), own)
    names = failures.name(leaves)
    text = f"label {names} {label!r} instead of {labels[leaves[0]]!r} in {stage.name}"
    return text, optax.partition(known["transforms"], tree)


def _apply_alone(old: Any, stage: Stage, leaves: Sequence[int], failures: Failures) -> Any:
    """Applies the stage to each of the leaves as if the others had no gradient."""

    def update(updates: Any, state: Any, params: Any = None, **more: Any) -> Any:
        results, new = old.update(updates, state, params, **more)
        flat, tree = jax.tree.flatten(results)
        for leaf in leaves:
            only = [x if i == leaf else 0 * x for i, x in enumerate(jax.tree.leaves(updates))]
            own, _ = old.update(jax.tree.unflatten(tree, only), state, params, **more)
            flat[leaf] = jax.tree.leaves(own)[leaf]
        return jax.tree.unflatten(tree, flat), new

    text = f"apply {stage.name} to {failures.name(leaves)} leaf by leaf instead of globally"
    return text, optax.GradientTransformationExtraArgs(old.init, update)


def _exclude(old: Any, stage: Stage, leaves: Sequence[int], failures: Failures) -> Any:
    """Applies the stage to all leaves but these; the updates of these pass unchanged."""

    def update(updates: Any, state: Any, params: Any = None, **more: Any) -> Any:
        results, new = old.update(updates, state, params, **more)
        pairs = zip(jax.tree.leaves(updates), jax.tree.leaves(results))
        flat = [before if i in leaves else x for i, (before, x) in enumerate(pairs)]
        return jax.tree.unflatten(jax.tree.structure(results), flat), new

    text = f"exclude {failures.name(leaves)} from the optimiser stage {stage.name}"
    return text, optax.GradientTransformationExtraArgs(old.init, update)


def _set_rate(old: Any, stage: Stage, leaves: Sequence[int], failures: Failures) -> Any:
    """Replaces a scaling by a constant learning rate."""
    del old, leaves, failures
    if not stage.name.startswith(("scale_by_schedule", "scale_by_learning_rate", "scale")):
        return None
    return f"set the learning rate of {stage.name} to {_RATE:g}", optax.scale(-_RATE)


def _scale_eps(old: Any, stage: Stage, leaves: Sequence[int], failures: Failures) -> Any:
    """Applies the stage to gradients of size one, as if its eps were scaled to the gradient."""
    slopes = failures.loss.measured[0].wide.leaves
    sizes = {i: root_mean_square(g) for i in leaves if (g := slopes[i]) is not None}

    def update(updates: Any, state: Any, params: Any = None, **more: Any) -> Any:
        flat, tree = jax.tree.flatten(updates)
        scaled = [x / sizes[i] if sizes.get(i) else x for i, x in enumerate(flat)]
        return old.update(jax.tree.unflatten(tree, scaled), state, params, **more)

    text = f"scale eps of {stage.name} to the gradient of {failures.name(leaves)}"
    return text, optax.GradientTransformationExtraArgs(old.init, update)


_SWAPS: tuple[_Swap, ...] = (_relabel, _apply_alone, _exclude, _set_rate, _scale_eps)


def _scale_rate(failures: Failures, leaves: tuple[int, ...], factor: float) -> Edit:
    """Multiplies the whole optimiser's update of these leaves by a factor."""

    def scale(updates: Any, params: Any = None) -> Any:
        del params
        flat, tree = jax.tree.flatten(updates)
        values = [
            jnp.asarray(factor, x.dtype) * x if i in leaves else x for i, x in enumerate(flat)
        ]
        return jax.tree.unflatten(tree, values)

    text = f"multiply the learning rate of {failures.name(leaves)} by {factor:g}"
    optimizer = optax.chain(failures.loss.chain.optimizer, optax.stateless(scale))
    return _replace_optimizer(text, leaves, optimizer)
