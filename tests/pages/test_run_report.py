"""report.html: whole in itself, escaped, and showing what the run's files say."""

import json
import re
import shutil
from html.parser import HTMLParser

import pytest
from markupsafe import escape

from pgat_jax.errors import UserError
from pgat_jax.pages import run_report
from pgat_jax.pages.explanations import TERMS
from pgat_jax.pages.plots import NEXT_DAYS, PICTURES


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
    dark = [a for tag, a in tags if tag == "source" and "dark" in a["media"]]
    assert len([1 for tag, _ in tags if tag == "img"]) == 1 + len(PICTURES)
    assert len(dark) == 2 + len(PICTURES)  # the first picture has a narrow form too
    for picture in (NEXT_DAYS, *PICTURES):
        assert f"<figcaption>{picture.caption}" in page


def test_it_opens_with_the_forecast_of_the_next_days_and_how_far_to_trust_it(page, drawn_run):
    stored = json.loads((drawn_run / "next_days.json").read_text())
    places = [
        page.index(text)
        for text in (
            "<h2",
            "The next 3 trading days",
            stored["trust"],
            "screen and (max-width: 40rem) and",
            f"nasdaq, run {drawn_run.name}: Close after 2018-12-31",
            "<td>2019-01-02</td>",
            "Conclusions</h2>",
        )
    ]
    assert places == sorted(places)


def test_the_reason_stands_in_place_of_a_forecast_that_cannot_be_made(drawn_run, tmp_path):
    run = tmp_path / "copy"
    shutil.copytree(drawn_run, run, ignore=shutil.ignore_patterns("checkpoints"))
    (run / "next_days.json").write_text('{"problem": "t.csv: the sky <after> it is unknown."}')
    page = run_report.write_report(run).read_text()
    assert "No forecast of the days after the table: t.csv: the sky &lt;after&gt; it" in page
    assert "How far to trust it" not in page


def test_it_shows_scores_configuration_devices_data_and_how_to_reproduce(page, drawn_run):
    scores = json.loads((drawn_run / "scores.json").read_text())
    mse = scores["splits"]["test"]["forecasters"]["model"]["scaled"]["mse"]["all"]
    for text in (
        f"{mse:.4f}",
        scores["splits"]["test"]["conclusions"][0].split(" (")[0].split("`")[0],
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


def test_each_term_is_explained_once_below_the_first_table_or_picture_that_has_it(page):
    for term in ("MSE", "CRPS", "log score", "scaled units", "PIT", "gate", "entropy"):
        assert page.count(f"<dt>{term}</dt><dd>{escape(TERMS[term])}") == 1
    assert page.index("<dt>PIT</dt>") > page.index("Above: the share of actual")
    assert page.index("<dt>CRPS</dt>") < page.index("validation: ")


def test_one_word_names_what_came(page):
    text = re.sub(r"base64,[^\"]+", "", page)
    assert not re.search(r"\btruths?\b|true (price|return)|known price", text)
    assert "actual price" in text and "actual returns" in text


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        run_report.write_report(tmp_path)
