"""Prints what a configuration costs on a chip that is not there, as tables or as JSON."""

import json
from typing import Any

from rich.console import Console

from pgat_jax.bench.absent_chip import measure_target
from pgat_jax.config import Config
from pgat_jax.text_table import TextTable, open_console, print_table

# Key of the figures -> what it is.
MEANINGS = {
    "device": "chip",
    "devices": "chips that share a step",
    "precision": "type of the activations",
    "batch_size": "windows in a batch",
    "step_kernels": "kernels that a training step starts",
    "step_gb": "GB that a training step reads and writes, if no cache holds any",
    "temporary_gb": "the step's own arrays, GB",
    "arguments_gb": "its arguments: state and table, GB",
    "peak_memory_gb": "memory of a step in all, GB",
    "step_tflop": "TFLOP of its products",
    "fused_attention_kernels": "of its kernels, whole attentions",
    "compute_bound_s": "its products at the peak, s",
    "memory_bound_s": "its bytes at the peak of memory, s",
    "launch_bound_s": "the start of its kernels, s",
    "bound_s": "the longest of the three, s",
    "verdict": "what limits the step",
    "share_of_peak": "share of the peak that the bound leaves to products",
    "peak_gflops": "peak of products, GFLOP/s",
    "peak_gb_s": "peak of memory, GB/s",
    "peak_source": "source of the peaks",
    "compile_s": "compile of the training step here, s",
}
# Figures of each of the three programs.
PROGRAMS = {
    "kernels": "kernels",
    "gb": "GB moved",
    "temporary_gb": "GB of its own",
    "peak_memory_gb": "GB in all",
}
LIMITS = (
    "Read off the compiled programs; nothing ran. Caches, the overlap of kernels and of "
    "communication, and autotuning are not in these figures. The start of a GPU's kernel is "
    "assumed to take 2 microseconds."
)


def bench_target(config: Config, target: str, as_json: bool = False) -> dict[str, Any]:
    """Compiles a configuration for a chip that is not there, and prints what the programs cost.

    Args:
        config: the configuration.
        target: the value of `--target`; `prepare_target` was called with it before.
        as_json: True prints JSON and nothing else, False tables.

    Returns:
        The figures, as `measure_target` returns them.

    Raises:
        UserError: as `measure_target`.
    """
    waiting = f"compiling for {target}; minutes at full size"
    with Console(stderr=True).status(waiting):
        figures = measure_target(config, target)
    if as_json:
        print(json.dumps(figures, indent=2, allow_nan=False))
        return figures
    console = open_console()
    for table in list_tables(config.name, figures):
        print_table(console, table)
    console.print(f"\n{LIMITS}")
    return figures


def list_tables(name: str, figures: dict[str, Any]) -> list[TextTable]:
    """Makes the tables of the figures.

    Args:
        name: the name of the configuration.
        figures: what `measure_target` returns.

    Returns:
        The training step; its products by type and what it sends; all three programs; the modules
        that move most.
    """
    step = [[meaning, _format(figures[key])] for key, meaning in MEANINGS.items()]
    types = figures["step_tflop_by_type"]
    products = [[f"products of {kind}, TFLOP", _format(v)] for kind, v in types.items()]
    sent = [[f"{k}, GB", _format(v)] for k, v in figures["step_sent_gb"].items()]
    step_cost = {"kernels": figures["step_kernels"], "gb": figures["step_gb"]} | figures
    programs = {"training step": step_cost} | {k: figures[k] for k in ("validation", "forecast")}
    rows = [[k, *(_format(cost[part]) for part in PROGRAMS)] for k, cost in programs.items()]
    modules = [[k, _format(v)] for k, v in figures["modules_gb"].items()]
    title = f"bench {name} --target {figures['target']}: the training step, on one chip"
    return [
        TextTable(title, ["what", "figure"], step + products + sent),
        TextTable("The three programs", ["program", *PROGRAMS.values()], rows),
        TextTable("The modules that move most in a training step", ["module", "GB"], modules),
    ]


def _format(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:,.4g}"
