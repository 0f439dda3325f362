"""A Keras callback that diagnoses a model at the start of `fit` and on a plateau; needs Keras 3."""

from collections import Counter
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

import jax

from checks.diagnosis import diagnose
from checks.integrations.occasions import (
    Occasions,
    OnFailure,
    answer,
    copy_arrays,
    require_on_failure,
)

if TYPE_CHECKING:
    from checks.render.printable import PrintableReport

try:
    # By name, because Keras is no dependency of the checks.
    keras: Any = import_module("keras")
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "checks.integrations.keras_callback needs Keras 3, which is not installed: "
        "pip install keras"
    ) from error


class KerasCheck(keras.callbacks.Callback):
    """Diagnoses the loss that `fit` minimises, on one batch of data that it is given.

        model.fit(x, y, callbacks=[KerasCheck(x[:32], y[:32])])

    It diagnoses when `fit` begins, and at the end of an epoch on a plateau of the training loss:
    two times `window` epochs of which the later half is not lower, see `Occasions`. The model's
    variables are not changed. The leaves are the trainable variables by their paths. Variables that
    do not train (statistics, seeds) have the values that they have then, so that dropout is the
    same at each call.

    Args:
        x: inputs of a small batch, as `fit` takes them: an array or a pytree of arrays. Keras shows
            callbacks no data.
        y: its targets.
        sample_weight: its weights.
        window: number of epochs over which the loss is averaged.
        tolerance: share of the loss; a smaller improvement is a plateau.
        most: largest number of diagnoses, the first included.
        on_failure: `raise` ends `fit` by an AssertionError when a leaf fails; `warn` gives a
            warning of the class `LeavesFail` and goes on.
        **settings: further keyword arguments of `checks.diagnose`. The optimiser of the model is
            not optax, so the checks take Adam with rate 1e-3 unless `optimizer` is given.

    Attributes:
        reports: number of the epoch, from 0 -> the report of its diagnosis.

    Raises:
        ValueError: Keras runs on another backend than JAX, `on_failure` is something else, or a
            number is too small.
    """

    def __init__(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        window: int = 3,
        tolerance: float = 0.01,
        most: int = 2,
        on_failure: OnFailure = "raise",
        **settings: Any,
    ) -> None:
        super().__init__()
        backend = keras.backend.backend()
        if backend != "jax":
            raise ValueError(
                f"the checks need Keras on the JAX backend: got {backend}; set the environment "
                "variable KERAS_BACKEND=jax before keras is imported"
            )
        require_on_failure(on_failure)
        self.reports: dict[int, PrintableReport] = {}
        self._batch, self._settings = (x, y, sample_weight), settings
        self._on_failure: OnFailure = on_failure
        self._occasions = Occasions(window, tolerance, most)

    def on_train_begin(self, logs: Any = None) -> None:
        """Diagnoses the initial parameters, before the first batch."""
        del logs
        if not self.reports:
            self._check(0, None)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Diagnoses the parameters after an epoch if its loss is on a plateau."""
        self._check(epoch, (logs or {}).get("loss"))

    def _check(self, epoch: int, value: float | None) -> None:
        if not self._occasions.is_due(value):
            return
        loss, params = make_loss(self.model)
        report = diagnose(loss, params, *_convert(self._batch), **self._settings)
        self.reports[epoch] = report
        answer(report, epoch, self._on_failure)


def make_loss(model: Any) -> tuple[Callable[..., jax.Array], dict[str, jax.Array]]:
    """Returns the loss that `fit` minimises, as `loss(params, x, y, sample_weight)`, and params.

    Regularisation and losses that layers add are in it; the optimiser's loss scale is not.

    Args:
        model: a Keras model on the JAX backend that is built and compiled.
    """
    trainable = model.trainable_variables
    names = _name_variables([variable.path for variable in trainable])
    params = copy_arrays({name: one.value for name, one in zip(names, trainable)})
    groups = (model.non_trainable_variables, model.metrics_variables, model.optimizer.variables)
    fixed, metrics, state = copy_arrays([[one.value for one in group] for group in groups])

    def loss(params: dict[str, jax.Array], x: Any, y: Any, sample_weight: Any) -> jax.Array:
        values = [params[name] for name in names]
        # Keras' own function for jax.grad: `stateless_call`, then the compiled and added losses.
        _, (unscaled, *_) = model.compute_loss_and_updates(
            values, fixed, metrics, x, y, sample_weight, training=True, optimizer_variables=state
        )
        return unscaled

    return loss, params


def _name_variables(paths: list[str]) -> list[str]:
    """Returns the paths; the number of the variable is added where two are equal."""
    count = Counter(paths)
    return [f"{path} {i}" if count[path] > 1 else path for i, path in enumerate(paths)]


def _convert(batch: Any) -> Any:
    """Returns arrays of JAX, with floats in the type that Keras takes."""

    def convert(array: Any) -> jax.Array:
        tensor = keras.ops.convert_to_tensor(array)
        is_float = keras.backend.is_float_dtype(keras.backend.standardize_dtype(tensor.dtype))
        return keras.ops.cast(tensor, keras.config.floatx()) if is_float else tensor

    return jax.tree.map(convert, batch)
