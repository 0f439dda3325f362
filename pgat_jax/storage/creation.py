"""Creates the folder of a new run, with its configuration and the versions that run it."""

import json
from datetime import datetime
from pathlib import Path

from pgat_jax.config import Config
from pgat_jax.config_file import dump_yaml, validate
from pgat_jax.errors import UserError
from pgat_jax.output import write_output
from pgat_jax.storage.folder import CONFIG, ROOT, VERSIONS
from pgat_jax.storage.versions import collect_versions

# Runs of one name that may start in the same second; more are surely a mistake.
MOST_FOLDERS = 1000


def create_run(config: Config, name: str | None = None, root: Path = ROOT) -> Path:
    """Creates `ROOT/NAME-DATE` and writes `config.yaml` and `versions.json` into it.

    Args:
        config: the resolved configuration of the run.
        name: NAME; the name of the configuration if None.
        root: the folder of all runs.

    Returns:
        The new folder. A number is appended to its name where the name is taken.

    Raises:
        UserError: the folder cannot be created, or `name` is not fit for a folder.
    """
    name = validate({"name": name}, f"--run-name {name!r}").name if name else config.name
    path = _create_folder(root, f"{name}-{datetime.now():%Y%m%d-%H%M%S}")
    describe_run(path, config)
    return path


def describe_run(path: Path, config: Config) -> None:
    """Writes `config.yaml` and `versions.json` into the folder of a new run.

    Args:
        path: the folder, which need not exist yet.
        config: the resolved configuration of the run.

    Raises:
        UserError: a file cannot be written.
    """
    versions = json.dumps(collect_versions(), indent=1) + "\n"
    write_output(path / VERSIONS, versions.encode())
    write_output(path / CONFIG, dump_yaml(config).encode())


def _create_folder(root: Path, stem: str) -> Path:
    """Creates and returns the first of `stem`, `stem-2`, `stem-3`, ... that is free."""
    for n in range(1, MOST_FOLDERS):
        path = root / (stem if n == 1 else f"{stem}-{n}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise UserError(f"{path}: this folder cannot be made ({error}).") from None
        return path
    raise UserError(f"{root / stem}: a thousand runs of this name already.")
