"""Groups leaves for display: equal siblings become one, with their names and cures in words."""

import math
import re
from collections.abc import Sequence

from checks.verdicts import Cure, Leaf

# Verdicts of leaves about which a report has nothing more to say.
_PLAIN = frozenset({"alive", "reachable"})
_NUMBERS = re.compile(r"\d+")
# Numbers in a row that are written as a range.
_LEAST_RANGE = 3
_NO_EDIT = "no edit of one leaf, equation or optimiser stage is known for it"


def is_plain(leaf: Leaf) -> bool:
    """Returns whether a leaf is `alive` or `reachable` and there is no more to say of it.

    There is more if it has slices, further verdicts or an allow-list reason.

    Args:
        leaf: a leaf of a report.
    """
    has_more = bool(leaf.slices or leaf.also or leaf.allowed is not None)
    return leaf.verdict in _PLAIN and not has_more


def group_siblings(leaves: Sequence[Leaf]) -> list[list[Leaf]]:
    """Groups leaves that differ only by the numbers in their names, places and cures.

    Args:
        leaves: in the order in which they are shown.

    Returns:
        Groups in the order of their first leaves; a leaf without siblings is a group of one. All
        leaves of a group have the same verdict, slices, places, cures and allow-list reason apart
        from numbers, so the first can represent all.
    """
    groups: dict[object, list[Leaf]] = {}
    for leaf in leaves:
        slices = tuple((s.axis, s.index, s.verdict) for s in leaf.slices)
        cures = tuple(star_numbers(cure.edit) for cure in leaf.cures)
        where = tuple(map(_star_module, leaf.where))
        name = star_numbers(leaf.name)
        key = (name, leaf.verdict, leaf.allowed, leaf.passes, where, slices, cures)
        groups.setdefault(key, []).append(leaf)
    return list(groups.values())


def group_name(group: Sequence[Leaf]) -> str:
    """Returns the name of a single leaf; for several, the numbers in which they differ in braces.

    Args:
        group: at least one leaf; several differ only by the numbers in their names.

    Returns:
        A name such as `layers/{0,1,5-9}/kernel`. If the leaves are not all combinations of the
        numbers in their names, each number that differs is `*`.
    """
    columns = [
        sorted(set(map(int, column)))
        for column in zip(*(_NUMBERS.findall(leaf.name) for leaf in group))
    ]
    is_grid = math.prod(map(len, columns)) == len(group)
    numbers = iter(columns)

    def fill(match: re.Match[str]) -> str:
        column = next(numbers)
        if len(column) == 1:
            return match.group()
        return f"{{{_join_ranges(column)}}}" if is_grid else "*"

    return _NUMBERS.sub(fill, group[0].name)


def _join_ranges(numbers: Sequence[int]) -> str:
    """Returns sorted numbers joined by commas, with `first-last` for three or more in a row."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts = [
        [f"{run[0]}-{run[-1]}"] if len(run) >= _LEAST_RANGE else list(map(str, run)) for run in runs
    ]
    return ",".join(part for run in parts for part in run)


def star_numbers(text: str) -> str:
    """Replaces each number in a text by `*`.

    Args:
        text: any text.
    """
    return _NUMBERS.sub("*", text)


def cure_sentences(leaf: Leaf) -> list[str]:
    """Returns a sentence for each cure of a leaf, or one that says that none was found.

    The list is empty if no cures were requested.

    Args:
        leaf: a leaf of a report.
    """
    if leaf.tried is None:
        return []
    if leaf.cures:
        return [f"cure: {_describe(cure)}" for cure in leaf.cures]
    return [f"no cure: {f'none of {leaf.tried} edits helps' if leaf.tried else _NO_EDIT}"]


def _describe(cure: Cure) -> str:
    when = f" after {cure.steps} steps" if cure.steps else ""
    others = f" (makes {len(cure.leaves)} leaves pass)" if len(cure.leaves) > 1 else ""
    return f"{cure.edit}: {cure.measure} {cure.before:.1e} -> {cure.after:.1e}{when}{others}"


def _star_module(place: str) -> str:
    """Replaces the numbers in the module path of a place by `*`; the line number stays."""
    line, within, module = place.partition(" in ")
    return line + within + star_numbers(module)
