"""The original's wiring: one fault a file, called `FAULT`, named as its file is."""
