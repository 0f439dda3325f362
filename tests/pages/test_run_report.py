"""report.html: whole in itself, escaped, and showing what the run's files say."""

import json
import re
import shutil
from html.parser import HTMLParser

import pytest

from pgat_jax.errors import UserError
from pgat_jax.pages import run_report
from pgat_jax.pages.plots import PICTURES


@pytest.fixture(scope="module")
def page(drawn_run):
    return (drawn_run / "report.html").read_text()


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "source", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_needs_no_script_network_or_other_file(page):
    tags = Tags(page).tags
    assert not [tag for tag, _ in tags if tag in ("script", "link", "iframe")]
    for _, attributes in tags:
        for key in ("src", "srcset", "href"):
            assert attributes.get(key, "#").startswith(("data:image/png;base64,", "#"))
    assert "http" not in re.sub(r"base64,[^\"]+", "", page)


def test_its_tags_are_balanced(page):
    assert Tags(page).open == []


def test_every_picture_stands_there_in_light_and_dark_with_its_sentence(page):
    tags = Tags(page).tags
    dark = [a for tag, a in tags if tag == "source"]
    assert len(dark) == len([1 for tag, _ in tags if tag == "img"]) == len(PICTURES)
    assert all("prefers-color-scheme: dark" in a["media"] for a in dark)
    for picture in PICTURES:
        assert f"<figcaption>{picture.caption}" in page


def test_it_shows_scores_configuration_devices_data_and_how_to_reproduce(page, drawn_run):
    scores = json.loads((drawn_run / "scores.json").read_text())
    mse = scores["splits"]["test"]["forecasters"]["model"]["scaled"]["mse"]["all"]
    for text in (
        f"{mse:.4f}",
        scores["splits"]["test"]["conclusions"][0].split(" (")[0],
        scores["params_sha256"],
        "sigma_floor: 0.01",
        "cpu: cpu",
        "5,030 days",
        "python run.py train --config",
    ):
        assert text in page


def test_what_a_user_named_is_escaped(drawn_run, tmp_path):
    run = tmp_path / "copy"
    shutil.copytree(drawn_run, run, ignore=shutil.ignore_patterns("checkpoints"))
    scores = json.loads((run / "scores.json").read_text())
    scores["data"]["source"] = "<script>alert(1)</script>.csv"
    (run / "scores.json").write_text(json.dumps(scores))
    page = run_report.write_report(run).read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        run_report.write_report(tmp_path)
