"""Attention with learned projections: fused while computing, with explicit weights where they are asked for.

N rows, T positions that look, S positions that are looked at, D features.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from workbench.layers.modules.positions import rotated


def as_rows(given: Tensor) -> Tensor:
    """Returns positions one after the other: an image (N, C, H, W) -> (N, H * W, C), a vector (N, C) -> (N, 1, C), rows as they are."""
    if given.ndim == 4:
        return given.flatten(2).transpose(1, 2)
    return given.unsqueeze(1) if given.ndim == 2 else given


def in_the_form_of(given: Tensor, rows: Tensor) -> Tensor:
    """Returns rows (N, T, D) as an image, a vector or rows, whatever `given` is."""
    if given.ndim == 4:
        return rows.transpose(1, 2).unflatten(2, given.shape[2:])
    return rows.squeeze(1) if given.ndim == 2 else rows


def valid_keys(lengths: Tensor | None, count: int) -> Tensor | None:
    """Returns which of `count` positions may be looked at, (N, 1, 1, count), or None where all may; lengths are (N,)."""
    if lengths is None:
        return None
    return (torch.arange(count, device=lengths.device) < lengths.clamp(min=1)[:, None])[:, None, None, :]


def distance_slopes(heads: int) -> Tensor:
    """Returns how steeply every head's attention falls with the distance (ALiBi, Press et al. 2022): (heads, 1, 1)."""
    whole = 1 << (heads.bit_length() - 1)  # the largest power of two among them
    slopes = [2.0 ** (-8 * (head + 1) / whole) for head in range(whole)]
    slopes += [2.0 ** (-4 * (2 * head + 1) / whole) for head in range(heads - whole)]
    return torch.tensor(slopes)[:, None, None]


class MultiHead(nn.Module):
    """What attention with heads shares.

    Args:
        width: D.
        heads: How many; must divide the width.
        key_heads: Heads of keys and values, each shared by several heads (Ainslie et al. 2023); 0: as many as heads.
        dropout: The share of attention weights dropped while training.
    """

    def __init__(self, width: int, heads: int, key_heads: int = 0, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads, self.key_heads, self.size, self.dropout = heads, key_heads or heads, width // heads, dropout

    def _heads_of(self, rows: Tensor) -> Tensor:
        """Returns (N, T, heads * size) by head, (N, heads, T, size), the heads of keys and values as often as they are shared."""
        parts = rows.unflatten(2, (-1, self.size)).transpose(1, 2)
        shared = self.heads // parts.shape[1]
        return parts if shared == 1 else parts[:, :, None].expand(-1, -1, shared, -1, -1).flatten(1, 2)

    def _fused(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, causal: bool = False) -> Tensor:
        """Returns what every position gathers, (N, T, D). A mask of numbers is added to the scores, one of truths closes."""
        dropped = self.dropout if self.training else 0.0
        mixed = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=dropped, is_causal=causal)
        return mixed.transpose(1, 2).flatten(2)

    def _weights(self, query: Tensor, key: Tensor, mask: Tensor | None) -> Tensor:
        """Returns the same weights as numbers that can be shown, (N, heads, T, S)."""
        scores = query @ key.transpose(2, 3) / query.shape[3] ** 0.5
        if mask is not None:
            scores = scores.masked_fill(~mask, float("-inf")) if mask.dtype == torch.bool else scores + mask
        return scores.softmax(dim=3)


