"""Facts about runs, from their small files."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from pgat_jax.config_file import dump_yaml, load_config
from pgat_jax.storage.summary import (
    compare_runs,
    describe_steps,
    describe_summary,
    find_coverage,
    list_runs,
    summarise_run,
    summarise_runs,
)


@pytest.fixture
def run(make_run, tmp_path):
    return shutil.copytree(make_run("mse"), tmp_path / "one")


def write_scores(run, share):
    model = {"coverage": {"90%": {"by_target": {"Close": share}}}}
    splits = {"test": {"forecasters": {"model": model}}}
    (run / "scores.json").write_text(json.dumps({"splits": splits}))


def test_a_run_is_summarised_from_its_files(run):
    write_scores(run, 0.75)
    summary = summarise_run(run)
    assert summary.run == "one"
    assert (summary.configuration, summary.source) == ("tiny-mse", "nasdaq")
    assert (summary.steps, summary.planned, summary.validation_loss) == (0, 500, 1.0)
    assert summary.coverage == 0.75
    assert summary.bytes == sum(p.stat().st_size for p in run.rglob("*") if p.is_file())
    facts = describe_summary(summary)
    assert facts["steps"] == "0 of 500"
    assert facts["coverage of the 90% band"] == "75.0%"
    assert facts["validation loss"] == "1.00000"


def test_a_run_without_checkpoints_and_scores_has_no_figures(run):
    shutil.rmtree(run / "checkpoints")
    (run / "scores.json").unlink(missing_ok=True)
    summary = summarise_run(run)
    assert summary[4:8] == (None, None, None, None)
    assert describe_steps(summary) == "0"
    assert describe_summary(summary)["validation loss"] == "not measured"


@pytest.mark.parametrize("scores", [None, {}, {"splits": 3}, {"splits": {"test": {}}}])
def test_scores_without_a_coverage_have_none(scores):
    assert find_coverage(scores) is None


def test_runs_are_listed_newest_first_without_those_that_cannot_be_read(tmp_path):
    for seconds, name in enumerate(("old", "new", "bad")):
        path = tmp_path / name / "config.yaml"
        path.parent.mkdir()
        path.write_text("seed: x\n" if name == "bad" else dump_yaml(load_config("tiny")))
        os.utime(path, (seconds, seconds))
    assert [path.name for path in list_runs(tmp_path)] == ["bad", "new", "old"]
    assert [summary.run for summary in summarise_runs(tmp_path)] == ["new", "old"]
    assert summarise_runs(tmp_path / "nowhere") == []


def test_two_runs_are_compared_by_facts_and_by_the_keys_that_differ(run, tmp_path):
    other = shutil.copytree(run, tmp_path / "two")
    text = (other / "config.yaml").read_text().replace("epochs: 2", "epochs: 3", 1)
    (other / "config.yaml").write_text(text)
    rows = compare_runs(run, other)
    assert rows["train.epochs"] == ("2", "3")
    assert rows["steps"] == ("0 of 500", "0 of 500")
    assert not [key for key in rows if "." in key and key != "train.epochs"]


def test_listing_runs_imports_neither_jax_nor_pandas():
    code = (
        "import sys; import pgat_jax.storage.run_tables; "
        "sys.exit(bool({'jax', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
