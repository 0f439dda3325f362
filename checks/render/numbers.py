"""Numbers as text in pages."""


def format_power(value: float | None) -> str:
    """Returns a number like `1.2e-05`, and an empty text for None."""
    return "" if value is None else f"{value:.1e}"
