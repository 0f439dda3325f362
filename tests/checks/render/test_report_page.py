"""The page of a report."""

from xml.etree import ElementTree

import jax.numpy as jnp
from jax import lax

from checks import Profile, Report, reach
from checks.render.report_page import report_page
from checks.terms.term import Term
from tests.checks.render.helpers import EVIL, make_flow, make_leaf, make_passage

X = jnp.linspace(0.1, 1.0, 4)


def loss(p, x):
    stopped = sum(lax.stop_gradient(p[f"layers_{i}"]["v"]).sum() for i in range(2))
    return (p["layers_0"]["w"] * x).sum() ** 2 + stopped + (p["head"] ** 2).sum()


def test_the_page_is_self_contained_and_names_what_fails():
    params = {"layers_0": {"w": X, "v": X}, "layers_1": {"v": X}, "head": X, "<b>": X}
    text = report_page(reach(loss, params, X))
    assert "<script" not in text and "http" not in text and "<b>" not in text
    assert "&lt;b&gt;" in text and "layers_1/v" in text and "stop_gradient" in text
    # the subtrees, the two stopped leaves and the unused one
    assert text.count("<details open>") == 3 and "layers_0/v, layers_1/v" in text
    assert "prefers-color-scheme: dark" in text and "@media print" in text
    assert "<h1>Static proof fails</h1>" in text and "Gradient flow from the loss" in text
    assert "2 leaves pass without remarks" in text and "test_report_page.py" in text


def test_names_are_never_markup():
    report = Report(
        (
            make_leaf(f"{EVIL}/w", "stuck", where=[EVIL], gradient=0.0),
            make_leaf(EVIL, gradient=1.0),
        ),
        {EVIL: EVIL},
        (EVIL,),
        (EVIL,),
        find_flow=make_flow,
        find_profiles=lambda names: {
            n: Profile(n, (make_passage(1, 1.0, 0.5),), 0.5) for n in names
        },
    )
    text = report_page(report)
    assert "<script" not in text and "&lt;script&gt;" in text
    for word in ("http", "src=", "url(", "@import"):
        assert word not in text
    pictures = text.split("<svg")[1:]
    assert len(pictures) == 4  # map, flow, gradients, one profile
    for start in pictures:
        ElementTree.fromstring("<svg" + start.split("</svg>")[0] + "</svg>")


def test_only_a_few_lost_leaves_get_profiles():
    asked = []

    def find_profiles(names):
        asked.extend(names)
        return {}

    leaves = [make_leaf(f"stuck_{c}", "stuck") for c in "abcdefghij"]
    leaves += [make_leaf("blocked", "blocked"), make_leaf("fine")]
    report_page(Report(tuple(leaves), find_profiles=find_profiles))
    assert asked == [f"stuck_{c}" for c in "abcdef"]


def test_the_subtrees_begin_where_there_is_more_than_one():
    leaves = (make_leaf("params/a/w"), make_leaf("params/b/w"))
    text = report_page(Report(leaves))
    assert "<td>params/a</td>" in text and "<td>params/b</td>" in text


def test_terms_have_a_picture_and_a_table():
    term = Term(EVIL, (), EVIL, 1, "dead", EVIL, 1.0, 0.0, 0.0, {"a": 0.0})
    text = report_page(Report((make_leaf("a"),), terms=(term,)))
    assert "<h2>Terms of the loss</h2>" in text and "<script" not in text
    assert 'state problem">dead</td>' in text and text.count("<svg") == 2
    assert "Terms of the loss" not in report_page(Report((make_leaf("a"),)))
