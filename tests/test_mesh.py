"""The mesh: how it is chosen, and that a step on many devices equals the step on one."""

import json
import math
import os
import re
import socket
import subprocess
import sys

import jax
import numpy as np
import pytest

from pgat_jax import build, load_config
from pgat_jax.bench.collectives import find_collectives, sum_bytes
from pgat_jax.bench.program import CompiledProgram, parse_program
from pgat_jax.errors import UserError
from pgat_jax.mesh import make_mesh
from pgat_jax.training.packing import GROUPS, pack

CHOOSE = """
import json, sys
from pgat_jax import load_config
from pgat_jax.errors import UserError
from pgat_jax.mesh import make_mesh

def choose(line):
    try:
        return dict(make_mesh(load_config("tiny", *line.split())).shape)
    except UserError as error:
        return str(error)

print(json.dumps([choose(line) for line in sys.argv[1:]]))
"""

CHOICES = {
    "train.batch_size=16": {"data": 8, "fsdp": 1},
    "train.batch_size=16 mesh.fsdp=2": {"data": 4, "fsdp": 2},
    "train.batch_size=12": {"data": 6, "fsdp": 1},
    "train.batch_size=12 mesh.fsdp=4": {"data": 1, "fsdp": 4},
    "train.batch_size=4 mesh.data=2 mesh.fsdp=2": {"data": 2, "fsdp": 2},
}
REFUSED = {
    "train.batch_size=12 mesh.data=8": "train.batch_size: got 12, expected a multiple of mesh.data "
    "(8) x mesh.fsdp (1) = 8: every device takes as many windows as the others; try "
    "train.batch_size=16.",
    "train.batch_size=6 mesh.fsdp=4": "train.batch_size: got 6, expected a multiple of mesh.data "
    "(2) x mesh.fsdp (4) = 8: every device takes as many windows as the others; try "
    "train.batch_size=8.",
    "train.batch_size=16 mesh.data=16": "mesh.data (16) x mesh.fsdp (1) = 16: expected at most 8 "
    "devices, as many from each of the 1 processes; leave mesh.data out to take all devices that "
    "fit.",
}


