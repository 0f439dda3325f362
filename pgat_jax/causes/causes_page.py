"""Renders the page of a study: answer, both wirings, every cause and every remedy."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import jax
from markupsafe import Markup

from checks import VERDICT_COLOURS, flow_picture, reach
from pgat_jax.causes.answer import rank_causes, write_answer
from pgat_jax.causes.causes_pictures import EXPERIMENTS, draw_effects, draw_kinds
from pgat_jax.causes.condition import Condition
from pgat_jax.causes.config import StudyConfig
from pgat_jax.causes.effects import ORDER
from pgat_jax.causes.experiments import faulty_condition, sound_condition
from pgat_jax.causes.result_tables import format_end, format_losses
from pgat_jax.causes.scales import FULL
from pgat_jax.causes.wiring_faults import choose_wiring_faults
from pgat_jax.errors import name_program
from pgat_jax.pages.template import fill_template

CAUSE_COLOURS = {
    "confirmed": VERDICT_COLOURS["disconnected"],
    "contributing": VERDICT_COLOURS["stuck"],
    "undecidable here": VERDICT_COLOURS["vanishing"],
    "refuted": VERDICT_COLOURS["alive"],
}
# Names of the two models on the page.
MODELS = {"faulty": "faulty model (the original's wiring)", "sound": "sound model"}


def render_page(results: Mapping[str, Any], study: StudyConfig) -> str:
    """Renders the page of a study.

    Args:
        results: What `collect_results` returned.
        study: The configuration that was studied; its two wirings are traced again at full size.

    Returns:
        A self-contained HTML page.
    """
    content = {
        "results": results,
        "answer": write_answer(results),
        "counts": Counter(cause["verdict"] for cause in results["causes"]),
        "order": ORDER,
        "kinds_picture": _draw_models(results),
        "remedy_rows": _list_remedy_rows(results),
        "flows": _draw_flows(study),
        "faults": choose_wiring_faults(study.faults),
        "ranking": rank_causes(results),
        "experiments": tuple(EXPERIMENTS),
        "full": FULL.name,
        "program": name_program(),
    }
    filters = {
        "colour": CAUSE_COLOURS.__getitem__,
        "effects": draw_effects,
        "ends": format_end,
        "losses": format_losses,
    }
    return fill_template("causes.html", content, "pgat_jax.causes", filters)


def _list_remedy_rows(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns the rows of the table of remedies: the faulty model, each remedy, the sound model."""
    if not results["remedies"]:
        return []
    bases = results["bases"]
    return [
        {"name": f"none: {MODELS['faulty']}", "proposer": ""} | bases["faulty"],
        *results["remedies"],
        {"name": MODELS["sound"], "proposer": ""} | bases["sound"],
    ]


def _draw_models(results: Mapping[str, Any]) -> Markup:
    """Draws the parameters before and after each remedy; empty if no remedy was tried."""
    rows = _list_remedy_rows(results)
    if not rows:
        return Markup("")
    names = [MODELS["faulty"], *(row["name"] for row in rows[1:])]
    return draw_kinds([(name, row[FULL.name]["kinds"]) for name, row in zip(names, rows)])


def _draw_flows(study: StudyConfig) -> list[tuple[str, Markup]]:
    """Draws the path of the gradient in each model, at full size, as a proof shows it."""
    conditions = {
        MODELS["faulty"]: faulty_condition(study, FULL),
        MODELS["sound"]: sound_condition(study, FULL),
    }
    return [(name, _draw_flow(c)) for name, c in conditions.items() if c is not None]


def _draw_flow(condition: Condition) -> Markup:
    model = condition.build()
    params = jax.eval_shape(model.init, jax.random.key(0))
    report = reach(model.loss, params, model.shapes(1))
    return flow_picture(report.flow, report)
