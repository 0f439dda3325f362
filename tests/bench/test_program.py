from pgat_jax.bench.program import parse_program

PROGRAM = """
HloModule jit_f

%inside (p: f32[8]) -> f32[8] {
  %p = f32[8]{0} parameter(0)
  ROOT %tanh = f32[8]{0} tanh(%p)
}

%body (state: (s32[], f32[8])) -> (s32[], f32[8]) {
  %state = (s32[], f32[8]{0}) parameter(0)
  ROOT %next = (s32[], f32[8]{0}) fusion(%state), kind=kLoop, calls=%inside
}

%zero (a: f32[8]) -> f32[8] {
  ROOT %a = f32[8]{0} parameter(0)
}

ENTRY %main (x: f32[8]) -> pred[3,2] {
  %x = f32[8]{0} parameter(0)
  %turns = (s32[], f32[8]{0}) while(%x), condition=%more, body=%body, \
backend_config={"known_trip_count":{"n":"7"}}
  %either = f32[8]{0} conditional(%x, %x, %x), branch_computations={%inside, %zero}
  ROOT %flags = (pred[3,2]{1,0}, bf16[]) custom-call(%turns, %either), custom_call_target="f(g)"
}
"""


def test_the_entry_and_the_lines_of_each_computation_are_read():
    program = parse_program(PROGRAM)
    assert program.entry == "main"
    assert {name: len(lines) for name, lines in program.computations.items()} == {
        "inside": 2,
        "body": 2,
        "zero": 1,
        "main": 4,
    }


def test_an_instruction_has_its_type_operands_and_attributes():
    flags = parse_program(PROGRAM).computations["main"][-1]
    assert (flags.name, flags.opcode, flags.operands) == (
        "flags",
        "custom-call",
        ("turns", "either"),
    )
    assert flags.is_root and "custom_call_target" in flags.rest
    assert flags.arrays == [(6, 6), (1, 2)] and flags.bytes == 8


def test_called_computations_are_those_under_the_attribute():
    either = parse_program(PROGRAM).computations["main"][2]
    assert either.called("branch_computations") == ["inside", "zero"]
    assert either.called("body") == []


def test_a_loop_runs_its_body_as_often_as_it_turns_and_a_fusion_is_one_instruction():
    times = {line.name: n for line, _, n in parse_program(PROGRAM).instructions()}
    assert times["next"] == 7 and times["x"] == times["turns"] == 1
    assert times["tanh"] == 1
    assert "a" not in times  # of the conditional the branch with most bytes counts


def test_a_loop_of_unknown_length_counts_once():
    unknown = PROGRAM.replace("known_trip_count", "other")
    times = {line.name: n for line, _, n in parse_program(unknown).instructions()}
    assert times["next"] == 1
