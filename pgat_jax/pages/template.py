"""Fills in the HTML templates of this package."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def fill_template(name: str, content: dict[str, Any]) -> str:
    """Fills in a template; all text is escaped, and a name that is missing raises.

    Args:
        name: the file in `templates/`.
        content: name in the template -> what it shows.

    Returns:
        The page.
    """
    environment = Environment(
        loader=PackageLoader("pgat_jax.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name).render(content)