def start(*command: str, devices: int) -> subprocess.Popen:
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "JAX_NUM_CPU_DEVICES": str(devices)}
    command = (sys.executable, *command)
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def test_the_batch_chooses_the_mesh_or_is_refused_with_the_numbers():
    lines = [*CHOICES, *REFUSED]
    output, _ = start("-c", CHOOSE, *lines, devices=8).communicate()
    assert dict(zip(lines, json.loads(output), strict=True)) == CHOICES | REFUSED


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Name of a case of `mesh_programs` -> its arrays and the text of its program."""
    folder, port = tmp_path_factory.mktemp("meshes"), find_free_port()
    program = ("-m", "tests.mesh_programs", str(folder))
    assert wait_for_exit(start(*program, devices=8)) == 0
    pair = [start(*program, f"localhost:{port}", str(i), devices=4) for i in range(2)]
    assert [wait_for_exit(process) for process in pair] == [0, 0]
    return {
        path.stem: (dict(np.load(path)), path.with_suffix(".txt").read_text())
        for path in folder.glob("*.npz")
    }


def wait_for_exit(process: subprocess.Popen) -> int:
    process.communicate(timeout=900)
    return process.returncode


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def difference(one: dict, other: dict, prefix: str) -> float:
    """Returns the norm of the difference of all arrays of a prefix, over the norm of `one`."""
    keys = [key for key in one if key.startswith(prefix)]
    parts = [(one[k].astype(np.float64), other[k].astype(np.float64)) for k in keys]
    apart = sum(((a - b) ** 2).sum() for a, b in parts)
    return float(np.sqrt(apart / sum((a**2).sum() for a, _ in parts)))


QUANTITIES = ("loss", "gradient_norm/", "update_norm/", "weight_norm/", "params/")


@pytest.mark.slow
@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("mesh", ["two", "eight", "processes"])
def test_twenty_updates_are_those_of_one_device_within_rounding(results, mesh, quantity):
    """Gradients are clipped in all cases, so that a norm over a shard alone would show."""
    one, other = results["one"][0], results[mesh][0]
    clipped = {key for key, x in one.items() if key.startswith("gradient_norm/") and x.max() > 0.5}
    assert clipped
    assert difference(one, other, quantity) < 4 * np.finfo(np.float32).eps


@pytest.mark.slow
@pytest.mark.parametrize("quantity", ("loss", "params/"))
def test_in_float64_they_are_the_same_to_twelve_digits_on_a_mesh_that_cuts_the_state(
    results, quantity
):
    one, other = results["one wide"][0], results["cut wide"][0]
    assert one[next(k for k in one if k.startswith("params/"))].dtype == np.float64
    assert difference(one, other, quantity) < 1e-12


@pytest.mark.slow
def test_two_processes_of_four_devices_add_in_the_order_of_one_of_eight(results):
    one, other = results["eight"][0], results["processes"][0]
    assert difference(one, other, "params/") < 4 * np.finfo(np.float32).eps


@pytest.mark.slow
def test_a_step_sends_the_gradient_once_and_a_few_scalars(results):
    sent = sum_bytes(find_collectives(parse_program(results["eight"][1])))
    assert sent.keys() == {"all-reduce"}
    gradient = gradient_bytes(4)
    assert gradient <= sent["all-reduce"] < 1.03 * gradient


@pytest.mark.slow
def test_a_cut_state_is_gathered_once_too(results):
    found = find_collectives(parse_program(results["cut wide"][1]))
    sent = sum_bytes(found)
    assert sent.keys() == {"all-reduce", "all-gather"}
    assert sent["all-gather"] == 8 * sum(x.size for x in jax.tree.leaves(packed_shapes()))
    assert all(one.times == 1 for one in found if one.kind == "all-gather")
    assert gradient_bytes(8) <= sent["all-reduce"] < 1.03 * gradient_bytes(8)


@pytest.mark.slow
def test_eight_devices_multiply_hardly_more_than_one(results):
    """They do more because each device repeats the products that depend on parameters alone."""
    one, eight = (products(parse_program(results[name][1])) for name in ("one", "eight"))
    assert one <= 8 * eight < 1.03 * one


def products(program: CompiledProgram) -> int:
    """Counts the operations of the matrix products of one device, times the trips of loops."""
    total = 0
    for line, where, times in program.instructions():
        inside = line.called("calls") if line.opcode == "fusion" else []
        for lines in [[line], *(program.computations[name] for name in inside)]:
            there = lines if inside else program.computations[where]
            total += times * sum(_product(x, there) for x in lines if x.opcode == "dot")
    return total


def _product(dot, there) -> int:
    left = next(x for x in there if x.name == dot.operands[0])
    dims = re.search(r"\[([\d,]*)\]", left.type)[1].split(",")
    summed = re.search(r"lhs_contracting_dims=\{([\d,]*)\}", dot.rest)[1].split(",")
    return 2 * dot.arrays[0][0] * math.prod(int(dims[int(axis)]) for axis in summed if axis)


def packed_shapes():
    model = build(load_config("tiny"))
    return jax.eval_shape(lambda key: pack(model.init(key)), jax.random.key(0))


def gradient_bytes(each: int) -> int:
    model = build(load_config("tiny"))
    shapes = jax.eval_shape(model.init, jax.random.key(0))
    assert {GROUPS[name] for name in shapes} == {g for v in packed_shapes().values() for g in v}
    return each * sum(x.size for x in jax.tree.leaves(shapes))


def test_a_mesh_may_have_devices_that_are_not_those_of_jax():
    """As those of a chip to compile for: they are taken in their order, and not searched."""
    devices = jax.devices() * 3  # JAX refuses equal devices later; here only the count is asked
    with pytest.raises(UserError, match="expected at most 3 devices"):
        make_mesh(load_config("tiny", "mesh.data=4", "train.batch_size=4"), devices)
    assert make_mesh(load_config("tiny"), jax.devices()).devices.tolist() == [jax.devices()]
