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


def find_mismatches_in_float64(case: Case) -> list[Alarm]:
    """Returns the alarms of `find_mismatches` with parameters and data in float64.

    Args:
        case: The program.
    """
    with jax.enable_x64(True):
        return find_mismatches(case.widen())


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


_RULES = "`jax.test_util.check_grads(order=1, modes=('rev',))` of each leaf, default tolerances"
_CAUSES = {"mismatch": "wrong"}
CHECK_GRADS = Tool("check_grads", find_mismatches, _RULES, _CAUSES)
CHECK_GRADS_WIDE = Tool(
    "check_grads, float64", find_mismatches_in_float64, f"{_RULES}, in float64", _CAUSES
)
