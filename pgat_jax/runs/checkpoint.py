"""Checkpoints of a run: Orbax items, and a manifest of checksums that Orbax does not keep.

A step's folder holds ``params``, ``training`` (the rest of the train state), ``meta`` (JSON) and,
written last, ``manifest.json``. Without it, or where a checksum differs, the step is damaged: it
is named, and the one before it is taken.
"""

import math
import os
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import jax
import jax.numpy as jnp
import orbax.checkpoint as ocp
from orbax.checkpoint import multihost

from pgat_jax.errors import UserError
from pgat_jax.runs.manifest import META, amend, damage, read_json, write_manifest

ITEMS = ("params", "training")
SPARE = 1 << 20
"""Bytes that a checkpoint may need besides its arrays and a quarter more."""
Meta = dict[str, Any]
Say = Callable[[str], None]
Templates = Callable[[Meta], dict[str, Any]]


class Checkpoints:
    """The checkpoints under one folder, named by the number of training steps taken.

    Saving happens on a thread of its own; the arrays are copied on the device first, so that the
    next step may donate its buffers. ``close`` waits for it. A folder opened with ``create`` is
    held by all processes of a run together: each calls every method and writes its own parts of
    the arrays, the first writes the rest. Any other opening is one process's own.
    """

    def __init__(self, folder: Path, *, create: bool = False):
        """Opens a folder; ``create`` makes it and clears away what a killed save left.

        Raises:
            UserError: there is no such folder.
        """
        self.folder = Path(folder).absolute()
        if not create and not self.folder.is_dir():
            raise UserError(f"{folder}: no such folder of checkpoints.")
        if create:
            self.folder.mkdir(parents=True, exist_ok=True)
        self._processes = set(range(jax.process_count())) if create else {jax.process_index()}
        self._is_first = jax.process_index() == min(self._processes)
        options = ocp.CheckpointManagerOptions(
            create=False,
            cleanup_tmp_directories=create,
            enable_async_checkpointing=False,
            lightweight_initialize=True,
            multiprocessing_options=ocp.options.MultiprocessingOptions(
                primary_host=min(self._processes), active_processes=self._processes
            ),
        )
        self._manager = ocp.CheckpointManager(
            self.folder, options=options, item_names=(*ITEMS, "meta")
        )
        self._saver = ThreadPoolExecutor(1, "checkpoint")
        self._pending: Future | None = None
        self._meetings = 0

    def steps(self) -> list[int]:
        """Steps on disk, oldest first, damaged or not."""
        return sorted(self._manager.all_steps())

    def save(self, step: int, items: dict[str, Any], meta: Meta, keep_every: int) -> None:
        """Save in the background, once whatever is still being saved is done.

        Args:
            step: training steps taken; a sound checkpoint that exists is kept, and gets the meta
                where that brings a validation loss.
            items: pytrees of arrays under the names ``ITEMS``.
            meta: JSON; a ``validation_loss`` in it ranks the checkpoint.
            keep_every: multiples of it are kept, besides the last two and the best.

        Raises:
            UserError: the save before this one failed.
        """
        self.wait()
        copies = jax.tree.map(jnp.copy, items)
        self._pending = self._saver.submit(self._save, step, copies, meta, keep_every)

    def wait(self) -> None:
        """Wait until nothing is being saved.

        Raises:
            UserError: saving failed, with the reason.
        """
        pending, self._pending = self._pending, None
        if pending is None:
            return
        try:
            pending.result()
        except (OSError, ValueError, RuntimeError) as error:
            reason = str(error).partition("\n")[0]
            raise UserError(
                f"{self.folder}: a checkpoint could not be saved ({reason}); those before it are "
                "untouched: make room or give the right to write, then go on with --resume."
            ) from error

    def close(self) -> None:
        """Wait, then let go of the folder."""
        try:
            self.wait()
        finally:
            self._saver.shutdown()
            self._manager.close()

    def __enter__(self) -> "Checkpoints":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def restore(
        self, templates: Templates, say: Say, order: Iterable[int] | None = None
    ) -> tuple[int, dict[str, Any], Meta]:
        """The newest sound checkpoint, or the first sound one of ``order``.

        Args:
            templates: meta -> pytrees of ``jax.ShapeDtypeStruct`` under some of the ``ITEMS``.
            say: is told of each damaged checkpoint that is passed over.
            order: steps to try.

        Returns:
            Its step, its items where the templates say (or on this process's first device), meta.

        Raises:
            UserError: no checkpoint is sound, or a leaf's shape or type is another.
        """
        tried = list(order if order is not None else reversed(self.steps()))
        for step in tried:
            problem = damage(self.folder / str(step))
            if problem is None:
                try:
                    return step, *self._read(step, templates)
                except (OSError, ValueError, TypeError, LookupError) as error:
                    problem = f"it cannot be read: {error}"
            say(f"checkpoint {step} is damaged ({problem}); taking the one before it")
        raise UserError(
            f"{self.folder}: no checkpoint is usable ({len(tried)} found); nothing can be resumed "
            "or evaluated from here: train anew."
        )

    def best_first(self) -> list[int]:
        """Steps by validation loss, the lowest first; those without one last, newest first.

        What cannot be ranked because its meta is damaged comes before all, so that it is named.
        """
        metas = self._metas()
        ranked, newest_first = rank(metas), list(reversed(self.steps()))
        unknown = [step for step in newest_first if step not in metas]
        return [*unknown, *ranked, *(s for s in newest_first if s not in {*unknown, *ranked})]

    def set_aside_after(self, step: int) -> None:
        """Rename checkpoints newer than ``step`` to ``STEP.damaged``, out of the numbering."""
        for newer in [s for s in self.steps() if s > step and self._is_first]:
            source = self.folder / str(newer)
            target = self.folder / f"{newer}.damaged"
            for n in range(2, 100):
                if not target.exists():
                    break
                target = self.folder / f"{newer}.damaged-{n}"
            source.rename(target)
        self._meet("set aside")
        self._manager.reload()

    def _save(self, step: int, items: dict[str, Any], meta: Meta, keep_every: int) -> None:
        meta = meta | {
            "step": step,
            "leaves": {name: _shapes(tree) for name, tree in items.items()},
        }
        if step in self.steps() and damage(self.folder / str(step)) is None:
            if self._is_first and meta.get("validation_loss") is not None:
                amend(self.folder / str(step), meta)
            return
        _reserve(self.folder, items)
        saved = self._manager.save(
            step,
            args=ocp.args.Composite(
                **{name: ocp.args.StandardSave(tree) for name, tree in items.items()},
                meta=ocp.args.JsonSave(meta),
            ),
            force=True,
        )
        if not saved:
            raise RuntimeError(f"Orbax did not save step {step}")
        if self._is_first:
            write_manifest(self.folder / str(step))
        self._meet("manifest")
        metas = self._metas()
        for old in metas.keys() - retained(metas, keep_every):
            self._manager.delete(old)

    def _meet(self, where: str) -> None:
        """Wait until every process that holds the folder has come here."""
        self._meetings += 1
        name = f"{self.folder}: {where} {self._meetings}"
        multihost.sync_global_processes(name, processes=self._processes)

    def _metas(self) -> dict[int, Meta]:
        """Of the checkpoints that can be read; of the others ``restore`` will speak."""
        found = {step: read_json(self.folder / str(step) / META) for step in self.steps()}
        return {step: meta for step, meta in found.items() if meta is not None}

    def _read(self, step: int, make: Templates) -> tuple[dict[str, Any], Meta]:
        read_meta = ocp.args.Composite(meta=ocp.args.JsonRestore())
        meta = self._manager.restore(step, args=read_meta)["meta"]
        if meta["step"] != step:
            raise ValueError(f"it says that it is of step {meta['step']}")
        templates = make(meta)
        for name, template in templates.items():
            _compare(f"checkpoint {step}: {name}", meta["leaves"][name], _shapes(template))
        device = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
        placed = jax.tree.map(
            lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=x.sharding or device),
            templates,
        )
        items = {name: ocp.args.StandardRestore(tree) for name, tree in placed.items()}
        restored = self._manager.restore(step, args=ocp.args.Composite(**items))
        return {name: restored[name] for name in templates}, meta


