"""Sums what a compiled program moves by the part of the model that asks for it."""

import re
from collections import Counter

from pgat_jax.bench.program import CompiledProgram
from pgat_jax.bench.traffic import list_traffic

# The name of what belongs to no part of the model: optimiser, packing, gathering of windows.
OUTSIDE = "outside the model"
# Transformations and loops that JAX writes into the name of an operation.
_WRAPPERS = re.compile(
    r"(while|body|closed_call|checkpoint|rematted_computation|cond|branch_\d+_fun|"
    r"(jit|jvp|vmap|transpose)\(.*)$"
)


def sum_by_module(program: CompiledProgram) -> dict[str, int]:
    """Sums the bytes that a program moves by module.

    Args:
        program: a parsed program.

    Returns:
        Path of a module, of at most two parts, such as `graph_attention/attention` -> bytes, loops
        counted, forward and backward together.
    """
    total = Counter()
    for line, moved in list_traffic(program):
        total[find_module(line.rest)] += moved
    return dict(total)


def find_module(attributes: str) -> str:
    """Finds the module of an instruction in its attributes.

    Args:
        attributes: the text after its operands.

    Returns:
        A path of at most two parts, or `OUTSIDE`.
    """
    found = re.search(r'op_name="([^"]*)"', attributes)
    _, inside, path = found[1].partition("PGAT") if found else ("", "", "")
    if not inside:
        return OUTSIDE
    *modules, _operation = re.sub(r"^\)*/", "", path).split("/")
    names = [name for name in modules if not _WRAPPERS.match(name) and name != "blocks"]
    names = [re.sub(r"^\w+\.", "", name) for name in names]  # a method: MODULE.METHOD
    return "/".join(names[:2]) or "PGAT"
