"""Writes numbers as text for pages."""


def format_power(value: float | None) -> str:
    """Returns a number like `1.2e-05`, and an empty text for None.

    Args:
        value: a number or None.
    """
    return "" if value is None else f"{value:.1e}"
