"""Defines a condition: a configuration with interventions, for which trials are run."""

from dataclasses import dataclass
from functools import cached_property

from pgat_jax.causes.intervention import Intervention
from pgat_jax.causes.study_model import StudyModel, intervene
from pgat_jax.config import Config


@dataclass(frozen=True)
class Condition:
    """A configuration with interventions. Equal conditions share their trials.

    Attributes:
        config: The configuration at the sizes of a scale.
        interventions: What is applied to it, in this order.
    """

    config: Config
    interventions: tuple[Intervention, ...] = ()

    @cached_property
    def name(self) -> str:
        """The names of the configuration and the interventions, joined for display."""
        return " + ".join([self.config.name, *(i.name for i in self.interventions)])

    def without(self, *drops: Intervention | None) -> "Condition":
        """Returns the condition without some interventions.

        Args:
            *drops: Interventions to remove; None entries are ignored.
        """
        rest = tuple(i for i in self.interventions if i not in drops)
        return Condition(self.config, rest)

    def plus(self, *adds: Intervention | None) -> "Condition":
        """Returns the condition with more interventions at the end.

        Args:
            *adds: Interventions to add; None entries are ignored.
        """
        return Condition(self.config, (*self.interventions, *(i for i in adds if i is not None)))

    def build(self) -> StudyModel:
        """Builds the model and the windows under this condition."""
        return intervene(self.config, self.interventions)
