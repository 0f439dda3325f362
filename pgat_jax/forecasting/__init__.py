"""Forecasts of a trained run, as distributions and prices, and their scores beside baselines.

Imports the data, the model and the run folders; nothing of the pages or of training.
"""
