"""docs/scaling.md: its formulas beside the programs."""

import pytest

from pgat_jax import load_config
from pgat_jax.data.columns import list_computed_columns
from tools.scaling import SIZES, compute_forward_flops, compute_sent_bytes, count_program_flops

BATCH = 2
QUICK = {"recovery"}


@pytest.mark.parametrize(
    "size", [s if s in QUICK else pytest.param(s, marks=pytest.mark.slow) for s in SIZES]
)
def test_the_formula_is_the_forward_pass_and_a_step_three_of_them(size):
    config, columns = load_config(*SIZES[size]), list_computed_columns()
    forward, gradient = count_program_flops(config, columns, BATCH)
    assert forward == compute_forward_flops(config, columns, BATCH)
    assert gradient == pytest.approx(3 * forward, rel=0.05)


def test_what_a_device_sends_hardly_depends_on_how_many_there_are():
    eight, thousand = (compute_sent_bytes(28_838_202, n, 1) for n in (8, 1024))
    assert thousand / eight == pytest.approx(8 / 7, rel=2e-3)
    assert compute_sent_bytes(28_838_202, 1, 1) == 0
    assert compute_sent_bytes(28_838_202, 2, 4) == pytest.approx(eight * 2.5 / 1.75)
