"""Sums results by tool and by verdict, as text tables."""

from collections.abc import Callable, Sequence

from benchmarks.rivals.benchmark import Result
from checks.verdicts import ORDER

_Row = tuple[str, Callable[[Sequence[Result]], str]]


def format_totals(results: Sequence[Result]) -> str:
    """Returns a Markdown table with a row for each measure and a column for each tool.

    Args:
        results: The results of some tools on the same faults.
    """
    rows: list[_Row] = [
        ("faults found, each affected leaf", lambda x: _share(_count_found(x), len(x))),
        ("affected leaves found", lambda x: _share(_sum(x, "found"), _sum(x, "leaves"))),
        ("leaves with the right cause", lambda x: _share(_sum(x, "causes"), _sum(x, "leaves"))),
        ("faults with the right line", lambda x: _share(_sum(x, "lines"), _sum(x, "has_line"))),
        (
            "sound twins with an alarm",
            lambda x: _share(sum(r.is_twin_flagged for r in x), len(x)),
        ),
        ("other leaves with an alarm", lambda x: _share(_sum(x, "alarms"), _sum(x, "others"))),
        ("processor seconds", lambda x: f"{_sum(x, 'seconds'):.0f}"),
    ]
    return _format(results, rows)


def format_by_verdict(results: Sequence[Result]) -> str:
    """Returns a Markdown table of the faults found, with a row for each verdict.

    Args:
        results: The results of some tools on the same faults.
    """
    verdicts = [verdict for verdict in ORDER if any(r.verdict == verdict for r in results)]
    return _format(results, [(f"`{verdict}`", _make_counter(verdict)) for verdict in verdicts])


def _make_counter(verdict: str) -> Callable[[Sequence[Result]], str]:
    def count(results: Sequence[Result]) -> str:
        some = [result for result in results if result.verdict == verdict]
        return _share(_count_found(some), len(some))

    return count


def _count_found(results: Sequence[Result]) -> int:
    return sum(result.found == result.leaves for result in results)


def _sum(results: Sequence[Result], field: str) -> float:
    return sum(getattr(result, field) for result in results)


def _share(part: float, whole: float) -> str:
    return f"{part} of {whole}"


def _format(results: Sequence[Result], rows: Sequence[_Row]) -> str:
    tools = list(dict.fromkeys(result.tool for result in results))
    columns = [[r for r in results if r.tool == tool] for tool in tools]
    lines = [["", *tools], ["---"] * (len(tools) + 1)]
    lines += [[title, *(count(column) for column in columns)] for title, count in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
