"""Counts the bytes that a compiled program reads and writes, and the kernels that it starts."""

import re
from collections.abc import Iterator
from functools import cache

from pgat_jax.bench.program import CompiledProgram, Instruction

# Opcodes that move nothing: they name what is there, or what other instructions do.
FREE = (
    "parameter",
    "constant",
    "tuple",
    "get-tuple-element",
    "bitcast",
    "while",
    "conditional",
    "call",
    "after-all",
    "partition-id",
    "replica-id",
    "opt-barrier",
)
# Ends of the opcodes of an operation that runs beside others. The start counts its result, in which
# the compiler lists its operands too; the end counts nothing.
START, END = "-start", "-done"
# Arrays of bytes in the result of a library call: its workspace, which it need not fill.
WORKSPACE = re.compile(r"\b[su]8\[[\d,]*\]")
# An array in the memory of a TPU's cores, which moves nothing to or from the chip's memory.
ON_CHIP = re.compile(r"\b[a-z]\w*\[[\d,]*\](?=\{[^{}]*S\([12]\)\})")
# Opcodes that read only as much as they write, from an operand of any size.
PARTIAL = ("dynamic-slice", "slice", "gather")


def count_kernels(program: CompiledProgram) -> int:
    """Counts the instructions that run on their own, loops counted.

    Args:
        program: a parsed program.

    Returns:
        The number of kernels that one device starts.
    """
    return sum(times for line, _, times in program.instructions() if _runs(line))


def count_bytes(program: CompiledProgram) -> int:
    """Counts the bytes that one device reads and writes.

    Each operand and each result counts once for each kernel; of a slice the part counts, of an
    update in place the update, and the workspace of a library call does not. XLA's `cost_analysis`
    counts the same, but loops once and with workspaces. A cache makes it less, so it is an upper
    bound of the bytes that memory moves.

    Args:
        program: a parsed program.

    Returns:
        Bytes, loops counted.
    """
    return sum(moved for _, moved in list_traffic(program))


def list_traffic(program: CompiledProgram) -> Iterator[tuple[Instruction, int]]:
    """Iterates over the kernels of a program.

    Args:
        program: a parsed program.

    Yields:
        An instruction and the bytes that it reads and writes, loops counted.
    """

    @cache
    def sizes(computation: str) -> dict[str, int]:
        return {line.name: line.bytes for line in program.computations[computation]}

    for line, computation, times in program.instructions():
        if _runs(line):
            yield line, times * _instruction_bytes(program, line, sizes(computation))


def hide_on_chip(text: str) -> str:
    """Gives the arrays in the memory of a TPU's cores a type of no bytes.

    Args:
        text: a program compiled for a TPU, as `as_text()` returns it.

    Returns:
        The text, in which only arrays in the chip's memory have a size.
    """
    return ON_CHIP.sub("token[]", text)


def _runs(line: Instruction) -> bool:
    is_wrapper = line.opcode == "async-start"  # the instruction inside it counts
    return not (line.opcode in FREE or line.opcode.endswith(END) or is_wrapper)


def _instruction_bytes(program: CompiledProgram, line: Instruction, sizes: dict[str, int]) -> int:
    if line.opcode == "fusion":
        (inside,) = line.called("calls")
        return _fusion_bytes(program.computations[inside])
    if line.opcode in PARTIAL:
        return 2 * line.bytes
    if line.opcode == "dynamic-update-slice":
        return 2 * sizes[line.operands[1]]
    if line.opcode.endswith(START):
        return line.bytes
    if line.opcode == "custom-call":
        line = line._replace(type=WORKSPACE.sub("token[]", line.type))
    return line.bytes + sum(sizes[name] for name in line.operands)


def _fusion_bytes(lines: list[Instruction]) -> int:
    """Counts the parts of a fusion's parameters that it reads, and the part that it writes."""
    read = sum(_read_bytes(line, lines) for line in lines if line.opcode == "parameter")
    (root,) = (line for line in lines if line.is_root)
    return read + _written_bytes(root, {line.name: line for line in lines})


def _written_bytes(result: Instruction, lines: dict[str, Instruction]) -> int:
    """Counts what a result of a fusion writes: of an update in place the update alone."""
    if result.opcode == "tuple":
        return sum(_written_bytes(lines[name], lines) for name in result.operands)
    if result.opcode == "bitcast":
        return _written_bytes(lines[result.operands[0]], lines)
    if result.opcode == "dynamic-update-slice":
        return lines[result.operands[1]].bytes
    return result.bytes


def _read_bytes(parameter: Instruction, lines: list[Instruction]) -> int:
    users = [line for line in lines if parameter.name in line.operands]
    if len(users) == 1 and users[0].opcode == "bitcast":
        return _read_bytes(users[0], lines)
    if all(_is_partial(user, parameter) for user in users):
        return sum(user.bytes for user in users if user.opcode in PARTIAL)
    return parameter.bytes


def _is_partial(user: Instruction, operand: Instruction) -> bool:
    """Returns whether an instruction reads only a part of its first operand, or none of it."""
    is_slice = user.opcode in (*PARTIAL, "dynamic-update-slice")
    return is_slice and operand.name not in user.operands[1:]
