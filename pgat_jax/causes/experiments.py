"""From a configuration to experiments: bases, conditions of every cause, and what they gave."""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pgat_jax.causes import hypotheses
from pgat_jax.causes.cause import Cause
from pgat_jax.causes.conditions import Condition, Store
from pgat_jax.causes.config import StudyConfig
from pgat_jax.causes.intervention import Intervention
from pgat_jax.causes.judge import judged
from pgat_jax.causes.outcomes import OUTCOMES, decades, share
from pgat_jax.causes.registry import chosen
from pgat_jax.causes.remedies import REMEDIES, Remedy
from pgat_jax.causes.trial import EPOCHS, Scale
from pgat_jax.config import Config
from pgat_jax.config_file import load_config

FULL = Scale("full", None, updates=0, windows=1, judged=False)
"""The start, at the sizes of the configuration."""
LAPTOP = Scale("laptop", "laptop", updates=2 * EPOCHS, windows=24, judged=True)
"""With training, for causes and fixes that act in training."""
SMALL = Scale("small", "tiny", updates=2 * EPOCHS, windows=24, judged=True)
"""With training, for all other causes, and for all fixes."""
SCALES = (FULL, LAPTOP, SMALL)
"""The largest first: a cause is judged by the first that shows it."""
BATCH = 6
"""Windows an update, where a model is trained."""

Maybe = Intervention | None


@dataclass(frozen=True)
class Pair:
    """A comparison: what was done to a base, and whether that should lead to the symptom."""

    before: Condition
    after: Condition
    is_imposed: bool

    def share(self, first: dict[str, Any], last: dict[str, Any], point: str, outcome: str):
        """Share of the way to the symptom that is the cause's doing; None if not measured."""
        a, b = (decades(trial, point, outcome) for trial in (first, last))
        if a is None or b is None:
            return None
        return share(a, b, outcome) if self.is_imposed else share(b, a, outcome)


@cache
def all_causes() -> dict[str, Cause]:
    """Number -> cause, of every file in `hypotheses/`, in the texts' order."""
    names = sorted(module.name for module in pkgutil.iter_modules(hypotheses.__path__))
    causes = [importlib.import_module(f"{hypotheses.__name__}.{n}").CAUSE for n in names]
    return {cause.number: cause for cause in causes}


def sized(study: StudyConfig, scale: Scale) -> Config:
    """The configuration at the sizes of a scale, without its faults."""
    config = study.without_faults()
    if scale.sizes is None:
        train = config.train.model_copy(update={"batch_size": 1})
        return config.model_copy(update={"train": train})
    other = load_config(scale.sizes)
    switches = {"bypass_spatiotemporal_with_petri", "hierarchical_mapping", "gate"}
    model = other.model.model_copy(update=config.model.model_dump(include=switches))
    lengths = {"seq_len", "label_len", "pred_len"}
    data = config.data.model_copy(update=other.data.model_dump(include=lengths))
    recipe = {"epochs": EPOCHS, "batch_size": BATCH, "accumulation": 1}
    train = config.train.model_copy(update=recipe)
    return config.model_copy(update={"data": data, "model": model, "train": train})


def shows(scale: Scale, cause: Cause) -> bool:
    """Whether a cause is tried at a scale: at the start at full size, and trained at one other."""
    return scale.name == FULL.name or (scale.name == LAPTOP.name) == cause.in_training


def shows_fix(scale: Scale, remedy: Remedy) -> bool:
    """Whether a fix is tried at a scale: at the larger trained one if it acts in training alone."""
    return scale.name != LAPTOP.name or remedy.in_training


def healthy(config: StudyConfig, scale: Scale) -> Condition:
    """The configuration's own wiring, without faults."""
    return Condition(sized(config, scale))


def sick(config: StudyConfig, scale: Scale) -> Condition | None:
    """The faults of the configuration with all that the texts state; None where it has none."""
    if not config.faults:
        return None
    stated = [c.present for c in all_causes().values() if c.present is not None]
    return healthy(config, scale).plus(*dict.fromkeys([*chosen(config.faults), *stated]))


