import pytest

from pgat_jax.config_file import load_config
from pgat_jax.errors import UserError
from pgat_jax.storage.creation import create_run


@pytest.fixture
def config():
    return load_config("tiny")


def test_a_new_run_has_its_configuration_and_versions(config, tmp_path):
    run = create_run(config, root=tmp_path)
    assert load_config(run / "config.yaml") == config
    assert run.parent == tmp_path
    assert run.name.startswith("tiny-20")
    assert (run / "versions.json").read_text().startswith("{")


def test_runs_are_created_under_runs_by_default(config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert create_run(config).parts[0] == "runs"


def test_a_name_replaces_that_of_the_configuration(config, tmp_path):
    assert create_run(config, "mine", tmp_path).name.startswith("mine-20")


def test_runs_of_the_same_second_do_not_share_a_folder(config, tmp_path):
    assert len({create_run(config, "same", tmp_path) for _ in range(5)}) == 5


@pytest.mark.parametrize("name", ["../up", "a b", "x" * 70, ".hidden"])
def test_a_name_that_is_no_folder_is_refused_and_nothing_is_created(config, name, tmp_path):
    with pytest.raises(UserError, match="--run-name"):
        create_run(config, name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_created_is_named(config, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"file/tiny-.*: this folder cannot be made"):
        create_run(config, root=tmp_path / "file")
