"""Pictures of a run, and its page."""
