"""The gradient checks, run on the model of a configuration and real windows."""

from pathlib import Path

import jax
import numpy as np

from checks.command import run_check
from pgat_jax.config import Config
from pgat_jax.data.loading import load_data
from pgat_jax.model.build import batch_shapes, build
from pgat_jax.optimizer import build_optimizer

WINDOWS = 2
"""Windows of a diagnosis: all parameters, fewer samples than in training."""


def check_config(
    config: Config,
    static: bool = False,
    allow: Path | None = None,
    json: Path | None = None,
    html: Path | None = None,
) -> int:
    """Verdicts for every parameter, printed and, where asked for, written.

    Args:
        config: whose model, loss and optimiser are checked.
        static: only what shapes prove; in seconds, nothing is run.
        allow: file of allow-list entries, ``pattern verdict reason in words`` a line.
        json: file for the report as JSON.
        html: file for the report as one page.

    Returns:
        0 when every leaf passes, 1 when one fails, 2 when the checks could not be run.
    """
    data = load_data(config)
    model = build(config, data.columns)
    params = jax.eval_shape(model.init, jax.random.key(config.seed))
    if static:
        shapes = (batch_shapes(config, data.columns, WINDOWS),)
        return run_check(model.loss, params, shapes, static=True, allow=allow, json=json, html=html)
    count = len(data.windows("train"))
    print(f"{config.name}: {WINDOWS} windows a batch in place of {config.train.batch_size}")
    first, second = (
        data.batch("train", rows)
        for rows in np.linspace(0, count - 1, 2 * WINDOWS).astype(int).reshape(2, -1).tolist()
    )
    optimizer, _ = build_optimizer(config.train, params, max(1, count // config.train.batch_size))
    settings = {"optimizer": optimizer, "batches": [(second,)], "seed": config.seed}
    start = model.init(jax.random.key(config.seed))
    return run_check(
        model.loss, start, (first,), allow=allow, json=json, html=html, settings=settings
    )
