"""`jax.test_util.check_grads`: the gradient along one drawn direction against a difference."""

from typing import Any

import jax
from jax.test_util import check_grads

from benchmarks.rivals.case import Case
from benchmarks.rivals.tool import Alarm, Tool


def find_mismatches(case: Case) -> list[Alarm]:
    """Returns an alarm for each leaf whose gradient differs from finite differences.

    Each leaf is checked alone, which says more than one call for all of them.

    Args:
        case: The program.
    """
    return [Alarm(name, "mismatch") for i, name in enumerate(case.names) if not _is_right(case, i)]


def _is_right(case: Case, number: int) -> bool:
    leaves, treedef = jax.tree.flatten(case.params)

    @jax.jit
    def loss(leaf: Any) -> jax.Array:
        return case.loss(treedef.unflatten([*leaves[:number], leaf, *leaves[number + 1 :]]))

    try:
        check_grads(loss, (leaves[number],), order=1, modes=("rev",))
    except AssertionError:
        return False
    return True


CHECK_GRADS = Tool(
    "check_grads",
    find_mismatches,
    "`jax.test_util.check_grads(order=1, modes=('rev',))` of each leaf, default tolerances",
)
