"""What a resumed run goes on with: its own table, wherever that of the user is."""

import shutil

import pytest

from pgat_jax import load_config, load_data
from pgat_jax.config_file import dump_yaml
from pgat_jax.errors import UserError
from pgat_jax.storage.own_table import read_table, save_table
from pgat_jax.training.continuation import (
    explain_finish,
    is_finished,
    keep_inputs,
    load_own_data,
)


@pytest.fixture
def moved(table, config, tmp_path):
    """A configuration whose table lies in a folder of its own, and a run that keeps a copy."""
    place = shutil.copy(table, tmp_path / "days.csv")
    data = config.data.model_copy(update={"source": str(place)})
    own = config.model_copy(update={"data": data})
    run = tmp_path / "run"
    run.mkdir()
    (run / "config.yaml").write_text(dump_yaml(own))
    save_table(run, load_data(own).table)
    return own, run, tmp_path / "days.csv"


def test_the_same_table_is_taken_silently(moved, data):
    config, run, _ = moved
    said = []
    found = load_own_data(run, config, said.append)
    assert (found.table.hash, said) == (data.table.hash, [])
    assert found.scaler.as_dict() == data.scaler.as_dict()


def test_a_run_goes_on_with_its_own_table_when_the_user_s_has_grown(moved, data):
    config, run, path = moved
    *_, last = path.read_text().splitlines()
    with path.open("a") as file:
        file.write(last.replace(last.split(",")[0], "1999-07-30") + "\n")
    said = []
    assert load_own_data(run, config, said.append).table.hash == data.table.hash
    assert len(said) == 1 and "has other rows than when the run was started" in said[0]
    assert "train --from" in said[0]


def test_a_run_goes_on_with_its_own_table_when_the_user_s_has_vanished(moved, data):
    config, run, path = moved
    path.unlink()
    said = []
    assert load_own_data(run, config, said.append).table.hash == data.table.hash
    assert len(said) == 1 and "no such file" in said[0]
    (run / "table.npz").unlink()
    with pytest.raises(UserError, match="no such file"):
        load_own_data(run, config, said.append)


def test_another_source_that_the_user_names_is_read(moved, tmp_path):
    config, run, path = moved
    path.rename(tmp_path / "renamed.csv")
    other = config.model_copy(
        update={"data": config.data.model_copy(update={"source": str(tmp_path / "renamed.csv")})}
    )
    said = []
    assert load_own_data(run, other, said.append).table.source.endswith("renamed.csv")
    assert said == []


def test_the_table_and_a_new_source_are_kept_in_the_folder(moved, data):
    config, run, _ = moved
    (run / "table.npz").unlink()
    section = config.data.model_copy(update={"source": "else.csv", "calendar": "daily"})
    keep_inputs(run, config.model_copy(update={"data": section}), data.table)
    assert read_table(run, "else.csv").hash == data.table.hash
    assert load_config(run / "config.yaml").data == section


def test_a_run_is_finished_after_its_last_epoch_alone(whole, config, new_run):
    assert is_finished(whole[0], config)
    longer = config.model_copy(update={"train": config.train.model_copy(update={"epochs": 3})})
    assert not is_finished(whole[0], longer)
    assert not is_finished(new_run, config)
    assert "nothing left to train" in explain_finish(whole[0])
