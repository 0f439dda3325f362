"""Templates filled in: all text is escaped, and a name that is missing is an error."""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined


def rendered(
    template: str, *packages: str, filters: Mapping[str, Callable[..., Any]], content: dict
) -> str:
    """A template as text.

    Args:
        template: the name of its file.
        *packages: whose ``templates/`` it and what it extends are looked for, in this order.
        filters: name in the template -> function.
        content: what the template shows.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= filters
    return environment.get_template(template).render(content)
