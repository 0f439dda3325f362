"""Makes the page of a gradient profile."""

from checks.gradient_flow import STEEP
from checks.gradient_profile import Profile
from checks.render.numbers import format_power
from checks.render.profile_picture import profile_picture
from checks.render.template import fill_template


def profile_page(profile: Profile) -> str:
    """Returns the page of a profile as HTML text.

    Args:
        profile: a measured profile.
    """
    content = {
        "title": f"The gradient from the loss back to {profile.leaf}",
        "profile": profile,
        "steep": [p for p in profile.steepest() if p.factor < STEEP],
        "picture": profile_picture(profile),
    }
    return fill_template("profile.html", {"power": format_power}, content)
