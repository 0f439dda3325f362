"""The benchmark of the checks is tested with the rules of the checks' own tests."""

from tests.checks.conftest import strict_types

__all__ = ["strict_types"]
