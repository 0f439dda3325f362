"""Fills HTML templates; all text is escaped, and a missing name is an error."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined


def fill_template(
    template: str,
    filters: Mapping[str, Callable[..., Any]],
    content: Mapping[str, Any],
    packages: Sequence[str] = ("checks.render",),
) -> str:
    """Fills a template.

    Args:
        template: file name of a Jinja template, such as `report.html`.
        filters: name of a filter in the template -> its function.
        content: name of a variable in the template -> its value.
        packages: packages in whose `templates/` the file, and those that it extends, are looked
            for, in this order.

    Returns:
        The page as text.

    Raises:
        jinja2.UndefinedError: the template uses a name that `content` does not have.
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
