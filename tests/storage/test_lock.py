import os
import re
import subprocess
import sys

import pytest

from pgat_jax.errors import UserError
from pgat_jax.storage.lock import PROCESS, lock_run

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


def test_a_link_in_place_of_the_number_is_replaced(tmp_path):
    target = tmp_path / "precious"
    target.write_text("content")
    (tmp_path / PROCESS).symlink_to(target)
    with lock_run(tmp_path):
        assert (tmp_path / PROCESS).read_text() == str(os.getpid())
    assert target.read_text() == "content"


@pytest.mark.parametrize("number", ["", "no number\x1b[2J", "7" * 21])
def test_a_number_that_is_none_is_not_shown(tmp_path, number):
    with lock_run(tmp_path):
        (tmp_path / PROCESS).write_text(number)
        shown = "7" * 20 if number.isdigit() else "unknown"
        with pytest.raises(UserError, match=re.escape(f"(number {shown})")), lock_run(tmp_path):
            pass


def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path):
    killed = LOCKING.replace("print('locked')", "import os; os.kill(os.getpid(), 9)")
    subprocess.run([sys.executable, "-c", killed, tmp_path], capture_output=True)
    with lock_run(tmp_path):
        pass
