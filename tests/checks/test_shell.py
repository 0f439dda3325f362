"""The shell commands: statuses, files and messages."""

import json

import jax.numpy as jnp
import pytest
from jax import lax

import checks
from checks.shell import FAILED, NOT_RUN, PASSED, run_check, run_profile

X = jnp.linspace(0.1, 1.0, 4)
PARAMS = {"head": X, "layers_0": X}


def loss(p, x):
    return ((p["head"] * x) ** 2).sum() + lax.stop_gradient(p["layers_0"]).sum()


def test_a_failing_leaf_has_status_one_and_the_tables_are_printed(capsys):
    assert run_check(loss, PARAMS, (X,), static=True) == FAILED
    shown = capsys.readouterr().out
    assert "leaves by verdict" in shown and "static proof FAILS: 2 leaves" in shown


def test_an_allowed_leaf_passes_and_files_are_written(tmp_path):
    allow, json_file, page = (tmp_path / name for name in ("allow.txt", "r.json", "r.html"))
    allow.write_text("layers_* blocked targets by design\nhead starved not proved by shapes\n")
    files = {"allow": allow, "json": json_file, "html": page}
    assert run_check(loss, PARAMS, (X,), static=True, **files) == PASSED
    assert json.loads(json_file.read_text())["passes"] and "<svg" in page.read_text()


def test_the_static_proof_fails_for_an_unused_entry_that_it_could_prove(tmp_path, capsys):
    allow = tmp_path / "allow.txt"
    allow.write_text("layers_* blocked by design\nhead disconnected old\n")
    assert run_check(loss, PARAMS, (X,), static=True, allow=allow) == FAILED
    assert "(head, disconnected) matches no failing leaf" in capsys.readouterr().out


def test_a_diagnosis_gets_its_settings_and_all_allow_list_entries(tmp_path):
    allow = tmp_path / "allow.txt"
    allow.write_text("layers_* blocked by design\n")
    settings = {"cures": False, "allow": [("head", "stuck", "unused")]}
    assert run_check(loss, PARAMS, (X,), allow=allow, settings=settings) == FAILED
    assert run_check(loss, PARAMS, (X,), allow=allow, settings={"cures": False}) == PASSED


@pytest.mark.parametrize(
    "files, words",
    [
        ({"html": "nowhere/page.html"}, "page.html: cannot be written: no folder nowhere"),
        ({"json": "."}, "cannot be written: it is a folder; name a file in a folder that you can"),
        ({"allow": "missing.txt"}, "missing.txt: the allow-list cannot be read (No such file or"),
    ],
)
def test_files_that_cannot_be_used_are_one_sentence_and_status_two(
    files, words, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert run_check(loss, PARAMS, (X,), **files) == NOT_RUN
    shown = capsys.readouterr()
    assert words in shown.err and shown.out == ""


def test_what_is_not_a_loss_has_status_two(capsys):
    assert run_check(lambda p, x: p["head"], PARAMS, (X,)) == NOT_RUN
    assert "must be a scalar" in capsys.readouterr().err


def test_a_profile_is_printed_and_written(tmp_path, capsys):
    files = {"json": tmp_path / "p.json", "html": tmp_path / "p.html"}
    assert run_profile(loss, PARAMS, (X,), "head", **files) == PASSED
    shown = capsys.readouterr()
    assert "steepest losses" in shown.out and "gradient profile of head" in shown.err
    assert json.loads(files["json"].read_text())["schema"] == "checks.profile/1"
    assert "back to head" in files["html"].read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "leaf, words",
    [("hea", "checks: no leaf is called 'hea'; the nearest names: head"), ("layers_0", "blocked")],
)
def test_a_leaf_without_profile_has_status_two(leaf, words, capsys):
    assert run_profile(loss, PARAMS, (X,), leaf) == NOT_RUN
    assert words in capsys.readouterr().err


def test_the_statuses_are_those_of_the_documentation():
    assert (PASSED, FAILED, NOT_RUN) == (0, 1, 2) and checks.NOT_RUN == NOT_RUN
