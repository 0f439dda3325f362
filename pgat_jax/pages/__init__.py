"""Draws the pictures of runs and forecasts, and the page of a run, from `forecasting`'s results."""
