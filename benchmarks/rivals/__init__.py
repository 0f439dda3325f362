"""Other tools for finding parameters that do not learn, run on the cases of `benchmarks.faults`.

`python -m benchmarks.rivals` runs each tool on each faulty program and on its sound twin. The rules
of tools for PyTorch are restated on the gradients and parameters that JAX computes, so that all
tools see the same numbers. To add a tool, write a function from a `Case` to a list of `Alarm` in a
file of this package, and add its `Tool` to `TOOLS` in `registry.py`.
"""
