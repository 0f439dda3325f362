"""Sound models built from the classes and losses of real libraries, on which any alarm is false.

Each file contains the models of one library. A model is a public function that gets the library as
its argument, so that the list can be read where a library is not installed. `python -m
benchmarks.faults --clean` runs the checks on all of them. To add a model, write a function whose
docstring names the library's classes or example, and add it to the file's `MODELS`.
"""
