import os
import subprocess
import sys

import pytest

from pgat_jax.storage.lock import lock_run

LOCKING = (
    "import sys; from pathlib import Path; from pgat_jax.storage.lock import lock_run\n"
    "with lock_run(Path(sys.argv[1])): print('locked')"
)


def test_two_processes_cannot_lock_the_same_run(tmp_path):
    command = [sys.executable, "-c", LOCKING, tmp_path]
    with lock_run(tmp_path):
        other = subprocess.run(command, capture_output=True, text=True)
        assert other.returncode == 1
        assert f"another process (number {os.getpid()}) is training this run" in other.stderr
    subprocess.run(command, check=True, capture_output=True)


def test_a_link_in_place_of_the_lock_is_not_followed(tmp_path):
    target = tmp_path / "precious"
    target.write_text("content")
    (tmp_path / ".lock").symlink_to(target)
    with pytest.raises(OSError), lock_run(tmp_path):
        pass
    assert target.read_text() == "content"
