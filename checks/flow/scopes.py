"""Finds the module of each equation: its scope if the program has modules, else its function.

Flax Linen and Haiku write the path of the module into each equation, and the names of the leaves
follow it. If scopes do not name leaves (plain JAX, NNX, Equinox), the user's functions around the
equation take their place.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from checks.program.places import find_call_path, find_module_path

# Names of the modules or functions around an equation, outermost first, then `file:line`.
Scope = tuple[str, ...]
_DIGITS = re.compile(r"\d+")


def find_scopes(chains: Sequence[Sequence[Any]], names: Sequence[str]) -> list[Scope]:
    """Finds the scope of each equation: the names of the modules or functions around it.

    Module names are used if one of them is part of a leaf's name, else function names. All
    equations that a module computes between two calls of other modules count as one line. If a
    program returns to a line after others, its turns are numbered.

    Args:
        chains: for each equation in program order, the equations around it and itself.
        names: names of the leaves.

    Returns:
        A scope for each equation: names, outermost first, then `file:line`, and then `turn N`
        where turns are numbered.
    """
    calls = list(map(find_call_path, chains))
    modules = [
        tuple(part for part in find_module_path(chain).split("/") if part) for chain in chains
    ]
    parts = {part for name in names for part in name.split("/")}
    if not any(path and path[-1] in parts for path in modules):
        return _number_turns(calls)
    roots = {path[0] for path in modules if path}
    below = 1 if len(roots) == 1 and not roots & parts else 0
    found = [(*path[below:], call[-1]) if path else call for path, call in zip(modules, calls)]
    runs = itertools.groupby(found, lambda one: one[:-1])
    joined = [(*path, line) for path, run in runs for line in _join_lines([one[-1] for one in run])]
    return _number_turns(joined)


def _number_turns(found: list[Scope]) -> list[Scope]:
    """Numbers the turns of a scope: `a`, `b`, `a` -> `a/turn 1`, `b`, `a/turn 2`."""
    runs = [(one, len(list(run))) for one, run in itertools.groupby(found)]
    turns = Counter(one for one, _ in runs)
    done: Counter[Scope] = Counter()
    numbered = []
    for one, length in runs:
        done[one] += 1
        own = (*one, f"turn {done[one]}") if turns[one] > 1 else one
        numbered += [own] * length
    return numbered


def _join_lines(lines: list[str]) -> list[str]:
    """Joins the lines of one file: `a.py:3`, `a.py:1` -> `a.py:1-3` for both."""
    files = {line.rpartition(":")[0] for line in lines}
    numbers = sorted({int(line.rpartition(":")[2]) for line in lines if line[-1].isdigit()})
    if len(files) > 1 or len(numbers) < 2:
        return lines[:1] * len(lines)
    return [f"{files.pop()}:{numbers[0]}-{numbers[-1]}"] * len(lines)


def group_scopes(found: Iterable[Scope], most: int) -> dict[Scope, str]:
    """Groups scopes (tuples of names) by their first parts, as many as the number allows.

    Args:
        found: the scopes of all equations.
        most: the largest number of groups. Siblings that differ only by numbers become one group if
            there would be too many otherwise.

    Returns:
        Scope -> name of its group.
    """
    every = list(dict.fromkeys(found))
    groups = dict.fromkeys(every, ())
    queue: list[Scope] = [()]
    while queue:
        group = queue.pop(0)
        members = [one for one in every if groups[one] == group]
        for starred in (False, True):
            finer = {one: _lengthen(one, group, starred) for one in members}
            if len(set((groups | finer).values())) <= most:
                groups |= finer
                sizes = Counter(finer.values())
                queue += [one for one, _ in sizes.most_common() if one != group]
                break
    return _name_groups(groups)


def _lengthen(one: Scope, group: Scope, starred: bool) -> Scope:
    """Returns the group, longer by one part; `starred` replaces the numbers in module names."""
    part = one[len(group) : len(group) + 1]
    if starred:
        part = tuple(x if ":" in x else _DIGITS.sub("*", x) for x in part)
    return group + part


def _name_groups(groups: dict[Scope, Scope]) -> dict[Scope, str]:
    """Names the groups, without the line if a module has only one group."""
    above = Counter(
        group[:length] for group in set(groups.values()) for length in range(1, len(group))
    )
    short = {g: g[:-1] if above[g[:-1]] == 1 else g for g in groups.values()}
    taken = Counter(short.values())
    return {one: "/".join(short[g] if taken[short[g]] == 1 else g) for one, g in groups.items()}
