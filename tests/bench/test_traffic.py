"""Bytes and kernels read from compiled programs, beside what XLA counts."""

import jax
import jax.numpy as jnp
import pytest

from pgat_jax.bench.program import parse_program
from pgat_jax.bench.traffic import count_bytes, count_kernels

X = jax.ShapeDtypeStruct((64, 128), jnp.float32)
W = jax.ShapeDtypeStruct((128, 128), jnp.float32)
STACK = jax.ShapeDtypeStruct((5, 128, 128), jnp.float32)


def layer(x, w):
    return jnp.tanh(x @ w)


def scanned(x, stack):
    return jax.lax.scan(lambda x, w: (layer(x, w), None), x, stack)[0]


def unrolled(x, stack):
    for w in stack:
        x = layer(x, w)
    return x


def compiled(function, *shapes):
    return jax.jit(function).lower(*shapes).compile()


def parsed(function, *shapes):
    return parse_program(compiled(function, *shapes).as_text())


@pytest.mark.parametrize("function", [layer, lambda x, w: (x @ w).sum(0)], ids=["layer", "sum"])
def test_bytes_are_those_that_xla_counts_where_nothing_loops(function):
    program = compiled(function, X, W)
    counted = count_bytes(parse_program(program.as_text()))
    assert counted == pytest.approx(program.cost_analysis()["bytes accessed"], rel=0.05)


def test_a_scan_moves_what_its_unrolled_form_does():
    """A slice of the stack is read each turn, not the stack."""
    turns, flat = (count_bytes(parsed(function, X, STACK)) for function in (scanned, unrolled))
    assert turns == pytest.approx(flat, rel=0.35)
    assert turns > 5 * 4 * (128 * 128 + 2 * 64 * 128)


def test_kernels_of_a_loop_count_each_time():
    turns = count_kernels(parsed(scanned, X, STACK))
    assert turns >= 5 * count_kernels(parsed(layer, X, W))
