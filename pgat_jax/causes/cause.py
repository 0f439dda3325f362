"""What a cause is: a claim of the texts as an experiment that can fail."""

from dataclasses import dataclass

from pgat_jax.causes.intervention import Intervention

TEXTS = {
    "list": "Celestial Fusion Gate Gradient Collapse: ALL Possible Causes",
    "analysis": "Deep Analysis: Celestial Graph Pipeline, Zero Gradient Root Cause",
}
"""Short name -> title of the text."""


@dataclass(frozen=True)
class Cause:
    """One claim, and what is done to the model to try it, in up to two directions.

    Imposed on the healthy model: `impose`, or `present` where that is left out. Removed from the
    sick one: `present` is left out of it, and `remedy` comes in. Whatever is left out is not done.

    Attributes:
        number: the text's own, such as 3.2; or R1 and so on, for claims of the analysis.
        title: the text's own, shortened.
        place: text and section.
        hypothesis: one sentence.
        prediction: what must be seen, were it true; the experiment fails it or not.
        present: the condition, as the text states it of the original; part of the sick model.
        impose: a stronger form of it, for the healthy model.
        remedy: what the text proposes against it, or what takes it away.
        rank: place among the text's own top five.
        in_training: whether the text has it act in training: it is trained at the larger scale.
    """

    number: str
    title: str
    place: tuple[str, str]
    hypothesis: str
    prediction: str
    present: Intervention | None = None
    impose: Intervention | None = None
    remedy: Intervention | None = None
    rank: int | None = None
    in_training: bool = False

    @property
    def imposed(self) -> Intervention | None:
        """What is done to the healthy model."""
        return self.impose or self.present

    @property
    def is_removable(self) -> bool:
        """Whether anything is done to the sick model."""
        return self.present is not None or self.remedy is not None
