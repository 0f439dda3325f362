"""Run folders: checkpoints, records, and what is read back from them."""
