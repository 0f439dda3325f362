"""A compiled program, read from its text: which instructions run, and how often.

XLA's own ``cost_analysis`` takes a loop's body once. Here a loop counts as often as it turns, so
that what a scanned model moves and sends can be summed up.
"""

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

BITS = {"pred": 8, "token": 0, "opaque": 0}
"""Of types whose name does not end in their width."""


class Instruction(NamedTuple):
    """One line of a computation."""

    name: str
    type: str
    """Such as ``f32[4,8]{1,0}``, or several in parentheses."""
    opcode: str
    operands: tuple[str, ...]
    rest: str
    """Its attributes, as they stand."""
    is_root: bool

    @property
    def arrays(self) -> list[tuple[int, int]]:
        """(elements, bytes) of each array of the result."""
        found = re.findall(r"\b([a-z]\w*)\[([\d,]*)\]", self.type)
        sizes = [math.prod(int(d) for d in dims.split(",") if d) for _, dims in found]
        return [(n, n * _bits(kind) // 8) for n, (kind, _) in zip(sizes, found)]

    @property
    def bytes(self) -> int:
        """Of its result."""
        return sum(size for _, size in self.arrays)

    def called(self, *attributes: str) -> list[str]:
        """Names of the computations that stand under some of the attributes."""
        found = re.findall(rf"(?:{'|'.join(attributes)})=(\{{[^}}]*\}}|%[\w.-]+)", self.rest)
        return [name for text in found for name in re.findall(r"%([\w.-]+)", text)]


class Program(NamedTuple):
    """The computations of a compiled program by name."""

    computations: dict[str, list[Instruction]]
    entry: str

    def executed(self) -> Iterator[tuple[Instruction, str, int]]:
        """Each instruction that is run on its own, its computation, and how often it is run.

        What is fused into one is inside it. All branches of a conditional count.
        """
        yield from self._executed(self.entry, 1)

    def _executed(self, name: str, times: int) -> Iterator[tuple[Instruction, str, int]]:
        for line in self.computations[name]:
            yield line, name, times
            if line.opcode == "while":
                for body in line.called("body"):
                    yield from self._executed(body, times * _turns(line))
            elif line.opcode in ("conditional", "call", "async-start"):
                branches = ("branch_computations", "true_computation", "false_computation")
                for inner in line.called(*branches, "to_apply", "calls"):
                    yield from self._executed(inner, times)


def parse(text: str) -> Program:
    """Read ``compiled.as_text()``."""
    computations: dict[str, list[Instruction]] = {}
    lines: list[Instruction] = []
    entry = ""
    for line in text.splitlines():
        if found := re.match(r"\s+(ROOT )?%?([\w.-]+) = (.*)", line):
            lines.append(_instruction(found[2], found[3], bool(found[1])))
        elif opened := re.match(r"(ENTRY )?%?([\w.-]+) .*\{$", line):
            lines = computations[opened[2]] = []
            entry = opened[2] if opened[1] else entry
    return Program(computations, entry)


def _instruction(name: str, text: str, is_root: bool) -> Instruction:
    kind = text[: _end(text)] if text.startswith("(") else text.split(" ", 1)[0]
    opcode, _, rest = text[len(kind) :].strip().partition("(")
    end = _end("(" + rest) - 1
    operands = tuple(re.findall(r"%([\w.-]+)", rest[: end - 1]))
    return Instruction(name, kind, opcode, operands, rest[end:], is_root)


def _end(text: str) -> int:
    """Where the parenthesis that opens a text is closed: the place behind it."""
    depth = 0
    for found in re.finditer(r"[()]", text):
        depth += 1 if found[0] == "(" else -1
        if depth == 0:
            return found.end()
    return len(text)


def _turns(loop: Instruction) -> int:
    """How often a loop turns; once where XLA does not know."""
    found = re.search(r'known_trip_count\D*"(\d+)"', loop.rest)
    return int(found[1]) if found else 1


def _bits(kind: str) -> int:
    width = re.match(r"[a-z]+(\d+)", kind)
    return int(width[1]) if width else BITS.get(kind, 0)
