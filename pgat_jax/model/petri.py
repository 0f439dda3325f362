"""Stage 3: the Petri-net combiner. Bodies are places; edges are transitions with vectors."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from pgat_jax.model.attention import attend
from pgat_jax.model.layers import FeedForward, gelu, scan_blocks
from pgat_jax.model.precision import widen
from pgat_jax.model.relations import astronomical_adjacency

# Rounds of message passing.
ROUNDS = 2
# Adjacencies that are mixed: phase, astronomical, dynamic, learned.
SOURCES = 4
# Keeps a row of an adjacency that is all 0 finite when it is normalised.
TINY = 1e-6


class Edges(nn.Module):
    """Mixes four adjacencies by the market's context, and computes the edge vectors of each pair.

    The four are the phase, the astronomical, the dynamic and a learned adjacency. A call maps (the
    enhanced stream [B, S, N, C], phase features [B, S, N, N, 6], the phase and the dynamic
    adjacency [B, S, N, N]) to (the mixed adjacency [B, S, N, N], edge vectors [B, S, N, N, E]).

    Attributes:
        width: E, the width of an edge vector.
    """

    width: int

    @nn.compact
    def __call__(
        self,
        enhanced: Float[Array, "B S N C"],
        edges: Float[Array, "B S N N 6"],
        phase: Float[Array, "B S N N"],
        dynamic: Float[Array, "B S N N"],
    ) -> tuple[Float[Array, "B S N N"], Float[Array, "B S N N E"]]:
        """Computes the mixed adjacency and the edge vectors.

        Args:
            enhanced: the enhanced stream as a slot for each body.
            edges: the phase features of each pair.
            phase: the phase adjacency.
            dynamic: the dynamic adjacency.

        Returns:
            The mixed adjacency, each of its sources normalised by rows, and the edge vectors.
        """
        astronomical = jnp.broadcast_to(
            jnp.asarray(astronomical_adjacency(), dynamic.dtype), dynamic.shape
        )
        learned = self._learned(enhanced)
        sources = jnp.stack([phase, astronomical, dynamic, learned], -1)
        sources = sources / (jnp.abs(sources).sum(-2, keepdims=True) + TINY)
        flat = enhanced.reshape(*enhanced.shape[:2], -1)
        context = FeedForward(enhanced.shape[-1], SOURCES, name="context")(
            nn.LayerNorm(name="context_norm")(flat)
        )
        share = jax.nn.softmax(widen(context)).astype(sources.dtype)
        mixed = (sources * share[..., None, None, :]).sum(-1)
        features = jnp.concatenate([mixed[..., None], sources, edges], -1)
        return mixed, gelu(nn.Dense(self.width, name="vectors")(features))

    def _learned(self, enhanced: Float[Array, "B S N C"]) -> Float[Array, "B S N N"]:
        """Computes a signed adjacency: tanh of the product of two projections of the slots."""
        width = 2 * self.width
        ends = nn.Dense(2 * width, use_bias=False, name="learned")(
            nn.LayerNorm(name="learned_norm")(enhanced)
        )
        source, target = jnp.split(ends, 2, -1)
        return jnp.tanh(jnp.einsum("BSNI,BSMI->BSNM", source, target) * width**-0.5)


class MessageRound(nn.Module):
    """One round of messages: each body receives the messages of all bodies. It has no attributes.

    The message from j to i is m_ij = W h_j + U e_ij, scaled by the transition's strength. Neither
    it nor its attention logit q_i m_ij is built for all channels: both are linear in m, so the
    parts of the state and of the edge are summed separately, and no array [.., N, N, C] exists. A
    call maps (states [B, S, N, C], edge vectors [B, S, N, N, E]) to (the next states, None).
    """

    @nn.compact
    def __call__(
        self, state: Float[Array, "B S N C"], edges: Float[Array, "B S N N E"]
    ) -> tuple[Float[Array, "B S N C"], None]:
        """Computes the next states of the bodies from their states and the edge vectors.

        Args:
            state: the states of the bodies.
            edges: the edge vectors of each pair; the first axis of bodies is the receiver i, the
                second the sender j.

        Returns:
            The next states, and None, as `layers.scan_blocks` needs it.
        """
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
        return self._update(state, normed, arriving), None

    def _update(
        self,
        state: Float[Array, "B S N C"],
        normed: Float[Array, "B S N C"],
        arriving: Float[Array, "B S N C"],
    ) -> Float[Array, "B S N C"]:
        """Computes the next state by a gated update with the arriving messages."""
        both = nn.Dense(2 * state.shape[-1], name="update")(jnp.concatenate([normed, arriving], -1))
        gate, candidate = jnp.split(both, 2, -1)
        gate = jax.nn.sigmoid(gate)
        return (1 - gate) * state + gate * jnp.tanh(candidate)


class BodyAttention(nn.Module):
    """Residual attention with one head along the axis before the last.

    It runs over the days of each body, or over the bodies of each day. A call maps [..., S, C] to
    the same shape.
    """

    @nn.compact
    def __call__(self, x: Float[Array, "*B S C"]) -> Float[Array, "*B S C"]:
        """Adds to each step the result of its attention to all steps."""
        width = x.shape[-1]
        packed = nn.Dense(3 * width, use_bias=False, name="query_key_value")(
            nn.LayerNorm(name="norm")(x)
        )
        mixed = attend(*jnp.split(packed, 3, -1))
        return x + nn.Dense(width, name="output")(mixed)


class Petri(nn.Module):
    """The Petri-net combiner: edges, states of the nodes, and their projection to the stream.

    A call maps (features of the bodies [B, S, N, C], the enhanced stream [B, S, D], phase features
    [B, S, N, N, 6], the phase and the dynamic adjacency [B, S, N, N]) to (projected states
    [B, S, D], the mixed adjacency [B, S, N, N], edge vectors [B, S, N, N, E]).

    Attributes:
        edge_width: E, the width of an edge vector.
    """

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
        """Combines the adjacencies and passes messages between the bodies.

        Args:
            bodies: the features of the bodies, the first states.
            enhanced: the enhanced stream, D = N C.
            edges: the phase features of each pair.
            phase: the phase adjacency.
            dynamic: the dynamic adjacency.

        Returns:
            The projected node states, the mixed adjacency and the edge vectors.
        """
        slots = enhanced.reshape(bodies.shape)
        mixed, vectors = Edges(self.edge_width, name="edges")(slots, edges, phase, dynamic)
        state, _ = scan_blocks(MessageRound, ROUNDS)(name="rounds")(bodies, vectors)
        state = BodyAttention(name="over_days")(state.swapaxes(1, 2)).swapaxes(1, 2)
        state = BodyAttention(name="over_bodies")(state)
        projection = nn.Dense(enhanced.shape[-1], name="projection")
        return projection(state.reshape(enhanced.shape)), mixed, vectors
