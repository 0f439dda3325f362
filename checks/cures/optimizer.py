"""Edits of one optimiser stage: what it takes from a leaf is given back."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import optax

from checks.cures.edits import Edit, Ward
from checks.cures.vitals import Patient
from checks.measure.points import root_mean_square
from checks.measure.simulate import filled
from checks.measure.stages import Stage, blamed_stage, closed_over, with_stage

_RATE = 1e-3
_RAISED = (10.0, 1e3)
_LOWERED = (0.1, 1e-2)

# A stage and the leaves concerned -> a stage in its place, and the edit in words.
_Swap = Callable[[Any, Stage, Sequence[int], Ward], tuple[str, Any] | None]


def optimizer_edits(ward: Ward) -> Iterable[Edit]:
    """For starved leaves edits of the stage that starves them; for others another rate."""
    for leaves in _by_stage(ward.ill_with("starved")):
        stage = _blamed(ward, leaves[0])
        for swap in _SWAPS:
            if edit := _swapped(ward, stage, leaves, swap):
                yield edit
    for verdict, factors in (("underflow", _RAISED), ("non_finite", _LOWERED)):
        leaves = tuple(p.leaf for p in ward.ill_with(verdict))
        if leaves:
            yield from (_other_rate(ward, leaves, factor) for factor in factors)


def _by_stage(patients: Iterable[Patient]) -> list[tuple[int, ...]]:
    """The leaves of patients that blame the same stage."""
    groups: dict[Any, list[int]] = {}
    for patient in patients:
        groups.setdefault(patient.where, []).append(patient.leaf)
    return [tuple(leaves) for leaves in groups.values()]


def _blamed(ward: Ward, leaf: int) -> Stage:
    subject = ward.subject
    leaves, gradient = subject.points[0].leaves, subject.measured[0].wide
    with jax.enable_x64(True):
        return blamed_stage(subject.chain, leaves, filled(gradient, leaves), leaf)


def _swapped(ward: Ward, stage: Stage, leaves: tuple[int, ...], swap: _Swap) -> Edit | None:
    """The edit of one stage, None where it does not apply to it."""
    made: list[tuple[str, Any] | None] = []

    def replaced(old: Any) -> Any:
        made[:] = [swap(old, stage, leaves, ward)]
        return made[0][1] if made[0] else old

    optimizer = with_stage(ward.subject.chain.optimizer, stage.path, replaced)
    if made[0] is None:
        return None
    return Edit("optimizer", made[0][0], leaves, lambda subject: subject.with_optimizer(optimizer))


def _relabelled(old: Any, stage: Stage, leaves: Sequence[int], ward: Ward) -> Any:
    """In `optax.partition`: the label that most other leaves have."""
    known = closed_over(old.update)
    if not {"transforms", "param_labels"} <= set(known):
        return None
    params = ward.subject.chain.tree(ward.subject.points[0].leaves)
    given = known["param_labels"]
    labels = jax.tree.leaves(given(params) if callable(given) else given)
    counts = Counter(x for i, x in enumerate(labels) if i not in leaves and x != labels[leaves[0]])
    if not counts or len(labels) != len(jax.tree.leaves(params)):
        return None
    label = counts.most_common(1)[0][0]
    own = [label if i in leaves else x for i, x in enumerate(labels)]
    tree = jax.tree.unflatten(jax.tree.structure(params), own)
    text = f"label {ward.names(leaves)} {label!r} instead of {labels[leaves[0]]!r} in {stage.name}"
    return text, optax.partition(known["transforms"], tree)


def _alone(old: Any, stage: Stage, leaves: Sequence[int], ward: Ward) -> Any:
    """The stage applied to each of the leaves as if the others had no gradient."""

    def update(updates: Any, state: Any, params: Any = None, **more: Any) -> Any:
        results, new = old.update(updates, state, params, **more)
        flat, tree = jax.tree.flatten(results)
        for leaf in leaves:
            only = [x if i == leaf else 0 * x for i, x in enumerate(jax.tree.leaves(updates))]
            own, _ = old.update(jax.tree.unflatten(tree, only), state, params, **more)
            flat[leaf] = jax.tree.leaves(own)[leaf]
        return jax.tree.unflatten(tree, flat), new

    text = f"apply {stage.name} to {ward.names(leaves)} leaf by leaf instead of globally"
    return text, optax.GradientTransformationExtraArgs(old.init, update)


def _passed(old: Any, stage: Stage, leaves: Sequence[int], ward: Ward) -> Any:
    """The stage for all leaves but these, whose updates pass it unchanged."""

    def update(updates: Any, state: Any, params: Any = None, **more: Any) -> Any:
        results, new = old.update(updates, state, params, **more)
        pairs = zip(jax.tree.leaves(updates), jax.tree.leaves(results))
        flat = [before if i in leaves else x for i, (before, x) in enumerate(pairs)]
        return jax.tree.unflatten(jax.tree.structure(results), flat), new

    text = f"take {ward.names(leaves)} out of the optimiser stage {stage.name}"
    return text, optax.GradientTransformationExtraArgs(old.init, update)


def _rated(old: Any, stage: Stage, leaves: Sequence[int], ward: Ward) -> Any:
    """A constant rate in the place of a scaling that has come to nothing."""
    if not stage.name.startswith(("scale_by_schedule", "scale_by_learning_rate", "scale")):
        return None
    return f"raise the rate of {stage.name} to {_RATE:g}", optax.scale(-_RATE)


def _magnified(old: Any, stage: Stage, leaves: Sequence[int], ward: Ward) -> Any:
    """The stage on gradients of size one, which is the stage with an eps scaled to them."""
    slopes = ward.subject.measured[0].wide.leaves
    sizes = {i: root_mean_square(g) for i in leaves if (g := slopes[i]) is not None}

    def update(updates: Any, state: Any, params: Any = None, **more: Any) -> Any:
        flat, tree = jax.tree.flatten(updates)
        scaled = [x / sizes[i] if sizes.get(i) else x for i, x in enumerate(flat)]
        return old.update(jax.tree.unflatten(tree, scaled), state, params, **more)

    text = f"scale eps of {stage.name} to the gradient of {ward.names(leaves)}"
    return text, optax.GradientTransformationExtraArgs(old.init, update)


_SWAPS: tuple[_Swap, ...] = (_relabelled, _alone, _passed, _rated, _magnified)


def _other_rate(ward: Ward, leaves: tuple[int, ...], factor: float) -> Edit:
    """The whole optimiser's update of these leaves, some times as large."""
    word = "raise" if factor > 1 else "lower"
    text = f"{word} the rate of {ward.names(leaves)} {max(factor, 1 / factor):g} times"

    def scaled(updates: Any, params: Any = None) -> Any:
        flat, tree = jax.tree.flatten(updates)
        values = [
            jnp.asarray(factor, x.dtype) * x if i in leaves else x for i, x in enumerate(flat)
        ]
        return jax.tree.unflatten(tree, values)

    optimizer = optax.chain(ward.subject.chain.optimizer, optax.stateless(scaled))
    return Edit("optimizer", text, leaves, lambda subject: subject.with_optimizer(optimizer))
