"""The configuration of a run: every key with its meaning, unit and range.

`config_file` reads YAML and turns mistakes into sentences. This module imports only names.
"""

from itertools import pairwise
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from pgat_jax.names import BODIES

# The largest number of the device's int32.
LARGEST = 2**31 - 1
Positive = Annotated[int, Field(ge=1, le=LARGEST)]
Probability = Annotated[float, Field(gt=0, lt=1)]


def _increasing(levels: tuple[float, ...]) -> tuple[float, ...]:
    if any(a >= b for a, b in pairwise(levels)):
        raise ValueError("levels must increase strictly")
    return levels


def _power_of_two(parts: int) -> int:
    if parts & (parts - 1):
        raise ValueError("expected a power of two, of which every packed vector is a multiple")
    return parts


class Section(BaseModel):
    """A frozen group of keys; it refuses unknown keys, values of another type, NaN and Inf.

    The text below each field states its meaning, unit and range. Bad values raise
    `pydantic.ValidationError`, which `config_file.validate` turns into a `UserError`.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class WindowSizes(NamedTuple):
    """Lengths of the parts of a window, in rows of the table; hashable.

    Attributes:
        seq_len: S, the past days.
        label_len: L, the last past days, which the decoder also sees.
        pred_len: P, the days to predict.
    """

    seq_len: int
    label_len: int
    pred_len: int


class DataConfig(Section):
    """The table, its windows and its splits.

    Keys: `source` (`nasdaq`, `ibm` or a path); the days of a window, `seq_len` (S), `label_len` (L)
    and `pred_len` (P); the rows of the splits, `validation_days` and `test_days`; `keep_constant`;
    `calendar` (`auto`, `24/5`, `24/7`, or an exchange such as `XNYS`); `volatility` (`none` or
    `har`).
    """

    source: str = Field(default="nasdaq", min_length=1, pattern=r"^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$")
    """`nasdaq`, `ibm`, or the path of a CSV or Parquet file with a date and four prices."""
    seq_len: int = Field(default=250, ge=8, le=LARGEST)
    """S: days that the encoder sees."""
    label_len: Positive = 125
    """L: last days of the window that the decoder also sees; at most seq_len."""
    pred_len: Positive = 10
    """P: days to predict."""
    validation_days: Positive = 50
    """Rows of the validation split, before the test rows; at least pred_len."""
    test_days: Positive = 50
    """Rows of the test split, the last of the table; at least pred_len."""
    keep_constant: bool = False
    """Keep columns that never change (a model cannot learn from them)."""
    calendar: str = Field(default="auto", pattern=r"^[A-Za-z0-9_/]{1,16}$")
    """Days on which the market trades, for dates after the table's end and the nearness of
    holidays: an exchange by its code in `exchange_calendars` (`XNYS`, `XLON`, `XTKS`, ...), `24/5`
    for Monday to Friday, `24/7` for every day; `auto` finds it from the rows, and a run keeps what
    was found."""
    volatility: Literal["none", "har"] = "none"
    """`har`: targets are in units of a volatility that is forecast by least squares, and the log
    volatilities are inputs; the heads start at the residuals of the training rows."""

    @property
    def window_sizes(self) -> WindowSizes:
        """The lengths of the parts of a window: `seq_len`, `label_len` and `pred_len`."""
        return WindowSizes(self.seq_len, self.label_len, self.pred_len)

    @model_validator(mode="after")
    def _check_lengths(self) -> Self:
        if self.label_len > self.seq_len:
            raise ValueError(
                f"data.label_len: got {self.label_len}, expected at most data.seq_len "
                f"({self.seq_len}): the label is the end of the window"
            )
        for key in ("validation_days", "test_days"):
            if getattr(self, key) < self.pred_len:
                raise ValueError(
                    f"data.{key}: got {getattr(self, key)}, expected at least data.pred_len "
                    f"({self.pred_len}): a split must contain one whole forecast"
                )
        return self


class ModelConfig(Section):
    """Sizes and switches of the six phases of the model.

    Keys: the widths `d_model` (13 x `channels`), `channels`, `fusion_width`, `edge_width` and
    `d_ff`; `n_heads`, which divides `d_model` and `fusion_width`; the numbers of blocks, `e_layers`
    and `d_layers`; `dropout`; `bypass_spatiotemporal_with_petri`; `hierarchical_mapping`, which
    needs the bypass off; and `gate` (`sigmoid`, `open`, `closed` or a number from 0 to 1).
    """

    d_model: Positive = 416
    """D: width of the stream; must be 13 x channels."""
    channels: Positive = 32
    """C: channels of each of the 13 bodies."""
    fusion_width: Positive = 256
    """F: width of query, key and value of the fusion attention; a multiple of n_heads."""
    edge_width: Positive = 8
    """E: features of a combined edge."""
    n_heads: Positive = 8
    """H: attention heads; must divide d_model and fusion_width."""
    e_layers: Positive = 8
    """Blocks of edge-conditioned graph attention."""
    d_layers: Positive = 4
    """Blocks of the decoder."""
    d_ff: Positive = 1024
    """Hidden width of the feed-forward part of each encoder block."""
    dropout: float = Field(default=0.05, ge=0, lt=1)
    """Share of activations dropped in training; applied in steps of 1/256."""
    bypass_spatiotemporal_with_petri: bool = True
    """True: the stream is enhanced + projected node states. False: the joint encoder reads it."""
    hierarchical_mapping: bool = False
    """Adds the path that pools time into 13 spatial slots and back; only without the bypass."""
    gate: Literal["sigmoid", "open", "closed"] | Annotated[float, Field(ge=0, le=1)] = "sigmoid"
    """Fusion gate: learned (sigmoid), 1 (open), 0 (closed), or a constant between 0 and 1."""

    @model_validator(mode="after")
    def _check_widths(self) -> Self:
        if self.d_model != len(BODIES) * self.channels:
            raise ValueError(
                f"model.d_model: got {self.d_model}, expected {len(BODIES)} x model.channels = "
                f"{len(BODIES) * self.channels}: each body has one slot of the stream"
            )
        for key in ("d_model", "fusion_width"):
            if getattr(self, key) % self.n_heads:
                raise ValueError(
                    f"model.n_heads: got {self.n_heads}, expected a divisor of model.{key} "
                    f"({getattr(self, key)})"
                )
        if self.hierarchical_mapping and self.bypass_spatiotemporal_with_petri:
            raise ValueError(
                "model.hierarchical_mapping: got true, expected false while "
                "model.bypass_spatiotemporal_with_petri is true: the mapping is a path of the "
                "encoder that the bypass leaves out"
            )
        return self


class LossConfig(Section):
    """The head and its loss.

    Keys: `criterion` (`mse`, `quantile` or `nll`); `mixture_components` and `sigma_floor` of `nll`;
    `quantiles`, the increasing levels of `quantile`.
    """

    criterion: Literal["mse", "quantile", "nll"] = "mse"
    """Head and loss: a point, quantiles by pinball loss, or a Gaussian mixture by likelihood."""
    mixture_components: Positive = 5
    """K: components of the mixture (nll)."""
    sigma_floor: float = Field(default=0.01, gt=0)
    """Least standard deviation of a component, in scaled units (nll)."""
    quantiles: Annotated[tuple[Probability, ...], AfterValidator(_increasing)] = Field(
        default=(0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975), min_length=2, strict=False
    )
    """Levels that the quantile head learns, increasing (quantile)."""


class TrainConfig(Section):
    """Optimisation: length, batch, learning rate, clipping, checkpoints and precision.

    Keys: `epochs`, `batch_size`, `accumulation`; `learning_rate`, `warmup_epochs` and
    `final_learning_rate`; `weight_decay`, `clip_norm`; `checkpoint_every`, `early_stopping` (epochs
    or None), `max_nonfinite`, `log_every`, `steps_per_dispatch`; `precision` (`float32` or
    `bfloat16`) and `remat`.
    """

    epochs: Positive = 50
    """Passes over the training windows."""
    batch_size: Positive = 12
    """B: windows in each step."""
    accumulation: Positive = 3
    """Steps whose mean gradient makes one update."""
    learning_rate: float = Field(default=3e-3, gt=0)
    """Peak learning rate, reached after the warm-up."""
    warmup_epochs: int = Field(default=3, ge=0, le=LARGEST)
    """Epochs of linear warm-up from 0; fewer than epochs."""
    final_learning_rate: float = Field(default=1e-5, ge=0)
    """Learning rate at the end of the last epoch; at most learning_rate."""
    weight_decay: float = Field(default=1e-5, ge=0)
    """AdamW's decoupled decay, of matrices only."""
    clip_norm: float = Field(default=5.0, gt=0)
    """Largest gradient norm of each parameter group."""
    checkpoint_every: Positive = 5
    """Epochs between checkpoints that are never deleted; the last and the best never are either."""
    early_stopping: Positive | None = None
    """Epochs without a better validation loss after which training stops; null: never."""
    max_nonfinite: Positive = 10
    """Consecutive steps with a NaN or Inf gradient after which training stops."""
    log_every: Positive = 10
    """Steps between records of the metrics."""
    steps_per_dispatch: Positive = 1
    """Steps that the device runs before it returns to the host."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Type of the activations; parameters, softmax and loss are always float32."""
    remat: bool = False
    """Recompute each block's activations in the backward pass: less memory, more time."""

    @model_validator(mode="after")
    def _check_schedule(self) -> Self:
        if self.warmup_epochs >= self.epochs:
            raise ValueError(
                f"train.warmup_epochs: got {self.warmup_epochs}, expected fewer than "
                f"train.epochs ({self.epochs})"
            )
        if self.final_learning_rate > self.learning_rate:
            raise ValueError(
                f"train.final_learning_rate: got {self.final_learning_rate}, expected at most "
                f"train.learning_rate ({self.learning_rate})"
            )
        return self


class MeshConfig(Section):
    """The devices that share a step: a mesh of data x fsdp. A resumed run may use another mesh.

    Keys: `data`, the shares of a batch (None: as many as fit), and `fsdp`, a power of two: the
    parts that parameters and optimiser state are cut into.
    """

    data: Positive | None = None
    """Shares of a batch; null: as many devices as there are and as train.batch_size divides by."""
    fsdp: Annotated[int, Field(ge=1, le=1024), AfterValidator(_power_of_two)] = 1
    """Parts that parameters and optimiser state are cut into; a batch is shared by data x fsdp."""


class Config(Section):
    """The configuration of one run; it is hashable, so it can be a static argument under `jit`.

    Keys: `name`, `seed`, and the sections `data`, `model`, `loss`, `train` and `mesh`. All have
    defaults.
    """

    name: str = Field(default="run", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
    """Beginning of the name of the run's folder: letters, digits, `_`, `.`, `-`."""
    seed: int = Field(default=0, ge=0, lt=2**31)
    """Seed of the initial parameters, the dropout and the order of the windows."""
    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    loss: LossConfig = LossConfig()
    train: TrainConfig = TrainConfig()
    mesh: MeshConfig = MeshConfig()
