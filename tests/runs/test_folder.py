import subprocess
import sys

import jax.numpy as jnp
import pytest

from pgat_jax.config_file import load_config
from pgat_jax.errors import UserError
from pgat_jax.runs.folder import (
    check_config,
    create_run,
    find_run,
    locked,
    newest_run,
    params_sha256,
    versions,
)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def config():
    return load_config("tiny")


def test_a_new_run_holds_its_configuration_and_versions(config):
    run = create_run(config)
    assert load_config(run / "config.yaml") == config
    assert run.name.startswith("tiny-20")
    assert (run / "versions.json").read_text().startswith("{")


def test_runs_made_in_the_same_second_do_not_share_a_folder(config):
    assert len({create_run(config, "same") for _ in range(5)}) == 5


@pytest.mark.parametrize("name", ["../up", "a b", "x" * 70, ".hidden"])
def test_a_name_that_is_no_folder_is_refused_and_nothing_is_made(config, name, tmp_path):
    with pytest.raises(UserError, match="--run-name"):
        create_run(config, name)
    assert not list(tmp_path.iterdir())


def test_a_run_is_found_by_path_and_by_name_and_the_nearest_is_named(config):
    run = create_run(config)
    assert (
        find_run(run)
        == find_run(run.name)
        == find_run(str(run.absolute())).relative_to(run.absolute().parents[1])
    )
    with pytest.raises(UserError, match=f"did you mean '{run.name}'"):
        find_run(run.name[:-1])


def test_the_newest_run_of_a_configuration(config):
    create_run(config)
    second = create_run(config)
    other = create_run(config.model_copy(update={"name": "other"}))
    assert newest_run() == other
    assert newest_run("tiny") == second
    with pytest.raises(UserError, match="no run of configuration 'laptop'"):
        newest_run("laptop")


def test_two_processes_cannot_train_the_same_run(config):
    run = create_run(config)
    code = "import sys; from pgat_jax.runs.folder import locked; from pathlib import Path\n"
    code += "with locked(Path(sys.argv[1])): print('held')"
    with locked(run):
        other = subprocess.run([sys.executable, "-c", code, run], capture_output=True, text=True)
        assert other.returncode == 1
        assert "is training this run" in other.stderr
    subprocess.run([sys.executable, "-c", code, run], check=True, capture_output=True)


def test_the_first_changed_key_is_named_with_both_values(config):
    run = create_run(config)
    check_config(run, config)
    changed = load_config("tiny", "model.dropout=0.2")
    with pytest.raises(UserError, match=r"model.dropout is 0.2 but the run was started with 0.05"):
        check_config(run, changed)


def test_the_digest_sees_names_types_shapes_and_bytes():
    params = {"a": {"kernel": jnp.ones((2, 3))}, "b": jnp.zeros(4)}
    others = [
        {"a": {"kernel": jnp.ones((3, 2))}, "b": jnp.zeros(4)},
        {"a": {"kernel": jnp.ones((2, 3))}, "c": jnp.zeros(4)},
        {"a": {"kernel": jnp.ones((2, 3))}, "b": jnp.zeros(4, jnp.int32)},
        {"a": {"kernel": jnp.ones((2, 3))}, "b": jnp.zeros(4).at[2].set(1e-30)},
    ]
    digests = {params_sha256(p) for p in [params, *others]}
    assert len(digests) == 5
    assert params_sha256({"b": params["b"], "a": params["a"]}) == params_sha256(params)


def test_versions_name_devices_and_libraries():
    found = versions()
    assert found["devices"][0].startswith("cpu")
    assert {"jax", "flax", "optax"} <= found["libraries"].keys()
