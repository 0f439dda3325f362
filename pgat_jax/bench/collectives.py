"""What a compiled program sends between devices."""

from collections import Counter
from typing import NamedTuple

from pgat_jax.bench.program import Program

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


class Collective(NamedTuple):
    """One operation of a program that several devices take part in."""

    kind: str
    """One of ``KINDS``."""
    elements: tuple[int, ...]
    """Numbers in each array of its result, on one device."""
    bytes: int
    """Of its result on one device, each time."""
    times: int
    """How often the program runs it."""


def collectives(program: Program) -> list[Collective]:
    """The collectives of a program."""
    return [
        Collective(kind, tuple(n for n, _ in line.arrays), line.bytes, times)
        for line, _, times in program.executed()
        if (kind := line.opcode.removesuffix("-start")) in KINDS
    ]


def bytes_of(found: list[Collective]) -> dict[str, int]:
    """Kind -> bytes of all its results on one device, loops counted."""
    total = Counter()
    for one in found:
        total[one.kind] += one.bytes * one.times
    return dict(total)
