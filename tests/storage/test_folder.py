import os
import subprocess
import sys

import pytest

from pgat_jax.config_file import load_config
from pgat_jax.errors import UserError
from pgat_jax.storage.creation import create_run
from pgat_jax.storage.folder import CONFIG, find_run, newest_run


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def config():
    return load_config("tiny")


def test_a_run_is_found_by_path_and_by_name(config):
    run = create_run(config)
    assert find_run(run) == find_run(run.name) == run
    assert find_run(str(run.absolute())) == run.absolute()


def test_the_most_similar_run_is_named(config):
    run = create_run(config)
    with pytest.raises(UserError, match=f"did you mean '{run.name}'"):
        find_run(run.name[:-1])


def test_the_last_name_is_given_where_none_is_similar(config):
    run = create_run(config)
    with pytest.raises(UserError, match=f"did you mean '{run.name}'"):
        find_run("zzz")


def test_a_missing_runs_folder_is_said():
    with pytest.raises(UserError, match=r"run 'mine': no such folder .* there is none under runs/"):
        find_run("mine")


def test_the_newest_run_of_a_configuration(config):
    first, second = create_run(config), create_run(config)
    other = create_run(config.model_copy(update={"name": "other"}))
    for seconds, run in enumerate((second, first, other)):
        os.utime(run / CONFIG, (seconds, seconds))
    assert newest_run() == other
    assert newest_run("tiny") == first
    with pytest.raises(UserError, match="no run of configuration 'laptop'"):
        newest_run("laptop")


def test_finding_a_run_does_not_import_jax():
    code = "import sys; import pgat_jax.storage.folder; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
