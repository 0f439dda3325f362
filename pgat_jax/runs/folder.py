"""Run folders: where they are, what lies in them, and reading a finished run back.

runs/NAME-DATE/
  config.yaml    the resolved configuration
  versions.json  Python, libraries, platform and devices
  metrics.jsonl  one record a line, and TensorBoard's events.* beside it
  checkpoints/   one folder a saved step
  scores.json, forecasts.csv, pictures/, report.html
"""

import difflib
import fcntl
import hashlib
import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pgat_jax.config import Config
from pgat_jax.config_file import dump_yaml, load_config, validate
from pgat_jax.errors import UserError
from pgat_jax.output import write_output

if TYPE_CHECKING:
    from pgat_jax.data.dataset import Data
    from pgat_jax.data.scaler import Scaler
    from pgat_jax.model.build import Model

ROOT = Path("runs")
CONFIG = "config.yaml"
CHECKPOINTS = "checkpoints"
LIBRARIES = ("jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy", "pgat_jax")


@dataclass(frozen=True)
class LoadedRun:
    """A run read back: its configuration, model and parameters; its table on first use."""

    path: Path
    config: Config
    model: "Model"
    scaler: "Scaler"
    """Columns and statistics that the run was trained with."""
    params: dict[str, Any]
    step: int
    """Training steps taken when these parameters were saved."""
    manifest: dict[str, Any] = field(repr=False)
    """What the checkpoint says of itself."""

    @cached_property
    def data(self) -> "Data":
        """The table that the run was trained on.

        Raises:
            UserError: it cannot be read, or is no longer the same.
        """
        from pgat_jax.data.loading import load_data

        data = load_data(self.config)
        check_table(self.path, self.manifest["data_hash"], data)
        return data


def complain(text: str) -> None:
    """Print on stderr; stdout holds results."""
    print(text, file=sys.stderr, flush=True)


def load_run(
    run: str | Path, which: str = "best", say: Callable[[str], None] = complain
) -> LoadedRun:
    """Read a run's ``best`` or ``last`` checkpoint.

    Args:
        run: a folder, or its name under ``runs/``.
        which: ``best`` (lowest validation loss) or ``last``.
        say: is told of damaged checkpoints that are passed over.

    Raises:
        UserError: no such run, no usable checkpoint in it, or its config.yaml has changed.
    """
    import jax

    from pgat_jax.data.scaler import Scaler
    from pgat_jax.model.build import build
    from pgat_jax.runs.checkpoint import Checkpoints

    path = find_run(run)
    config = load_config(path / CONFIG)

    def templates(meta: dict[str, Any]) -> dict[str, Any]:
        check_config(path, config, meta["config"])
        model = build(config, Scaler.from_dict(meta["scaler"]).columns)
        return {"params": jax.eval_shape(model.init, jax.random.key(0))}

    with Checkpoints(path / CHECKPOINTS) as checkpoints:
        order = checkpoints.best_first() if which == "best" else None
        step, items, meta = checkpoints.restore(templates, say, order)
    scaler = Scaler.from_dict(meta["scaler"])
    model = build(config, scaler.columns)
    return LoadedRun(path, config, model, scaler, items["params"], step, meta)


