"""Pictures of runs and forecasts, and the page of a run; drawn from what `forecasting` returns."""
