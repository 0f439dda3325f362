"""Pictures and pages: valid, escaped, bounded, and saying what they must."""

import itertools
from xml.etree import ElementTree

import jax.numpy as jnp
import pytest
from jax import lax

from checks import Leaf, Report, reach
from checks.flow.modules import Edge, Flow, Node
from checks.flow.profile import Passage, Profile
from checks.pages.flow_picture import flow_picture
from checks.pages.gradient_picture import gradient_picture
from checks.pages.log_scale import LogScale
from checks.pages.map_picture import map_picture
from checks.pages.page import report_page
from checks.pages.profile_picture import profile_picture
from checks.pages.svg import Drawing, shortened
from checks.pages.treemap import Box, squarified

EVIL = '<script>alert("x")</script>&\x00\u202e層'
MOST_ELEMENTS = 500


def leaf(name, verdict="alive", shape=(2,), **more):
    return Leaf(name, shape, "float32", verdict, f"why of {name}", **more)


def elements(markup, kind):
    root = ElementTree.fromstring(markup)
    return [e for e in root.iter() if e.get("class", "").split()[:1] == [kind]]


def titles(markup):
    return [e.text or "" for e in ElementTree.fromstring(markup).iter("title")]


def test_a_treemap_fills_its_box_with_the_areas_asked_for():
    weights = [6.0, 6, 4, 3, 2, 2, 1]  # the example of the paper, six by four
    boxes = squarified(weights, Box(0, 0, 6, 4))
    assert [b.width * b.height for b in boxes] == pytest.approx(weights)
    assert boxes[0] == pytest.approx((0, 0, 3, 2)) and boxes[1] == pytest.approx((0, 2, 3, 2))
    assert all(b.x + b.width <= 6 + 1e-9 and b.y + b.height <= 4 + 1e-9 for b in boxes)


@pytest.mark.parametrize("weights", [[1.0], [1e6, 1.0], [1.0] * 100, [1e-9] * 3])
def test_boxes_do_not_overlap(weights):
    boxes = squarified(weights, Box(0, 0, 100, 50))
    assert sum(b.width * b.height for b in boxes) == pytest.approx(5000)
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            wide = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
            high = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
            assert min(wide, high) < 1e-6


def test_a_tiny_failing_leaf_is_seen_in_a_large_map():
    picture = map_picture([leaf("big/w", shape=(5000, 5000)), leaf("big/s", "stuck", ())])
    (cell,) = [e for e in elements(picture, "cell") if "failing" in e.get("class", "")]
    assert float(cell.get("width", 0)) * float(cell.get("height", 0)) > 100


def test_the_map_names_every_large_subtree_and_sizes_by_parameters():
    picture = map_picture([leaf("a/w", shape=(300,)), leaf("b/w", shape=(100,))])
    assert {"a/w: alive, 300 parameters", "b/w: alive, 100 parameters"} <= set(titles(picture))
    areas = [
        float(e.get("width", 0)) * float(e.get("height", 0)) for e in elements(picture, "cell")
    ]
    assert areas[0] / areas[1] == pytest.approx(3, rel=0.15)  # but for frames and names


def test_hundreds_of_leaves_make_a_small_map_and_a_failing_one_stays_apart():
    many = [leaf(f"layers_{i}/{n}", shape=(64, 64)) for i in range(300) for n in "qkv"]
    picture = map_picture([*many, leaf("layers_7/scale", "stuck")])
    assert len(list(ElementTree.fromstring(picture).iter())) < MOST_ELEMENTS
    assert any(title.startswith("layers_7/scale: stuck") for title in titles(picture))
    assert any("897 leaves (897 alive)" in title for title in titles(picture))


def flow():
    nodes = (
        Node("loss", "loss"),
        Node(EVIL, "module", ("w",), (f"model.py:3 stop_gradient in {EVIL}",), (1.0, 0.5, 0.0)),
        Node("far", "module", ("v",)),
        Node("argument 0", "input"),
    )
    edges = (
        Edge("loss", EVIL, "flows", 1.0),
        Edge(EVIL, "far", "flows", 1e-3),
        Edge(EVIL, "argument 0", "cut", None),
        Edge("far", "argument 0", "flows", 0.0),
        Edge("loss", "far", "flows", 10.0),
    )
    return Flow(nodes, edges)


def test_the_flow_picture_shows_every_module_and_where_the_flow_ends():
    picture = flow_picture(flow(), {"w": leaf("w", "blocked"), "v": leaf("v", "stuck")})
    assert len(elements(picture, "node")) == 4
    assert [len(elements(picture, kind)) for kind in ("flows", "cut", "zero")] == [3, 1, 1]
    assert "stop_gradient" in picture and "1 blocked" in picture and "1 stuck" in picture
    widths = {e.get("stroke-width"): t for e in elements(picture, "flows") for t in e.itertext()}
    thick = {title.split(" → ")[1]: float(width or 0) for width, title in widths.items()}
    assert thick["far: flows, 1.0e+01"] > thick["far: flows, 1.0e-03"]


