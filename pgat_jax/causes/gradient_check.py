"""The verb `check`: checks the gradients of a configuration's model, with faults on request."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import jax
import numpy as np

from checks import NOT_RUN, run_check
from pgat_jax.causes.config import StudyConfig
from pgat_jax.causes.fault_table import format_fault_table
from pgat_jax.causes.study_model import StudyModel, intervene
from pgat_jax.causes.wiring_faults import choose_wiring_faults

# Windows of a batch: a diagnosis takes all parameters, and fewer windows than training.
WINDOWS = 2


def check_gradients(
    study: StudyConfig,
    static: bool = False,
    allow: Path | None = None,
    json: Path | None = None,
    html: Path | None = None,
    adds: Sequence[str] = (),
    drops: Sequence[str] = (),
) -> int:
    """Checks every parameter, prints the verdicts and writes them to files on request.

    Args:
        study: The configuration whose model, loss and optimiser are checked, with its faults.
        static: Whether to run only the static proof, which takes seconds and runs no model.
        allow: File of allow-list entries, one `pattern verdict reason in words` a line.
        json: File for the report as JSON.
        html: File for the report as a page.
        adds: Names of faults to impose besides those of the configuration.
        drops: Names of faults of the configuration to leave out.

    Returns:
        0 when every leaf passes, 1 when one fails, 2 when the checks could not be run.

    Raises:
        UserError: A fault of a name does not exist, or the table cannot be read.
    """
    faults = choose_wiring_faults(study.faults, adds, drops)
    model = intervene(study.without_faults(), faults)
    with TemporaryDirectory() as folder:
        report = json or Path(folder) / "report.json"
        status = _run(model, static, allow, report, html)
        if faults and status != NOT_RUN:
            print(format_fault_table(report, faults))
    return status


def _run(model: StudyModel, static: bool, allow: Path | None, json: Path, html: Path | None) -> int:
    config, key = model.config, jax.random.key(model.config.seed)
    params = jax.eval_shape(model.init, key)
    check = partial(run_check, model.loss, allow=allow, json=json, html=html)
    if static:
        return check(params, (model.shapes(WINDOWS),), static=True)
    print(f"{config.name}: {WINDOWS} windows a batch in place of {config.train.batch_size}")
    count = len(model.data.windows("train"))
    first, second = (
        model.batch(rows)
        for rows in np.linspace(0, count - 1, 2 * WINDOWS).astype(int).reshape(2, -1).tolist()
    )
    optimizer = model.optimizer(max(1, count // config.train.batch_size))
    settings = {"optimizer": optimizer, "batches": [(second,)], "seed": config.seed}
    return check(model.init(key), (first,), settings=settings)
