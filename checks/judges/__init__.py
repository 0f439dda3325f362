"""One verdict a leaf, out of proofs and measurements; a file a family of verdicts."""
