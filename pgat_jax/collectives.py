"""What a compiled program sends between devices, read from its text."""

import math
import re
from collections import Counter
from typing import NamedTuple

KINDS = (
    "all-reduce",
    "all-gather",
    "reduce-scatter",
    "all-to-all",
    "ragged-all-to-all",
    "collective-permute",
    "collective-broadcast",
    "send",
    "recv",
)
BITS = {"pred": 8, "bf16": 16, "f16": 16, "f32": 32, "f64": 64}
_CALL = re.compile(rf" = (\(.*?\)|\S+) ({'|'.join(KINDS)})(?:-start)?\(")
_LOOP = re.compile(r" while\(.*body=%?([\w.-]+).*known_trip_count\D*(\d+)")


class Collective(NamedTuple):
    """One operation of a program that several devices take part in."""

    kind: str
    """One of ``KINDS``."""
    elements: tuple[int, ...]
    """Numbers in each array of its result, on one device."""
    bytes: int
    """Of its result on one device, each time."""
    times: int
    """How often the program runs it: the lengths of the loops around it, multiplied."""


def collectives(text: str) -> list[Collective]:
    """The collectives of ``compiled.as_text()``; those of a branch count as if it were taken."""
    parts = _computations(text)
    return [
        _collective(found, _times(name, parts))
        for name, lines in parts.items()
        for line in lines
        if (found := _CALL.search(line))
    ]


def bytes_of(found: list[Collective]) -> dict[str, int]:
    """Kind -> bytes of all its results on one device, loops counted."""
    total = Counter()
    for one in found:
        total[one.kind] += one.bytes * one.times
    return dict(total)


def _computations(text: str) -> dict[str, list[str]]:
    parts: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if opened := re.match(r"(?:ENTRY )?%?([\w.-]+) .*\{$", line):
            lines = parts[opened[1]] = []
        lines.append(line)
    return parts


def _times(name: str, parts: dict[str, list[str]]) -> int:
    """How often a computation runs, following the loops that hold it."""
    for caller, lines in parts.items():
        for line in lines:
            loop = _LOOP.search(line)
            if loop and loop[1] == name:
                return int(loop[2]) * _times(caller, parts)
    return 1


def _collective(found: re.Match, times: int) -> Collective:
    arrays = re.findall(r"\b([a-z]+\d*)\[([\d,]*)\]", found[1])
    elements = tuple(math.prod(map(int, filter(None, dims.split(",")))) for _, dims in arrays)
    bits = (BITS.get(kind) or int(re.sub(r"\D", "", kind)) for kind, _ in arrays)
    return Collective(found[2], elements, sum(n * b // 8 for n, b in zip(elements, bits)), times)
