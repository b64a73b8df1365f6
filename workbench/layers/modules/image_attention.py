"""Attention over the positions of an image, and between an image and something else."""

from __future__ import annotations

from torch import Tensor, nn

from workbench.layers.modules.attention import CrossAttention, SelfAttention, as_rows, in_the_form_of
from workbench.layers.modules.positions import LearnedImagePositions, SinusoidalImagePositions


class ImageAttention(nn.Module):
    """Every position of an image looks at all others (non-local network, Wang et al. 2018): (N, C, H, W) -> (N, C, H, W).

    Args:
        channels: C.
        heads: How many; must divide the channels.
        height: H; only needed for positions.
        width: W; only needed for positions.
        positions: `none`, `sinusoidal` or `learned`.
        residual: Whether it normalises first and adds what it gathered to the image.
        dropout: The share of attention weights dropped while training.
        key_heads: Heads of keys and values, each shared by several heads; 0: as many as heads.
    """

    def __init__(
        self,
        channels: int,
        heads: int,
        height: int = 0,
        width: int = 0,
        positions: str = "none",
        residual: bool = True,
        dropout: float = 0.0,
        key_heads: int = 0,
    ) -> None:
        super().__init__()
        self.residual = residual
        self.positions: nn.Module = nn.Identity()
        if positions == "sinusoidal":
            self.positions = SinusoidalImagePositions(channels, height, width)
        elif positions == "learned":
            self.positions = LearnedImagePositions(channels, height, width)
        self.norm = nn.LayerNorm(channels) if residual else nn.Identity()
        self.attention = SelfAttention(channels, heads, dropout=dropout, key_heads=key_heads)

    def forward(self, input: Tensor) -> Tensor:
        """Runs the layer: (N, C, H, W) -> (N, C, H, W)."""
        gathered = in_the_form_of(input, self.attention(self.norm(as_rows(self.positions(input)))))
        return input + gathered if self.residual else gathered


class CrossModalAttention(nn.Module):
    """Two inputs look at each other, and each adds what it gathered to itself (co-attention, Lu et al. 2019).

    Args:
        first_width: Features (channels) of the first input.
        second_width: Features (channels) of the second input.
        heads: How many; must divide both.
        dropout: The share of numbers and of attention weights dropped while training.
    """

    def __init__(self, first_width: int, second_width: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.norm_first = nn.LayerNorm(first_width)
        self.norm_second = nn.LayerNorm(second_width)
        self.first = CrossAttention(first_width, heads, second_width, dropout)
        self.second = CrossAttention(second_width, heads, first_width, dropout)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, first: Tensor, second: Tensor, first_lengths: Tensor | None = None, second_lengths: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Runs the layer.

        Args:
            first: Rows (N, T, D), padded on the right, an image (N, D, H, W) or a vector (N, D).
            second: Another, in any of these forms.
            first_lengths: The valid positions of every row of the first (N,), or None where no row is padded.
            second_lengths: The same of the second.

        Returns:
            Both, each in its own form.
        """
        one, other = self.norm_first(as_rows(first)), self.norm_second(as_rows(second))
        seen_by_first = in_the_form_of(first, self.dropout(self.first(one, other, second_lengths)))
        seen_by_second = in_the_form_of(second, self.dropout(self.second(other, one, first_lengths)))
        return first + seen_by_first, second + seen_by_second
