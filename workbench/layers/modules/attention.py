"""Self-attention: fused while computing, with explicit weights where they are asked for."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SelfAttention(nn.Module):
    """Multi-head scaled dot-product self-attention (Vaswani et al. 2017) over padded rows.

    N rows, T positions, D features.

    Args:
        width: D.
        heads: How many; must divide the width.
        causal: Whether a position sees only itself and those before it.
        dropout: The share of attention weights dropped while training.
        bias: Whether the four projections have a bias.
    """

    def __init__(self, width: int, heads: int, causal: bool = False, dropout: float = 0.0, bias: bool = True) -> None:
        super().__init__()
        self.heads, self.causal, self.dropout = heads, causal, dropout
        self.qkv = nn.Linear(width, 3 * width, bias=bias)
        self.out = nn.Linear(width, width, bias=bias)

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Runs the layer.

        Args:
            input: (N, T, D), rows padded on the right.
            lengths: The valid positions of every row (N,), or None where no row is padded.

        Returns:
            (N, T, D); what stands at padded positions means nothing.
        """
        query, key, value = self._split(input)
        dropped = self.dropout if self.training else 0.0
        if self.causal:  # a valid position sees only earlier ones, which are valid
            mixed = nn.functional.scaled_dot_product_attention(query, key, value, dropout_p=dropped, is_causal=True)
        else:
            mask = self._mask(input, lengths)
            mixed = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=dropped)
        return self.out(mixed.transpose(1, 2).flatten(2))

    def attention_weights(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Returns how much every position looks at every other: (N, heads, T, T), each row adding up to 1, padded keys at 0."""
        query, key, _ = self._split(input)
        scores = query @ key.transpose(2, 3) / query.shape[3] ** 0.5
        mask = self._mask(input, lengths)
        if mask is not None:
            scores = scores.masked_fill(~mask, float("-inf"))
        return scores.softmax(dim=3)

    def explicit(self, input: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Returns the output (N, T, D) by way of the weights, without dropout, and the weights (N, heads, T, T)."""
        weights = self.attention_weights(input, lengths)
        mixed = weights @ self._split(input)[2]
        return self.out(mixed.transpose(1, 2).flatten(2)), weights

    def _split(self, input: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Returns query, key and value, (N, heads, T, D / heads) each."""
        query, key, value = self.qkv(input).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        return query, key, value

    def _mask(self, input: Tensor, lengths: Tensor | None) -> Tensor | None:
        """Returns which positions (last axis) each position (the axis before) may look at, or None where it may look at all."""
        positions = torch.arange(input.shape[1], device=input.device)
        mask = None
        if lengths is not None:
            mask = (positions < lengths.clamp(min=1)[:, None])[:, None, None, :]
        if self.causal:
            earlier = positions <= positions[:, None]
            mask = earlier if mask is None else mask & earlier
        return mask


class EncoderBlock(nn.Module):
    """Attention and a feed-forward network, each with a normalisation and a way around it.

    Args:
        width: Features of every position.
        heads: Attention heads.
        feed_forward: Units of the feed-forward network.
        dropout: The share of numbers dropped while training.
        pre_norm: Whether it normalises before each part (steadier) or after the sum (as first published).
        causal: Whether a position sees only itself and those before it.
    """

    def __init__(
        self, width: int, heads: int, feed_forward: int, dropout: float = 0.0, pre_norm: bool = True, causal: bool = False
    ) -> None:
        super().__init__()
        self.pre_norm = pre_norm
        self.norm1 = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads, causal, dropout)
        self.dropout1 = nn.Dropout(dropout)
        self.norm2 = nn.LayerNorm(width)
        self.linear1 = nn.Linear(width, feed_forward)
        self.activation = nn.GELU()
        self.dropout2 = nn.Dropout(dropout)
        self.linear2 = nn.Linear(feed_forward, width)
        self.dropout3 = nn.Dropout(dropout)

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Runs the block: (N, T, D) -> (N, T, D); `lengths` are the valid positions of every row (N,)."""
        if self.pre_norm:
            mixed = input + self.dropout1(self.attention(self.norm1(input), lengths))
            return mixed + self._feed_forward(self.norm2(mixed))
        mixed = self.norm1(input + self.dropout1(self.attention(input, lengths)))
        return self.norm2(mixed + self._feed_forward(mixed))

    def _feed_forward(self, input: Tensor) -> Tensor:
        return self.dropout3(self.linear2(self.dropout2(self.activation(self.linear1(input)))))


class TransformerEncoder(nn.Module):
    """Encoder blocks on each other; with normalisation before the parts, one more at the end.

    Args:
        width: Features of every position.
        heads: Attention heads.
        feed_forward: Units of the feed-forward network.
        layers: How many blocks.
        dropout: The share of numbers dropped while training.
        pre_norm: Whether it normalises before each part (steadier) or after the sum (as first published).
        causal: Whether a position sees only itself and those before it.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        feed_forward: int,
        layers: int = 1,
        dropout: float = 0.0,
        pre_norm: bool = True,
        causal: bool = False,
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([EncoderBlock(width, heads, feed_forward, dropout, pre_norm, causal) for _ in range(layers)])
        self.norm = nn.LayerNorm(width) if pre_norm else nn.Identity()

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Runs all blocks: (N, T, D) -> (N, T, D); `lengths` are the valid positions of every row (N,)."""
        hidden = input
        for block in self.blocks:
            hidden = block(hidden, lengths)
        return self.norm(hidden)
