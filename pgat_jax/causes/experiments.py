"""Lists the conditions that have to be tried for a configuration and its causes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pgat_jax.causes.catalogue import load_causes
from pgat_jax.causes.cause import Cause
from pgat_jax.causes.condition import Condition
from pgat_jax.causes.config import StudyConfig
from pgat_jax.causes.intervention import Intervention
from pgat_jax.causes.remedies import REMEDIES, Remedy
from pgat_jax.causes.scales import FULL, LAPTOP, Scale, resize
from pgat_jax.causes.wiring_faults import choose_wiring_faults
from pgat_jax.config import Config


@dataclass(frozen=True)
class Comparison:
    """One experiment of a cause at one scale: a model before and after an intervention.

    Attributes:
        before: The sound or the faulty model.
        after: The same with the cause imposed or removed.
        is_imposed: Whether the cause is imposed on the sound model, which should move towards the
            symptom; otherwise it is removed from the faulty model, which should move away.
    """

    before: Condition
    after: Condition
    is_imposed: bool

    @property
    def is_idle(self) -> bool:
        """Whether the intervention changes nothing at this scale: before and after are equal."""
        return self.before == self.after


def is_tried(cause: Cause, scale: Scale) -> bool:
    """Returns whether a cause is tried at a scale.

    Each cause is tried at `FULL`; a cause that acts in training also at `LAPTOP`, any other at
    `SMALL`.

    Args:
        cause: The cause.
        scale: The scale.
    """
    return scale.name == FULL.name or (scale.name == LAPTOP.name) == cause.is_in_training


def is_remedy_tried(remedy: Remedy, scale: Scale) -> bool:
    """Returns whether a remedy is tried at a scale: at `LAPTOP` only if it acts in training.

    Args:
        remedy: The remedy.
        scale: The scale.
    """
    return scale.name != LAPTOP.name or remedy.is_in_training


def sound_condition(study: StudyConfig, scale: Scale) -> Condition:
    """Returns the sound model: the wiring of this repository, without faults.

    Args:
        study: The configuration and its faults.
        scale: The sizes of the model.
    """
    return Condition(resize(study, scale))


def faulty_condition(study: StudyConfig, scale: Scale) -> Condition | None:
    """Returns the faulty model: the study's faults, and what the documents state of the original.

    Args:
        study: The configuration and its faults.
        scale: The sizes of the model.

    Returns:
        The condition; None if the study has no faults.

    Raises:
        UserError: The study names a fault that does not exist.
    """
    if not study.faults:
        return None
    stated = [c.present for c in load_causes().values() if c.present is not None]
    faults = choose_wiring_faults(study.faults)
    return sound_condition(study, scale).plus(*dict.fromkeys([*faults, *stated]))


def compare(study: StudyConfig, scale: Scale, cause: Cause) -> Iterator[Comparison]:
    """Yields the comparisons of a cause: imposed on the sound, removed from the faulty model.

    Args:
        study: The configuration and its faults.
        scale: The sizes of the model.
        cause: The cause.
    """
    sound, faulty = sound_condition(study, scale), faulty_condition(study, scale)
    if cause.imposition is not None:
        after = sound.plus(*_select_visible(sound, scale, cause.imposition))
        yield Comparison(sound, after, is_imposed=True)
    if faulty is not None and cause.is_removable:
        after = _exchange(faulty, scale, [cause.present], [cause.remedy])
        yield Comparison(faulty, after, is_imposed=False)


def apply_remedy(study: StudyConfig, scale: Scale, remedy: Remedy) -> Condition | None:
    """Returns the faulty model with a remedy; None if the study has no faults.

    Args:
        study: The configuration and its faults.
        scale: The sizes of the model.
        remedy: The remedy.

    Raises:
        UserError: The study names a fault that does not exist.
    """
    faulty = faulty_condition(study, scale)
    return None if faulty is None else _exchange(faulty, scale, remedy.drops, remedy.adds)


def list_conditions(
    study: StudyConfig, scales: Sequence[Scale], causes: Sequence[Cause], with_remedies: bool
) -> list[tuple[Condition, Scale]]:
    """Returns all conditions to try with their scale, each once, sound and faulty models first.

    Args:
        study: The configuration and its faults.
        scales: Scales to try.
        causes: Causes to try.
        with_remedies: Whether remedies are tried too; they need faults to remedy.

    Raises:
        UserError: The study names a fault that does not exist.
    """
    wanted: dict[tuple[Condition, Scale], None] = {}
    for scale in scales:
        tried = [cause for cause in causes if is_tried(cause, scale)]
        remedies = [r for r in REMEDIES if with_remedies and is_remedy_tried(r, scale)]
        if not tried and not remedies:
            continue
        bases: list[Condition | None] = [
            sound_condition(study, scale),
            faulty_condition(study, scale),
        ]
        changed = [c.after for cause in tried for c in compare(study, scale, cause)]
        remedied = [apply_remedy(study, scale, r) for r in remedies]
        for condition in (*bases, *changed, *remedied):
            if condition is not None:
                wanted[condition, scale] = None
    return list(wanted)


def _exchange(
    base: Condition,
    scale: Scale,
    drops: Iterable[Intervention | None],
    adds: Iterable[Intervention | None],
) -> Condition:
    drops, adds = (_select_visible(base, scale, *some) for some in (drops, adds))
    return base.without(*drops).plus(*adds)


def _select_visible(
    base: Condition, scale: Scale, *interventions: Intervention | None
) -> list[Intervention]:
    """Returns the interventions that a trial can show.

    Without updates, those that change only the training are left out.
    """
    given = [i for i in interventions if i is not None]
    return given if scale.updates else [i for i in given if _acts_at_start(i, base.config)]


def _acts_at_start(intervention: Intervention, config: Config) -> bool:
    edited = intervention.edit_config(config)
    is_other_model = edited.model_copy(update={"train": config.train}) != config
    return intervention.acts_on_program or is_other_model
