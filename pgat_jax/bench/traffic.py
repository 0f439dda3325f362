"""Counts the bytes that a compiled program reads and writes, and the kernels that it starts."""

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
# Opcodes that read only as much as they write, from an operand of any size.
PARTIAL = ("dynamic-slice", "slice", "gather")


def count_kernels(program: CompiledProgram) -> int:
    """Counts the instructions that run on their own, loops counted.

    Args:
        program: a parsed program.

    Returns:
        The number of kernels that one device starts.
    """
    return sum(times for line, _, times in program.instructions() if line.opcode not in FREE)


def count_bytes(program: CompiledProgram) -> int:
    """Counts the bytes that one device reads and writes.

    Each operand and each result counts once for each kernel; of a slice the part counts, of an
    update in place the update. XLA's `cost_analysis` counts the same, but loops once. A cache makes
    it less, so it is an upper bound of the bytes that memory moves.

    Args:
        program: a parsed program.

    Returns:
        Bytes, loops counted.
    """

    @cache
    def sizes(computation: str) -> dict[str, int]:
        return {line.name: line.bytes for line in program.computations[computation]}

    return sum(
        times * _instruction_bytes(program, line, sizes(computation))
        for line, computation, times in program.instructions()
        if line.opcode not in FREE
    )


def _instruction_bytes(program: CompiledProgram, line: Instruction, sizes: dict[str, int]) -> int:
    if line.opcode == "fusion":
        (inside,) = line.called("calls")
        return _fusion_bytes(program.computations[inside])
    if line.opcode in PARTIAL:
        return 2 * line.bytes
    if line.opcode == "dynamic-update-slice":
        return 2 * sizes[line.operands[1]]
    return line.bytes + sum(sizes[name] for name in line.operands)


def _fusion_bytes(lines: list[Instruction]) -> int:
    """Counts the parts of a fusion's parameters that it reads, and the part that it writes."""
    sizes = {line.name: line.bytes for line in lines}
    read = sum(_read_bytes(line, lines) for line in lines if line.opcode == "parameter")
    (root,) = (line for line in lines if line.is_root)
    if root.opcode == "dynamic-update-slice":
        return read + sizes[root.operands[1]]
    return read + root.bytes


def _read_bytes(parameter: Instruction, lines: list[Instruction]) -> int:
    users = [line for line in lines if parameter.name in line.operands]
    if all(_is_partial(user, parameter) for user in users):
        return sum(user.bytes for user in users if user.opcode in PARTIAL)
    return parameter.bytes


def _is_partial(user: Instruction, operand: Instruction) -> bool:
    """Returns whether an instruction reads only a part of its first operand, or none of it."""
    is_slice = user.opcode in (*PARTIAL, "dynamic-update-slice")
    return is_slice and operand.name not in user.operands[1:]
