"""The verb `sky`: what it prints, resumes and writes."""

import json
from pathlib import Path

import numpy as np
import pytest

from pgat_jax.config_file import load_config
from pgat_jax.data.source import load_table
from pgat_jax.data.table import take_rows
from pgat_jax.sky_test import sky_command
from pgat_jax.sky_test.laws import KINDS, Law
from pgat_jax.sky_test.sky_command import Effort, Request, describe_command, run_sky

EFFORT = Effort(false=3, shifted=2, phases=1, sizes=(0.25,))
CONFIG = load_config("tiny")
LAWS = [Law(kind, 0.25, "Moon", "Moon", 0.0) for kind in KINDS]


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("sky")


@pytest.fixture(autouse=True)
def _simulate(monkeypatch, grid):
    table = take_rows(load_table(CONFIG.data), 0, 1100)
    monkeypatch.setattr(sky_command, "load_table", lambda _: table)
    monkeypatch.setattr(sky_command, "list_laws", lambda *_: LAWS)
    monkeypatch.setattr(sky_command, "load_grid", lambda *_: grid)


def test_json_is_the_only_output(root, capsys):
    run_sky(CONFIG, Request(quick=True, as_json=True), root, EFFORT)
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert report["origins"] == 547 and len(report["result"]["false"]) == 3
    assert report["network"] is None and report["claim"]["is_candidate"] is False
    assert f"page: {root / 'tiny-nasdaq.html'}" in err


def test_a_second_run_computes_nothing_and_says_the_same(root, capsys, monkeypatch):
    request = Request(quick=True, html=root / "own.html")
    run_sky(CONFIG, request, root, EFFORT)
    first = capsys.readouterr().out
    monkeypatch.setattr(
        sky_command.SkyForecaster, "score", lambda *_: pytest.fail("computed again")
    )
    run_sky(CONFIG, request, root, EFFORT)
    assert capsys.readouterr().out == first
    assert first.index("sky") < first.index("power: laws")
    assert "python run.py sky --config tiny --quick" in (root / "own.html").read_text()


def test_an_interrupted_run_says_how_to_continue(root, capsys, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(sky_command, "study_power", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_sky(CONFIG, Request(quick=True), root, EFFORT)
    assert "the same command continues" in capsys.readouterr().err


def test_the_network_is_ranked_among_false_skies_unless_the_test_is_quick(
    root, capsys, monkeypatch
):
    def score(config, table, history, blocks, skies, *_):
        assert len({block.fit_row for block in blocks}) == 1 and skies[0] is None
        return np.linspace(1.0, 1.1, len(skies))[:, None] * np.ones(100)

    monkeypatch.setattr(sky_command, "score_network", score)
    run_sky(CONFIG, Request(as_json=True), root, EFFORT._replace(network=4))
    network = json.loads(capsys.readouterr().out)["network"]
    assert len(network["false"]) == 4 and network["rank_p"] == 0.2 and network["gain"] < 0


def test_the_efforts_of_the_two_forms():
    assert sky_command.QUICK.network == 0 < sky_command.FULL.network
    assert (1 / (1 + sky_command.FULL.network)) <= 0.05


def test_the_command_of_a_request_names_another_source():
    ibm = load_config("tiny", "data.source=ibm")
    assert describe_command(CONFIG, Request()) == "python run.py sky --config tiny"
    assert describe_command(ibm, Request(quick=True)) == (
        "python run.py sky --config tiny data.source=ibm --quick"
    )
