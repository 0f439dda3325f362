"""Writes numbers as text for pages."""


def format_power(value: float | None) -> str:
    """Returns a number as text like `1.2e-05` or `nan`, and an empty text for None.

    Args:
        value: any number, or None.
    """
    return "" if value is None else f"{value:.1e}"
