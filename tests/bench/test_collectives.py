from pgat_jax.bench.collectives import Collective, find_collectives, sum_bytes
from pgat_jax.bench.program import parse_program

PROGRAM = """
%body (state: (s32[], f32[4,8])) -> (s32[], f32[4,8]) {
  %both = (f32[4,8]{1,0}, bf16[3]{0}) all-reduce(%x, %y), channel_id=1, to_apply=%add
}

%outer (state: (s32[])) -> (s32[]) {
  %inner = (s32[], f32[4,8]{1,0}) while(%start), condition=%more, body=%body, \
backend_config={"known_trip_count":{"n":"3"}}
}

ENTRY %main (p: f32[8]) -> f32[16] {
  %twice = (s32[]) while(%zero), condition=%less, body=%outer, \
backend_config={"known_trip_count":{"n":"2"}}
  %whole = f32[16]{0} all-gather(%p), channel_id=2, dimensions={0}
  ROOT %sum = f32[16]{0} add(%whole, %whole), metadata={op_name="all-reduce(of nothing)"}
}
"""


def test_collectives_are_read_with_their_bytes_and_the_loops_around_them():
    found = find_collectives(parse_program(PROGRAM))
    assert found == [
        Collective("all-reduce", (32, 3), 134, 6),
        Collective("all-gather", (16,), 64, 1),
    ]
    assert sum_bytes(found) == {"all-reduce": 804, "all-gather": 64}