def _reserve(folder: Path, items: dict[str, Any]) -> None:
    """Refuse to begin what the disk has no room for: Orbax would fail in several threads at once.

    Raises:
        OSError: no room, or no right to write.
    """
    size = sum(leaf.nbytes for leaf in jax.tree.leaves(items))
    with TemporaryFile(dir=folder) as file:
        if hasattr(os, "posix_fallocate"):  # macOS has none
            os.posix_fallocate(file.fileno(), 0, size + size // 4 + SPARE)


def rank(metas: dict[int, Meta]) -> list[int]:
    """Steps that have a validation loss, the lowest first, the older of equals first."""
    losses = {step: meta.get("validation_loss") for step, meta in metas.items()}
    losses = {s: x for s, x in losses.items() if isinstance(x, float) and math.isfinite(x)}
    return sorted(losses, key=lambda step: (losses[step], step))


def retained(metas: dict[int, Meta], every: int) -> set[int]:
    """Steps to keep: the last two, the best, and each multiple of ``every``."""
    steps = sorted(metas)
    return {*steps[-2:], *rank(metas)[:1], *(s for s in steps if s and s % every == 0)}


def _shapes(tree: Any) -> dict[str, str]:
    """Name of each leaf -> its type and shape, such as ``float32[4, 3]``."""
    return {
        jax.tree_util.keystr(path, simple=True, separator="/"): f"{leaf.dtype}{list(leaf.shape)}"
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
    }


def _compare(where: str, stored: dict[str, str], expected: dict[str, str]) -> None:
    for name in stored.keys() | expected.keys():
        if stored.get(name) != expected.get(name):
            raise UserError(
                f"{where}/{name}: got {stored.get(name, 'nothing')}, expected "
                f"{expected.get(name, 'no such leaf')}: the model or the configuration is not the "
                "one that was saved; use the version of the code in versions.json."
            )
