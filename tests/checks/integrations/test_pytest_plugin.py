"""The pytest plugin, on small test files of its own."""

import json
import subprocess
import sys

import pytest

import checks
from checks.render.printable import PrintableReport
from tests.checks.render.helpers import make_leaf

pytest_plugins = ["pytester"]

PLUGIN = ("-p", "checks.integrations.pytest_plugin", "-p", "no:gradient_checks")
SOUND = PrintableReport((make_leaf("w"),))
FAULTY = PrintableReport((make_leaf("w"), make_leaf("b", "stuck")), problems=("the loss is NaN",))


@pytest.fixture
def run(pytester, monkeypatch):
    """Runs a test file; its diagnoses give the reports that are passed as the loss."""
    monkeypatch.setattr(checks, "diagnose", lambda report, params, *args, **settings: report)
    pytester.makeconftest(
        "import pytest\n"
        "from tests.checks.integrations.test_pytest_plugin import FAULTY, SOUND\n"
        "@pytest.fixture\n"
        "def faulty(): return FAULTY\n"
        "@pytest.fixture\n"
        "def sound(): return SOUND\n"
    )

    def call(source, *options):
        pytester.makepyfile(test_model=source)
        return pytester.runpytest_inprocess(*PLUGIN, *options)

    return call


def test_a_sound_model_passes_and_the_report_is_returned(run):
    source = "def test_a(gradient_check, sound): assert gradient_check(sound, {})['w'].passes"
    result = run(source)
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*gradient check*")


def test_a_failing_test_has_the_names_and_the_whole_report_in_a_section(run):
    result = run("def test_a(gradient_check, faulty): gradient_check(faulty, {})")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E*AssertionError: 1 of 2 parameters do not learn",
            "E*the loss is NaN",
            "E*b: stuck",
            "-* Captured gradient check call -*",
            "diagnosis FAILS: 2 leaves: 1 stuck, 1 alive; the report as a whole fails, *",
            "*why of b*",
        ]
    )
    result.stdout.no_fnmatch_line("*pytest_plugin.py:*")


def test_a_test_that_fails_later_shows_the_report_too(run):
    result = run("def test_a(gradient_check, sound):\n    gradient_check(sound, {})\n    assert 0")
    result.stdout.fnmatch_lines(["*Captured gradient check call*", "diagnosis passes: 1 leaves*"])


def test_pages_are_written_for_each_call_and_named_by_the_test(run, pytester):
    source = (
        "import os, pytest\n"
        "@pytest.mark.parametrize('x', ['a', 'b/c'])\n"
        "def test_a(gradient_check, sound, x, tmp_path):\n"
        "    os.chdir(tmp_path)\n"
        "    gradient_check(sound, {}); gradient_check(sound, {})\n"
    )
    result = run(source, "--checks-html", "out/pages", "--junit-xml", "r.xml")
    result.assert_outcomes(passed=2)
    names = sorted(path.name for path in (pytester.path / "out/pages").glob("*.html"))
    assert len(names) == 4 and "test_model.py-test_a-a.html" in names
    read = json.loads((pytester.path / "out/pages/test_model.py-test_a-a-2.json").read_text())
    assert read["passes"]
    result.stdout.fnmatch_lines(["gradient checks: 4 pages in *pages"])
    assert 'name="gradient_check" value="diagnosis passes' in (pytester.path / "r.xml").read_text()


def test_importing_the_plugin_loads_neither_the_engine_nor_jax():
    code = (
        "import sys, checks.integrations.pytest_plugin\n"
        "own = {m for m in sys.modules if m.split('.')[0] in ('checks', 'jax', 'numpy')}\n"
        "assert own == {'checks', 'checks.integrations', 'checks.integrations.pytest_plugin'}, own"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_a_real_diagnosis_in_two_processes(pytester):
    pytester.makepyfile(
        "import jax.numpy as jnp\n"
        "import pytest\n"
        "@pytest.mark.parametrize('scale', [0.0, 1.0])\n"
        "def test_learns(gradient_check, scale):\n"
        "    params = {'w': jnp.ones(3), 's': jnp.full((), scale)}\n"
        "    loss = lambda p, x: jnp.mean(p['s'] ** 2 * p['w'] * x)\n"
        "    gradient_check(loss, params, jnp.arange(1.0, 4.0))\n"
    )
    result = pytester.runpytest_subprocess(*PLUGIN, "-n2", "--checks-html", "pages")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*Captured gradient check call*", "*stuck*"])
    assert len(list((pytester.path / "pages").glob("*.html"))) == 2
