"""The options of XLA with which the tests and the digests compile. The module does not load XLA.

Tests compile hundreds of programs and run each once or a few times, so the time to compile counts.
Unoptimised code takes half the time to compile; without the emitters that build each fusion through
MLIR, a gradient of the model takes a quarter of what is left; and one part a program suits two
processes on two cores. XLA reads the options from the environment when it is loaded, and ends the
process if it does not know one.
"""

from importlib.metadata import version

# jaxlib 0.10 knows the option of the emitters, 0.12 does not.
_HAS_EMITTERS_OPTION = tuple(map(int, version("jaxlib").split(".")[:2])) < (0, 11)

XLA_FLAGS = " ".join(
    [
        "--xla_backend_optimization_level=0",
        *(["--xla_cpu_use_fusion_emitters=false"] if _HAS_EMITTERS_OPTION else []),
        "--xla_cpu_parallel_codegen_split_count=1",
    ]
)
