"""`run.py check` with faults, the verbs that refuse them, and `run.py causes`."""

import json

import jax
import pytest

from pgat_jax.cli import run


def test_check_tells_what_a_fault_takes(capsys):
    assert run(["check", "--config", "tiny", "--static", "--fault", "petri_states_unused"]) == 1
    out = capsys.readouterr().out
    row = next(line for line in out.splitlines() if line.strip().startswith("petri_states_unused"))
    assert row.split()[1:3] == ["disconnected", "24"]
    assert "predicted by no fault: none" in out


def test_a_fault_of_the_configuration_is_left_out(capsys):
    words = ["check", "--config", "tiny", "--static", "faults=[petri_states_unused]"]
    assert run([*words, "--without", "petri_states_unused"]) == 0
    assert "petri_states_unused" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["check", "--config", "tiny", "--fault", "bypass"], "fault 'bypass': there is none"),
        (["check", "--config", "tiny", "--without", "x"], "--without x: the configuration has no"),
        (["train", "--config", "original"], "only the verbs `check` and `causes` impose"),
        (["bench", "--config", "original"], "only the verbs `check` and `causes` impose"),
    ],
)
def test_a_mistake_is_one_sentence(words, sentence, capsys):
    assert run(words) == 2
    out, err = capsys.readouterr()
    assert out == "" and sentence in err and err.count("\n") == 1


def test_causes_are_listed_with_what_would_have_to_be_seen(capsys):
    assert run(["causes", "--list"]) == 0
    out = capsys.readouterr().out
    assert "Sigmoid saturation" in out and "R5" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--only", "9.9"], "--only 9.9: there is no cause of this number or title; causes: 1.1,"),
        (["--seeds", "1"], "--seeds 1: expected 2 or more, since one has no uncertainty"),
        (["faults=[bypass]"], "fault 'bypass': there is none of this name"),
    ],
)
def test_a_wish_that_cannot_be_met_is_one_sentence(words, sentence, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["causes", "--config", "tiny", *words]) == 2
    out, err = capsys.readouterr()
    assert out == "" and sentence in err and "Traceback" not in err
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_cause_is_tried_told_and_not_tried_again(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    faults = "faults=[edge_scale_squared,petri_states_unused]"
    words = ["causes", "--config", "tiny", faults, "--only", "1.2", "--seeds", "2"]
    with jax.numpy_dtype_promotion("standard"):  # optax's Adam promotes
        assert run([*words, "--json", "causes.json", "--html", "causes.html"]) == 0
    out, err = capsys.readouterr()
    assert "16 of 16 trials to run" in err and "Sigmoid" in out
    found = json.loads((tmp_path / "causes.json").read_text())
    (cause,) = found["causes"]
    assert set(cause["imposed"]["effects"]) == set(cause["removed"]["effects"])
    assert found["bases"]["sick"]["full"]["lost"]["zero"][0] == 24  # the whole graph
    assert found["bases"]["healthy"]["full"]["lost"]["zero"] == [0, 0]
    assert found["bases"]["sick"]["small"]["end"]["graph"] == 0
    page = (tmp_path / "causes.html").read_text()
    assert "1.2 Sigmoid saturation" in page and "http" not in page.replace("http://www.w3.org", "")
    assert run(words) == 0
    assert "all 16 trials are there" in capsys.readouterr().err
