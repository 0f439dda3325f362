"""The configuration of a study of the original: the recipe of a training, and faults.

It depends on `pgat_jax.config` alone.
"""

from typing import Annotated

from pydantic import Field

from pgat_jax.config import Config


class StudyConfig(Config):
    """A recipe with faults, which `check` and `causes` impose on its model from outside.

    It has one key more than `Config`: `faults`, the names of faults; by default none.
    """

    faults: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(strict=False)] = ()
    """Names of faults, each a file of `pgat_jax/causes/wiring/`."""

    def without_faults(self) -> Config:
        """Returns the recipe alone, as training reads it."""
        return Config.model_validate({name: getattr(self, name) for name in Config.model_fields})
