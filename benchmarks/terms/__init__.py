"""Composite losses with one faulty term each, on which the search for dead terms is measured.

Each loss has a sound twin, in which no term may be flagged. `python -m benchmarks.terms` runs the
checks on all of them. To add one, write a function of one boolean in `shapes.py` (how a loss is
summed), `objectives.py` (what is summed) or `lawful.py` (sound losses that look faulty); True gives
the faulty loss, False its twin. Mark the lines of the faulty terms with `# here`, and add an entry
to the file's `LOSSES`.
"""
