"""Verdicts of leaves that do have a gradient: is it enough, and does the optimiser use it?"""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from checks.measure.decisions import decides_alike
from checks.measure.points import root_mean_square
from checks.measure.readings import Measured, narrow
from checks.measure.simulate import Chain, Training, ask_on, filled
from checks.measure.stages import blamed_stage
from checks.measure.survey import Survey
from checks.program.runner import Gradient, Runner, widen_array
from checks.verdicts import Finding

# A gradient below this share of its peers', alone and times the leaf's own size, is vanishing.
VANISHING = 1e-8
# A peer this many times above all others is no measure for them.
_OUTLIER = 1e6
# Elements with a gradient below this share of the leaf's largest need not move.
_COUNTS = 1e-6
# An update this many times smaller than it would be without the other leaves is crushed by them.
_CRUSHED = 1e3
# Losses as written and in float64 that differ by less are of the same decisions.
_AGREES = 0.01


def vanishing(survey: Survey, alive: Sequence[int]) -> dict[int, Finding]:
    """Leaves whose gradient is too weak to matter against that of their peers (float64)."""
    leaves = survey.data[0].point.leaves
    slopes = {i: _slope(survey, i) for i in alive}
    effects = {i: slopes[i] * root_mean_square(leaves[i]) for i in alive}
    found = {}
    for i in alive:
        peers = _peers(slopes, i)
        alone, effect = _share(slopes, i, peers), _share(effects, i, peers)
        if alone < VANISHING and effect < VANISHING:
            found[i] = Finding(
                "vanishing",
                f"measured: root mean square gradient {slopes[i]:.1e}, {alone:.1e} of that of its "
                f"peers' upper tenth ({effect:.1e} when multiplied by the weight)",
            )
    return found


def _slope(survey: Survey, leaf: int) -> float:
    sizes = [root_mean_square(g) for m in survey.data if (g := m.wide.leaves[leaf]) is not None]
    return max(sizes)


def _peers(slopes: dict[int, float], leaf: int) -> list[int]:
    """The other leaves, without those whose gradient stands far above all the rest."""
    peers = sorted((i for i in slopes if i != leaf), key=lambda i: slopes[i], reverse=True)
    while len(peers) > 1 and slopes[peers[0]] > _OUTLIER * slopes[peers[1]]:
        peers = peers[1:]
    return peers


def _share(sizes: dict[int, float], leaf: int, peers: Sequence[int]) -> float:
    """Of the upper tenth of the peers."""
    reference = float(np.quantile([sizes[i] for i in peers], 0.9)) if peers else 0.0
    return sizes[leaf] / reference if reference > 0 else 1.0


