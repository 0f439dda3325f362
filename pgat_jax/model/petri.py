"""Phase 3: the Petri-net combiner. Bodies are places, edges are transitions that carry vectors."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from pgat_jax.model.layers import FeedForward, attend, gelu, scan_blocks
from pgat_jax.model.nodes import astronomical_adjacency
from pgat_jax.model.precision import widen

ROUNDS = 2
"""Rounds of message passing."""


class Edges(nn.Module):
    """Adjacency sources, mixed by the market's context, and phase features as edge vectors."""

    width: int

    @nn.compact
    def __call__(
        self,
        enhanced: Float[Array, "B S N C"],
        edges: Float[Array, "B S N N 6"],
        phase: Float[Array, "B S N N"],
        dynamic: Float[Array, "B S N N"],
    ) -> tuple[Float[Array, "B S N N"], Float[Array, "B S N N E"]]:
        astronomical = jnp.broadcast_to(
            jnp.asarray(astronomical_adjacency(), dynamic.dtype), dynamic.shape
        )
        learned = self._learned(enhanced)
        sources = jnp.stack([phase, astronomical, dynamic, learned], -1)
        sources = sources / (jnp.abs(sources).sum(-2, keepdims=True) + 1e-6)
        flat = enhanced.reshape(*enhanced.shape[:2], -1)
        context = FeedForward(enhanced.shape[-1], 4, name="context")(
            nn.LayerNorm(name="context_norm")(flat)
        )
        share = jax.nn.softmax(widen(context)).astype(sources.dtype)
        mixed = (sources * share[..., None, None, :]).sum(-1)
        features = jnp.concatenate([mixed[..., None], sources, edges], -1)
        return mixed, gelu(nn.Dense(self.width, name="vectors")(features))

    def _learned(self, enhanced) -> Float[Array, "B S N N"]:
        """Signed: tanh of the product of two projections of the bodies' slots."""
        width = 2 * self.width
        ends = nn.Dense(2 * width, use_bias=False, name="learned")(
            nn.LayerNorm(name="learned_norm")(enhanced)
        )
        source, target = jnp.split(ends, 2, -1)
        return jnp.tanh(jnp.einsum("BSNC,BSMC->BSNM", source, target) * width**-0.5)


class MessageRound(nn.Module):
    """One firing of all transitions.

    The message from j to i is m_ij = W h_j + U e_ij, scaled by the transition's strength. Neither
    it nor its attention logit q_i m_ij is ever built for all channels: both are linear in m, so the
    parts of the state and of the edge are summed apart, and no [.., N, N, C] exists.
    """

    @nn.compact
    def __call__(self, state: Float[Array, "B S N C"], edges: Float[Array, "B S N N E"]):
        channels, width = state.shape[-1], edges.shape[-1]
        normed = nn.LayerNorm(name="norm")(state)
        query = nn.Dense(channels, name="query")(normed) * channels**-0.5
        message = nn.Dense(channels, use_bias=False, name="message_state")(normed)
        init = nn.initializers.lecun_normal()
        from_edge = self.param("message_edge_kernel", init, (width, channels), jnp.float32)
        from_edge = from_edge.astype(state.dtype)
        logits = jnp.einsum("BSNC,BSMC->BSNM", query, message)
        logits = logits + ((query @ from_edge.T)[..., None, :] * edges).sum(-1)
        strength = FeedForward(width, 1, name="strength")(edges)[..., 0]
        flow = jax.nn.softmax(widen(logits)).astype(state.dtype)
        flow = flow * jax.nn.sigmoid(strength)
        arriving = flow @ message + (flow[..., None] * edges).sum(-2) @ from_edge
        return self._write(state, normed, arriving), None

    def _write(self, state, normed, arriving) -> Float[Array, "B S N C"]:
        both = nn.Dense(2 * state.shape[-1], name="update")(jnp.concatenate([normed, arriving], -1))
        gate, candidate = jnp.split(both, 2, -1)
        gate = jax.nn.sigmoid(gate)
        return (1 - gate) * state + gate * jnp.tanh(candidate)


class BodyAttention(nn.Module):
    """Residual attention along axis -2, one head: over days for each body, or bodies of a day."""

    @nn.compact
    def __call__(self, x: Float[Array, "B X K C"]) -> Float[Array, "B X K C"]:
        width = x.shape[-1]
        packed = nn.Dense(3 * width, use_bias=False, name="query_key_value")(
            nn.LayerNorm(name="norm")(x)
        )
        mixed = attend(*jnp.split(packed, 3, -1))
        return x + nn.Dense(width, name="output")(mixed)


class Petri(nn.Module):
    """Edges, node states, and the node states' projection onto the stream."""

    edge_width: int

    @nn.compact
    def __call__(
        self,
        bodies: Float[Array, "B S N C"],
        enhanced: Float[Array, "B S D"],
        edges: Float[Array, "B S N N 6"],
        phase: Float[Array, "B S N N"],
        dynamic: Float[Array, "B S N N"],
    ) -> tuple[Float[Array, "B S D"], Float[Array, "B S N N"], Float[Array, "B S N N E"]]:
        slots = enhanced.reshape(bodies.shape)
        mixed, vectors = Edges(self.edge_width, name="edges")(slots, edges, phase, dynamic)
        state, _ = scan_blocks(MessageRound, ROUNDS)(name="rounds")(bodies, vectors)
        state = BodyAttention(name="over_days")(state.swapaxes(1, 2)).swapaxes(1, 2)
        state = BodyAttention(name="over_bodies")(state)
        projection = nn.Dense(enhanced.shape[-1], name="projection")
        return projection(state.reshape(enhanced.shape)), mixed, vectors