def create_run(config: Config, name: str | None = None) -> Path:
    """Make ``runs/NAME-DATE`` with its configuration and versions; NAME is the configuration's.

    Raises:
        UserError: the folder cannot be made, or ``name`` is not fit for one.
    """
    name = validate({"name": name}, f"--run-name {name!r}").name if name else config.name
    stem = f"{name}-{datetime.now():%Y%m%d-%H%M%S}"
    for n in range(1, 1000):
        path = ROOT / (stem if n == 1 else f"{stem}-{n}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise UserError(f"{path}: this folder cannot be made ({error}).") from None
        write_output(path / "versions.json", (json.dumps(versions(), indent=1) + "\n").encode())
        write_output(path / CONFIG, dump_yaml(config).encode())
        return path
    raise UserError(f"{ROOT / stem}: a thousand runs of this name already.")


def find_run(run: str | Path) -> Path:
    """The folder of a run given by path or by name under ``runs/``.

    Raises:
        UserError: there is none; names the nearest, or the newest.
    """
    for path in (Path(run), ROOT / run):
        if (path / CONFIG).is_file():
            return path
    known = sorted(p.parent.name for p in ROOT.glob(f"*/{CONFIG}"))
    near = difflib.get_close_matches(Path(run).name, known, 1) or known[-1:]
    hint = f"; did you mean {near[0]!r}?" if near else f"; there is none under {ROOT}/ yet."
    raise UserError(f"run {str(run)!r}: no such folder with a {CONFIG}{hint}")


def newest_run(name: str | None = None) -> Path:
    """The run of a configuration (of any, if None) that was made last.

    Raises:
        UserError: there is none.
    """
    runs = [p.parent for p in ROOT.glob(f"*/{CONFIG}")]
    runs = [p for p in runs if name is None or load_config(p / CONFIG).name == name]
    if not runs:
        of = f" of configuration {name!r}" if name else ""
        raise UserError(f"there is no run{of} under {ROOT}/ yet: train one, or name its folder.")
    return max(runs, key=lambda p: (p / CONFIG).stat().st_mtime)


@contextmanager
def locked(run: Path) -> Iterator[None]:
    """Hold a run's folder for this process; the system lets go of it when the process ends.

    Raises:
        UserError: another process holds it.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW  # the link of a stranger's run stays untouched
    with open(os.open(run / ".lock", flags, 0o666), "r+", errors="replace") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(
                f"{run}: another process (number {file.read() or 'unknown'}) is training this run; "
                "wait until it has ended, or stop it with Ctrl-C."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def check_config(run: Path, config: Config, started: dict[str, Any] | None = None) -> None:
    """Refuse a run under another configuration than ``started``; its config.yaml if left out.

    Its mesh may be another.

    Raises:
        UserError: names the first key that differs, with both values.
    """
    own = load_config(run / CONFIG) if started is None else validate(started, f"{run}: checkpoint")
    stored = _flat(own.model_dump(mode="json"))
    given = _flat(config.model_dump(mode="json"))
    for key, value in given.items():
        if stored[key] != value and not key.startswith("mesh."):
            raise UserError(
                f"{run}: {key} is {value!r} but the run was started with {stored[key]!r}; a run "
                "keeps its own configuration: leave the change out of the command and of the "
                f"run's {CONFIG}, or train a new run."
            )


def check_table(run: Path, data_hash: str, data: "Data") -> None:
    """Refuse a table that is not the one a run was trained on.

    Raises:
        UserError: the digests differ.
    """
    if data.table.hash != data_hash:
        raise UserError(
            f"{run}: the table {data.table.source!r} has changed since the run was trained "
            f"(digest {data.table.hash[:12]}, was {data_hash[:12]}); restore the old table, or "
            "train a new run; `forecast RUN --data FILE` reads new rows."
        )


def versions() -> dict[str, Any]:
    """Versions of Python and the libraries, the platform and JAX's devices."""
    import jax

    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpu_count": os.cpu_count(),
        "devices": [f"{d.platform}: {d.device_kind}" for d in jax.devices()],
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
    }


def params_sha256(params: Any) -> str:
    """SHA-256 over names, types, shapes and bytes of the leaves, in the order of their names."""
    import jax
    import numpy as np

    digest = hashlib.sha256()
    leaves = jax.tree_util.tree_leaves_with_path(params)
    named = {jax.tree_util.keystr(p, simple=True, separator="/"): np.asarray(x) for p, x in leaves}
    for name, leaf in sorted(named.items()):
        digest.update(f"{name} {leaf.dtype} {leaf.shape}\n".encode())
        digest.update(np.ascontiguousarray(leaf).tobytes())
    return digest.hexdigest()


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat = {}
    for key, value in tree.items():
        flat |= (
            _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
        )
    return flat