def pairs(config: StudyConfig, scale: Scale, cause: Cause) -> Iterator[Pair]:
    """The comparisons of a cause: imposed on the healthy, removed from the sick."""
    well, ill = healthy(config, scale), sick(config, scale)
    if cause.imposed is not None:
        yield Pair(well, well.plus(*_shown(well, scale, cause.imposed)), is_imposed=True)
    if ill is not None and cause.is_removable:
        yield Pair(ill, _treated(ill, scale, [cause.present], [cause.remedy]), is_imposed=False)


def remedied(config: StudyConfig, scale: Scale, remedy: Remedy) -> Condition | None:
    """The sick model with a remedy; None where the configuration has no faults."""
    ill = sick(config, scale)
    return None if ill is None else _treated(ill, scale, remedy.drops, remedy.adds)


def conditions(
    config: StudyConfig, scales: Sequence[Scale], causes: Sequence[Cause], remedies: bool
):
    """(condition, scale) of all that has to be tried, each once, bases first."""
    wanted: dict[tuple[Condition, Scale], None] = {}
    for scale in scales:
        shown = [cause for cause in causes if shows(scale, cause)]
        fixes = [r for r in REMEDIES if remedies and shows_fix(scale, r)]
        if not shown and not fixes:
            continue
        bases: list[Condition | None] = [healthy(config, scale), sick(config, scale)]
        compared = [p.after for cause in shown for p in pairs(config, scale, cause)]
        fixed = [remedied(config, scale, r) for r in fixes]
        for condition in (*bases, *compared, *fixed):
            if condition is not None:
                wanted[condition, scale] = None
    return list(wanted)


def _treated(ill: Condition, scale: Scale, drops: Iterable[Maybe], adds: Iterable[Maybe]):
    return ill.without(*_shown(ill, scale, *drops)).plus(*_shown(ill, scale, *adds))


def _shown(base: Condition, scale: Scale, *interventions: Maybe) -> list[Intervention]:
    """Those that a trial of this scale can show: without updates, not those of the recipe alone."""
    given = [i for i in interventions if i is not None]
    return given if scale.updates else [i for i in given if _acts_at_start(i, base.config)]


def _acts_at_start(intervention: Intervention, config: Config) -> bool:
    idle, hands = Intervention("", ""), ("columns", "device_table", "params", "intercept")
    if any(getattr(intervention, hand) is not getattr(idle, hand) for hand in hands):
        return True
    edited = intervention.config(config)
    return edited.model_copy(update={"train": config.train}) != config


def verdict_of(
    config: StudyConfig, cause: Cause, scales: Sequence[Scale], store: Store, seeds: Sequence[int]
) -> dict[str, Any]:
    """What the experiment of a cause gave, as plain data.

    Returns:
        `verdict`, `outcome` (that it rests on), and for `imposed` and `removed`, where they were
        tried, a dict of outcome -> `Effect` and the verdict of that direction.
    """
    found: dict[str, Any] = {}
    for is_imposed, name in ((True, "imposed"), (False, "removed")):
        shares = _shares(config, cause, scales, store, seeds, is_imposed)
        if shares:
            verdict, outcome, effects = judged(shares)
            found[name] = {"verdict": verdict, "outcome": outcome, "effects": effects}
    untried = {"verdict": "undecidable here", "outcome": "nothing is trained"}
    decisive = found.get("removed") or found.get("imposed") or untried
    return found | {"verdict": decisive["verdict"], "outcome": decisive["outcome"]}


def _shares(config, cause, scales, store, seeds, is_imposed) -> dict[str, list[float]]:
    """Outcome -> share of each seed, at the first of the scales at which it was measured."""
    shares: dict[str, list[float]] = {}
    for scale in (s for s in scales if shows(s, cause)):
        for pair in pairs(config, scale, cause):
            if pair.is_imposed != is_imposed or pair.before == pair.after:
                continue
            trials = [[store.read(c, scale, s) for c in (pair.before, pair.after)] for s in seeds]
            for outcome, (point, kind) in OUTCOMES.items():
                found = [pair.share(a, b, point, kind) for a, b in trials if a and b]
                values = [value for value in found if value is not None]
                if outcome not in shares and len(values) > 1:
                    shares[outcome] = values
    return shares
