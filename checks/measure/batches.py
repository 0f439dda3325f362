"""Splits the data of a diagnosis: the arguments of the loss, one set for each batch."""

from collections.abc import Sequence
from typing import Any

from checks.program.leaves import Partition, partition
from checks.program.trace import Program


def read_batches(program: Program, batches: Sequence[tuple[Any, ...]]) -> list[Partition]:
    """Splits the arguments of the traced call and of each further batch into arrays and the rest.

    Args:
        program: the traced loss, with the arguments of the first batch.
        batches: tuples of arguments for further batches, each as the loss takes them after the
            parameters.

    Returns:
        One partition for each batch; the first is that of the traced call.

    Raises:
        ValueError: a batch has other shapes, types or Python numbers than the first.
    """
    datasets = [program.args]
    for number, batch in enumerate(batches):
        parts = partition(tuple(batch))
        if _signature(parts) != _signature(program.args):
            raise ValueError(
                "every batch has the shapes and the Python numbers of the first: got other ones "
                f"in batches[{number}]; diagnose it in a call of its own"
            )
        datasets.append(parts)
    return datasets


def _signature(parts: Partition) -> list[Any]:
    settings = [x for x in parts.static if isinstance(x, bool | int | str)]
    return [*((x.shape, str(x.dtype)) for x in (*parts.learning, *parts.fixed)), *settings]
