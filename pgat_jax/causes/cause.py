"""Defines a cause: a claim of the original's two analysis documents, as experiments that can fail.

The original is the PyTorch implementation "Celestial Enhanced PGAT". This module depends on
`intervention` alone.
"""

from dataclasses import dataclass

from pgat_jax.causes.intervention import Intervention

# Files of the original's repository that explain why gradients were logged as 0.00000000.
LIST = "CELESTIAL_FUSION_GATE_COLLAPSE_ANALYSIS.md"
ANALYSIS = "CELESTIAL_GRAPH_GRADIENT_FLOW_ANALYSIS.md"


@dataclass(frozen=True)
class Cause:
    """One claim, with the interventions of up to two experiments that test it.

    The sound model is that of this repository, the faulty model has the faults of the PyTorch
    original, and the symptom is the original's vanished gradient.

    - Impose: apply `impose` (`present` if `impose` is None) to the sound model. If the claim is
      true, the model moves towards the symptom.
    - Remove: drop `present` from the faulty model and apply `remedy`. If the claim is true, the
      model moves away from the symptom.

    An experiment without an intervention is not run.

    Attributes:
        number: The number in the list of causes, such as `3.2`; `R1` to `R5` for claims of the
            analysis.
        title: The title in the document, shortened.
        document: `LIST` or `ANALYSIS`.
        section: The section of the document.
        hypothesis: One sentence that says how the cause would work.
        prediction: One sentence that says what must be measured if the claim is true.
        present: The condition of the original as the document states it; part of the faulty model.
        impose: A stronger form of `present`, for the sound model.
        remedy: The fix that the document proposes, or what takes the condition away.
        rank: Place among the list's own top five.
        is_in_training: Whether the cause acts in training, by its document. Such causes are trained
            at the larger scale.
    """

    number: str
    title: str
    document: str
    section: str
    hypothesis: str
    prediction: str
    present: Intervention | None = None
    impose: Intervention | None = None
    remedy: Intervention | None = None
    rank: int | None = None
    is_in_training: bool = False

    @property
    def imposition(self) -> Intervention | None:
        """The intervention on the sound model, if there is one."""
        return self.impose or self.present

    @property
    def is_removable(self) -> bool:
        """Whether there is an experiment on the faulty model."""
        return self.present is not None or self.remedy is not None