class SelfAttention(MultiHead):
    """Multi-head scaled dot-product self-attention (Vaswani et al. 2017) over padded rows.

    Args:
        width: D.
        heads: How many; must divide the width.
        causal: Whether a position sees only itself and those before it.
        dropout: The share of attention weights dropped while training.
        bias: Whether the four projections have a bias.
        key_heads: Heads of keys and values, each shared by several heads; 0: as many as heads.
        positions: `none`, `rotary` (Su et al. 2021) or `alibi` (Press et al. 2022).
    """

    def __init__(
        self,
        width: int,
        heads: int,
        causal: bool = False,
        dropout: float = 0.0,
        bias: bool = True,
        key_heads: int = 0,
        positions: str = "none",
    ) -> None:
        super().__init__(width, heads, key_heads, dropout)
        self.causal, self.positions = causal, positions
        self.qkv = nn.Linear(width, (heads + 2 * self.key_heads) * self.size, bias=bias)
        self.out = nn.Linear(width, width, bias=bias)
        self.slopes: Tensor | None
        self.register_buffer("slopes", distance_slopes(heads) if positions == "alibi" else None, persistent=False)

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Runs the layer.

        Args:
            input: (N, T, D), rows padded on the right.
            lengths: The valid positions of every row (N,), or None where no row is padded.

        Returns:
            (N, T, D); what stands at padded positions means nothing.
        """
        query, key, value = self._split(input)
        if self.causal and self.slopes is None:  # a valid position sees only earlier ones, which are valid
            return self.out(self._fused(query, key, value, None, causal=True))
        return self.out(self._fused(query, key, value, self._mask(input, lengths)))

    def attention_weights(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Returns how much every position looks at every other: (N, heads, T, T), each row adding up to 1, padded keys at 0."""
        query, key, _ = self._split(input)
        return self._weights(query, key, self._mask(input, lengths))

    def explicit(self, input: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Returns the output (N, T, D) by way of the weights, without dropout, and the weights (N, heads, T, T)."""
        weights = self.attention_weights(input, lengths)
        used = self.attention_weights(input) if self.causal and self.slopes is None else weights  # as forward, also in the padding
        return self.out((used @ self._split(input)[2]).transpose(1, 2).flatten(2)), weights

    def _split(self, input: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Returns query, key and value, (N, heads, T, D / heads) each."""
        shared = self.key_heads * self.size
        parts = self.qkv(input).split((self.heads * self.size, shared, shared), dim=2)
        query, key, value = (self._heads_of(part) for part in parts)
        return (rotated(query), rotated(key), value) if self.positions == "rotary" else (query, key, value)

    def _mask(self, input: Tensor, lengths: Tensor | None) -> Tensor | None:
        """Returns which positions (last axis) each position (the axis before) may look at, or None where it may look at all.

        With slopes it is what is added to the scores: the further away, the less.
        """
        positions = torch.arange(input.shape[1], device=input.device)
        mask = valid_keys(lengths, input.shape[1])
        if self.causal:
            earlier = positions <= positions[:, None]
            mask = earlier if mask is None else mask & earlier
        if self.slopes is None:
            return mask
        far = (self.slopes * -(positions - positions[:, None]).abs())[None].to(input.dtype)
        return far if mask is None else far.masked_fill(~mask, float("-inf"))


class CrossAttention(MultiHead):
    """Multi-head scaled dot-product attention of one input to another (Vaswani et al. 2017), whose rows may be padded.

    Args:
        width: D, the features of what looks.
        heads: How many; must divide the width.
        memory_width: The features of what is looked at; 0: as many.
        dropout: The share of attention weights dropped while training.
        bias: Whether the projections have a bias.
        key_heads: Heads of keys and values, each shared by several heads; 0: as many as heads.
    """

    def __init__(
        self, width: int, heads: int, memory_width: int = 0, dropout: float = 0.0, bias: bool = True, key_heads: int = 0
    ) -> None:
        super().__init__(width, heads, key_heads, dropout)
        self.query = nn.Linear(width, width, bias=bias)
        self.kv = nn.Linear(memory_width or width, 2 * self.key_heads * self.size, bias=bias)
        self.out = nn.Linear(width, width, bias=bias)

    def forward(self, input: Tensor, memory: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Runs the layer.

        Args:
            input: What looks: rows (N, T, D), an image (N, D, H, W) or a vector (N, D).
            memory: What is looked at, in any of these forms; rows are padded on the right.
            lengths: The valid positions of every row of the memory (N,), or None where no row is padded.

        Returns:
            What was gathered, in the form of the input.
        """
        query, key, value = self._split(input, memory)
        mixed = self._fused(query, key, value, valid_keys(lengths, key.shape[2]))
        return in_the_form_of(input, self.out(mixed))

    def attention_weights(self, input: Tensor, memory: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Returns how much every position looks at every position of the memory: (N, heads, T, S), each row adding up to 1."""
        query, key, _ = self._split(input, memory)
        return self._weights(query, key, valid_keys(lengths, key.shape[2]))

    def explicit(self, input: Tensor, memory: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Returns the output by way of the weights, without dropout, and the weights (N, heads, T, S)."""
        query, key, value = self._split(input, memory)
        weights = self._weights(query, key, valid_keys(lengths, key.shape[2]))
        return in_the_form_of(input, self.out((weights @ value).transpose(1, 2).flatten(2))), weights

    def _split(self, input: Tensor, memory: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Returns query (N, heads, T, D / heads), key and value (N, heads, S, D / heads)."""
        key, value = self.kv(as_rows(memory)).chunk(2, dim=2)
        return self._heads_of(self.query(as_rows(input))), self._heads_of(key), self._heads_of(value)
