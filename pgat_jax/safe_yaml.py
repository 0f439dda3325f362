"""Reads safe YAML strictly: plain scalars, lists and mappings. It imports only errors."""

import re
from typing import Any

import yaml

from pgat_jax.errors import UserError

# The largest text, in characters; the longest recipe of the repository has two thousand.
MAX_CHARACTERS = 1 << 16
# The deepest nesting of lists and mappings.
MAX_DEPTH = 16


class _Loader(yaml.SafeLoader):
    """Reads scalars as YAML 1.2 does: `1e-3` is a number, `on` is text.

    Aliases, tags, repeated keys and nesting beyond `MAX_DEPTH` are refused.
    """

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()
        refused = {
            "aliases are not allowed": isinstance(event, yaml.AliasEvent),
            "tags are not allowed": getattr(event, "tag", None) is not None,
            f"it is nested deeper than {MAX_DEPTH} levels": self.depth == MAX_DEPTH,
        }
        for problem in (text for text, is_wrong in refused.items() if is_wrong):
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key.value!r} occurs twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|false|True|False)$", "tfTF"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$", None),
    ("float", r"^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$", "-+."),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first or "-+.0123456789")
    )


def parse_yaml(text: str, where: str) -> Any:
    """Reads YAML as plain values.

    Args:
        text: the YAML, at most `MAX_CHARACTERS` long.
        where: the name of the file or override in error messages.

    Returns:
        Dictionaries, lists, strings, numbers, booleans and None, nested.

    Raises:
        UserError: it is not YAML, repeats a key, has an alias or a tag, or is too deep or too long.
    """
    if len(text) > MAX_CHARACTERS:
        raise UserError(f"{where}: more than {MAX_CHARACTERS:,} characters: not a configuration.")
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 (a subclass of SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise UserError(f"{where}{line}: not valid YAML: {error.problem}.") from None
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{where}: not valid YAML: {reason}.") from None
