"""The programs of the tiny model, compiled for a TPU that is not there."""

import json
import math
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from pgat_jax.bench.absent_chip import count_fused_attention, open_devices
from pgat_jax.bench.program import parse_program
from pgat_jax.errors import UserError

# Keys that other tools read.
KEYS = {
    "target",
    "step_kernels",
    "step_gb",
    "temporary_gb",
    "step_tflop",
    "bound_s",
    "share_of_peak",
}
needs_libtpu = pytest.mark.skipif(find_spec("libtpu") is None, reason="the extra `tpu`")


def test_a_call_that_computes_a_whole_attention_is_counted_in_its_loop():
    program = parse_program("""
%body (s: f32[8]) -> f32[8] {
  %s = f32[8]{0} parameter(0)
  ROOT %next = f32[8]{0} custom-call(%s), custom_call_target="__cudnn$fmhaScaleBiasSoftmax"
}
ENTRY %main (x: f32[8]) -> f32[8] {
  %x = f32[8]{0} parameter(0)
  %turns = f32[8]{0} while(%x), body=%body, backend_config={"known_trip_count":{"n":"8"}}
  ROOT %out = f32[8]{0} custom-call(%turns), custom_call_target="__cublas$gemm"
}
""")
    assert count_fused_attention(program) == 8


def test_a_target_that_does_not_exist_is_refused():
    with pytest.raises(UserError, match="got 'h100'"):
        open_devices("h100")


@pytest.mark.nightly
@needs_libtpu
def test_four_chips_of_a_tpu_share_a_step_and_send_the_gradient(tmp_path):
    """The command prints JSON that other tools read, and nothing of libtpu's."""
    command = [sys.executable, "run.py", "bench", "--config", "tiny", "--target", "v5e:2x2"]
    done = subprocess.run(
        [*command, "--json"], capture_output=True, text=True, env=os.environ, check=True
    )
    figures = json.loads(done.stdout)
    assert figures.keys() >= KEYS and figures["devices"] == 4
    assert done.stderr.count("\n") <= 2, done.stderr
    assert 1 < figures["step_kernels"] < 10_000 and figures["step_gb"] > 0
    assert figures["bound_s"] == max(figures["compute_bound_s"], figures["memory_bound_s"])
    assert math.isclose(figures["share_of_peak"] * figures["bound_s"], figures["compute_bound_s"])
    assert sum(figures["step_sent_gb"].values()) > 0
    assert len(figures["modules_gb"]) == 10
    assert 0 < figures["forecast"]["kernels"] < figures["step_kernels"]
