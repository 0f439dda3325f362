from types import SimpleNamespace

import pytest

from pgat_jax.config_file import load_config
from pgat_jax.errors import UserError
from pgat_jax.storage.consistency import require_same_config, require_same_table
from pgat_jax.storage.creation import create_run


@pytest.fixture
def config():
    return load_config("tiny")


@pytest.fixture
def run(config, tmp_path):
    return create_run(config, root=tmp_path)


def test_the_first_changed_key_is_named_with_both_values(config, run):
    require_same_config(run, config)
    changed = load_config("tiny", "model.dropout=0.2")
    with pytest.raises(UserError, match=r"model.dropout is 0.2 but the run was started with 0.05"):
        require_same_config(run, changed)


def test_another_mesh_is_allowed(run):
    require_same_config(run, load_config("tiny", "mesh.data=2"))


def test_another_name_of_the_table_and_another_calendar_are_allowed(run):
    changed = load_config("tiny", "data.source=moved.csv", "data.calendar=daily")
    require_same_config(run, changed)
    longer = load_config("tiny", "data.source=moved.csv", "data.seq_len=17")
    with pytest.raises(UserError, match=r"data.seq_len is 17 but the run was started with 16"):
        require_same_config(run, longer)


def test_a_checkpoints_configuration_is_compared_instead_of_the_file(config, run):
    started = load_config("tiny", "seed=7").model_dump(mode="json")
    with pytest.raises(UserError, match="seed is 0 but the run was started with 7"):
        require_same_config(run, config, started)


def test_another_table_is_refused_with_both_digests(tmp_path):
    table = SimpleNamespace(hash="a" * 64, source="my.csv")
    require_same_table(tmp_path, "a" * 64, table)
    with pytest.raises(UserError, match=r"'my.csv' has changed .*digest a{12}, was b{12}\)"):
        require_same_table(tmp_path, "b" * 64, table)
