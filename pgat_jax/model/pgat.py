"""The Celestial Enhanced PGAT, as its six phases. Nothing else happens here."""

import flax.linen as nn
import jax

from pgat_jax.config import Config
from pgat_jax.data.batch import Batch
from pgat_jax.data.columns import TARGETS, Columns
from pgat_jax.model.decoder import Decoder, DualStream
from pgat_jax.model.embedding import Embedding
from pgat_jax.model.encoder import SpatioTemporal
from pgat_jax.model.fusion import Fusion
from pgat_jax.model.gate import Gate
from pgat_jax.model.graph_attention import GraphAttention
from pgat_jax.model.heads import HEADS, Outputs
from pgat_jax.model.nodes import Nodes
from pgat_jax.model.petri import Petri
from pgat_jax.model.phase import Phase
from pgat_jax.model.statistics import fusion_statistics, no_statistics


class PGAT(nn.Module):
    """A batch of windows to forecasts. Letters as in the README.

    A part that the configuration switches off creates no parameters.
    """

    config: Config
    columns: Columns

    @nn.compact
    def __call__(self, batch: Batch) -> Outputs:
        c, remat, ahead = self.config.model, self.config.train.remat, batch.target.shape[1]

        # 1. phase: past [B,S,V] -> bodies [B,S,N,C], edges [B,S,N,N,6], logits [B,S,N,N]
        bodies, edges, logits = Phase(c.channels, c.edge_width, self.columns, name="phase")(
            batch.past, batch.phase
        )
        #    embed: -> enc [B,S,D], dec [B,L+P,D]
        enc, dec = Embedding(c.d_model, c.dropout, name="embedding")(bodies, batch)

        # 2. nodes: -> embedding [N,D], dynamic adjacency [B,S,N,N]
        embedding, dynamic = Nodes(c.d_model, c.edge_width, name="nodes")(enc, batch.phase[..., 0])
        #    fusion and gate: enc + gate * fused -> enhanced [B,S,D]
        enhanced, statistics = self._fuse(enc, embedding)

        # 3. petri: -> node states, projected [B,S,D]; mixed [B,S,N,N]; edge vectors [B,S,N,N,E]
        states, mixed, vectors = Petri(c.edge_width, name="petri")(
            bodies, enhanced, edges, jax.nn.sigmoid(logits).astype(enc.dtype), dynamic
        )

        # 4. encode: -> stream [B,S,D]
        stream = enhanced + states
        if not c.bypass_spatiotemporal_with_petri:
            encoder = SpatioTemporal(
                c.n_heads, c.hierarchical_mapping, c.dropout, remat, name="spatiotemporal"
            )
            stream = encoder(stream, mixed)

        # 5. attend: -> memory [B,S,D]
        attention = GraphAttention(
            c.e_layers, c.n_heads, c.d_ff, c.dropout, remat, name="graph_attention"
        )
        memory = attention(stream, vectors)

        # 6. decode: -> [B,P,D] -> outputs [B,P,T]
        dec = Decoder(c.d_layers, c.n_heads, c.dropout, remat, name="decoder")(dec, memory)
        dual = DualStream(c.n_heads, ahead, name="dual_stream")
        ahead_stream = dual(dec, memory, batch.past[..., : len(TARGETS)])
        head = HEADS[self.config.loss.criterion](len(TARGETS), self.config.loss, name="head")
        return head(ahead_stream, statistics)

    def _fuse(self, enc: jax.Array, embedding: jax.Array) -> tuple[jax.Array, dict]:
        """[B,S,D] -> [B,S,D]. With the gate closed for good, nothing behind it exists."""
        c = self.config.model
        if c.gate in ("closed", 0):
            return enc, no_statistics()
        fusion = Fusion(c.n_heads, c.fusion_width, c.d_model // 4, name="fusion")
        fused, entropy = fusion(enc, embedding)
        gate = Gate(c.gate, name="gate")(enc, fused)
        statistics = fusion_statistics(enc, fused, gate, embedding, entropy)
        return enc + gate * fused, statistics
