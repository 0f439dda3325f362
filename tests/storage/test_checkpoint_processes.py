"""Checkpoints of a process that is killed while it saves, and of two that share them."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pgat_jax.storage.checkpoint import Checkpoints
from pgat_jax.storage.manifest import find_damage

SAVING = """
    import sys, jax.numpy as jnp
    from pathlib import Path
    from pgat_jax.storage.checkpoint import Checkpoints
    checkpoints = Checkpoints(Path(sys.argv[1]), create=True)
    for step in range(1, 1000):
        items = {"params": {"x": jnp.full((4_000_000,), step, jnp.float32)}}
        items["training"] = {"step": jnp.int32(step)}
        checkpoints.save(step, items, {}, keep_every=10**6)
        print(step, flush=True)
"""


@pytest.mark.parametrize("moment", ["writing", "committed"])
def test_kill_9_in_the_middle_of_a_save_leaves_a_usable_checkpoint(tmp_path, moment):
    """Kills while a half-written folder lies there, and just when the next is in its place."""
    code = [sys.executable, "-c", textwrap.dedent(SAVING), str(tmp_path)]

    def caught() -> bool:
        names = os.listdir(tmp_path)
        if moment == "writing":
            return any("tmp" in name for name in names)
        newest = max(int(name) for name in names if name.isdigit())
        return not (tmp_path / str(newest) / "manifest.json").exists()

    with subprocess.Popen(code, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while int(process.stdout.readline()) < 3:
            pass
        deadline = time.monotonic() + 30
        while not (hit := caught()) and time.monotonic() < deadline:
            pass
        process.send_signal(signal.SIGKILL)
    assert hit
    template = {
        "params": {"x": jax.ShapeDtypeStruct((4_000_000,), jnp.float32)},
        "training": {"step": jax.ShapeDtypeStruct((), jnp.int32)},
    }
    with Checkpoints(tmp_path, create=True) as checkpoints:
        step, items, meta = checkpoints.restore(lambda meta: template, print)
        checkpoints.set_aside_after(step)
        checkpoints.save(step + 1, items, meta, keep_every=10**6)
    assert step >= 2
    assert (np.asarray(items["params"]["x"]) == step).all()
    assert find_damage(tmp_path / str(step + 1)) is None
    assert json.loads((tmp_path / str(step + 1) / "meta" / "metadata").read_text())["leaves"]


@pytest.mark.slow
def test_two_processes_write_their_parts_and_one_reads_the_whole(tmp_path):
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        address = f"localhost:{probe.getsockname()[1]}"
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "JAX_NUM_CPU_DEVICES": "2"}
    command = [sys.executable, "-m", "tests.checkpoint_programs", str(tmp_path), address]
    pair = [
        subprocess.Popen([*command, str(i)], env=environment, stdout=subprocess.PIPE, text=True)
        for i in range(2)
    ]
    said = [process.communicate()[0].splitlines()[-1] for process in pair]
    assert said == ["20 [20.0, 21.0, 22.0, 23.0]", "20 [24.0, 25.0, 26.0, 27.0]"]
    template = {"params": {"vector": jax.ShapeDtypeStruct((8,), jnp.float32)}}
    with Checkpoints(tmp_path) as checkpoints:
        step, items, _ = checkpoints.restore(lambda meta: template, print)
    assert (step, items["params"]["vector"].tolist()) == (30, [31.0 + i for i in range(8)])
    assert (tmp_path / "30.damaged").is_dir()
