"""The package runs where Python has none of the modules that only POSIX systems have.

They are blocked in another process, for every library that is imported there as well.
"""

import subprocess
import sys

import pytest

PROGRAM = """
import pkgutil, sys
for name in ("fcntl", "grp", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"):
    sys.modules[name] = None  # an import of it raises ImportError

import checks, pgat_jax
from pgat_jax.bench.peak_memory import measure_peak_memory
from pgat_jax.errors import UserError
from pgat_jax.storage.lock import lock_run
from pathlib import Path

for package in (pgat_jax, checks):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith(("__main__", "keras_callback")):  # it needs Keras
            __import__(module.name)

run = Path(sys.argv[1])
with lock_run(run):
    try:
        with lock_run(run):
            print("locked twice")
    except UserError as error:
        print(error)
with lock_run(run):
    print("locked again, memory", measure_peak_memory())
"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What a process prints that imports every module and locks a folder, without those modules."""
    command = [sys.executable, "-c", PROGRAM, tmp_path_factory.mktemp("run")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
def test_every_module_is_imported_and_a_lock_excludes_without_posix(printed):
    refused, again = printed
    assert "another process" in refused and "is training this run" in refused
    assert again.startswith("locked again")


@pytest.mark.slow
def test_memory_that_the_system_does_not_count_is_unknown(printed):
    assert printed[-1].endswith("memory None")