def test_steep_losses_are_labelled_with_their_factor():
    picture = flow_picture(flow(), {})
    assert [e.text for e in elements(picture, "steep")] == ["0.001x", "0x"]


def passage(i, arriving, leaving, steps=()):
    return Passage(f"model.py:{i} mul in {EVIL}", EVIL, arriving, leaving, tuple(steps))


def test_the_profile_picture_is_bounded_and_keeps_the_steep_passages():
    passages = [passage(i, 1.0, 1.0) for i in range(1000)]
    passages[500] = passage(500, 1.0, 0.01, [0.01] * 250)
    passages[800:860] = [passage(i, 1.0, 0.5, [0.5] * 250) for i in range(800, 860)]
    passages[700] = passage(700, 1.0, 0.0)
    picture = profile_picture(Profile(EVIL, tuple(passages), 0.0))
    assert sum(len(elements(picture, kind)) for kind in ("size", "step")) < MOST_ELEMENTS
    assert "0.01x" in picture and ">ends<" in picture and "step 0: 1.0e-02" in picture


def test_a_long_scan_in_every_module_stays_a_small_picture():
    nodes = [Node(f"m{i}", "module", steps=(1.0,) * 1000) for i in range(48)]
    pairs = itertools.pairwise(nodes)
    edges = [Edge(a.name, b.name, "flows", 1.0) for a, b in pairs]
    picture = flow_picture(Flow(tuple(nodes), tuple(edges)), {})
    assert 48 * 6 <= len(elements(picture, "step")) < MOST_ELEMENTS


def test_a_logarithmic_scale_knows_zero_nan_and_infinity():
    scale = LogScale([1.0, 100.0, 0.0, None, float("nan")])
    shares = [scale.share(x) for x in (1.0, 10.0, 100.0, 0.0, float("nan"), float("inf"), 1e9)]
    assert shares == pytest.approx([0.08, 0.54, 1, 0, 0, 1, 1])
    assert LogScale([]).share(1.0) == 0.08


def test_gradients_of_many_leaves_are_the_weakest_ones():
    many = [leaf(f"w{i}", gradient=10.0 ** -(i % 90)) for i in range(200)]
    picture = gradient_picture([*many, leaf("dead", "stuck", gradient=0.0)])
    assert len(elements(picture, "bar")) == 60 and ">dead<" in picture
    assert gradient_picture([leaf("w")]) == ""


def test_nothing_of_a_name_is_ever_markup():
    report = Report(
        (leaf(f"{EVIL}/w", "stuck", where=[EVIL], gradient=0.0), leaf(EVIL, gradient=1.0)),
        {EVIL: EVIL},
        (EVIL,),
        (EVIL,),
        find_flow=flow,
        find_profiles=lambda names: {n: Profile(n, (passage(1, 1.0, 0.5),), 0.5) for n in names},
    )
    text = report_page(report)
    assert "<script" not in text and "&lt;script&gt;" in text
    assert (
        "http" not in text and "src=" not in text and "url(" not in text and "@import" not in text
    )
    for start in text.split("<svg")[1:]:
        ElementTree.fromstring("<svg" + start.split("</svg>")[0] + "</svg>")


def test_the_page_has_subtrees_flow_evidence_and_a_fold_for_what_passes():
    p = {"a": {"w": jnp.ones(3)}, "b": jnp.ones(2), "c": jnp.ones(2)}
    loss = lambda p: (p["a"]["w"] ** 2).sum() + lax.stop_gradient(p["b"]).sum() + p["c"].sum()  # noqa: E731
    text = report_page(reach(loss, p))
    assert "<h1>Static proof fails</h1>" in text and "From the loss back" in text
    assert "2 leaves with nothing more to tell" in text and "test_pictures.py" in text


def test_a_profile_has_a_page_and_json_of_its_own(tmp_path):
    found = Profile("w", (passage(1, 1.0, 0.1), passage(2, 0.1, float("nan"))), 0.1)
    found.to_html(tmp_path / "p.html")
    found.to_json(tmp_path / "p.json")
    text = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "0.1x at" in text and "<script" not in text
    assert '"leaving": null' in (tmp_path / "p.json").read_text()


def test_text_is_shortened_to_its_room_and_control_characters_go():
    assert shortened("abcdef", 100) == "abcdef" and shortened("abcdefghij", 31) == "…ghij"
    assert shortened("abcdefghij", 31, keep="start") == "abcd…" and shortened("abc", 5) == ""
    out = Drawing(10, 10, "\x01")
    out.text("\x00ok", 0, 0)
    assert "�ok" in out.markup() and ElementTree.fromstring(out.markup()) is not None
