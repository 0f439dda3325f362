"""The programs in the documentation run, and print what the pages show."""

from pathlib import Path

import jax
import pytest

from checks.verdicts import ORDER
from tools.run_pages import Output, run_page, update_page

DOCS = Path(__file__).parents[2] / "docs"
SLOW = {"benchmark", "forecast_your_file", "where_you_work"}  # seconds to minutes each
PAGES = [
    DOCS.parent / "README.md",
    DOCS.parent / "checks" / "README.md",
    DOCS / "terms.md",
    DOCS / "benchmark.md",
    *(page for page in sorted(DOCS.glob("verdicts/*.md")) if page.stem != "index"),
    *sorted(DOCS.glob("tutorials/*.md")),
]


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(
            page,
            id=page.relative_to(DOCS.parent).with_suffix("").as_posix(),
            marks=[pytest.mark.slow] if page.stem in SLOW else [],
        )
        for page in PAGES
    ],
)
def test_page_shows_what_its_programs_print(page):
    with jax.numpy_rank_promotion("allow"):  # as for a reader, who does not set it
        outputs = run_page(page)
    assert outputs, "the page shows no output"
    for output in outputs:
        assert output.is_right, f"shown:\n{output.shown}\nprinted:\n{output.printed}"


@pytest.mark.nightly
def test_findings_in_published_packages_are_still_there():
    for package in ("distrax", "flowjax", "ott"):
        pytest.importorskip(package)
    with jax.numpy_rank_promotion("allow"):
        outputs = run_page(DOCS / "findings.md")
    assert [output.printed for output in outputs if not output.is_right] == []


def test_every_measured_verdict_has_a_page():
    pages = {page.stem for page in DOCS.glob("verdicts/*.md")} - {"index"}
    assert pages == set(ORDER) - {"reachable"}


def test_output_must_match_but_for_dots_and_blanks():
    assert Output("a ... d\n", "a b  c d\n", 0).is_right
    assert not Output("a ... d\n", "a b c\n", 0).is_right


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(
        "```python\nx = 1\n```\n\nwords\n\n```python\nprint(x + 1)\n```\n\n```text\n3\n```\n\n"
        "```console\n$ echo one; echo two\none\n...\n$ echo three\nfour\n```\n"
    )
    return path


def test_blocks_share_names_and_each_output_is_compared(page):
    outputs = run_page(page)
    assert [output.printed for output in outputs] == ["2\n", "one\ntwo\n", "three\n"]
    assert [output.is_right for output in outputs] == [False, True, False]


def test_update_writes_what_python_blocks_print(page):
    update_page(page)
    assert "```text\n2\n```" in page.read_text()
    assert "$ echo three\nfour\n" in page.read_text()
