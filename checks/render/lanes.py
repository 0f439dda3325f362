"""Assigns lanes to lines that skip rows, so that no two lines overlap."""

from collections.abc import Sequence


def assign_lanes(spans: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Assigns a lane to each line, short lines first, such that lines in one lane do not touch.

    Args:
        spans: for each line the numbers of the rows at which it begins and ends. A line from a row
            to the next below needs no lane.

    Returns:
        Span -> number of its lane, 0 for the innermost; spans without a lane are left out.
    """
    taken: list[list[tuple[int, int]]] = []
    lanes = {}
    for start, end in sorted(spans, key=lambda span: abs(span[1] - span[0])):
        if end - start == 1:
            continue
        low, high = sorted((start, end))
        free = (i for i, lane in enumerate(taken) if all(high < a or b < low for a, b in lane))
        at = next(free, len(taken))
        taken += [[]] if at == len(taken) else []
        taken[at].append((low, high))
        lanes[start, end] = at
    return lanes
