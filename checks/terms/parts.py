"""Unites the summands that one expression of the user makes to parts, and names the parts.

The module depends on `checks/program`.
"""

import linecache
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from checks.program.bits import unite
from checks.program.places import CallFrame, find_call_frames, find_place, is_in_library
from checks.terms.summands import Summand


class Part(NamedTuple):
    """A term of the loss before it is measured: the summands of one expression.

    Attributes:
        name: the key of the auxiliary output that holds it, or else `path:line`.
        where: `path:line` of each place that adds to it.
        code: the text of the first of these lines; empty where it cannot be read.
        summands: at least one; all of them have a derivative, or none.
        value: bit set (an integer; bit i stands for leaf i) of the leaves that it depends on.
        tangent: bit set of the leaves from which a derivative reaches it.
    """

    name: str
    where: tuple[str, ...]
    code: str
    summands: tuple[Summand, ...]
    value: int
    tangent: int


def unite_summands(summands: Sequence[Summand]) -> list[Part]:
    """Unites the summands that stand at the same expression, such as those of a loop.

    A summand of a user's loop without a derivative is kept apart from those that have one. A
    summand without a derivative that a library function adds to others (such as the maximum in a
    `logsumexp`) is part of the term.

    Args:
        summands: the summands of a loss.

    Returns:
        The parts, in the order of the program.
    """
    frames = [find_call_frames(summand.head) for summand in summands]
    groups: dict[Any, list[int]] = {}
    for i, (summand, path) in enumerate(zip(summands, frames)):
        groups.setdefault((summand.key, path or find_place(summand.head[-1])), []).append(i)
    united = [part for group in groups.values() for part in _keep_apart(summands, group)]
    united.sort(key=lambda group: summands[group[0]].edges[:1])
    paths = [frames[group[0]] for group in united]
    names = _name_parts([summands[group[0]] for group in united], paths)
    return [
        _make_part(name, frame, [summands[i] for i in group])
        for group, (name, frame) in zip(united, names)
    ]


def _keep_apart(summands: Sequence[Summand], group: Sequence[int]) -> list[list[int]]:
    """Splits a group by whether its summands have a derivative, where a loop made both kinds."""
    alive = [i for i in group if summands[i].tangent]
    dead = [i for i in group if not summands[i].tangent]
    kinds = {summands[i].head[-1].primitive for i in alive}
    is_library = any(is_in_library(summands[i].head[-1]) for i in group)
    is_loop = not is_library and any(summands[i].head[-1].primitive in kinds for i in dead)
    return [alive, dead] if alive and dead and is_loop else [[*group]]


def _name_parts(
    firsts: Sequence[Summand], paths: Sequence[tuple[CallFrame, ...]]
) -> list[tuple[str, CallFrame | None]]:
    """Returns the name of each part, and the outermost call that no other part shares with it."""
    frames = [_find_own_frame(path, paths) for path in paths]
    lines = [
        frame.place if frame else find_place(first.head[-1]) for first, frame in zip(firsts, frames)
    ]
    keys = Counter(first.key for first in firsts)
    names = [
        first.key if first.key and keys[first.key] == 1 else f"{first.key} {line}".strip()
        for first, line in zip(firsts, lines)
    ]
    totals, seen = Counter(names), Counter()
    for i, name in enumerate(names):
        seen[name] += 1
        if totals[name] > 1:
            names[i] = f"{name} #{seen[name]}"
    return list(zip(names, frames))


def _find_own_frame(
    path: tuple[CallFrame, ...], paths: Sequence[tuple[CallFrame, ...]]
) -> CallFrame | None:
    others = [other for other in paths if other != path]
    for depth, frame in enumerate(path):
        if all(other[: depth + 1] != path[: depth + 1] for other in others):
            return frame
    return path[-1] if path else None


def _make_part(name: str, frame: CallFrame | None, summands: Sequence[Summand]) -> Part:
    innermost = [find_call_frames(summand.head)[-1:] for summand in summands]
    places = [frame.place] if frame else []
    places += [one.place for own in innermost for one in own]
    return Part(
        name,
        tuple(dict.fromkeys(places)),
        linecache.getline(frame.file, frame.line).strip() if frame else "",
        tuple(summands),
        unite(summand.value for summand in summands),
        unite(summand.tangent for summand in summands),
    )
