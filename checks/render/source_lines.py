"""Reads file and line out of the places of a report, for formats that point at source code."""

import re
from pathlib import Path
from typing import NamedTuple

_PLACE = re.compile(r"^(?P<path>\S.*?):(?P<line>\d+)(?:$|[\s:,])")


class SourceLine(NamedTuple):
    """A line of a file.

    Attributes:
        path: relative to the root of the repository where the file is below it, absolute
            otherwise; with `/` between the parts.
        line: number of the line, from 1.
        is_relative: True if `path` is relative to the root of the repository.
    """

    path: str
    line: int
    is_relative: bool


def read_source_line(place: str, root: Path) -> SourceLine | None:
    """Returns the file and line at which a place begins; None if the place names none.

    Args:
        place: `path:line primitive in module/path`, with a path that is absolute or relative to the
            working directory; or other words, such as those for a stage of an optimiser.
        root: the root of the repository, absolute.
    """
    match = _PLACE.match(place)
    if match is None or int(match["line"]) < 1:
        return None
    path = (Path.cwd() / match["path"]).resolve()
    below = path.is_relative_to(root.resolve())
    shown = path.relative_to(root.resolve()) if below else path
    return SourceLine(shown.as_posix(), int(match["line"]), below)


def find_repository_root() -> Path:
    """Returns the nearest folder with a `.git`, from the working directory upwards.

    If there is none, it is the working directory.
    """
    here = Path.cwd().resolve()
    return next((p for p in (here, *here.parents) if (p / ".git").exists()), here)
