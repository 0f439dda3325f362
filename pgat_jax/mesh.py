"""The devices of a run: a mesh of ``data`` x ``fsdp``, and where each array lies on it.

A batch is cut along its windows over both axes. Parameters and optimiser state are packed vectors
(``optimizer.pack``), cut over ``fsdp`` and repeated over ``data``. All else is on every device.
"""

import math
from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

from pgat_jax.config import Config
from pgat_jax.errors import UserError

AXES = ("data", "fsdp")


def make_mesh(config: Config) -> Mesh:
    """The mesh of ``config.mesh`` over the devices of all processes, each giving as many.

    Raises:
        UserError: there are fewer devices, or the batch does not divide.
    """
    processes = jax.process_count()
    count = config.mesh.data and config.mesh.data * config.mesh.fsdp
    count = count or _most_devices(config, processes)
    _check(config, count, processes)
    own = [jax.local_devices(process_index=i)[: count // processes] for i in range(processes)]
    devices = [device for some in own for device in some]
    shape = (count // config.mesh.fsdp, config.mesh.fsdp)
    return jax.make_mesh(shape, AXES, axis_types=(AxisType.Auto,) * 2, devices=devices)


def everywhere(mesh: Mesh) -> NamedSharding:
    """The whole of an array on every device."""
    return NamedSharding(mesh, P())


def over_rows(mesh: Mesh) -> NamedSharding:
    """Axis 0, of windows, cut over all devices."""
    return NamedSharding(mesh, P(AXES))


def cut(mesh: Mesh, tree: Any) -> Any:
    """For each array of a state its sharding: vectors are cut over ``fsdp``, scalars repeated."""
    vector, scalar = NamedSharding(mesh, P("fsdp")), everywhere(mesh)
    return jax.tree.map(lambda x: vector if x.ndim else scalar, tree)


def spread(mesh: Mesh, tree: Any) -> Any:
    """Arrays that every process has, on every device of the mesh."""
    sharding = everywhere(mesh)
    return jax.tree.map(
        lambda x: jax.make_array_from_process_local_data(sharding, np.asarray(x), x.shape), tree
    )


def describe(mesh: Mesh) -> str:
    """Such as ``mesh: data 4 x fsdp 2, of 8 devices``."""
    axes = " x ".join(f"{name} {size}" for name, size in mesh.shape.items())
    return f"mesh: {axes}, of {jax.device_count()} devices in {jax.process_count()} processes"


def _most_devices(config: Config, processes: int) -> int:
    """The largest number that the batch divides by; 12 windows are no faster on 8 than on 6."""
    unit = math.lcm(config.mesh.fsdp, processes)
    most = jax.device_count() // unit * unit
    fitting = (n for n in range(most, 0, -unit) if config.train.batch_size % n == 0)
    return next(fitting, max(most, unit))


def _check(config: Config, count: int, processes: int) -> None:
    mesh, batch, there = config.mesh, config.train.batch_size, jax.device_count()
    product = f"mesh.data ({count // mesh.fsdp}) x mesh.fsdp ({mesh.fsdp}) = {count}"
    if count > there or count % processes:
        raise UserError(
            f"{product}: expected at most {there} devices, as many from each of the {processes} "
            "processes; leave mesh.data out to take what there is."
        )
    if batch % count:
        raise UserError(
            f"train.batch_size: got {batch}, expected a multiple of {product}: every device takes "
            f"as many windows as the others; try train.batch_size={-(-batch // count) * count}."
        )
