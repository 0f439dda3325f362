import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from pgat_jax.cli import run
from pgat_jax.config_file import load_config
from pgat_jax.verbs import VERBS

DOOR = Path(__file__).parent.parent / "run.py"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["trian"], "unknown verb 'trian' (did you mean 'train'?)"),
        (["--confg", "tiny"], "train: unknown flag '--confg' (did you mean '--config'?)"),
        (["--nosuch"], "train: unknown flag '--nosuch'; see `python run.py train --help`."),
        (["evaluate", "--jsn"], "evaluate: unknown flag '--jsn' (did you mean '--json'?)"),
        (["--config", "tinny"], "did you mean 'tiny'?"),
        (["config", "train.epocs=3"], "unknown key 'train.epocs' (value 3); did you mean"),
        (["config", "--config", "tiny", "model.n_heads=3"], "model.n_heads: got 3, expected a"),
        (["config", "--seed", "-1"], "override 'seed=-1': seed: got -1"),
        (["config", "--seed", "x"], "argument --seed: invalid int value: 'x'"),
        (["--minutes", "-3"], "argument --minutes: -3: expected a number of minutes above 0"),
        (["--minutes", "nan"], "expected a number of minutes above 0"),
        (
            ["forecast", "--quantiles", "a,b"],
            "argument --quantiles: 'a': expected levels such as .05,.5,.95",
        ),
        (["tiny"], "unknown verb 'tiny'"),
        (
            ["--config", "tiny", "bench"],
            "'bench': expected a flag or key.sub=value; the verb comes",
        ),
        (["evaluate", "one", "two"], "'two' was not expected here"),
        (["evaluate", "one", "--config", "tiny"], "RUN and --config both name a run"),
        (["evaluate", "nowhere"], "run 'nowhere': no such folder"),
        (["evaluate"], "there is no run under runs/ yet"),
        (["--resume", "nowhere"], "run 'nowhere': no such folder"),
        (
            ["--resume", "nowhere", "--run-name", "x"],
            "--run-name, --from and several files begin new runs",
        ),
    ],
)
def test_a_mistake_is_one_sentence_on_stderr_and_status_2(
    words, sentence, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert run(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_explains_and_shows_examples(verb, capsys):
    with pytest.raises(SystemExit) as leaving:
        run([verb, "--help"])
    assert leaving.value.code == 0
    out = capsys.readouterr().out
    assert VERBS[verb].summary[1:] in out.replace("\n", " ")
    assert "examples:\n  python run.py " in out


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["help"]])
def test_help_names_every_verb(words, capsys):
    assert run(words) == 0
    out = capsys.readouterr().out
    assert all(f"  {verb} " in out for verb in VERBS)


def test_the_installed_command_calls_itself_by_its_name(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["/usr/bin/pgat"])
    assert run(["--help"]) == 0
    with pytest.raises(SystemExit):
        run(["forecast", "--help"])
    assert run(["--nosuch"]) == 2
    out, err = capsys.readouterr()
    assert "usage: pgat [VERB]" in out and "\n  pgat forecast  " in out
    assert "usage: pgat forecast" in out and "\n  pgat forecast --data" in out
    assert err == "train: unknown flag '--nosuch'; see `pgat train --help`.\n"
    assert "run.py" not in out


def test_overrides_may_stand_anywhere(capsys):
    words = ["config", "train.epochs=7", "--config", "tiny", "model.dropout=0.25", "--seed", "3"]
    assert run([*words, "data.source=ibm"]) == 0
    shown = yaml.safe_load(capsys.readouterr().out)
    assert shown["train"]["epochs"] == 7
    assert shown["model"]["dropout"] == 0.25
    assert (shown["seed"], shown["data"]["source"]) == (3, "ibm")


def test_the_printed_configuration_reads_back_as_the_same(capsys, tmp_path):
    assert run(["config", "--config", "tiny", "train.epochs=7"]) == 0
    path = tmp_path / "mine.yaml"
    path.write_text(capsys.readouterr().out)
    assert load_config(path) == load_config("tiny", "train.epochs=7")


def test_help_and_configuration_errors_come_before_jax(tmp_path):
    code = (
        "import sys; from pgat_jax.cli import run; "
        "assert run(['--help']) == 0; assert run(['train.epocs=1']) == 2; "
        "assert run(['config', '--config', 'tiny']) == 0; "
        "assert not {'jax', 'numpy', 'pandas'} & set(sys.modules), 'heavy import'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=tmp_path)


def test_help_is_quick():
    times = []
    for _ in range(3):
        began = time_of_children()
        subprocess.run([sys.executable, DOOR, "--help"], check=True, capture_output=True)
        times.append(time_of_children() - began)
    assert min(times) < 0.5


def time_of_children() -> float:
    """Seconds of the processor, which other work on the machine does not lengthen."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.fixture
def odd_file(tmp_path, monkeypatch):
    """A table whose name has signs of YAML and of overrides, in the working directory."""
    monkeypatch.chdir(tmp_path)
    days = np.arange("2018-01-01", "2018-09-01", dtype="datetime64[D]")
    days = days[np.is_busday(days)]
    name = "my file #1: ^GSPC=F @x.csv"
    rows = [f"{day:%d.%m.%Y};1,5;1,6;1,4;1,55" for day in days.tolist()]
    lines = ["Datum;Erster;Hoch;Tief;Schluss", *rows]
    Path(name).write_text("\n".join(lines) + "\n")
    return name


@pytest.mark.parametrize(
    "words",
    [
        ["data", "{}"],
        ["data", "--data", "{}"],
        ["data", "data.source={}"],
        ["data", "data.source='{}'"],
    ],
)
def test_a_file_with_any_name_is_a_table(words, odd_file, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert run([*(word.format(odd_file) for word in words), "--config", "tiny"]) == 0
    out, err = capsys.readouterr()
    assert f"source                     {odd_file}" in out
    assert "read as: separated by semicolons; dates DD.MM.YYYY; decimal commas;" in out
    assert "WARNING" in out and "have the same four prices: a filled halt?" in out
    assert "read as" not in err, "the verb says it in its table"


def test_train_takes_a_file_by_its_name_alone(odd_file, capsys):
    for words in (["train", "{}"], ["{}"], ["train", "--data", "{}"], ["--data", "{}"]):
        filled = [word.format(odd_file) for word in words]
        assert run([*filled, "--config", "tiny", "data.validation_days=9999"]) == 2
        err = capsys.readouterr().err
        assert "usable rows, expected at least" in err
        assert err.count("read as: ") == err.count("a filled halt?") == 1, "once in a command"


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["data", "a.csv", "b.csv"], "data: got the files a.csv and b.csv, expected one."),
        (["data", "a.csv", "--data", "b.csv"], "data: got the files a.csv and b.csv, expected"),
        (["backtest", "a.csv"], "'a.csv': expected a flag or key.sub=value; for a table: data."),
        (["no.csv"], "data.source=no.csv: no such file"),
    ],
)
def test_a_file_that_is_one_too_many_or_missing_is_named(
    words, what, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert run(words) == 2
    assert what in capsys.readouterr().err