@dataclass(frozen=True)
class Optimisation:
    """What is needed to say why a leaf does not move.

    Attributes:
        runner: the compiled program.
        survey: gradients at the data.
        chain: the optimiser.
        training: what k real steps did.
        state: the chain's state after them.
    """

    runner: Runner
    survey: Survey
    chain: Chain
    training: Training
    state: object

    def unmoved(self, alive: Sequence[int]) -> dict[int, Finding]:
        """`underflow` and `starved` among leaves that are alive."""
        still = [i for i in alive if not self.moves(i)]
        if not still:
            return {}
        last = self.training.leaves[max(self.training.leaves)]
        written = self._usable(self.survey.data[0].written)
        record, asked = ask_on(self.chain, last, self.state, written, still, self._is_enough)
        still = [i for i in still if not self._is_enough(i, np.asarray(record.moved[i]))]
        return {i: self._why(i, asked + max(self.training.leaves)) for i in still}

    def moves(self, leaf: int) -> bool:
        """Whether the k steps moved enough of a leaf."""
        return self._is_enough(leaf, self.training.moved[leaf])

    def lost_in_rounding(self, alive: Sequence[int]) -> dict[int, Finding]:
        """`underflow` of leaves whose gradient as written is more noise than signal."""
        errors: dict[int, list[float]] = {i: [] for i in alive}
        for measured in self.survey.data:
            own = {i: error for i in alive if (error := _error(measured, i)) is not None}
            if self._is_comparable(measured, max(own.values(), default=0.0)):
                for i, error in own.items():
                    errors[i].append(error)
        return {i: _lost(min(found)) for i, found in errors.items() if found and min(found) > 1}

    def _is_comparable(self, measured: Measured, error: float) -> bool:
        """Whether both losses are of one program: they agree, or no decision fell otherwise."""
        wide, written = measured.wide.loss, measured.written.loss
        if abs(wide - written) <= _AGREES * abs(wide):
            return True
        return (
            bool(np.isfinite(written)) and error > 1 and decides_alike(self.runner, measured.point)
        )

    def _is_enough(self, leaf: int, moved: np.ndarray) -> bool:
        """Whether at least half of the elements that have a gradient moved."""
        slopes = [np.abs(g) for m in self.survey.data if (g := m.wide.leaves[leaf]) is not None]
        counts = np.max(slopes, axis=0)
        counts = counts > _COUNTS * counts.max(initial=0.0)
        return bool(moved[counts].mean() >= 0.5) if counts.any() else True

    def _why(self, leaf: int, asked: int) -> Finding:
        at = self.survey.data[0]
        wide = self._usable(at.wide)
        together = self._wide_move(at.point.leaves, wide, leaf)
        others = wide._replace(
            leaves=[g if i == leaf or g is None else 0 * g for i, g in enumerate(wide.leaves)]
        )
        alone = self._wide_move(at.point.leaves, others, leaf)
        if together == 0 or alone > _CRUSHED * together:
            return self._starved(wide, leaf, asked, together, alone)
        half = _half_ulp(narrow(self.runner, at.point)[0][leaf])
        return Finding(
            "underflow",
            f"measured: in float64 the optimiser moves it by {together:.1e} (root mean square), as "
            f"written not in {asked} steps; half an ulp of the weight is {half:.1e}",
        )

    def _starved(
        self, wide: Gradient, leaf: int, asked: int, together: float, alone: float
    ) -> Finding:
        leaves = self.survey.data[0].point.leaves
        with jax.enable_x64(True):
            stage = blamed_stage(self.chain, leaves, filled(wide, leaves), leaf).name
        sizes = [0.0 if g is None else root_mean_square(g) for g in wide.leaves]
        text = (
            f"measured: root mean square gradient {sizes[leaf]:.1e}, but no update in {asked} steps"
        )
        if together:
            name = self.runner.program.params.names[int(np.argmax(sizes))]
            text = f"measured: its update is {together:.1e}, and {alone:.1e} without the others: "
            text += f"crushed by the gradient of {name}"
        return Finding("starved", text, (f"optimiser stage {stage}",))

    def _wide_move(self, leaves: Sequence[np.ndarray], gradient: Gradient, leaf: int) -> float:
        """Root mean square of the first non-zero move of the leaf by the chain in float64."""
        with jax.enable_x64(True):
            record, _ = ask_on(
                self.chain,
                leaves,
                self.chain.init(leaves),
                gradient,
                [leaf],
                lambda _, moved: bool(moved.any()),
            )
            return float(record.first[leaf])

    def _usable(self, gradient: Gradient) -> Gradient:
        leaves = [None if g is None else np.nan_to_num(g) for g in gradient.leaves]
        return Gradient(float(np.nan_to_num(gradient.loss)), leaves)


def _lost(error: float) -> Finding:
    text = f"the gradient as written is off by {error:.1e} of its float64 size"
    return Finding("underflow", f"measured: {text}: lost in rounding")


def _error(measured: Measured, leaf: int) -> float | None:
    """Relative error of the gradient as written; None where there is none to compare."""
    exact, rough = measured.wide.leaves[leaf], measured.written.leaves[leaf]
    if exact is None or rough is None:
        return None
    size = root_mean_square(exact)
    return root_mean_square(widen_array(rough) - exact) / size if size > 0 else None


def _half_ulp(leaf: np.ndarray) -> float:
    """Of an element of the leaf's typical size, in the leaf's own type."""
    typical = root_mean_square(widen_array(leaf))
    return 0.5 * float(jnp.finfo(leaf.dtype).eps) * typical
