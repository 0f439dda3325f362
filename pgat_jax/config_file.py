"""Finds, overrides and checks configuration files, with one sentence for each mistake.

The module imports `config`, `safe_yaml` and `errors`, and no numerical library.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar, overload

import yaml
from pydantic import BaseModel, ValidationError

from pgat_jax.config import Config
from pgat_jax.errors import UserError, name_program, nearest, suggest
from pgat_jax.safe_yaml import MAX_CHARACTERS, parse_yaml

# Keys that only a wider schema has, with what to do where a narrower one is read.
WIDER_KEYS = {
    "faults": "only the verbs `check` and `causes` impose faults; for the same model without them, "
    "leave this key out",
}
# Keys whose overrides are taken as they are written, if not in quotes: names of files have signs
# that mean something in YAML.
LITERAL_KEYS = ("data.source",)
# The largest number of characters of a value in an error message.
_SHOWN = 60

ConfigT = TypeVar("ConfigT", bound=Config)


@overload
def load_config(name: str | Path, *overrides: str) -> Config: ...
@overload
def load_config(name: str | Path, *overrides: str, schema: type[ConfigT]) -> ConfigT: ...
def load_config(name: str | Path, *overrides: str, schema: type[Config] = Config) -> Config:
    """Reads a configuration file, applies overrides and checks the result.

    Args:
        name: NAME of `configs/NAME.yaml`, or the path of a YAML file.
        *overrides: changes of single keys, each `key.sub=value` with the value as YAML.
        schema: the class whose keys the file may have.

    Returns:
        The configuration, an instance of `schema`.

    Raises:
        UserError: the file is missing or not YAML, or a key is unknown, of the wrong type, out of
            range or in conflict with another; one sentence for each mistake.
    """
    path = find_config(name)
    values = parse_yaml(_read(path), str(path))
    if not isinstance(values, dict):
        raise UserError(f"{path}: expected keys and values, got {_shorten(values)}.")
    values.setdefault("name", path.stem)
    sources = {}
    for override in overrides:
        key, value = _split_override(override)
        _assign(values, key, value)
        sources[key] = f"override {override!r}"
    return validate(values, str(path), sources, schema)


def find_config(name: str | Path) -> Path:
    """Returns the path of a configuration.

    Args:
        name: NAME of `configs/NAME.yaml` in the package, the repository or the working directory;
            or the path of a YAML file, with a folder or the ending .yaml or .yml.

    Raises:
        UserError: there is no such file; the message suggests the nearest name.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
        if path.is_file():
            return path
        raise UserError(f"{path}: no such configuration file.")
    known = {p.stem: p for folder in _folders() for p in sorted(folder.glob("*.yaml"))}
    if str(name) in known:
        return known[str(name)]
    raise UserError(
        f"--config {name}: no such configuration{suggest(str(name), known)}; known: "
        f"{', '.join(sorted(known))}; or give the path of a .yaml file."
    )


def validate(
    values: dict[str, Any],
    where: str,
    sources: dict[str, str] | None = None,
    schema: type[ConfigT] = Config,
) -> ConfigT:
    """Checks parsed keys and values against a schema.

    Args:
        values: keys and values, as they are in the file.
        where: the name of the file in error messages.
        sources: for keys that an override set, the name of the override in error messages.
        schema: the class whose keys `values` may have.

    Returns:
        The configuration, an instance of `schema`; keys that are left out have their defaults.

    Raises:
        UserError: one sentence for each mistake, with the place, key, value and what was expected.
    """
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        lines = [_sentence(dict(e), where, sources or {}, schema) for e in error.errors()]
        raise UserError("\n".join(dict.fromkeys(lines))) from None


def dump_yaml(config: Config) -> str:
    """Returns a configuration as YAML that `load_config` reads back to an equal one.

    Args:
        config: the configuration.
    """
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)


