"""Metadata of checkpoints, read without their arrays."""

import shutil
import subprocess
import sys

import pytest

from pgat_jax.storage.metas import list_steps, read_metas, read_newest_meta


@pytest.fixture
def run(make_run, tmp_path):
    return shutil.copytree(make_run("mse"), tmp_path / "run")


def test_the_metadata_of_each_step_are_read(run):
    assert list_steps(run) == [0]
    assert read_metas(run)[0]["planned_steps"] == 500
    assert read_newest_meta(run) == read_metas(run)[0]


def test_folders_that_are_no_steps_are_left_out(run):
    (run / "checkpoints" / "7.damaged").mkdir()
    (run / "checkpoints" / "20").mkdir()
    assert list_steps(run) == [0, 20]
    assert list(read_metas(run)) == [0]


def test_a_damaged_newest_step_has_no_metadata(run, tmp_path):
    (run / "checkpoints" / "20").mkdir()
    assert read_newest_meta(run) is None
    assert read_newest_meta(tmp_path) is None
    assert read_metas(tmp_path) == {}


def test_reading_metadata_does_not_import_jax():
    code = "import sys; import pgat_jax.storage.metas; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
