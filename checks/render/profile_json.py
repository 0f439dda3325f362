"""A gradient profile as a JSON document, schema `checks.profile/1`.

schema     "checks.profile/1"
leaf       name of the leaf
gradient   root mean square of its gradient in float64
passages   a list, the equation at the loss first, of
    place      "path:line primitive in module/path"
    module     module path, empty where the program has none
    arriving   root mean square of the cotangent of its results
    leaving    root mean square of the cotangent that it passes back towards the leaf
    factor     leaving over arriving, 1 where nothing arrives
    steps      inside a scan, `leaving` for each step of the outermost scan
"""

from typing import Any

from checks.gradient_profile import Profile

SCHEMA = "checks.profile/1"


def profile_document(profile: Profile) -> dict[str, Any]:
    """Returns a profile as plain dicts, lists and numbers, which may be NaN.

    Args:
        profile: a measured profile.

    Returns:
        A dict with `schema` (`checks.profile/1`), `leaf`, `gradient` and `passages`, a list of
        dicts with `place`, `module`, `arriving`, `leaving`, `factor` and `steps`. The docstring of
        this module describes them.
    """
    return {
        "schema": SCHEMA,
        "leaf": profile.leaf,
        "gradient": profile.gradient,
        "passages": [
            {
                "place": passage.place,
                "module": passage.module,
                "arriving": passage.arriving,
                "leaving": passage.leaving,
                "factor": passage.factor,
                "steps": list(passage.steps),
            }
            for passage in profile.passages
        ],
    }
