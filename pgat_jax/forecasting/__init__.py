"""Forecasts of a trained run, as distributions and prices, and their scores beside baselines.

The package imports the data, the model and the run folders, but not the pages or the training.
"""
