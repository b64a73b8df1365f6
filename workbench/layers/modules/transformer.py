"""Transformer blocks: attention and a small network per position, each with a way around it.

N rows, T positions, S positions of a memory, D features.
"""

from __future__ import annotations

from torch import Tensor, nn

from workbench.layers.modules.attention import CrossAttention, SelfAttention


class EncoderBlock(nn.Module):
    """Attention and a feed-forward network, each with a normalisation and a way around it.

    Args:
        width: Features of every position.
        heads: Attention heads.
        feed_forward: Units of the feed-forward network.
        dropout: The share of numbers dropped while training.
        pre_norm: Whether it normalises before each part (steadier) or after the sum (as first published).
        causal: Whether a position sees only itself and those before it.
        activation: `gelu`, `relu` or `swiglu` (Shazeer 2020).
        key_heads: Heads of keys and values, each shared by several heads; 0: as many as heads.
        positions: `none`, `rotary` or `alibi`.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        feed_forward: int,
        dropout: float = 0.0,
        pre_norm: bool = True,
        causal: bool = False,
        activation: str = "gelu",
        key_heads: int = 0,
        positions: str = "none",
    ) -> None:
        super().__init__()
        self.pre_norm = pre_norm
        self.norm1 = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads, causal, dropout, key_heads=key_heads, positions=positions)
        self.dropout1 = nn.Dropout(dropout)
        self.norm2 = nn.LayerNorm(width)
        self.linear1 = nn.Linear(width, feed_forward)
        self.gate = nn.Linear(width, feed_forward) if activation == "swiglu" else None
        self.activation = nn.SiLU() if activation == "swiglu" else nn.ReLU() if activation == "relu" else nn.GELU()
        self.dropout2 = nn.Dropout(dropout)
        self.linear2 = nn.Linear(feed_forward, width)
        self.dropout3 = nn.Dropout(dropout)

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Runs the block: (N, T, D) -> (N, T, D); `lengths` are the valid positions of every row (N,)."""
        return self._transform(self._look(input, lengths))

    def _look(self, input: Tensor, lengths: Tensor | None) -> Tensor:
        if self.pre_norm:
            return input + self.dropout1(self.attention(self.norm1(input), lengths))
        return self.norm1(input + self.dropout1(self.attention(input, lengths)))

    def _transform(self, input: Tensor) -> Tensor:
        if self.pre_norm:
            return input + self._feed_forward(self.norm2(input))
        return self.norm2(input + self._feed_forward(input))

    def _feed_forward(self, input: Tensor) -> Tensor:
        hidden = self.activation(self.linear1(input))
        return self.dropout3(self.linear2(self.dropout2(hidden if self.gate is None else hidden * self.gate(input))))


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
        activation: `gelu`, `relu` or `swiglu`.
        key_heads: Heads of keys and values, each shared by several heads; 0: as many as heads.
        positions: `none`, `rotary` or `alibi`.
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
        activation: str = "gelu",
        key_heads: int = 0,
        positions: str = "none",
    ) -> None:
        super().__init__()
        options = (dropout, pre_norm, causal, activation, key_heads, positions)
        self.blocks = nn.ModuleList([EncoderBlock(width, heads, feed_forward, *options) for _ in range(layers)])
        self.norm = nn.LayerNorm(width) if pre_norm else nn.Identity()

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Runs all blocks: (N, T, D) -> (N, T, D); `lengths` are the valid positions of every row (N,)."""
        hidden = input
        for block in self.blocks:
            hidden = block(hidden, lengths)
        return self.norm(hidden)


class DecoderBlock(EncoderBlock):
    """Causal self-attention, attention to a memory where there is one, and a feed-forward network.

    Args:
        width: Features of every position.
        heads: Attention heads.
        feed_forward: Units of the feed-forward network.
        memory_width: Features of the memory; 0: there is none.
        dropout: The share of numbers dropped while training.
        pre_norm: Whether it normalises before each part (steadier) or after the sum (as first published).
        activation: `gelu`, `relu` or `swiglu`.
        key_heads: Heads of keys and values, each shared by several heads; 0: as many as heads.
        positions: `none`, `rotary` or `alibi`.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        feed_forward: int,
        memory_width: int = 0,
        dropout: float = 0.0,
        pre_norm: bool = True,
        activation: str = "gelu",
        key_heads: int = 0,
        positions: str = "none",
    ) -> None:
        super().__init__(width, heads, feed_forward, dropout, pre_norm, True, activation, key_heads, positions)
        self.norm3 = nn.LayerNorm(width) if memory_width else None
        self.cross = CrossAttention(width, heads, memory_width, dropout, key_heads=key_heads) if memory_width else None
        self.dropout4 = nn.Dropout(dropout)

    def forward(
        self,
        input: Tensor,
        lengths: Tensor | None = None,
        memory: Tensor | None = None,
        memory_lengths: Tensor | None = None,
    ) -> Tensor:
        """Runs the block.

        Args:
            input: (N, T, D), rows padded on the right.
            lengths: The valid positions of every row (N,).
            memory: What an encoder gives: rows (N, S, M), an image (N, M, H, W) or a vector (N, M).
            memory_lengths: The valid positions of every row of the memory (N,).

        Returns:
            (N, T, D).
        """
        hidden = self._look(input, lengths)
        if self.cross is not None and self.norm3 is not None and memory is not None:
            if self.pre_norm:
                hidden = hidden + self.dropout4(self.cross(self.norm3(hidden), memory, memory_lengths))
            else:
                hidden = self.norm3(hidden + self.dropout4(self.cross(hidden, memory, memory_lengths)))
        return self._transform(hidden)


class TransformerDecoder(nn.Module):
    """Decoder blocks on each other; with normalisation before the parts, one more at the end.

    Args:
        width: Features of every position.
        heads: Attention heads.
        feed_forward: Units of the feed-forward network.
        layers: How many blocks.
        memory_width: Features of the memory; 0: there is none.
        dropout: The share of numbers dropped while training.
        pre_norm: Whether it normalises before each part (steadier) or after the sum (as first published).
        activation: `gelu`, `relu` or `swiglu`.
        key_heads: Heads of keys and values, each shared by several heads; 0: as many as heads.
        positions: `none`, `rotary` or `alibi`.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        feed_forward: int,
        layers: int = 1,
        memory_width: int = 0,
        dropout: float = 0.0,
        pre_norm: bool = True,
        activation: str = "gelu",
        key_heads: int = 0,
        positions: str = "none",
    ) -> None:
        super().__init__()
        options = (memory_width, dropout, pre_norm, activation, key_heads, positions)
        self.blocks = nn.ModuleList([DecoderBlock(width, heads, feed_forward, *options) for _ in range(layers)])
        self.norm = nn.LayerNorm(width) if pre_norm else nn.Identity()

    def forward(
        self,
        input: Tensor,
        lengths: Tensor | None = None,
        memory: Tensor | None = None,
        memory_lengths: Tensor | None = None,
    ) -> Tensor:
        """Runs all blocks: (N, T, D) -> (N, T, D); the arguments are those of a block."""
        hidden = input
        for block in self.blocks:
            hidden = block(hidden, lengths, memory, memory_lengths)
        return self.norm(hidden)
