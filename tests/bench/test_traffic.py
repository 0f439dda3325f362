"""Bytes and kernels read from compiled programs, beside what XLA counts."""

import jax
import jax.numpy as jnp
import pytest

from pgat_jax.bench.program import parse_program
from pgat_jax.bench.traffic import count_bytes, count_kernels, hide_on_chip

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


def parse_main(*lines: str):
    body = "\n".join(f"  {line}" for line in lines)
    return parse_program(f"ENTRY %main (x: f32[64]) -> f32[64] {{\n{body}\n}}")


def test_the_workspace_of_a_library_call_moves_nothing():
    """cuBLAS lists 33.5 MB of it in the result of every product."""
    program = parse_main(
        "%x = f32[64]{0} parameter(0)",
        "ROOT %product = (f32[64]{0}, s8[33554432]{0}) custom-call(%x, %x), "
        'custom_call_target="__cublas$lt$matmul"',
    )
    assert count_bytes(program) == 3 * 256 and count_kernels(program) == 1


def test_the_start_of_a_copy_counts_once_and_its_end_nothing():
    program = parse_main(
        "%x = f32[64]{0} parameter(0)",
        "%start = (f32[64]{0}, f32[64]{0}, u32[]) copy-start(%x)",
        "ROOT %end = f32[64]{0} copy-done(%start)",
    )
    assert count_bytes(program) == 2 * 256 + 4 and count_kernels(program) == 1


def test_arrays_in_the_memory_of_the_cores_have_no_bytes():
    text = hide_on_chip("%a = f32[64,8]{1,0:T(8,128)S(1)} copy(f32[64,8]{1,0:T(8,128)} %b)")
    assert text == "%a = token[]{1,0:T(8,128)S(1)} copy(f32[64,8]{1,0:T(8,128)} %b)"


def test_updates_in_place_count_their_size_inside_a_tuple_and_behind_a_bitcast():
    """A scan's fusion writes one row of each of its stacks."""
    program = parse_program("""
%inside (stack: f32[9,64], row: f32[1,64], i: s32[]) -> (f32[9,64], f32[9,1,64]) {
  %stack = f32[9,64]{1,0} parameter(0)
  %row = f32[1,64]{1,0} parameter(1)
  %i = s32[] parameter(2)
  %flat = f32[9,64]{1,0} bitcast(%stack)
  %new = f32[9,64]{1,0} dynamic-update-slice(%flat, %row, %i, %i)
  %seen = f32[9,1,64]{2,1,0} bitcast(%new)
  ROOT %both = (f32[9,64]{1,0}, f32[9,1,64]{2,1,0}) tuple(%new, %seen)
}
ENTRY %main (stack: f32[9,64], row: f32[1,64], i: s32[]) -> (f32[9,64], f32[9,1,64]) {
  %stack = f32[9,64]{1,0} parameter(0)
  %row = f32[1,64]{1,0} parameter(1)
  %i = s32[] parameter(2)
  ROOT %f = (f32[9,64]{1,0}, f32[9,1,64]{2,1,0}) fusion(%stack, %row, %i), calls=%inside
}
""")
    assert count_bytes(program) == 3 * 256 + 4
