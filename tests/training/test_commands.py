"""Training from the command line, in separate processes: signals, and the first command."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.commands import ROOT, SMALL, Command, write_days

THIS_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A working folder with a table of 130 real days and a compile cache."""
    folder = tmp_path_factory.mktemp("place")
    write_days(folder)
    return folder


def start_long_run(place: Path) -> tuple[Command, Path]:
    command = Command(place, *SMALL, "train.epochs=1000")
    run = place / command.until("run runs/").split()[1]
    return command, run


def steps_of(run: Path) -> list[int]:
    return sorted(int(p.name) for p in (run / "checkpoints").iterdir() if p.name.isdigit())


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_and_leaves_in_seconds_and_says_how_to_go_on(place, number, status):
    command, run = start_long_run(place)
    command.until("epoch 2: validation loss")
    sent = time.monotonic()
    command.process.send_signal(number)
    assert command.end() == status
    assert time.monotonic() - sent < 10
    assert "saving after this step" in command.text
    assert f"Go on with: python run.py --resume {run.relative_to(place)}" in command.text
    assert "Traceback" not in command.text
    last = steps_of(run)[-1]
    again = Command(place, "--resume", str(run.relative_to(place)), "--minutes", "0.01")
    assert f"going on from step {last}," in again.until("going on from step")
    assert again.end() == 0
    assert steps_of(run)[-1] == last + 1
    for name in ("scores.json", "forecasts.csv", "report.html"):
        assert (run / name).stat().st_size > 0
    assert list((run / "pictures").glob("*.png"))


@pytest.mark.slow
def test_a_signal_while_compiling_leaves_at_once(place, tmp_path):
    (tmp_path / "days.csv").write_text((place / "days.csv").read_text())
    command, _ = start_long_run(tmp_path)  # with a compile cache that is empty
    command.until("compiling the training step")
    time.sleep(3)
    sent = time.monotonic()
    command.process.send_signal(signal.SIGINT)
    assert command.end() == 130
    assert time.monotonic() - sent < 5
    assert "there is nothing to resume" in command.text
    assert "saving" not in command.text


@pytest.mark.slow
def test_two_processes_train_one_run_stop_together_and_one_goes_on_alone(place):
    """The signal comes to the process that writes no records."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    several = [
        *SMALL,
        "train.epochs=1000",
        "mesh.fsdp=2",
        "--coordinator",
        f"localhost:{port}",
        "--processes",
        "2",
        "--process",
    ]
    first, second = (Command(place, *several, str(i), devices=2) for i in range(2))
    assert "data 2 x fsdp 2, of 4 devices in 2 processes" in first.until("mesh:")
    run = place / first.until("run runs/").split()[1]
    first.until("epoch 1: validation loss")
    second.process.send_signal(signal.SIGTERM)
    assert [first.end(), second.end()] == [143, 143], first.text + second.text
    assert "Traceback" not in first.text + second.text
    assert "validation loss" not in second.text
    again = Command(place, "--resume", run.name, "mesh.fsdp=1", "--minutes", "0.01")
    assert f"going on from step {steps_of(run)[-1]}," in again.until("going on from step")
    assert again.end() == 0, again.text
    steps = [json.loads(line)["step"] for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert steps == sorted(steps)


def find_interpreter(version: str) -> str | None:
    """Finds a Python of this version that runs: on the path, or among those of pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [shutil.which(f"python{version}"), *pyenv.glob(f"{version}.*/bin/python")]
    for python in filter(None, candidates):
        if subprocess.run([python, "-c", ""], capture_output=True).returncode == 0:
            return str(python)
    return None


def mark_version(version: str) -> pytest.MarkDecorator:
    """CI runs the tests once on each version, and the nightly campaigns on one for all."""
    return pytest.mark.slow if version == THIS_VERSION else pytest.mark.nightly


@pytest.mark.parametrize(
    "version",
    [pytest.param(version, marks=mark_version(version)) for version in ("3.11", "3.12", "3.13")],
)
def test_the_first_command_of_the_readme(version, tmp_path):
    """Clones the repository, runs `pip install -e .` and trains `recovery` for a tenth of a minute.

    The version of Python that runs the tests uses their environment, which CI makes fresh; for
    other versions the test makes an environment.
    """
    python = find_interpreter(version)
    if python is None:
        pytest.skip(f"python{version} is not installed")
    subprocess.run(["git", "clone", "-q", ROOT, tmp_path / "clone"], check=True)
    if version == THIS_VERSION:
        python = sys.executable
    else:
        subprocess.run([python, "-m", "venv", tmp_path / "venv"], check=True)
        python = tmp_path / "venv" / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "-q", "-e", tmp_path / "clone"], check=True)
    words = ["run.py", "--config", "recovery", "--minutes", "0.1", "train.batch_size=2"]
    environment = os.environ | {"JAX_PLATFORMS": "cpu"}
    del environment["XLA_FLAGS"]  # a user sets none
    subprocess.run([python, *words], check=True, cwd=tmp_path / "clone", env=environment)
    (run,) = (tmp_path / "clone" / "runs").iterdir()
    for name in ("scores.json", "forecasts.csv", "report.html", "metrics.jsonl"):
        assert (run / name).stat().st_size > 0
