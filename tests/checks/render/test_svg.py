"""Drawings are valid XML for all texts."""

import re
from xml.etree import ElementTree

from checks.render.svg import VERDICT_COLOURS, Drawing, shorten
from checks.render.treemap import Box
from checks.verdicts import ORDER
from tests.checks.render.helpers import EVIL, elements, titles


def test_text_is_shortened_at_either_end_to_its_width():
    assert shorten("abcdef", 100) == "abcdef" and shorten("abcdefghij", 31) == "…ghij"
    assert shorten("abcdefghij", 31, keep="start") == "abcd…" and shorten("abc", 5) == ""


def test_control_characters_are_replaced_and_markup_is_escaped():
    out = Drawing(10, 10, "\x01")
    out.text("\x00ok", 0, 0)
    out.rect(Box(0, 0, 1, 1), "cell", EVIL)
    markup = out.markup()
    assert "�ok" in markup and "<script" not in markup
    assert titles(markup) == [EVIL.replace("\x00", "�")]


def test_shapes_have_their_places_classes_and_attributes():
    out = Drawing(20.4, 0, "label")
    out.rect(Box(1, 2, 3, 4), "cell failing", rx="4")
    out.path("M0 0V1", "cut", 2)
    out.text("words", 5, 6, "soft", "title", anchor="end")
    root = ElementTree.fromstring(out.markup())
    assert root.get("viewBox") == "0 0 20 1" and root.get("aria-label") == "label"
    (rect,), (path,), (text,) = (elements(out.markup(), k) for k in ("cell", "cut", "soft"))
    assert [rect.get(k) for k in ("x", "y", "width", "height", "rx")] == [
        "1.0",
        "2.0",
        "3.0",
        "4.0",
        "4",
    ]
    assert (path.get("d"), path.get("stroke-width")) == ("M0 0V1", "2.0")
    assert (text.get("x"), text.get("text-anchor"), text.text) == ("5.0", "end", "words")


def test_every_verdict_has_a_colour():
    assert set(VERDICT_COLOURS) == set(ORDER)
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in VERDICT_COLOURS.values())