def override_config(config: ConfigT, overrides: dict[str, Any]) -> ConfigT:
    """Returns a configuration with other values of some keys, checked as `load_config` checks.

    Args:
        config: the configuration.
        overrides: key -> value. A key is whole, such as `train.epochs`, or its last word, such as
            `epochs`, where only one key ends in it.

    Raises:
        UserError: a key is unknown or means several, or a value is wrong; one sentence for each.
    """
    values, sources = config.model_dump(mode="json"), {}
    for word, value in overrides.items():
        key = _complete(word, type(config))
        _assign(values, key, value)
        sources[key] = f"override {word}={_shorten(value)}"
    return validate(values, f"configuration {config.name!r}", sources, type(config))


def flatten_keys(config: Config) -> dict[str, Any]:
    """Returns each key of a configuration, such as `train.batch_size`, with its plain value.

    Args:
        config: the configuration.
    """
    return dict(_flatten(config.model_dump(mode="json")))


def _flatten(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _complete(word: str, schema: type[Config]) -> str:
    """Returns the whole key that a word names."""
    sections = {name.rpartition(".")[0] for name in _keys(schema)}
    known = [key for key in _keys(schema) if key not in sections]
    if word in sections:
        raise UserError(f"override {word!r}: is a section, expected one of its keys.")
    found = [word] if word in known else [k for k in known if k.rpartition(".")[2] == word]
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(f"override {word!r}: means {' or '.join(found)}: give the whole key.")
    raise UserError(f"override {word!r}: unknown key{_hint(word, known)}")


def _folders() -> list[Path]:
    """Returns the folders of recipes: of the wheel, of the repository, of the working directory."""
    package = Path(__file__).parent
    return [package / "configs", package.parent / "configs", Path("configs")]


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MAX_CHARACTERS + 1).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as a text file ({error}).") from None


def _sentence(error: dict, where: str, sources: dict[str, str], schema: type[Config]) -> str:
    """Writes one of pydantic's errors as a sentence that names the file or override."""
    known = list(_keys(schema))
    key = ".".join(str(part) for part in error["loc"] if str(part) in _words(known))
    origin = sources.get(key, where)
    if error["type"] == "value_error" and isinstance(error["input"], (dict, BaseModel)):
        return f"{where}: {error['ctx']['error']}."
    if error["type"] in ("extra_forbidden", "invalid_key"):
        key = ".".join(map(str, error["loc"]))
        origin = next((text for k, text in sources.items() if k.startswith(key)), where)
        value = _shorten(error["input"])
        return f"{origin}: unknown key {key!r} (value {value}){_hint(key, known)}"
    message = error["msg"].replace("Input should be", "expected").replace("Value error, ", "")
    return f"{origin}: {key}: got {_shorten(error['input'])}, {message[0].lower()}{message[1:]}."


def _hint(key: str, known: list[str]) -> str:
    """Returns what to do about an unknown key, the nearest key, or the keys of its section."""
    if key in WIDER_KEYS:
        return f": {WIDER_KEYS[key]}."
    section, _, word = key.rpartition(".")
    words = {name.rpartition(".")[2]: name for name in reversed(known)}
    own = {name.rpartition(".")[2]: name for name in known if name.rpartition(".")[0] == section}
    for names in (own, words):
        near = nearest(word, names)
        if near:
            return f"; did you mean {names[near]!r}?"
    keys = f"keys of {section}: {', '.join(own)}; " if section and own else ""
    return f"; {keys}`{name_program()} config` prints all keys."


def _keys(section: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in section.model_fields.items():
        yield prefix + name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _keys(field.annotation, f"{prefix}{name}.")


def _words(keys: Iterable[str]) -> set[str]:
    return {word for key in keys for word in key.split(".")}


def _split_override(override: str) -> tuple[str, Any]:
    key, equals, value = override.partition("=")
    if not equals or not key.strip():
        raise UserError(f"override {override!r}: expected key.sub=value, e.g. train.batch_size=4.")
    if key.strip() in LITERAL_KEYS and value.strip()[:1] not in ("'", '"'):
        return key.strip(), value.strip()
    return key.strip(), parse_yaml(value, f"override {override!r}")


def _assign(values: dict[str, Any], key: str, value: Any) -> None:
    *sections, last = key.split(".")
    for section in sections:
        inner = values.setdefault(section, {})
        if not isinstance(inner, dict):
            raise UserError(f"override {key}={value!r}: {section!r} is a value, not a section.")
        values = inner
    values[last] = value


def _shorten(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
