"""The verb `causes`: what it lists, refuses, runs, prints and writes."""

import json

import jax
import pytest

from pgat_jax.causes import study
from pgat_jax.cli import run
from tests.causes.conftest import FakeStore


def test_causes_are_listed_with_what_must_be_measured(capsys):
    assert run(["causes", "--list"]) == 0
    out = capsys.readouterr().out
    assert "Sigmoid saturation" in out and "R5" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--only", "9.9"], "--only 9.9: no cause has this number or title; causes: 1.1,"),
        (["--seeds", "1"], "--seeds 1: expected 2 or more, since one has no uncertainty"),
        (["faults=[bypass]"], "fault 'bypass': there is none of this name"),
    ],
)
def test_a_request_that_cannot_be_met_is_one_sentence(
    words, sentence, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert run(["causes", "--config", "tiny", *words]) == 2
    out, err = capsys.readouterr()
    assert out == "" and sentence in err and "Traceback" not in err
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_finished_trials_are_printed_and_written(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(study, "TrialStore", lambda: FakeStore({}))
    words = ["causes", "--config", "tiny", "--only", "1.2", "--quick", "--seeds", "2"]
    assert run([*words, "--json", "causes.json", "--html", "causes.html"]) == 0
    out, err = capsys.readouterr()
    assert "all 4 trials are finished" in err and "Sigmoid" in out
    (cause,) = json.loads((tmp_path / "causes.json").read_text())["causes"]
    assert cause["imposed"]["effects"].keys() == {"gradient at the start"}
    assert "1.2 Sigmoid saturation" in (tmp_path / "causes.html").read_text()


@pytest.mark.slow
def test_a_cause_is_tried_reported_and_not_tried_again(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    faults = "faults=[edge_scale_squared,petri_states_unused]"
    words = ["causes", "--config", "tiny", faults, "--only", "1.2", "--seeds", "2"]
    with jax.numpy_dtype_promotion("standard"):  # optax's Adam promotes
        assert run([*words, "--json", "causes.json", "--html", "causes.html"]) == 0
    out, err = capsys.readouterr()
    assert "16 of 16 trials to run" in err and "Sigmoid" in out
    results = json.loads((tmp_path / "causes.json").read_text())
    (cause,) = results["causes"]
    assert set(cause["imposed"]["effects"]) == set(cause["removed"]["effects"])
    assert results["bases"]["faulty"]["full"]["kinds"]["zero"][0] == 24  # all of the graph
    assert results["bases"]["sound"]["full"]["kinds"]["zero"] == [0, 0]
    assert results["bases"]["faulty"]["small"]["end"]["graph"] == 0
    page = (tmp_path / "causes.html").read_text()
    assert "1.2 Sigmoid saturation" in page and "http" not in page.replace("http://www.w3.org", "")
    assert run(words) == 0
    assert "all 16 trials are finished" in capsys.readouterr().err
