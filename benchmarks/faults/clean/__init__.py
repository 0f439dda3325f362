"""Clean models, built from the classes and losses of real libraries: any alarm on them is false.

A model is a public function of its library, which is handed to it when it is built, so that the
list can be read where a library is missing. Adding one: a function, and its line in `MODELS`.
`python -m benchmarks.faults --clean` runs them all.
"""
