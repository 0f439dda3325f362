"""Forecasts of a trained run: distributions, prices, scores beside baselines."""
