"""Renders reports, flows and profiles as text, JSON, HTML pages and pictures.

The renderers import the data classes; no data class and no measurement imports a renderer.
"""
