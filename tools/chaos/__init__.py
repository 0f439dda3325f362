"""Real runs, killed and damaged at random until they end."""
