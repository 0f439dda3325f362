"""The reports, flows and profiles that the checks return; they print and write themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from checks.gradient_flow import GradientFlow
from checks.gradient_profile import Profile
from checks.render.flow_text import flow_text
from checks.render.profile_json import profile_document
from checks.render.profile_page import profile_page
from checks.render.profile_text import profile_text
from checks.render.report_card import report_card
from checks.render.report_json import report_document
from checks.render.report_junit import junit_document
from checks.render.report_page import report_page
from checks.render.report_sarif import sarif_document
from checks.render.report_text import report_text, term_table
from checks.render.strict_json import write_json
from checks.report import Report


@dataclass(frozen=True)
class PrintableFlow(GradientFlow):
    """A gradient flow (with the fields of `GradientFlow`) that has a text form."""

    def text(self) -> str:
        """Returns one line for each node (a module, an input or the loss), the loss first."""
        return flow_text(self)


@dataclass(frozen=True)
class PrintableProfile(Profile):
    """A gradient profile (with the fields of `Profile`) that has text, JSON and HTML forms."""

    def text(self) -> str:
        """Returns the steepest equations, then a bar for each equation."""
        return profile_text(self)

    def to_json(self, path: str | Path) -> None:
        """Writes the profile as JSON; `checks.render.profile_json` describes the schema.

        Args:
            path: the file to write.
        """
        write_json(profile_document(self), path)

    def to_html(self, path: str | Path) -> None:
        """Writes the profile as one self-contained page.

        Args:
            path: the file to write.
        """
        write_page(profile_page(self), path)


@dataclass(frozen=True)
class PrintableReport(Report):
    """A report (with the fields of `Report`) that has text, JSON and HTML forms."""

    @cached_property
    def flow(self) -> PrintableFlow:
        """The gradient flow from the loss to the inputs, computed when it is first used.

        For a diagnosis it is measured, which takes about as long as compiling one gradient. For a
        static report it has no sizes.
        """
        flow = self.find_flow()
        return PrintableFlow(flow.nodes, flow.edges)

    def profiles(self, names: Sequence[str]) -> Mapping[str, PrintableProfile]:
        """Measures the gradient profiles of some leaves.

        Args:
            names: names of leaves.

        Returns:
            Name -> profile, for those leaves that a gradient reaches; empty for a static report.

        Raises:
            KeyError: the report was measured, and has no leaf of one of these names.
        """
        return {
            name: make_printable(profile) for name, profile in self.find_profiles(names).items()
        }

    def table(self) -> str:
        """Returns the report as text of at most 100 columns, worst first."""
        return report_text(self)

    def term_table(self) -> str:
        """Returns a table of the terms of the loss; empty if the loss is one term."""
        return term_table(self.terms) if self.terms else ""

    def _repr_html_(self) -> str:
        """Returns the card that a notebook shows; nothing is measured for it."""
        return report_card(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Writes the table where IPython shows text."""
        printer.text("Report(...)" if cycle else self.table())

    def to_json(self, path: str | Path) -> None:
        """Writes the report as JSON; `checks.render.report_json` describes the schema.

        Args:
            path: the file to write.
        """
        write_json(report_document(self), path)

    def to_html(self, path: str | Path) -> None:
        """Writes the report as one self-contained page.

        Args:
            path: the file to write.
        """
        write_page(report_page(self), path)

    def to_sarif(self, path: str | Path, loss_line: str | None = None) -> None:
        """Writes the failing leaves as SARIF 2.1.0, for annotations of source lines in CI.

        Args:
            path: the file to write.
            loss_line: `path:line` of the loss, where leaves without a line of their own are shown.
        """
        write_json(sarif_document(self, loss_line), path)

    def to_junit(self, path: str | Path) -> None:
        """Writes the leaves as JUnit XML, one test case for each leaf.

        Args:
            path: the file to write.
        """
        write_page(junit_document(self), path)


def make_printable(profile: Profile) -> PrintableProfile:
    """Returns the profile with its text, JSON and HTML forms.

    Args:
        profile: a measured profile.
    """
    return PrintableProfile(profile.leaf, profile.passages, profile.gradient)


def write_page(page: str, path: str | Path) -> None:
    """Writes a page as UTF-8; characters that have no encoding become `?`.

    Args:
        page: the text of the page.
        path: the file to write.
    """
    Path(path).write_text(page, encoding="utf-8", errors="replace")
