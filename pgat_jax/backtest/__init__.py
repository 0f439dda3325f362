"""Measures a model over years of daily forecasts, beside the best simple forecasters.

The package imports the data, the forecasting, the runs, the pages and the training.
"""
