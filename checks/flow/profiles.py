"""The profile of a leaf: how large the gradient is at each equation from the loss back to it."""

import difflib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from checks.document import strict
from checks.flow.taps import Tapped, tap
from checks.measure.points import root_mean_square
from checks.pages.page import profile_page
from checks.program.leaves import Partition
from checks.program.runner import Runner, widen_array
from checks.program.trace import trace
from checks.proofs.dependence import Dependence
from checks.proofs.proof import prove

_SHOWN = 5
_BARS = 40
_NEAREST = 5


@dataclass(frozen=True)
class Passage:
    """One equation on the way, seen from the loss.

    Attributes:
        place: `path:line primitive in module/path`.
        module: module path, empty where the program has none.
        arriving: root mean square of the cotangent of its results.
        leaving: of the cotangent that it gives back towards the leaf.
        steps: for an equation inside scans, `leaving` for each step of the outermost one.
    """

    place: str
    module: str
    arriving: float
    leaving: float
    steps: tuple[float, ...]

    @property
    def factor(self) -> float:
        """What of the cotangent is left after it; 1 where none arrives."""
        return self.leaving / self.arriving if self.arriving > 0 else 1.0


@dataclass(frozen=True)
class Profile:
    """Passages from the loss back to the leaf, and the leaf's own gradient (root mean square)."""

    leaf: str
    passages: tuple[Passage, ...]
    gradient: float

    def steepest(self, count: int = _SHOWN) -> list[Passage]:
        """The passages that lose most, the worst first."""
        return sorted(self.passages, key=lambda passage: passage.factor)[:count]

    def text(self) -> str:
        """A bar for each passage on a logarithmic scale, and the steepest losses first."""
        lines = [f"{self.leaf}: root mean square gradient {self.gradient:.1e}", "steepest losses:"]
        lines += [f"  {p.factor:.1e}x at {p.place}" for p in self.steepest()]
        lines.append("from the loss back, size of the cotangent:")
        sizes = [p.leaving for p in self.passages if p.leaving > 0]
        low, high = (np.log10(min(sizes)), np.log10(max(sizes))) if sizes else (0.0, 0.0)
        for p in self.passages:
            share = (np.log10(p.leaving) - low) / max(high - low, 1.0) if p.leaving > 0 else 0.0
            bar = "#" * (1 + round(share * (_BARS - 1))) if p.leaving > 0 else "(zero)"
            lines.append(f"  {p.leaving:8.1e} {bar:<{_BARS}} {p.place}")
        return "\n".join(lines)

    def document(self) -> dict[str, Any]:
        """Plain dicts, lists and numbers, schema `checks.profile/1`."""
        return {
            "schema": "checks.profile/1",
            "leaf": self.leaf,
            "gradient": self.gradient,
            "passages": [
                {
                    "place": p.place,
                    "module": p.module,
                    "arriving": p.arriving,
                    "leaving": p.leaving,
                    "factor": p.factor,
                    "steps": list(p.steps),
                }
                for p in self.passages
            ],
        }

    def to_json(self, path: str | Path) -> None:
        """Writes the document."""
        text = json.dumps(strict(self.document()), indent=1, allow_nan=False)
        Path(path).write_text(text + "\n", encoding="utf-8")

    def to_html(self, path: str | Path) -> None:
        """Writes the profile as one self-contained page."""
        Path(path).write_text(profile_page(self), encoding="utf-8", errors="replace")


def profile(loss: Callable[..., Any], params: Any, *args: Any, leaf: str) -> Profile:
    """The profile of one leaf in float64, without any edit of the model.

    Args:
        loss: as for `diagnose`.
        params: as for `diagnose`.
        *args: as for `diagnose`.
        leaf: its name, as in a report.

    Raises:
        NotALoss: the loss cannot be traced.
        KeyError: there is no such leaf.
        ValueError: the leaf is disconnected or blocked, so that no gradient leads to it.
    """
    program = trace(loss, params, args)
    names = program.params.names
    if leaf not in names:
        near = difflib.get_close_matches(leaf, names, _NEAREST, 0.0)
        raise KeyError(f"no leaf is called {leaf!r}; the nearest names: {', '.join(near)}")
    proof, at = prove(program), names.index(leaf)
    if at not in proof.reachable:
        is_blocked = at in proof.blocked
        raise ValueError(
            f"a profile needs a path with a derivative: {leaf!r} is "
            f"{'blocked' if is_blocked else 'disconnected'}; see reach(loss, params, ...)"
        )
    point = [widen_array(x) for x in program.params.learning]
    return profiles(Runner(program, [at]), proof.dependence, [at], point, program.args)[0]


def profiles(
    runner: Runner,
    dependence: Dependence,
    leaves: Sequence[int],
    point: Sequence[np.ndarray],
    args: Partition,
) -> list[Profile]:
    """The profiles of several leaves with a derivative, by their positions, out of one run."""
    tapped = tap(runner, dependence, leaves, point, args)
    slopes = runner.compute_wide(point, args).leaves
    names = runner.program.params.names
    return [Profile(names[i], tuple(_passages(tapped, i)), _size(slopes[i])) for i in leaves]


def _size(slope: np.ndarray | None) -> float:
    return 0.0 if slope is None else root_mean_square(slope)


def _passages(tapped: Sequence[Tapped], leaf: int) -> list[Passage]:
    """In the order of the backward pass."""
    found = []
    for one in reversed([one for one in tapped if one.reaches(leaf)]):
        towards = one.towards(leaf)
        arriving, leaving = one.size, one.size * one.factor(leaf)
        steps = (
            tuple(float(x) for x in towards.reshape(len(towards), -1).max(1))
            if (towards.ndim)
            else ()
        )
        found.append(Passage(one.place, one.module, arriving, leaving, steps))
    return found
