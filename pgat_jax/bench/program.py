"""Parses the text of a compiled program: which instructions run, and how often.

XLA's own `cost_analysis` counts the body of a loop once. Here it counts once for each iteration, so
that what a scanned model moves and sends can be summed. The module depends on nothing.
"""

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

# Attributes that name the branches of a conditional.
BRANCHES = ("branch_computations", "true_computation", "false_computation")
# Bits of the types whose name does not end in their width.
BITS = {"pred": 8, "token": 0, "opaque": 0}


class Instruction(NamedTuple):
    """One line of a computation.

    Attributes:
        name: unique in its computation.
        type: the type of its result, such as `f32[4,8]{1,0}`, or several in parentheses.
        opcode: the operation, such as `fusion`.
        operands: names of the instructions whose results it reads.
        rest: the text of its attributes, as it stands after the operands.
        is_root: whether its result is that of the computation.
    """

    name: str
    type: str
    opcode: str
    operands: tuple[str, ...]
    rest: str
    is_root: bool

    @property
    def arrays(self) -> list[tuple[int, int]]:
        """(elements, bytes) of each array of the result."""
        found = re.findall(r"\b([a-z]\w*)\[([\d,]*)\]", self.type)
        sizes = [math.prod(int(d) for d in dims.split(",") if d) for _, dims in found]
        return [(n, n * _type_bits(kind) // 8) for n, (kind, _) in zip(sizes, found)]

    @property
    def bytes(self) -> int:
        """Bytes of the result."""
        return sum(size for _, size in self.arrays)

    @property
    def target(self) -> str:
        """The function that a `custom-call` calls; empty for other instructions."""
        found = re.search(r'custom_call_target="([^"]*)"', self.rest)
        return found[1] if found else ""

    def called(self, *attributes: str) -> list[str]:
        """Returns the names of the computations that an instruction calls.

        Args:
            *attributes: names of the attributes to search, such as `calls` or `body`; at least one.

        Returns:
            The names, without `%`; empty if it has no such attribute.
        """
        found = re.findall(rf"(?:{'|'.join(attributes)})=(\{{[^}}]*\}}|%[\w.-]+)", self.rest)
        return [name for text in found for name in re.findall(r"%([\w.-]+)", text)]


class CompiledProgram(NamedTuple):
    """The computations of a compiled program.

    Attributes:
        computations: the instructions of each computation by its name.
        entry: the name of the computation with which the program begins.
    """

    computations: dict[str, list[Instruction]]
    entry: str

    def instructions(self) -> Iterator[tuple[Instruction, str, int]]:
        """Iterates over the instructions that run on their own.

        Instructions inside a fusion are part of it. Of a conditional the branch counts whose
        results have most bytes.

        Yields:
            An instruction, the name of its computation, and how often it runs.
        """
        yield from self._instructions(self.entry, 1)

    def _instructions(self, name: str, times: int) -> Iterator[tuple[Instruction, str, int]]:
        for line in self.computations[name]:
            yield line, name, times
            if line.opcode == "while":
                for body in line.called("body"):
                    yield from self._instructions(body, times * _trip_count(line))
            elif line.opcode == "conditional":
                branches = line.called(*BRANCHES)
                yield from self._instructions(max(branches, key=self._weigh), times)
            elif line.opcode in ("call", "async-start"):
                for inner in line.called("to_apply", "calls"):
                    yield from self._instructions(inner, times)

    def _weigh(self, name: str) -> int:
        """Returns the bytes of all results of a computation."""
        return sum(line.bytes * times for line, _, times in self._instructions(name, 1))


def parse_program(text: str) -> CompiledProgram:
    """Parses a compiled program.

    Args:
        text: what `as_text()` of a compiled function returns.

    Returns:
        Its computations.
    """
    computations: dict[str, list[Instruction]] = {}
    lines: list[Instruction] = []
    entry = ""
    for line in text.splitlines():
        if found := re.match(r"\s+(ROOT )?%?([\w.-]+) = (.*)", line):
            lines.append(_parse_instruction(found[2], found[3], bool(found[1])))
        elif opened := re.match(r"(ENTRY )?%?([\w.-]+) .*\{$", line):
            lines = computations[opened[2]] = []
            entry = opened[2] if opened[1] else entry
    return CompiledProgram(computations, entry)


def _parse_instruction(name: str, text: str, is_root: bool) -> Instruction:
    kind = text[: _find_end(text)] if text.startswith("(") else text.split(" ", 1)[0]
    opcode, _, rest = text[len(kind) :].strip().partition("(")
    end = _find_end("(" + rest) - 1
    operands = tuple(re.findall(r"%([\w.-]+)", rest[: end - 1]))
    return Instruction(name, kind, opcode, operands, rest[end:], is_root)


def _find_end(text: str) -> int:
    """Returns the index after the parenthesis that closes the first one of a text."""
    depth = 0
    for found in re.finditer(r"[()]", text):
        depth += 1 if found[0] == "(" else -1
        if depth == 0:
            return found.end()
    return len(text)


def _trip_count(loop: Instruction) -> int:
    """Returns the number of iterations of a loop, or 1 if XLA does not know it."""
    found = re.search(r'known_trip_count\D*"(\d+)"', loop.rest)
    return int(found[1]) if found else 1


def _type_bits(kind: str) -> int:
    width = re.match(r"[a-z]+(\d+)", kind)
    return int(width[1]) if width else BITS.get(kind, 0)
