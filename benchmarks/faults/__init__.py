"""Programs with one injected fault each, on which the gradient checks are measured.

Each fault has a sound twin, the same program without the fault. Each file contains the faults of
one kind of network. `python -m benchmarks.faults` runs the checks on all of them; `oracle` confirms
each fault without the checks.

To add a fault, write a function of one boolean in the file of its kind of network (True gives the
faulty program, False its twin), mark the faulty line with `# here` where the verdict names a line,
and add an entry to the file's `FAULTS`. The function's docstring says what is wrong in the program.
"""
