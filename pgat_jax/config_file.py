"""Configuration files: safe YAML, overrides, and every mistake as one clear sentence."""

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar, overload

import yaml
from pydantic import BaseModel, ValidationError

from pgat_jax.config import Config
from pgat_jax.errors import UserError

MAX_BYTES = 1 << 16
"""Of a configuration: the longest recipe has two thousand."""
MAX_DEPTH = 16
# Keys that only a wider schema has, with the way out for a reader of the narrower one.
WIDER_KEYS = {
    "faults": "only the verbs `check` and `causes` impose faults; for the same model without them, "
    "leave this key out",
}

ConfigT = TypeVar("ConfigT", bound=Config)


class _Loader(yaml.SafeLoader):
    """Safe YAML 1.2 scalars: ``1e-3`` is a number, ``on`` is text.

    No aliases, no tags, no repeated keys, no depth beyond ``MAX_DEPTH``.
    """

    depth = 0

    def compose_node(self, parent, index):
        event = self.peek_event()
        refused = {
            "aliases are not allowed": isinstance(event, yaml.AliasEvent),
            "tags are not allowed": getattr(event, "tag", None) is not None,
            f"it is nested deeper than {MAX_DEPTH} levels": self.depth == MAX_DEPTH,
        }
        for problem in (text for text, wrong in refused.items() if wrong):
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key.value!r} stands twice", problem_mark=key.start_mark
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


@overload
def load_config(name: str | Path, *overrides: str) -> Config: ...
@overload
def load_config(name: str | Path, *overrides: str, schema: type[ConfigT]) -> ConfigT: ...
def load_config(name: str | Path, *overrides: str, schema: type[Config] = Config) -> Config:
    """Reads a configuration file, applies overrides and checks the result.

    Args:
        name: NAME of `configs/NAME.yaml`, or the path of a YAML file.
        *overrides: changes of single keys, each `key.sub=value`.
        schema: the class whose keys the file may have.

    Returns:
        The configuration, an instance of `schema`.

    Raises:
        UserError: the file is missing or not YAML, or a key is unknown, of the wrong type, out of
            range or in conflict with another; one sentence for each mistake.
    """
    path = find_config(name)
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as a text file ({error}).") from None
    raw = parse_yaml(text, str(path))
    if not isinstance(raw, dict):
        raise UserError(f"{path}: expected keys and values, got {_show(raw)}.")
    raw.setdefault("name", path.stem)
    sources = {}
    for override in overrides:
        key, value = _split_override(override)
        _assign(raw, key, value)
        sources[key] = f"override {override!r}"
    return validate(raw, str(path), sources, schema)


def find_config(name: str | Path) -> Path:
    """Path of a configuration given by name or path.

    Raises:
        UserError: there is none; names the nearest.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
        if path.is_file():
            return path
        raise UserError(f"{path}: no such configuration file.")
    known = {p.stem: p for folder in _folders() for p in sorted(folder.glob("*.yaml"))}
    if str(name) in known:
        return known[str(name)]
    near = _nearest(str(name), known)
    raise UserError(
        f"--config {name}: no such configuration{near}; known: {', '.join(sorted(known))}; "
        "or give the path of a .yaml file."
    )


def _folders() -> list[Path]:
    package = Path(__file__).parent
    return [package / "configs", package.parent / "configs", Path("configs")]


def parse_yaml(text: str, where: str) -> Any:
    """Safe YAML of at most 64 KiB; ``where`` names it in errors.

    Raises:
        UserError: not YAML, a repeated key, an alias, nested too deep, or too long.
    """
    if len(text) > MAX_BYTES:
        raise UserError(f"{where}: more than {MAX_BYTES:,} characters: not a configuration.")
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 (a subclass of SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise UserError(f"{where}{line}: not valid YAML: {error.problem}.") from None
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{where}: not valid YAML: {reason}.") from None


def validate(
    raw: dict,
    where: str,
    sources: dict[str, str] | None = None,
    schema: type[ConfigT] = Config,
) -> ConfigT:
    """Checks a parsed configuration against the schema.

    Args:
        raw: keys and values, as they stand in the file.
        where: the name of the file in error messages.
        sources: for keys that an override set, the name of the override in error messages.
        schema: the class whose keys `raw` may have.

    Raises:
        UserError: one sentence for each mistake, with the place, key, value and what was expected.
    """
    try:
        return schema.model_validate(raw)
    except ValidationError as error:
        lines = [_sentence(dict(e), where, sources or {}, schema) for e in error.errors()]
        raise UserError("\n".join(dict.fromkeys(lines))) from None


def dump_yaml(config: Config) -> str:
    """The resolved configuration as YAML that ``load_config`` reads back to an equal one."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)


def _sentence(error: dict, where: str, sources: dict[str, str], schema: type[Config]) -> str:
    known = set(_keys(schema))
    key = ".".join(str(part) for part in error["loc"] if str(part) in _words(known))
    origin = next((text for k, text in sources.items() if key == k), where)
    if error["type"] == "value_error" and isinstance(error["input"], (dict, BaseModel)):
        return f"{where}: {error['ctx']['error']}."
    if error["type"] in ("extra_forbidden", "invalid_key"):
        full = ".".join(map(str, error["loc"]))
        origin = next((text for k, text in sources.items() if k.startswith(full)), where)
        near = f": {WIDER_KEYS[full]}" if full in WIDER_KEYS else _nearest(full, known)
        return f"{origin}: unknown key {full!r} (value {_show(error['input'])}){near}."
    message = error["msg"].replace("Input should be", "expected").replace("Value error, ", "")
    return f"{origin}: {key}: got {_show(error['input'])}, {message[0].lower()}{message[1:]}."


def _keys(section: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in section.model_fields.items():
        yield prefix + name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _keys(field.annotation, f"{prefix}{name}.")


def _words(keys: set[str]) -> set[str]:
    return {word for key in keys for word in key.split(".")}


def _nearest(name: str, known) -> str:
    last = {key.rsplit(".", 1)[-1]: key for key in known}
    close = difflib.get_close_matches(name, list(known), 1)
    close = close or [
        last[k] for k in difflib.get_close_matches(name.rsplit(".", 1)[-1], list(last), 1)
    ]
    return f"; did you mean {close[0]!r}?" if close else ""


def _split_override(override: str) -> tuple[str, Any]:
    key, equals, value = override.partition("=")
    if not equals or not key.strip():
        raise UserError(f"override {override!r}: expected key.sub=value, e.g. train.batch_size=4.")
    return key.strip(), parse_yaml(value, f"override {override!r}")


def _assign(raw: dict, key: str, value: Any) -> None:
    *sections, last = key.split(".")
    for section in sections:
        inner = raw.setdefault(section, {})
        if not isinstance(inner, dict):
            raise UserError(f"override {key}={value!r}: {section!r} is a value, not a section.")
        raw = inner
    raw[last] = value


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
