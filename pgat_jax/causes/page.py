"""The page of the causes: the answer, both wirings, every cause and every fix; self-contained."""

from collections import Counter
from typing import Any

import jax
from markupsafe import Markup

from checks import reach
from checks.pages.flow_picture import flow_picture
from checks.pages.rendering import rendered
from checks.pages.svg import COLOURS
from pgat_jax.causes.answer import answer, ranking
from pgat_jax.causes.command import end_texts
from pgat_jax.causes.conditions import Condition
from pgat_jax.causes.config import StudyConfig
from pgat_jax.causes.experiments import FULL, healthy, sick
from pgat_jax.causes.judge import ORDER
from pgat_jax.causes.pictures import DIRECTIONS, effects_picture, lost_picture
from pgat_jax.causes.registry import chosen

VERDICT_COLOURS = {
    "confirmed": COLOURS["disconnected"],
    "contributing": COLOURS["stuck"],
    "undecidable here": COLOURS["vanishing"],
    "refuted": COLOURS["alive"],
}


def causes_page(found: dict[str, Any], config: StudyConfig) -> str:
    """The page of what `results` gave for a configuration, as text."""
    filters = {
        "colour": VERDICT_COLOURS.__getitem__,
        "effects": effects_picture,
        "combine": lambda a, b: a | b,
        "ends": end_texts,
    }
    content = {
        "found": found,
        "answer": answer(found),
        "counts": Counter(cause["verdict"] for cause in found["causes"]),
        "order": ORDER,
        "lost": _lost(found),
        "flows": _flows(config),
        "faults": chosen(config.faults),
        "ranking": ranking(found),
        "directions": tuple(DIRECTIONS),
        "full": FULL.name,
    }
    packages = ("pgat_jax.causes", "checks.pages")
    return rendered("causes.html", *packages, filters=filters, content=content)


def _lost(found: dict[str, Any]) -> Markup:
    """The picture of the parameters before and after each fix; empty without a sick model."""
    if not found["remedies"]:
        return Markup("")
    rows = [("the original's wiring", found["bases"]["sick"])]
    rows += [(remedy["name"], remedy) for remedy in found["remedies"]]
    rows += [("healthy wiring", found["bases"]["healthy"])]
    return lost_picture([(name, row[FULL.name]["lost"]) for name, row in rows])


def _flows(config: StudyConfig) -> list[tuple[str, Markup]]:
    """(title, picture) of the way of the gradient in each wiring, at full size, by proof."""
    wirings = {"the original's wiring": sick(config, FULL), "healthy wiring": healthy(config, FULL)}
    return [(name, _flow(c)) for name, c in wirings.items() if c is not None]


def _flow(condition: Condition) -> Markup:
    subject = condition.subject()
    params = jax.eval_shape(subject.init, jax.random.key(0))
    report = reach(subject.loss, params, subject.shapes(1))
    return flow_picture(report.flow, report)
