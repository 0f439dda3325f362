"""The wheel: what is in it, and that it works where no checkout is."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.recipes import RECIPES

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    call(sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", folder, ROOT)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The scripts of a fresh environment with the wheel; it borrows the libraries of this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    scripts = Path(sysconfig.get_path("scripts", "venv", {"base": str(folder)}))
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))
    call(sys.executable, "-m", "pip", "--python", scripts / "python", "install", "--no-deps", wheel)
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return scripts


def call(*words, cwd: Path | None = None) -> str:
    """Runs a command without this checkout on the path, and returns what it printed."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [str(word) for word in words]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_has_both_packages_their_types_and_the_recipes_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"pgat_jax", "checks"}
    assert {"pgat_jax/py.typed", "checks/py.typed"} <= set(names)
    recipes = {Path(name).stem for name in names if name.startswith("pgat_jax/configs/")}
    assert recipes == set(RECIPES)


def test_the_installed_packages_are_those_of_the_wheel(installed, tmp_path):
    code = "import checks, pgat_jax; print(checks.__file__); print(pgat_jax.__file__)"
    for line in call(installed / "python", "-c", code, cwd=tmp_path).splitlines():
        assert installed.parent in Path(line).parents


def test_commands_work_from_another_folder(installed, tmp_path):
    assert "seq_len: 16" in call(installed / "pgat", "config", "--config", "tiny", cwd=tmp_path)
    assert "usage: python -m checks" in call(
        installed / "python", "-m", "checks", "--help", cwd=tmp_path
    )


def test_training_works_from_another_folder(installed, tmp_path):
    out = call(installed / "pgat", "--config", "tiny", "--minutes", "0.05", cwd=tmp_path)
    (run,) = (tmp_path / "runs").iterdir()
    assert "report.html" in out
    assert {"config.yaml", "report.html", "scores.json"} <= {p.name for p in run.iterdir()}
