"""Configuration files: what is read, and the one sentence that each mistake gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgat_jax.config import Config
from pgat_jax.config_file import (
    dump_yaml,
    find_config,
    flatten_keys,
    load_config,
    override_config,
    validate,
)
from pgat_jax.errors import UserError
from tests.recipes import CONFIGS, TRAINED

MISTAKES = {
    "unknown key": ("model.dropouts=1", "unknown key 'model.dropouts'", "'model.dropout'?"),
    "no key is similar": (
        "zzz=1",
        "unknown key 'zzz' (value 1)",
        "`python run.py config` prints all keys.",
    ),
    "no key of the section is similar": (
        "data.file=x",
        "unknown key 'data.file' (value 'x'); keys of data: source, seq_len, ",
        ", volatility; `python run.py config` prints all keys.",
    ),
    "key like one of its section": ("mesh.dat=4", "unknown key 'mesh.dat'", "'mesh.data'?"),
    "key like a section": ("dta=4", "unknown key 'dta'", "'data'?"),
    "key without section": ("batch_size=4", "unknown key 'batch_size'", "'train.batch_size'"),
    "misspelt section": ("tarin.epochs=2", "unknown key 'tarin'", "'train'"),
    "text for a number": ("train.epochs=many", "train.epochs: got 'many'", "integer"),
    "yes for a number": ("train.epochs=true", "train.epochs: got True", "integer"),
    "number for a switch": ("train.remat=1", "train.remat: got 1", "boolean"),
    "a word YAML 1.1 takes for true": ("train.remat=on", "train.remat: got 'on'", "boolean"),
    "fraction for an integer": ("seed=1.5", "seed: got 1.5", "integer"),
    "not a number": ("train.learning_rate=.nan", "train.learning_rate: got nan", "finite"),
    "out of range": ("model.dropout=1", "model.dropout: got 1", "less than 1"),
    "unknown choice": ("loss.criterion=mae", "loss.criterion: got 'mae'", "'mse'"),
    "unknown gate": ("model.gate=opne", "model.gate: got 'opne'", "'sigmoid', 'open' or 'closed'"),
    "gate beyond 1": ("model.gate=1.5", "model.gate: got 1.5", "equal to 1"),
    "width not 13 slots": ("model.d_model=400", "model.d_model: got 400", "13 x model.channels"),
    "heads that do not divide": ("model.n_heads=5", "model.n_heads: got 5", "divisor"),
    "label beyond the window": ("data.label_len=99", "data.label_len: got 99", "at most"),
    "split too short": ("data.test_days=2", "data.test_days: got 2", "at least data.pred_len"),
    "mapping with bypass": (
        "model.hierarchical_mapping=true",
        "hierarchical_mapping: got",
        "false",
    ),
    "warm-up too long": ("train.warmup_epochs=9", "train.warmup_epochs: got 9", "fewer than"),
    "rate that rises": ("train.final_learning_rate=1.0", "final_learning_rate: got 1.0", "at most"),
    "levels out of order": ("loss.quantiles=[0.5, 0.1]", "loss.quantiles: got", "increase"),
    "level of 1": ("loss.quantiles=[0.5, 1.0]", "loss.quantiles: got 1.0", "less than 1"),
    "a section for a value": ("train=3", "train: got 3", "dictionary"),
    "a name that leaves the folder": ("name=../x", "name: got '../x'", "pattern"),
    "parts that are no power of two": ("mesh.fsdp=6", "mesh.fsdp: got 6", "power of two"),
    "a key of the study": ("faults=[]", "unknown key 'faults' (value [])", "`check` and `causes`"),
    "no equals sign": ("train.epochs", "override 'train.epochs'", "key.sub=value"),
    "broken value": ("train.epochs=[1", "override 'train.epochs=[1'", "not valid YAML"),
    "key inside a value": ("seed.x=1", "seed: got {'x': 1}", "integer"),
    "key inside a set value": ("name.x=1", "'name' is a value", "section"),
}


@pytest.mark.parametrize("name", TRAINED)
def test_every_configuration_loads_and_survives_being_printed(name, tmp_path):
    config = load_config(name)
    printed = tmp_path / "printed.yaml"
    printed.write_text(dump_yaml(config))
    assert load_config(printed) == config
    assert hash(config) == hash(load_config(printed))


@pytest.mark.parametrize(("override", "got", "way_out"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_gets_one_sentence(override, got, way_out):
    with pytest.raises(UserError) as error:
        load_config("tiny", override)
    assert got in str(error.value) and way_out in str(error.value)


def test_a_mistake_in_a_file_names_the_file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("train: {epochs: 0}\nmodel: {widht: 3}\n")
    with pytest.raises(UserError) as error:
        load_config(path)
    lines = str(error.value).splitlines()
    assert len(lines) == 2 and all(line.startswith(f"{path}: ") for line in lines)


FILES = {
    "empty": ("", "expected keys and values"),
    "a list": ("- 1\n- 2\n", "expected keys and values"),
    "a key twice": ("seed: 1\nseed: 2\n", "the key 'seed' occurs twice"),
    "an alias": ("data: &a {source: ibm}\nmodel: *a\n", "aliases are not allowed"),
    "a tag": ("seed: !!python/object:os.system x\n", "not valid YAML"),
    "a tab": ("seed:\t\t- 1\n\t- 2", "not valid YAML"),
    "a control character": ("seed: \x00\n", "not valid YAML"),
    "nested too deep": ("[" * 5000 + "]" * 5000, "not valid YAML"),
    "a list as key": ("? [1, 2]\n: 3\n", ""),
    "numbers as keys": ("1: 2\n", "unknown key '1'"),
}


@pytest.mark.parametrize(("text", "expected"), FILES.values(), ids=FILES)
def test_a_bad_file_gets_one_sentence(text, expected, tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=r"bad\.yaml") as error:
        load_config(path)
    assert expected in str(error.value)


def test_bytes_that_are_not_text_are_refused(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(UserError, match="text file"):
        load_config(path)


def test_a_missing_configuration_names_the_nearest():
    with pytest.raises(UserError, match="did you mean 'recovery'"):
        load_config("recovry")
    with pytest.raises(UserError, match="no such configuration file"):
        load_config("configs/none.yaml")


@given(st.text(max_size=60))
def test_no_text_ends_in_anything_but_a_configuration_or_a_sentence(text):
    try:
        config = load_config("tiny", text)
    except UserError as error:
        assert str(error)
    else:
        assert isinstance(config, Config)


def test_a_configuration_is_found_from_another_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_config("tiny").samefile(CONFIGS / "tiny.yaml")
    assert find_config(CONFIGS / "tiny.yaml") == CONFIGS / "tiny.yaml"


def test_a_file_is_named_after_itself_unless_it_has_a_name(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("seed: 1\n")
    assert load_config(path).name == "mine"
    path.write_text("name: other\n")
    assert load_config(path).name == "other"


def test_the_last_of_two_overrides_is_in_force():
    assert load_config("tiny", "seed=1", "seed=2").seed == 2


def test_a_mistake_is_blamed_on_the_override_or_on_the_file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("train: {batch_size: 0}\n")
    with pytest.raises(UserError) as error:
        load_config(path, "train.epochs=0")
    assert sorted(str(error.value).splitlines()) == [
        f"{path}: train.batch_size: got 0, expected greater than or equal to 1.",
        "override 'train.epochs=0': train.epochs: got 0, expected greater than or equal to 1.",
    ]


def test_a_long_value_is_shortened():
    with pytest.raises(UserError, match=r"got 'x{56}\.\.\., expected") as error:
        validate({"seed": "x" * 1000}, "f.yaml")
    assert len(str(error.value)) < 200


def test_keys_are_overridden_by_their_last_word_or_whole():
    config = override_config(
        load_config("tiny"), {"epochs": 5, "mesh.data": 2, "quantiles": (0.1, 0.9), "seed": 3}
    )
    assert (config.train.epochs, config.mesh.data, config.seed) == (5, 2, 3)
    assert config.loss.quantiles == (0.1, 0.9)
    assert override_config(load_config("tiny"), {}) == load_config("tiny")


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ({"epocs": 3}, "override 'epocs': unknown key; did you mean 'train.epochs'?"),
        ({"data": 3}, "override 'data': is a section, expected one of its keys."),
        ({"epochs": "x"}, "override epochs='x': train.epochs: got 'x', expected a valid integer."),
        ({"label_len": 20}, "configuration 'tiny': data.label_len: got 20, expected at most"),
    ],
)
def test_a_wrong_override_is_one_sentence(overrides, sentence):
    with pytest.raises(UserError) as refusal:
        override_config(load_config("tiny"), overrides)
    assert str(refusal.value).startswith(sentence)


def test_keys_of_all_sections_stand_side_by_side():
    keys = flatten_keys(load_config("tiny"))
    assert (keys["name"], keys["train.epochs"], keys["data.source"]) == ("tiny", 2, "nasdaq")
    assert "train" not in keys


@pytest.mark.parametrize(
    "name", ["a b.csv", "#1.csv", "^GSPC.csv", "GC=F.csv", "@x: y.csv", "*.csv"]
)
def test_the_name_of_a_file_is_taken_as_it_is_written(name):
    assert load_config("tiny", f"data.source={name}").data.source == name
    assert load_config("tiny", f"data.source='{name}'").data.source == name
