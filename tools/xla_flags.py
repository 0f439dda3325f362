"""The options of XLA with which the tests and the digests compile. The module imports nothing.

Tests compile hundreds of programs and run each once or a few times, so the time to compile counts.
Unoptimised code takes half the time to compile; without the emitters that build each fusion through
MLIR, a gradient of the model takes a quarter of what is left; and one part a program suits two
processes on two cores. XLA reads the options from the environment when it is loaded.
"""

XLA_FLAGS = (
    "--xla_backend_optimization_level=0 "
    "--xla_cpu_use_fusion_emitters=false "
    "--xla_cpu_parallel_codegen_split_count=1"
)
