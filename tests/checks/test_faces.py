"""The report as mapping, table, JSON, assertion and shell command; the allow-list."""

import json
import subprocess
import sys
from pathlib import Path

import jax.numpy as jnp
import pytest
from jax import lax
from rich.cells import cell_len

from checks import Allow, Leaf, Report, Slice, assert_alive, reach
from checks.__main__ import main
from checks.allow import read_allow_list
from checks.command import FAILED, NOT_RUN, PASSED, run_check
from checks.document import document
from checks.table import subtree_table
from checks.verdicts import Finding, first_of

X = jnp.linspace(0.1, 1.0, 4)
PARAMS = {"layers_0": {"w": X, "v": X}, "layers_1": {"w": X, "v": X}, "head": X}


def loss(p, x):
    stopped = sum(lax.stop_gradient(p[f"layers_{i}"]["v"]).sum() for i in range(2))
    alive = sum((p[f"layers_{i}"]["w"] * x).sum() ** 2 for i in range(2))
    return alive + stopped + (p["head"] ** 2).sum()


def test_a_report_is_a_mapping_that_knows_its_names():
    report = reach(loss, PARAMS, X)
    assert list(report)[:2] == ["head", "layers_0/v"] and len(report) == 5
    assert report["layers_0/v"].verdict == "blocked" and not report.passes
    with pytest.raises(KeyError, match="no leaf is called 'heda'"):
        report["heda"]


def test_the_table_fits_and_puts_equal_siblings_in_one_row():
    text = reach(loss, PARAMS, X).table()
    assert max(map(len, text.splitlines())) <= 100
    assert "layers_*/v (2 leaves)" in text.replace("\n", "") and "FAILS" in text
    assert "head" not in text  # nothing to tell


def test_the_table_is_worst_first():
    leaves = [
        Leaf("late", (2,), "float32", "starved", "s"),
        Leaf("good", (2,), "float32", "waking", "w"),
        Leaf("early", (2,), "float32", "disconnected", "d"),
    ]
    text = Report(tuple(leaves)).table()
    assert text.index("early") < text.index("late") < text.index("good")


def test_the_table_holds_long_and_foreign_names_and_hundreds_of_leaves():
    names = [f"{'very_long_module_name/' * 6}層_{i}/κέρνελ[bold]" for i in range(400)]
    places = [f"model.py:7 stop_gradient in Model/層_{i}" for i in range(400)]
    alike = [
        Leaf(n, (2,), "float32", "blocked", "w" * 300, where=[p]) for n, p in zip(names, places)
    ]
    apart = Leaf("x" * 250, (2,), "float32", "disconnected", "unbroken" * 40)
    lines = Report((*alike, apart)).table().splitlines()
    assert max(map(cell_len, lines)) <= 100 and len(lines) < 40
    text = "".join(line.split("  ")[0].strip() for line in lines)
    assert "層_*/κέρνελ[bold] (400 leaves)" in text.replace(" ", "").replace("(400l", " (400 l")


def test_subtrees_add_up():
    report = Report(
        (
            Leaf("a/x", (3,), "float32", "alive", "", gradient=2.0, movement=0.1),
            Leaf("a/y", (1,), "float32", "stuck", "", gradient=0.0, movement=0.3),
            Leaf("b", (), "float32", "disconnected", ""),
        )
    )
    subtree = report.by_subtree()["a"]
    assert subtree.parameters == 4 and subtree.verdicts == {"stuck": 1, "alive": 1}
    assert subtree.gradient_norm == pytest.approx(2 * 3**0.5) and subtree.update_over_weight == 0.3
    assert report.by_subtree()["b"].gradient_norm is None
    assert max(map(len, subtree_table(report).splitlines())) <= 100


def test_json_is_strict_and_holds_everything(tmp_path):
    leaf = Leaf("w", (2,), "float32", "alive", "e", gradient=float("nan"))
    part = Slice(0, (1,), "stuck", "why")
    report = Report((leaf, Leaf("v", (2,), "float32", "alive", "e", slices=[part])))
    report.to_json(tmp_path / "report.json")
    read = json.loads((tmp_path / "report.json").read_text(), parse_constant=pytest.fail)
    assert read == json.loads(json.dumps(document(report)))
    assert read["schema"] == "checks.report/2" and read["leaves"][0]["gradient"] is None
    assert read["leaves"][1]["slices"] == [
        {"axis": 0, "index": [1], "verdict": "stuck", "evidence": "why"}
    ]
    assert not read["passes"]


def test_the_order_of_verdicts_decides_and_the_others_are_kept():
    findings = [
        Finding("vanishing", "v"),
        Finding("blocked", "b"),
        Finding("blocked", "at", ("x",)),
    ]
    first, others = first_of(findings)
    assert first == Finding("blocked", "at", ("x",)) and others == [Finding("vanishing", "v")]


@pytest.mark.parametrize(
    "verdict, passes",
    [("unvisited", True), ("stuck", False), ("invariant", False), ("disconnected", False)],
)
def test_which_slices_fail_a_leaf(verdict, passes):
    leaf = Leaf("w", (2,), "float32", "alive", "", slices=[Slice(0, (1,), verdict, "")])
    assert leaf.passes is passes


def test_assert_alive_passes_fails_with_the_table_and_takes_reasons():
    assert_alive(lambda p, x: ((p["w"] * x) ** 2).sum(), {"w": X}, X)
    with pytest.raises(AssertionError, match=r"2 of 5 parameters(.|\n)*stop_gradient"):
        assert_alive(loss, PARAMS, X)
    assert_alive(loss, PARAMS, X, allow=[("layers_*/v", "blocked", "targets by design")])


