"""Writes a gradient profile as text: the steepest equations, then a bar for each equation."""

from checks.gradient_profile import Passage, Profile
from checks.render.log_scale import LogScale

# Characters of the longest bar.
_BAR = 40


def profile_text(profile: Profile) -> str:
    """Returns the profile as lines of text; bars are on a logarithmic scale.

    Args:
        profile: a measured profile.
    """
    scale = LogScale(passage.leaving for passage in profile.passages)
    return "\n".join(
        [
            f"{profile.leaf}: root mean square gradient {profile.gradient:.1e}",
            "steepest losses:",
            *(f"  {p.factor:.1e}x at {p.place}" for p in profile.steepest()),
            "from the loss back, size of the cotangent:",
            *(_line(passage, scale) for passage in profile.passages),
        ]
    )


def _line(passage: Passage, scale: LogScale) -> str:
    bar = "(zero)" if passage.leaving == 0 else "#" * round(_BAR * scale.share(passage.leaving))
    return f"  {passage.leaving:8.1e} {bar:<{_BAR}} {passage.place}"
