"""The page is complete and self-contained, and escapes all text."""

from xml.etree import ElementTree

import pytest

from pgat_jax import load_config
from pgat_jax.causes.causes_page import render_page
from pgat_jax.causes.config import StudyConfig
from tests.causes.made_up_results import make_results


@pytest.fixture(scope="module")
def page():
    study = load_config("tiny", "faults=[petri_states_unused]", schema=StudyConfig)
    return render_page(make_results(), study)


def test_every_cause_and_every_remedy_is_on_the_page(page):
    for cause in make_results()["causes"]:
        assert f"{cause['number']} {cause['title']}" in page
    assert "<td>helpful</td>" in page and "75.0%" in page and "37.5%" in page


def test_the_documents_are_named(page):
    for name in (
        "CELESTIAL_GRAPH_GRADIENT_FLOW_ANALYSIS.md",
        "CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md",
    ):
        assert f"<code>{name}</code>" in page


def test_both_models_are_drawn_from_the_loss_to_the_inputs(page):
    assert page.count("from the loss to the inputs") == 2


def test_the_page_needs_no_network_and_escapes_text(page):
    assert "http" not in page.replace("http://www.w3.org", "") and "<script" not in page
    assert "<useless>" not in page and "&lt;useless&gt;" in page


def test_pictures_are_valid_xml(page):
    pictures = [part.partition("</svg>")[0] + "</svg>" for part in page.split("<svg")[1:]]
    assert len(pictures) == 6  # parameters by kind, two flows, three causes
    for picture in pictures:
        ElementTree.fromstring("<svg" + picture)


def test_without_faults_the_page_has_the_sound_model_alone():
    results = make_results() | {"remedies": [], "faults": []}
    del results["bases"]["faulty"]
    page = render_page(results, load_config("tiny", schema=StudyConfig))
    assert page.count("from the loss to the inputs") == 1 and "The fixes" not in page