def test_an_entry_that_matches_nothing_is_itself_an_error():
    with pytest.raises(AssertionError, match="matches no failing leaf"):
        assert_alive(
            lambda p, x: ((p["w"] * x) ** 2).sum(), {"w": X}, X, allow=[("w", "stuck", "old")]
        )


def test_an_entry_for_another_verdict_excuses_nothing():
    with pytest.raises(AssertionError):
        assert_alive(loss, PARAMS, X, allow=[("layers_*/v", "stuck", "wrong verdict")])


def test_entries_need_a_failing_verdict_and_a_reason(tmp_path):
    with pytest.raises(ValueError, match="failing verdict: got 'alive'"):
        Allow("w", "alive", "why")
    with pytest.raises(ValueError, match="reason"):
        Allow("w", "stuck", " ")
    file = tmp_path / "allow.txt"
    file.write_text("# comment\n\n*/bias  invariant  softmax does not see it\nw stuck\n")
    with pytest.raises(ValueError, match=r"allow\.txt:4"):
        read_allow_list(file)


def test_exit_status_and_files(tmp_path, capsys):
    files = {"allow": tmp_path / "allow.txt", "json": tmp_path / "report.json"}
    assert run_check(loss, PARAMS, (X,), static=True) == FAILED
    files["allow"].write_text("layers_*/v blocked targets by design\n")
    assert run_check(loss, PARAMS, (X,), static=True, **files) == PASSED
    assert json.loads(files["json"].read_text())["passes"]
    assert run_check(lambda p, x: p["head"], PARAMS, (X,)) == NOT_RUN
    assert "must be a scalar" in capsys.readouterr().err


@pytest.mark.parametrize(
    "factory, status, words",
    [
        ("own:good", 0, "passes"),
        ("own:bad", 1, "disconnected"),
        ("own:missing", 2, "no factory"),
        ("own", 2, "MODULE:FACTORY"),
        ("own:raises", 2, "RuntimeError: no data"),
        ("own:strange", 2, "returns `loss, params, args`"),
        ("own:loose", 2, "args a tuple: got ArrayImpl"),
        ("own:unknown", 2, "settings a dict of allow, batches"),
        ("own:number", 2, "a factory is a function: got int"),
        ("broken:good", 2, "no factory 'broken:good': SyntaxError"),
        ("nowhere:good", 2, "ModuleNotFoundError: No module named 'nowhere'"),
    ],
)
def test_the_shell_command(own_models, capsys, factory, status, words):
    assert main([factory, "--static"]) == status
    captured = capsys.readouterr()
    assert words in captured.out + captured.err and "Traceback" not in captured.err


@pytest.mark.parametrize(
    "flags, words",
    [
        (["--html", "nowhere/page.html"], "page.html: cannot be written: no folder nowhere"),
        (["--json", "."], "cannot be written: it is a folder"),
        (["--allow", "missing.txt"], "No such file or directory: 'missing.txt'"),
        (["--profile", "v"], "no leaf is called 'v'; the nearest names: w"),
        (["--profile", "w", "--static"], "--profile measures one leaf"),
    ],
)
def test_what_cannot_be_run_is_one_sentence_and_status_two(own_models, capsys, flags, words):
    assert main(["own:good", *flags]) == NOT_RUN
    said = capsys.readouterr().err
    assert words in said and "Traceback" not in said


def test_the_shell_command_makes_a_profile(own_models, capsys):
    files = ["--json", "p.json", "--html", "p.html"]
    assert main(["own:good", "--profile", "w", *files]) == PASSED
    assert "steepest losses" in capsys.readouterr().out
    assert json.loads(Path("p.json").read_text())["schema"] == "checks.profile/1"
    assert "on its way to w" in Path("p.html").read_text(encoding="utf-8")


@pytest.fixture
def own_models(tmp_path, monkeypatch):
    """A working directory with modules of factories."""
    (tmp_path / "own.py").write_text(
        "import jax.numpy as jnp\n"
        "number = 3\n"
        "def good(): return lambda p: (p['w'] ** 2).sum(), {'w': jnp.ones(3)}, ()\n"
        "def bad(): return lambda p: 1.0, {'w': jnp.ones(3)}, ()\n"
        "def raises(): raise RuntimeError('no data')\n"
        "def strange(): return 3\n"
        "def loose(): return (*good()[:2], jnp.ones(3))\n"
        "def unknown(): return (*good(), {'optimiser': None})\n"
    )
    (tmp_path / "broken.py").write_text("def good(:\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    sys.modules.pop("own", None)


def test_the_shell_command_runs_as_a_module():
    command = [sys.executable, "-m", "checks", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True).stdout
    assert "MODULE:FACTORY" in shown and "exit status" in shown and "examples:" in shown


def test_the_page_is_self_contained_and_names_what_fails(tmp_path):
    report = reach(loss, PARAMS | {"<b>": X}, X)
    report.to_html(tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    assert "<script" not in text and "http" not in text and "<b>" not in text
    assert "&lt;b&gt;" in text and "layers_1/v" in text and "stop_gradient" in text
    # the subtrees, the two stopped leaves and the unused one
    assert text.count("<details open>") == 3 and "layers_0/v, layers_1/v" in text
    assert "prefers-color-scheme: dark" in text and "@media print" in text


def test_the_page_draws_gradients_on_a_logarithmic_scale(tmp_path):
    leaves = (
        Leaf("a", (2,), "float32", "alive", "", gradient=1.0),
        Leaf("b", (2,), "float32", "vanishing", "", gradient=1e-10),
    )
    Report(leaves).to_html(tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    assert 'width="521.0"' in text and 'width="42.6"' in text and "1.0e-10" in text
