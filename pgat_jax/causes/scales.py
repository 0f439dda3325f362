"""Defines the scales of trials: a cause is measured at full size and trained at a smaller one.

The module depends on the configuration alone.
"""

from typing import NamedTuple

from pgat_jax.causes.config import StudyConfig
from pgat_jax.config import Config
from pgat_jax.config_file import load_config

# Epochs of the learning rate schedule. The updates of a trial go through all of it.
EPOCHS = 50
# Windows of an update, where a model is trained.
BATCH_SIZE = 6


class Scale(NamedTuple):
    """The size of a trial.

    Attributes:
        name: A name such as `full`.
        sizes: Name of the configuration whose sizes the model gets; None keeps its own.
        updates: Updates of the optimiser, a multiple of `EPOCHS`; 0 measures the start alone.
        windows: Training windows whose mean gradient is measured.
        has_forecasts: Whether the validation windows are forecast.
    """

    name: str
    sizes: str | None
    updates: int
    windows: int
    has_forecasts: bool


# The start, at the sizes of the configuration.
FULL = Scale("full", None, updates=0, windows=1, has_forecasts=False)
# With training, for causes and remedies that act in training.
LAPTOP = Scale("laptop", "laptop", updates=2 * EPOCHS, windows=24, has_forecasts=True)
# With training, for all other causes, and for all remedies.
SMALL = Scale("small", "tiny", updates=2 * EPOCHS, windows=24, has_forecasts=True)
# The largest first: a cause is judged by the first scale that measures an outcome.
SCALES = (FULL, LAPTOP, SMALL)


def resize(study: StudyConfig, scale: Scale) -> Config:
    """Returns the recipe of a study at the sizes of a scale, without its faults.

    A scale without sizes (`FULL`) keeps the recipe's own, with a batch of one window.

    Args:
        study: The configuration and its faults.
        scale: The scale.
    """
    config = study.without_faults()
    if scale.sizes is None:
        train = config.train.model_copy(update={"batch_size": 1})
        return config.model_copy(update={"train": train})
    other = load_config(scale.sizes)
    switches = {"bypass_spatiotemporal_with_petri", "hierarchical_mapping", "gate"}
    model = other.model.model_copy(update=config.model.model_dump(include=switches))
    data = config.data.model_copy(update=other.data.window_sizes._asdict())
    schedule = {"epochs": EPOCHS, "batch_size": BATCH_SIZE, "accumulation": 1}
    train = config.train.model_copy(update=schedule)
    return config.model_copy(update={"data": data, "model": model, "train": train})
