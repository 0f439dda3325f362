"""What comes from a file is data: it is never run, obeyed, trusted unseen or let out of its place.

SECURITY.md says what this is about.
"""

import io
import sys
import tracemalloc

import numpy as np
import pytest
from rich.console import Console

from pgat_jax import load_config, load_data
from pgat_jax.cli import run
from pgat_jax.data import cache
from pgat_jax.data.rows import MAX_ROWS
from pgat_jax.errors import UserError, printable
from pgat_jax.forecasting.predict import load_or_predict_split
from pgat_jax.progress import Reporter
from pgat_jax.safe_yaml import parse_yaml
from pgat_jax.storage.creation import create_run
from pgat_jax.storage.loaded_run import load_run
from pgat_jax.storage.lock import lock_run

ESCAPE = "\x1b]0;owned\x07\x1b[2J\x9b\u202e"
CALLED: list[str] = []


def hear(event: str, _arguments: tuple) -> None:
    if event in ("pickle.find_class", "os.system", "os.exec", "subprocess.Popen"):
        CALLED.append(event)


@pytest.fixture
def events():
    """What Python's audit hooks report while a test reads files."""
    if not CALLED:
        sys.addaudithook(hear)
    CALLED[:] = ["hooked"]
    yield CALLED
    CALLED[:] = ["hooked"]


def test_nothing_is_unpickled_or_started_by_reading_a_run_and_its_table(scored_run, events):
    run = scored_run("nll")
    events[:] = ["hooked"]
    loaded = load_run(run)
    assert loaded.data
    assert load_or_predict_split(loaded, "test")
    assert events == ["hooked"]


def test_a_pickle_in_the_place_of_a_cached_table_is_not_opened(events):
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, a=np.array([events.append], dtype=object))
    payload = buffer.getvalue()
    forged = cache.content_key(b"k", payload).encode() + payload  # even with the right digest
    assert cache.unseal("k", forged) is None
    assert events == ["hooked"]


def test_a_sealed_file_is_of_use_under_its_own_key_alone():
    content = cache.seal("one", {"a": np.arange(3)})
    assert cache.unseal("one", content)
    assert cache.unseal("two", content) is None


BILLION = "a: &a [x]\n" + "".join(
    f"{c}: &{c} [{', '.join([f'*{b}'] * 9)}]\n" for b, c in zip("abcdefgh", "bcdefghi")
)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (BILLION, "aliases are not allowed"),
        ("a: !!python/object/apply:os.system [ls]", "tags are not allowed"),
        ("a: !!int ''", "tags are not allowed"),
        ("a: !!timestamp x", "tags are not allowed"),
        ("a: !mine 3", "tags are not allowed"),
        ("[" * 17 + "]" * 17, "nested deeper than 16"),
        ("a:\n" + "".join(" " * i + "- \n" for i in range(1, 300)), "nested deeper than 16"),
        ("x" * 70_000, "more than 65,536 characters"),
        ("a: " + "9" * 5000, "not valid YAML"),
    ],
)
def test_yaml_is_plain_small_and_shallow(text, problem):
    with pytest.raises(UserError, match=problem):
        parse_yaml(text, "f.yaml")


def test_a_huge_configuration_is_not_read_whole(tmp_path):
    path = tmp_path / "big.yaml"
    with path.open("wb") as file:
        file.truncate(1 << 33)
    tracemalloc.start()
    with pytest.raises(UserError, match="not a configuration"):
        load_config(path)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_rows_that_a_small_file_unpacks_to_are_counted_first(tmp_path):
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    path = tmp_path / "bomb.parquet"
    parquet.write_table(arrow.table({"Date": arrow.array(np.zeros(MAX_ROWS + 1))}), path)
    with pytest.raises(UserError, match="100,001 rows, expected at most 100,000"):
        load_data(load_config("tiny", f"data.source={path}"))


def test_control_sequences_of_files_do_not_reach_a_terminal(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    header = f"Date,Open,High,Low,Close,{ESCAPE}a,{ESCAPE}b"
    (tmp_path / "t.csv").write_text(header + "\n")
    (tmp_path / "c.yaml").write_text(f"{ESCAPE}: 1\n")
    shown = []
    for words in (
        ["data", "--config", "tiny", "data.source=t.csv"],
        ["config", "--config", "c.yaml"],
        ["config", "--config", f"{ESCAPE}.yaml"],
        ["config", f"{ESCAPE}=3"],
        ["config", f"data.source='{ESCAPE}'"],
        ["evaluate", ESCAPE],
        [ESCAPE],
        ["config", f"--{ESCAPE}"],
    ):
        assert run(words) == 2
        shown.append("".join(capsys.readouterr()))
    assert all(printable(text) == text and text.strip() for text in shown)


def test_a_reporter_shows_escapes_and_no_markup():
    file = io.StringIO()
    Reporter(Console(file=file, soft_wrap=True)).say(f"run {ESCAPE}[red]x[/red] :smile:")
    assert file.getvalue() == f"run {printable(ESCAPE)}[red]x[/red] :smile:\n"


def test_names_that_look_like_markup_are_shown_as_they_are(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = load_data(load_config("tiny")).table
    rows = [f"{d},{','.join(map(repr, p))}" for d, p in zip(table.dates, table.prices.tolist())]
    name = "[bold]:smile:.csv"
    (tmp_path / name).write_text("\n".join(["Date,Open,High,Low,Close", *rows[:140]]))
    assert run(["data", "--config", "tiny", f"data.source='{name}'"]) == 0
    assert name in capsys.readouterr().out


@pytest.mark.parametrize(
    "name", ["../x", "/tmp/x", "..", "a/b", "a\\b", "x\n", "-x", "ä", "", "x\0"]
)
def test_no_name_leads_out_of_the_folder_of_runs(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = load_config("tiny")
    with pytest.raises(UserError, match="name"):
        load_config("tiny", f"name={name!r}")
    if name:
        with pytest.raises(UserError, match="--run-name"):
            create_run(config, name)
    assert not list(tmp_path.iterdir())


def test_a_lock_that_is_a_link_is_not_followed(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (tmp_path / "mine").write_text("mine")
    (run / ".lock").symlink_to(tmp_path / "mine")
    with pytest.raises(OSError), lock_run(run):
        pass
    assert (tmp_path / "mine").read_text() == "mine"
