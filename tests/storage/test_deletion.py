"""Deleting a run deletes what the programs wrote, and nothing else."""

import shutil

import pytest

from pgat_jax.errors import UserError
from pgat_jax.storage.deletion import delete_run
from pgat_jax.storage.lock import lock_run


@pytest.fixture
def run(drawn_run, tmp_path):
    run = shutil.copytree(drawn_run, tmp_path / "run")
    for name in ("table.npz", "forecast-2018-12-31-2.csv", "forecast-2018-12-31.png"):
        (run / name).touch()
    return run


def test_the_folder_of_a_run_is_deleted_whole(run):
    assert delete_run(run) == []
    assert not run.exists()


def test_a_file_of_the_user_stays(run):
    (run / "notes.txt").write_text("mine")
    assert delete_run(run) == ["notes.txt"]
    assert [path.name for path in run.iterdir()] == ["notes.txt"]


def test_a_run_that_is_being_trained_stays(run):
    with lock_run(run), pytest.raises(UserError, match=r"another process .* is training this run"):
        delete_run(run)
    assert (run / "config.yaml").exists()


def test_another_folder_and_a_link_stay(run, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "config.yaml").touch()
    (tmp_path / "link").symlink_to(run)
    for path in (tmp_path / "home", tmp_path / "link"):
        with pytest.raises(UserError, match="nothing is deleted"):
            delete_run(path)
    assert (run / "config.yaml").exists() and (tmp_path / "home" / "config.yaml").exists()


def test_a_link_inside_is_deleted_and_not_followed(run, tmp_path):
    (tmp_path / "precious").mkdir()
    shutil.rmtree(run / "pictures")
    (run / "pictures").symlink_to(tmp_path / "precious")
    assert delete_run(run) == []
    assert (tmp_path / "precious").is_dir()
