"""Generated bad input, and what comes of each."""
