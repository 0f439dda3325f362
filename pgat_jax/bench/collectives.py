"""Finds what a compiled program sends between devices. It depends on `program` alone."""

from collections import Counter
from typing import NamedTuple

from pgat_jax.bench.program import CompiledProgram

# Opcodes of the instructions that several devices take part in.
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
    """One instruction that several devices take part in.

    Attributes:
        kind: one of `KINDS`, such as `all-reduce`.
        elements: the numbers in each array of its result, on one device.
        bytes: the bytes of its result on one device, for each run.
        times: how often the program runs it.
    """

    kind: str
    elements: tuple[int, ...]
    bytes: int
    times: int


def find_collectives(program: CompiledProgram) -> list[Collective]:
    """Finds the collectives of a program.

    Args:
        program: a parsed program.

    Returns:
        Each collective, in program order.
    """
    return [
        Collective(kind, tuple(n for n, _ in line.arrays), line.bytes, times)
        for line, _, times in program.instructions()
        if (kind := line.opcode.removesuffix("-start")) in KINDS
    ]


def sum_bytes(collectives: list[Collective]) -> dict[str, int]:
    """Sums the bytes of collectives by kind.

    Args:
        collectives: those of a program.

    Returns:
        Kind -> bytes of all results on one device, loops counted.
    """
    total = Counter()
    for collective in collectives:
        total[collective.kind] += collective.bytes * collective.times
    return dict(total)
