"""The Celestial Enhanced PGAT as six stages; the parts are in the files of the same names."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from pgat_jax.config import Config
from pgat_jax.data.batch import Batch
from pgat_jax.data.columns import TARGETS, Columns
from pgat_jax.model.decoder import Decoder, DualStream
from pgat_jax.model.embedding import Embedding
from pgat_jax.model.encoder import SpatioTemporal
from pgat_jax.model.fusion import Fusion
from pgat_jax.model.gate import Gate
from pgat_jax.model.graph_attention import GraphAttention
from pgat_jax.model.heads import HEADS, SMALL, ZERO, Outputs
from pgat_jax.model.nodes import Nodes
from pgat_jax.model.petri import Petri
from pgat_jax.model.phase import Phase
from pgat_jax.model.statistics import fusion_statistics, no_statistics
from pgat_jax.model.volatility_scale import VolatilityScale, stretch

# With `data.volatility` the head's input is multiplied by `SHARE_GAIN` times a learned number that
# starts at `START_SHARE`. So the network changes the forecasts slowly: it would memorise the few
# windows of one series long before the direct path has learned.
START_SHARE, SHARE_GAIN = 0.1, 0.3


class PGAT(nn.Module):
    """The whole model: a call maps a `Batch` to `Outputs`.

    A part that the configuration switches off is not built and has no parameters. `Model` is the
    interface for users.

    Attributes:
        config: the sizes of the parts, and which of them exist.
        columns: the layout of the input columns.
    """

    config: Config
    columns: Columns

    def setup(self) -> None:
        """Builds the parts; each attribute's name is the first part of its parameters' paths."""
        c, remat = self.config.model, self.config.train.remat
        self.phase = Phase(c.channels, c.edge_width, self.columns)
        self.embedding = Embedding(c.d_model, c.dropout, self.columns.bodiless)
        self.nodes = Nodes(c.d_model, c.edge_width)
        if c.gate not in ("closed", 0):
            self.fusion = Fusion(c.n_heads, c.fusion_width, c.d_model // 4)
            self.gate = Gate(c.gate)
        self.petri = Petri(c.edge_width)
        if not c.bypass_spatiotemporal_with_petri:
            self.spatiotemporal = SpatioTemporal(
                c.n_heads, c.hierarchical_mapping, c.dropout, remat
            )
        self.graph_attention = GraphAttention(c.e_layers, c.n_heads, c.d_ff, c.dropout, remat)
        self.decoder = Decoder(c.d_layers, c.n_heads, c.dropout, remat)
        self.dual_stream = DualStream(c.n_heads, self.config.data.pred_len)
        kernel_init = SMALL if self.config.data.volatility == "none" else ZERO
        if self.config.data.volatility != "none":
            start = nn.initializers.constant(START_SHARE)
            self.network_share = self.param("network_share", start, (), jnp.float32)
            self.volatility_scale = VolatilityScale(len(TARGETS), self.config.data.pred_len)
        self.head = HEADS[self.config.loss.criterion](len(TARGETS), self.config.loss, kernel_init)

    def __call__(self, batch: Batch) -> Outputs:
        """Computes the forecasts of a batch, in the letters of `pgat_jax.model`.

        Args:
            batch: B windows.

        Returns:
            Forecasts [B,P,T] and the statistics of the fusion.
        """
        # 1. phase: past [B,S,V] -> features [B,S,N,C], edges [B,S,N,N,6], adjacency [B,S,N,N]
        bodies, edges, adjacency = self.phase(batch.past, batch.phase)
        #    embedding: -> streams of the past [B,S,D] and of the decoder [B,LP,D]
        enc, dec = self.embedding(bodies, batch)
        # 2. nodes: -> an embedding of each body [N,D], dynamic adjacency [B,S,N,N]
        embedding, dynamic = self.nodes(enc, batch.phase[..., 0])
        #    fusion and gate: -> the enhanced stream [B,S,D]
        enhanced, statistics = self.fuse(enc, embedding)
        # 3. petri: -> node states [B,S,D], mixed adjacency [B,S,N,N], edge vectors [B,S,N,N,E]
        states, mixed, vectors = self.petri(bodies, enhanced, edges, adjacency, dynamic)
        # 4. encoder, unless it is bypassed: [B,S,D] -> [B,S,D]
        stream = enhanced + states
        if not self.config.model.bypass_spatiotemporal_with_petri:
            stream = self.spatiotemporal(stream, mixed)
        # 5. graph attention: [B,S,D] -> the memory [B,S,D]
        memory = self.graph_attention(stream, vectors)
        # 6. decoder, its two streams and the head: [B,LP,D] -> [B,P,D] -> [B,P,T]
        dec = self.decoder(dec, memory)
        ahead = self.dual_stream(dec, memory, batch.past[..., : len(TARGETS)])
        if self.config.data.volatility == "none":
            return self.head(ahead, statistics)
        outputs = self.head(SHARE_GAIN * self.network_share * ahead, statistics)
        if self.config.loss.criterion == "mse":  # a point has no width to correct
            return outputs
        return stretch(outputs, self.volatility_scale(batch.past, batch.known))

    def fuse(
        self, enc: Float[Array, "B S D"], embedding: Float[Array, "N D"]
    ) -> tuple[Float[Array, "B S D"], dict[str, Float[Array, ""]]]:
        """Computes the enhanced stream, enc + gate * fused.

        Args:
            enc: the stream of the past days.
            embedding: a vector for each body.

        Returns:
            The enhanced stream, and the statistics of `statistics.NAMES`. Where the gate is closed
            the stream is `enc` and the statistics are 0.
        """
        if self.config.model.gate in ("closed", 0):
            return enc, no_statistics()
        fused, entropy = self.fusion(enc, embedding)
        gate = self.gate(enc, fused)
        return enc + gate * fused, fusion_statistics(enc, fused, gate, embedding, entropy)
