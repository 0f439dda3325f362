"""The report and the profile as self-contained pages."""
