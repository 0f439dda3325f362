"""Which module an equation belongs to: by scope where the program has modules, else by call.

Flax Linen and Haiku write the path of the module into each equation, and the names of the leaves
follow it. Where scopes do not name leaves (plain JAX, NNX, Equinox) the user's functions around the
equation take their place.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from checks.program.places import find_call_path, find_module_path

Scope = tuple[str, ...]
_DIGITS = re.compile(r"\d+")


def scopes(chains: Sequence[Sequence[Any]], names: Sequence[str]) -> list[Scope]:
    """For each equation its modules or functions, outermost first, then `file:line`, then a number.

    What a module computes itself between two calls of others counts as one line. Where a program
    comes back to a line after others, its turns are numbered.

    Args:
        chains: equations in program order, each after those that it stands in.
        names: of the leaves.
    """
    calls = list(map(find_call_path, chains))
    modules = [
        tuple(part for part in find_module_path(chain).split("/") if part) for chain in chains
    ]
    parts = {part for name in names for part in name.split("/")}
    if not any(path and path[-1] in parts for path in modules):
        return _numbered(calls)
    roots = {path[0] for path in modules if path}
    below = 1 if len(roots) == 1 and not roots & parts else 0
    found = [(*path[below:], call[-1]) if path else call for path, call in zip(modules, calls)]
    runs = itertools.groupby(found, lambda one: one[:-1])
    joined = [(*path, line) for path, run in runs for line in _joined([one[-1] for one in run])]
    return _numbered(joined)


def _numbered(found: list[Scope]) -> list[Scope]:
    """`a`, `b`, `a` -> `a/turn 1`, `b`, `a/turn 2`."""
    runs = [(one, len(list(run))) for one, run in itertools.groupby(found)]
    turns = Counter(one for one, _ in runs)
    done: Counter[Scope] = Counter()
    numbered = []
    for one, length in runs:
        done[one] += 1
        own = (*one, f"turn {done[one]}") if turns[one] > 1 else one
        numbered += [own] * length
    return numbered


def _joined(lines: list[str]) -> list[str]:
    """`a.py:3`, `a.py:1` -> `a.py:1-3` for both."""
    files = {line.rpartition(":")[0] for line in lines}
    numbers = sorted({int(line.rpartition(":")[2]) for line in lines if line[-1].isdigit()})
    if len(files) > 1 or len(numbers) < 2:
        return lines[:1] * len(lines)
    return [f"{files.pop()}:{numbers[0]}-{numbers[-1]}"] * len(lines)


def grouped(found: Iterable[Scope], most: int) -> dict[Scope, str]:
    """Scope -> name of a group; groups are divided, the outermost first, while they are few enough.

    Siblings that differ by numbers alone become one where they would be too many otherwise.
    """
    every = list(dict.fromkeys(found))
    groups = dict.fromkeys(every, ())
    queue: list[Scope] = [()]
    while queue:
        group = queue.pop(0)
        members = [one for one in every if groups[one] == group]
        for starred in (False, True):
            finer = {one: _finer(one, group, starred) for one in members}
            if len(set((groups | finer).values())) <= most:
                groups |= finer
                sizes = Counter(finer.values())
                queue += [one for one, _ in sizes.most_common() if one != group]
                break
    return _named(groups)


def _finer(one: Scope, group: Scope, starred: bool) -> Scope:
    """The group, one part longer; numbers in a module starred, a line keeps its own."""
    part = one[len(group) : len(group) + 1]
    if starred:
        part = tuple(x if ":" in x else _DIGITS.sub("*", x) for x in part)
    return group + part


def _named(groups: dict[Scope, Scope]) -> dict[Scope, str]:
    """Without the line where a module has but one group."""
    above = Counter(
        group[:length] for group in set(groups.values()) for length in range(1, len(group))
    )
    short = {g: g[:-1] if above[g[:-1]] == 1 else g for g in groups.values()}
    taken = Counter(short.values())
    return {one: "/".join(short[g] if taken[short[g]] == 1 else g) for one, g in groups.items()}
