"""The gradient checks, run on the model of a configuration and real windows."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import jax
import numpy as np

from checks.command import NOT_RUN, run_check
from pgat_jax.causes.config import StudyConfig
from pgat_jax.causes.registry import chosen
from pgat_jax.causes.subject import Subject, impose
from pgat_jax.causes.summary import fault_table

WINDOWS = 2
"""Windows of a diagnosis: all parameters, fewer samples than in training."""


def check_config(
    config: StudyConfig,
    static: bool = False,
    allow: Path | None = None,
    json: Path | None = None,
    html: Path | None = None,
    added: Sequence[str] = (),
    left_out: Sequence[str] = (),
) -> int:
    """Verdicts for every parameter, printed and, where asked for, written.

    Args:
        config: whose model, loss and optimiser are checked, with its faults imposed.
        static: only what shapes prove; in seconds, nothing is run.
        allow: file of allow-list entries, ``pattern verdict reason in words`` a line.
        json: file for the report as JSON.
        html: file for the report as one page.
        added: names of faults to impose besides those of the configuration.
        left_out: names of faults of the configuration not to impose.

    Returns:
        0 when every leaf passes, 1 when one fails, 2 when the checks could not be run.

    Raises:
        UserError: there is no fault of a name, or the table is bad.
    """
    faults = chosen(config.faults, added, left_out)
    subject = impose(config.without_faults(), faults)
    with TemporaryDirectory() as folder:
        report = json or Path(folder) / "report.json"
        status = _run(subject, static, allow, report, html)
        if faults and status != NOT_RUN:
            print(fault_table(report, faults))
    return status


def _run(subject: Subject, static: bool, allow: Path | None, json: Path, html: Path | None) -> int:
    config, key = subject.config, jax.random.key(subject.config.seed)
    params = jax.eval_shape(subject.init, key)
    check = partial(run_check, subject.loss, allow=allow, json=json, html=html)
    if static:
        return check(params, (subject.shapes(WINDOWS),), static=True)
    print(f"{config.name}: {WINDOWS} windows a batch in place of {config.train.batch_size}")
    count = len(subject.data.windows("train"))
    first, second = (
        subject.batch(rows)
        for rows in np.linspace(0, count - 1, 2 * WINDOWS).astype(int).reshape(2, -1).tolist()
    )
    optimizer = subject.optimizer(max(1, count // config.train.batch_size))
    settings = {"optimizer": optimizer, "batches": [(second,)], "seed": config.seed}
    return check(subject.init(key), (first,), settings=settings)
