"""The configuration of the study: a recipe with faults, which some verbs refuse."""

import pytest
import yaml

from pgat_jax import load_config
from pgat_jax.causes.config import StudyConfig
from pgat_jax.cli import run
from pgat_jax.config import Config
from pgat_jax.config_file import dump_yaml
from pgat_jax.errors import UserError
from tests.recipes import RECIPES


def test_without_faults_the_recipe_is_left():
    config = load_config("tiny", "faults=[constant_columns]", schema=StudyConfig)
    assert config.without_faults() == load_config("tiny")
    assert type(config.without_faults()) is Config


def test_one_fault_in_place_of_a_list_is_refused():
    with pytest.raises(UserError, match=r"faults: got 'constant_columns', .* tuple"):
        load_config("tiny", "faults=constant_columns", schema=StudyConfig)


def test_a_misspelt_key_is_compared_with_the_keys_of_the_schema():
    with pytest.raises(UserError, match=r"unknown key 'fault' .*did you mean 'faults'"):
        load_config("tiny", "fault=[]", schema=StudyConfig)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_can_be_studied_and_survives_being_printed(name, tmp_path):
    config = load_config(name, schema=StudyConfig)
    printed = tmp_path / "printed.yaml"
    printed.write_text(dump_yaml(config))
    assert load_config(printed, schema=StudyConfig) == config


def test_the_verb_config_prints_faults_only_where_there_are_some(capsys):
    assert run(["config", "--config", "original"]) == 0
    assert len(yaml.safe_load(capsys.readouterr().out)["faults"]) == 10
    assert run(["config", "--config", "tiny"]) == 0
    assert "faults" not in yaml.safe_load(capsys.readouterr().out)
