"""What a compiled program reads from memory and writes to it, and how many kernels it starts."""

from functools import cache

from pgat_jax.bench.program import Instruction, Program

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
"""Instructions that move nothing: names for what is there, or for what others do."""
PARTIAL = ("dynamic-slice", "slice", "gather")
"""Instructions that read as much as they write, whatever they read from."""


def kernels(program: Program) -> int:
    """Instructions that run on their own, loops counted."""
    return sum(times for line, _, times in program.executed() if line.opcode not in FREE)


def traffic(program: Program) -> int:
    """Bytes read and written on one device, each operand and result once a kernel, loops counted.

    As XLA's ``cost_analysis`` counts them, but for loops: of a slice the part, of an update in
    place the update. A cache makes it less, so it is the most that memory need carry.
    """

    @cache
    def sizes(where: str) -> dict[str, int]:
        return {line.name: line.bytes for line in program.computations[where]}

    return sum(
        times * _bytes(program, line, sizes(where))
        for line, where, times in program.executed()
        if line.opcode not in FREE
    )


def _bytes(program: Program, line: Instruction, sizes: dict[str, int]) -> int:
    if line.opcode == "fusion":
        (inside,) = line.called("calls")
        return _fused(program.computations[inside])
    if line.opcode in PARTIAL:
        return 2 * line.bytes
    if line.opcode == "dynamic-update-slice":
        return 2 * sizes[line.operands[1]]
    return line.bytes + sum(sizes[name] for name in line.operands)


def _fused(lines: list[Instruction]) -> int:
    """Of a fusion: its parameters as far as they are read, its result as far as it is written."""
    sizes = {line.name: line.bytes for line in lines}
    read = sum(_read(line, lines) for line in lines if line.opcode == "parameter")
    (root,) = (line for line in lines if line.is_root)
    if root.opcode == "dynamic-update-slice":
        return read + sizes[root.operands[1]]
    return read + root.bytes


def _read(parameter: Instruction, lines: list[Instruction]) -> int:
    users = [line for line in lines if parameter.name in line.operands]
    if all(_is_partial(user, parameter) for user in users):
        return sum(user.bytes for user in users if user.opcode in PARTIAL)
    return parameter.bytes


def _is_partial(user: Instruction, of: Instruction) -> bool:
    """Whether a user reads a part of its first operand only, or none of it."""
    partial = user.opcode in (*PARTIAL, "dynamic-update-slice")
    return partial and of.name not in user.operands[1:]
