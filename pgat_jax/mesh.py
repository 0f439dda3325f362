"""Arranges the devices of a run as a mesh of `data` x `fsdp`, and shards each kind of array on it.

A batch is sharded along its windows over both axes. Parameters and optimiser state are packed
vectors (`training/packing.py`), sharded over `fsdp` and replicated over `data`. Every other array
is replicated. The module depends on the configuration alone.
"""

import math
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

from pgat_jax.config import Config
from pgat_jax.errors import UserError

AXES = ("data", "fsdp")


def make_mesh(config: Config, devices: Sequence[Any] = ()) -> Mesh:
    """Builds the mesh of `config.mesh`; a command calls it once and passes the mesh on.

    Args:
        config: the configuration. Without `mesh.data` the mesh takes as many devices as there are
            and as the batch divides by.
        devices: devices to compile for in place of those of JAX.

    Returns:
        A mesh of shape [data, fsdp] over the devices of all processes; each process gives the same
        number of them.

    Raises:
        UserError: there are fewer devices than the mesh needs, or the batch does not divide by
            their number.
    """
    processes = 1 if devices else jax.process_count()
    groups = (
        [devices] if devices else [jax.local_devices(process_index=i) for i in range(processes)]
    )
    available = len(devices) or jax.device_count()
    count = config.mesh.data and config.mesh.data * config.mesh.fsdp
    count = count or _most_devices(config, available, processes)
    _check_count(config, count, available, processes)
    used = [device for group in groups for device in group[: count // processes]]
    shape = (count // config.mesh.fsdp, config.mesh.fsdp)
    return jax.make_mesh(shape, AXES, axis_types=(AxisType.Auto,) * 2, devices=used)


def replicated_sharding(mesh: Mesh) -> NamedSharding:
    """Returns the sharding that puts the whole of an array on every device.

    Args:
        mesh: the mesh.
    """
    return NamedSharding(mesh, P())


def row_sharding(mesh: Mesh) -> NamedSharding:
    """Returns the sharding that splits axis 0, the windows, over all devices.

    Args:
        mesh: the mesh.
    """
    return NamedSharding(mesh, P(AXES))


def state_shardings(mesh: Mesh, tree: Any) -> Any:
    """Returns the sharding of each array of a training state.

    Args:
        mesh: the mesh.
        tree: pytree of arrays or shapes, each a vector or a scalar.

    Returns:
        A pytree of the same structure: vectors are split over `fsdp`, scalars are replicated.
    """
    vector, scalar = NamedSharding(mesh, P("fsdp")), replicated_sharding(mesh)
    return jax.tree.map(lambda x: vector if x.ndim else scalar, tree)


def replicate(mesh: Mesh, tree: Any) -> Any:
    """Copies arrays to every device of the mesh; every process passes the same arrays.

    Args:
        mesh: the mesh.
        tree: a pytree of arrays of NumPy or JAX.
    """
    sharding = replicated_sharding(mesh)
    return jax.tree.map(
        lambda x: jax.make_array_from_process_local_data(sharding, np.asarray(x), x.shape), tree
    )


def describe_mesh(mesh: Mesh) -> str:
    """Returns a line such as `mesh: data 4 x fsdp 2, of 8 devices in 1 processes`.

    Args:
        mesh: the mesh. Devices and processes are those of JAX, which may be more than the mesh has.
    """
    axes = " x ".join(f"{name} {size}" for name, size in mesh.shape.items())
    return f"mesh: {axes}, of {jax.device_count()} devices in {jax.process_count()} processes"


def _most_devices(config: Config, available: int, processes: int) -> int:
    """Returns the largest number of devices, alike on all processes, that divides the batch.

    If there is none, it is the largest number that all processes and `mesh.fsdp` divide. A batch of
    12 windows is no faster on 8 devices than on 6: some device takes two windows.
    """
    unit = math.lcm(config.mesh.fsdp, processes)
    most = available // unit * unit
    divisors = (n for n in range(most, 0, -unit) if config.train.batch_size % n == 0)
    return next(divisors, max(most, unit))


def _check_count(config: Config, count: int, available: int, processes: int) -> None:
    mesh, batch = config.mesh, config.train.batch_size
    product = f"mesh.data ({count // mesh.fsdp}) x mesh.fsdp ({mesh.fsdp}) = {count}"
    if count > available or count % processes:
        raise UserError(
            f"{product}: expected at most {available} devices, as many from each of the "
            f"{processes} processes; leave mesh.data out to take all devices that fit."
        )
    if batch % count:
        raise UserError(
            f"train.batch_size: got {batch}, expected a multiple of {product}: every device takes "
            f"as many windows as the others; try train.batch_size={-(-batch // count) * count}."
        )
