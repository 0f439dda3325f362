"""Fills in the HTML templates of this package, and of others that name themselves."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

# The package whose templates all others may include, such as `style.html`.
_SHARED = "pgat_jax.pages"
NO_FILTERS: Mapping[str, Callable[..., Any]] = MappingProxyType({})


def fill_template(
    name: str,
    content: dict[str, Any],
    package: str = _SHARED,
    filters: Mapping[str, Callable[..., Any]] = NO_FILTERS,
) -> str:
    """Fills in an HTML template of Jinja; all text is escaped.

    Args:
        name: the file in `templates/` of the package.
        content: name in the template -> what it shows.
        package: the full name of the package.
        filters: name of a filter in the template -> its function, besides `code`, which is
            `mark_code`.

    Returns:
        The page.

    Raises:
        jinja2.UndefinedError: the template uses a name that `content` lacks.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(_SHARED)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"code": mark_code} | dict(filters)
    return environment.get_template(name).render(content)


def mark_code(text: str) -> Markup:
    """Returns a text as HTML, with what stands in backticks as code.

    Args:
        text: the text; it is escaped.
    """
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))
