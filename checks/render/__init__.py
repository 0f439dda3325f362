"""Renderers of reports, flows and profiles: text, JSON, HTML pages and pictures.

They import the data classes; no data class and no measurement imports them.
"""
