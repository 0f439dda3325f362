import pytest

from pgat_jax.bench.modules import OUTSIDE, find_module, sum_by_module
from pgat_jax.bench.program import parse_program

STEP = "jit(train_step)/transpose(jvp(jit(loss)))/jit(apply)/PGAT"
LOOP = "while/body/closed_call"


@pytest.mark.parametrize(
    ("name", "module"),
    [
        (f"{STEP}/graph_attention/{LOOP}/blocks/attention/dot", "graph_attention/attention"),
        (f"{STEP}/petri/{LOOP}/checkpoint/rematted_computation/rounds/add", "petri/rounds"),
        (f"{STEP}/PGAT.fuse/fusion/bodies/mul", "fuse/fusion"),
        (f"{STEP}/phase/phase._between_bodies/mul", "phase/_between_bodies"),
        ("jit(train_step)/jvp(PGAT)/head/add", "head"),
        (f"{STEP}/add", "PGAT"),
        ("jit(train_step)/cond/branch_1_fun/mul", OUTSIDE),
    ],
)
def test_a_module_is_the_path_without_transformations_and_loops(name, module):
    assert find_module(f', metadata={{op_name="{name}" stack_frame_id=2}}') == module


def test_an_instruction_without_a_name_is_outside_the_model():
    assert find_module(", calls=%inside") == OUTSIDE


def test_bytes_are_summed_by_module_with_loops():
    name = 'metadata={op_name="jit(f)/PGAT/gate/add"}'
    program = parse_program(f"""
%body (s: f32[8]) -> f32[8] {{
  %s = f32[8]{{0}} parameter(0)
  ROOT %next = f32[8]{{0}} add(%s, %s), {name}
}}
ENTRY %main (x: f32[8]) -> f32[8] {{
  %x = f32[8]{{0}} parameter(0)
  %turns = f32[8]{{0}} while(%x), body=%body, backend_config={{"known_trip_count":{{"n":"7"}}}}
  ROOT %out = f32[8]{{0}} negate(%turns)
}}
""")
    assert sum_by_module(program) == {"gate": 7 * 3 * 32, OUTSIDE: 2 * 32}
