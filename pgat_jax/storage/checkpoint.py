"""Saves and restores checkpoints: Orbax's arrays, and checksums that Orbax does not keep.

The folder of a step contains `params`, `training` (the rest of the train state), `meta` (JSON) and,
written last, `manifest.json`. A step without a manifest, or with a file whose checksum differs, is
damaged: `restore` reports it and takes another step.
"""

import os
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Self

import jax
import jax.numpy as jnp
import orbax.checkpoint as ocp
from orbax.checkpoint import multihost

from pgat_jax.errors import UserError
from pgat_jax.storage.manifest import META, find_damage, read_json, replace_meta, write_manifest
from pgat_jax.storage.retention import Meta, rank_steps, select_steps

ITEMS = ("params", "training")
# Bytes that a checkpoint may need in addition to its arrays and a quarter of their size.
SPARE = 1 << 20
# Most damaged checkpoints of one step that are kept aside under different names.
MOST_SET_ASIDE = 100
Say = Callable[[str], None]
Templates = Callable[[Meta], dict[str, Any]]


class Checkpoints:
    """The checkpoints in one folder, named by the number of training steps taken.

    A background thread does the saving. The arrays are copied on the device first, so the next
    training step may donate its buffers. `close` waits for the thread.

    A folder opened with `create` is shared by all processes of a run: each process calls every
    method and writes its own parts of the arrays, and the first process writes the rest. A folder
    opened without `create` belongs to one process.

    Attributes:
        folder: the absolute path of the folder.
    """

    def __init__(self, folder: Path, *, create: bool = False):
        """Opens a folder.

        Args:
            folder: its path.
            create: whether to create it, and to remove what an interrupted save left in it.

        Raises:
            UserError: there is no such folder.
        """
        self.folder = Path(folder).absolute()
        if not create and not self.folder.is_dir():
            raise UserError(f"{folder}: no such folder of checkpoints.")
        self._processes = set(range(jax.process_count())) if create else {jax.process_index()}
        self._is_first = jax.process_index() == min(self._processes)
        if create:
            self.folder.mkdir(parents=True, exist_ok=True)
        if create and self._is_first:
            self._remove_interrupted_saves()
        options = ocp.CheckpointManagerOptions(
            create=False,
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

    def _remove_interrupted_saves(self) -> None:
        """Removes Orbax's temporary folders; Orbax would do so in a thread that `close` leaves."""
        for path in self.folder.glob(f"*{ocp.utils.TMP_DIR_SUFFIX}*"):
            shutil.rmtree(path)

    def steps(self) -> list[int]:
        """Returns the steps on disk, the smallest first, damaged ones included."""
        return sorted(self._manager.all_steps())

    def save(self, step: int, items: dict[str, Any], meta: Meta, keep_every: int) -> None:
        """Saves in the background, after the save before it is done.

        Args:
            step: training steps taken. A sound checkpoint of this step is not written again; only
                its metadata is replaced, if the new one has a validation loss.
            items: `params` and `training`, each a pytree of arrays, as `checkpoint_items` returns
                them.
            meta: a JSON object, as `checkpoint_meta` returns it; its `validation_loss` ranks the
                checkpoint.
            keep_every: multiples of this many steps stay on disk, besides the last two and the
                best.

        Raises:
            UserError: the save before this one failed.
        """
        self.wait()
        copies = jax.tree.map(jnp.copy, items)
        self._pending = self._saver.submit(self._save, step, copies, meta, keep_every)

    def wait(self) -> None:
        """Waits until nothing is being saved.

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
        """Waits until nothing is being saved, then closes the folder.

        Raises:
            UserError: saving failed; the folder is closed all the same.
        """
        try:
            self.wait()
        finally:
            self._saver.shutdown()
            self._manager.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def restore(
        self, templates: Templates, say: Say, order: Iterable[int] | None = None
    ) -> tuple[int, dict[str, Any], Meta]:
        """Reads the first sound checkpoint.

        Args:
            templates: a function from the metadata to pytrees of `jax.ShapeDtypeStruct`, under one
                or both of the names `params` and `training`. An item is placed by the sharding in
                its template, or on this process's first device if it has none.
            say: called with one line for each damaged checkpoint in whose place another is taken.
            order: the steps in the order in which they are tried; the newest first if None.

        Returns:
            The step, the items of the templates' names, and the metadata.

        Raises:
            UserError: no checkpoint is sound, or the shape or type of a leaf is not the template's.
        """
        candidates = list(order if order is not None else reversed(self.steps()))
        reason = "there is none"
        for step in candidates:
            problem = find_damage(self.folder / str(step))
            if problem is None:
                try:
                    return step, *self._read(step, templates)
                except (OSError, ValueError, TypeError, LookupError) as error:
                    problem = f"it cannot be read: {error}"
            reason = f"checkpoint {step} is damaged ({problem})"
            if step != candidates[-1]:
                say(f"{reason}; taking the next one")
        raise UserError(
            f"{self.folder}: no checkpoint is usable: {reason}; nothing can be resumed or "
            "evaluated from here: train anew."
        )

    def best_first(self) -> list[int]:
        """Sorts the steps by validation loss.

        Returns:
            First the steps whose metadata cannot be read, so that `restore` reports them; then the
            steps by validation loss, the lowest first; then those without one, the newest first.
        """
        metas = self._metas()
        ranked, newest_first = rank_steps(metas), list(reversed(self.steps()))
        unknown = [step for step in newest_first if step not in metas]
        return [*unknown, *ranked, *(s for s in newest_first if s not in {*unknown, *ranked})]

    def set_aside_after(self, step: int) -> None:
        """Renames the checkpoints newer than a step to `STEP.damaged`, which `steps` ignores.

        A number is appended if there is a folder of that name.

        Args:
            step: training steps taken.
        """
        for newer in [s for s in self.steps() if s > step and self._is_first]:
            source = self.folder / str(newer)
            target = self.folder / f"{newer}.damaged"
            for n in range(2, MOST_SET_ASIDE):
                if not target.exists():
                    break
                target = self.folder / f"{newer}.damaged-{n}"
            source.rename(target)
        self._meet("set aside")
        self._manager.reload()

    def _save(self, step: int, items: dict[str, Any], meta: Meta, keep_every: int) -> None:
        meta = meta | {
            "step": step,
            "leaves": {name: _describe_leaves(tree) for name, tree in items.items()},
        }
        if step in self.steps() and find_damage(self.folder / str(step)) is None:
            if self._is_first and meta.get("validation_loss") is not None:
                replace_meta(self.folder / str(step), meta)
            return
        _require_room(self.folder, items)
        is_saved = self._manager.save(
            step,
            args=ocp.args.Composite(
                **{name: ocp.args.StandardSave(tree) for name, tree in items.items()},
                meta=ocp.args.JsonSave(meta),
            ),
            force=True,
        )
        if not is_saved:
            raise RuntimeError(f"Orbax did not save step {step}")
        if self._is_first:
            write_manifest(self.folder / str(step))
        self._meet("manifest")
        metas = self._metas()
        for old in metas.keys() - select_steps(metas, keep_every):
            self._manager.delete(old)

    def _meet(self, where: str) -> None:
        """Waits until every process that shares the folder has called this."""
        self._meetings += 1
        name = f"{self.folder}: {where} {self._meetings}"
        multihost.sync_global_processes(name, processes=self._processes)

    def _metas(self) -> dict[int, Meta]:
        """Returns the metadata of each checkpoint where it can be read."""
        metas = {step: read_json(self.folder / str(step) / META) for step in self.steps()}
        return {step: meta for step, meta in metas.items() if meta is not None}

    def _read(self, step: int, make_templates: Templates) -> tuple[dict[str, Any], Meta]:
        read_meta = ocp.args.Composite(meta=ocp.args.JsonRestore())
        meta = self._manager.restore(step, args=read_meta)["meta"]
        if meta["step"] != step:
            raise ValueError(f"it says that it is of step {meta['step']}")
        templates = make_templates(meta)
        for name, template in templates.items():
            _require_same_leaves(
                f"checkpoint {step}: {name}", meta["leaves"][name], _describe_leaves(template)
            )
        device = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
        placed = jax.tree.map(
            lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=x.sharding or device),
            templates,
        )
        items = {name: ocp.args.StandardRestore(tree) for name, tree in placed.items()}
        restored = self._manager.restore(step, args=ocp.args.Composite(**items))
        return {name: restored[name] for name in templates}, meta


def _require_room(folder: Path, items: dict[str, Any]) -> None:
    """Checks that the disk has room; without this check, Orbax would fail in several threads.

    Raises:
        OSError: there is no room, or no right to write.
    """
    size = sum(leaf.nbytes for leaf in jax.tree.leaves(items))
    with TemporaryFile(dir=folder) as file:
        if hasattr(os, "posix_fallocate"):  # macOS has none
            os.posix_fallocate(file.fileno(), 0, size + size // 4 + SPARE)


def _describe_leaves(tree: Any) -> dict[str, str]:
    """Returns name -> type and shape of each leaf, such as `float32[4, 3]`."""
    return {
        jax.tree_util.keystr(path, simple=True, separator="/"): f"{leaf.dtype}{list(leaf.shape)}"
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
    }


def _require_same_leaves(where: str, stored: dict[str, str], expected: dict[str, str]) -> None:
    for name in stored.keys() | expected.keys():
        if stored.get(name) != expected.get(name):
            raise UserError(
                f"{where}/{name}: got {stored.get(name, 'nothing')}, expected "
                f"{expected.get(name, 'no such leaf')}: the model or the configuration is not the "
                "one that was saved; use the version of the code in versions.json."
            )
