"""Finds the slices that longer data of the same kind read, such as later rows of a position table.

The loss is traced again with one length of the caller's data grown. Nothing is run unless an axis
of a leaf ends in slices that the loss does not read. The module depends on `checks/program`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from checks.program.leaves import Partition, is_key
from checks.program.runner import QUICK
from checks.program.trace import Program

# Most lengths that are tried; the ones closest to the number of slices that are read come first.
_MOST_TRIALS = 6

# Leaf index -> for each view a boolean array [slices].
Slices = Mapping[int, Sequence[np.ndarray]]


def find_longer(program: Program, unread: Slices) -> dict[int, list[np.ndarray]]:
    """Finds unread slices at the end of an axis that the loss reads when the data are longer.

    If longer data read the first of these slices, all of them count as read.

    Args:
        program: the traced loss; its inputs have values.
        unread: leaf -> for each view (the whole leaf, then each axis), the slices that the loss
            does not read.

    Returns:
        Leaf -> for each view, the slices that longer data read; leaves without one are left out.
    """
    pending = {
        (leaf, view): first
        for leaf, views in unread.items()
        for view, mask in enumerate(views)
        if (first := _find_end(mask)) is not None
    }
    found = {i: [np.zeros_like(view) for view in views] for i, views in unread.items()}
    for _, args in zip(range(_MOST_TRIALS), _lengthen(program, list(pending.values()))):
        slopes = _differentiate(program, args, sorted({leaf for leaf, _ in pending}))
        for (leaf, view), first in list(pending.items()):
            if leaf in slopes and np.take(slopes[leaf], first, axis=view - 1).any():
                found[leaf][view][first:] = True
                del pending[leaf, view]
        if not pending:
            break
    return {i: views for i, views in found.items() if any(view.any() for view in views)}


def _find_end(unread: np.ndarray) -> int | None:
    """Returns where the unread slices begin, if some are read and the unread ones are the last."""
    read = np.flatnonzero(~unread)
    if len(unread) < 2 or not len(read) or unread[: read[-1]].any() or read[-1] + 1 == len(unread):
        return None
    return int(read[-1]) + 1


def _lengthen(program: Program, counts: Sequence[int]) -> Iterator[Partition]:
    """Yields the caller's data with each of their lengths grown by one, and doubled.

    The lengths that are closest to one of some counts come first.
    """
    if not counts or program.loss is None:
        return
    arrays = [x for x in (*program.args.learning, *program.args.fixed) if not is_key(x.dtype)]
    lengths = {n for x in arrays for n in x.shape if n > 1}
    for length in sorted(lengths, key=lambda n: (min(abs(n - count) for count in counts), n)):
        for new in (length + 1, 2 * length):
            yield _repeat(program.args, length, new)


def _repeat(args: Partition, length: int, new: int) -> Partition:
    """Returns arguments whose axes of one length are repeated up to another one."""

    def repeat(x: Any) -> Any:
        if is_key(x.dtype):
            return x
        for axis in (a for a, n in enumerate(x.shape) if n == length):
            x = jnp.take(x, jnp.arange(new) % length, axis=axis)
        return x

    learning, fixed = (tuple(map(repeat, part)) for part in (args.learning, args.fixed))
    return replace(args, learning=learning, fixed=fixed)


def _differentiate(program: Program, args: Partition, leaves: list[int]) -> dict[int, np.ndarray]:
    """Returns the gradients of leaves at other data; none if the loss cannot take these data."""
    params, call = program.params, program.loss

    def loss(moved: list[Any], learning: Sequence[Any], fixed: Sequence[Any]) -> Any:
        values = list(params.learning)
        for leaf, x in zip(leaves, moved):
            values[leaf] = x
        built = params.build(values, params.fixed)
        result = call(built, *args.build(learning, fixed)) if call else None
        return result[0] if isinstance(result, tuple) else result

    gradient = jax.jit(jax.grad(loss), compiler_options=QUICK)
    try:
        slopes = gradient([params.learning[i] for i in leaves], args.learning, args.fixed)
    except Exception:  # data of these shapes do not fit each other, or the model
        return {}
    return {leaf: np.nan_to_num(np.asarray(x)) for leaf, x in zip(leaves, slopes)}
