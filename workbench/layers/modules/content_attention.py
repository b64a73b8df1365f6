"""Attention without heads, by content: for networks of any kind.

N rows, T queries, S keys, D features of a query, K of a key, V of a value.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from workbench.layers.modules.attention import as_rows, in_the_form_of, valid_keys


class DotProductAttention(nn.Module):
    """Every query gathers the values whose keys are like it (Luong et al. 2015; scaled as Vaswani et al. 2017).

    Args:
        scaled: Whether scores are divided by the root of the width.
        causal: Whether a position sees only itself and those before it.
        dropout: The share of attention weights dropped while training.
    """

    def __init__(self, scaled: bool = True, causal: bool = False, dropout: float = 0.0) -> None:
        super().__init__()
        self.scaled, self.causal, self.dropout = scaled, causal, dropout

    def forward(self, query: Tensor, keys: Tensor, values: Tensor | None = None, lengths: Tensor | None = None) -> Tensor:
        """Runs the layer.

        Args:
            query: What looks: rows (N, T, D), an image (N, D, H, W) or a vector (N, D).
            keys: What is looked at, with D features, in any of these forms; rows are padded on the right.
            values: What is gathered, one per key, with V features; None gathers the keys.
            lengths: The valid keys of every row (N,), or None where no row is padded.

        Returns:
            What was gathered, with V features, in the form of the query.
        """
        rows, key = as_rows(query), as_rows(keys)
        value = key if values is None else as_rows(values)
        dropped, scale = self.dropout if self.training else 0.0, None if self.scaled else 1.0
        mask = None if self.causal else self._mask(key, lengths)
        mixed = nn.functional.scaled_dot_product_attention(
            rows[:, None], key[:, None], value[:, None], attn_mask=mask, dropout_p=dropped, is_causal=self.causal, scale=scale
        )
        return in_the_form_of(query, mixed.squeeze(1))

    def attention_weights(
        self, query: Tensor, keys: Tensor, values: Tensor | None = None, lengths: Tensor | None = None
    ) -> Tensor:
        """Returns how much every query looks at every key: (N, 1, T, S), each row adding up to 1, padded keys at 0."""
        rows, key = as_rows(query), as_rows(keys)
        scores = (rows @ key.transpose(1, 2))[:, None]
        mask = self._mask(key, lengths)
        scores = scores / rows.shape[2] ** 0.5 if self.scaled else scores
        return (scores if mask is None else scores.masked_fill(~mask, float("-inf"))).softmax(dim=3)

    def explicit(
        self, query: Tensor, keys: Tensor, values: Tensor | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Returns the output by way of the weights, without dropout, and the weights (N, 1, T, S)."""
        weights = self.attention_weights(query, keys, values, lengths)
        used = self.attention_weights(query, keys) if self.causal else weights  # as forward, also in the padding
        return in_the_form_of(query, used.squeeze(1) @ as_rows(keys if values is None else values)), weights

    def _mask(self, key: Tensor, lengths: Tensor | None) -> Tensor | None:
        mask = valid_keys(lengths, key.shape[1])
        if not self.causal:
            return mask
        positions = torch.arange(key.shape[1], device=key.device)
        earlier = positions <= positions[:, None]
        return earlier if mask is None else mask & earlier


class AdditiveAttention(nn.Module):
    """A small network scores how well every key answers a query (Bahdanau et al. 2015); without a query, how much it matters.

    Args:
        key_width: K.
        units: Units of the network.
        query_width: D; 0: there is no query, and everything is gathered into one vector (Yang et al. 2016).
        dropout: The share of attention weights dropped while training.
    """

    def __init__(self, key_width: int, units: int, query_width: int = 0, dropout: float = 0.0) -> None:
        super().__init__()
        self.from_keys = nn.Linear(key_width, units)
        self.from_query = nn.Linear(query_width, units, bias=False) if query_width else None
        self.bend = nn.Tanh()
        self.score = nn.Linear(units, 1, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, keys: Tensor, query: Tensor | None = None, values: Tensor | None = None, lengths: Tensor | None = None
    ) -> Tensor:
        """Runs the layer.

        Args:
            keys: What is looked at: rows (N, S, K), padded on the right, or an image (N, K, H, W).
            query: What looks: rows (N, T, D), an image (N, D, H, W) or a vector (N, D).
            values: What is gathered, one per key, with V features; None gathers the keys.
            lengths: The valid keys of every row (N,), or None where no row is padded.

        Returns:
            What was gathered, with V features, in the form of the query; without one, a vector (N, V).
        """
        weights = self.dropout(self.attention_weights(keys, query, values, lengths))
        return self._gathered(weights, keys, query, values)

    def attention_weights(
        self, keys: Tensor, query: Tensor | None = None, values: Tensor | None = None, lengths: Tensor | None = None
    ) -> Tensor:
        """Returns how much every query looks at every key: (N, 1, T, S), each row adding up to 1, padded keys at 0."""
        rows = as_rows(keys)
        total = self.from_keys(rows)[:, None]
        if self.from_query is not None and query is not None:
            total = total + self.from_query(as_rows(query))[:, :, None]
        scores = self.score(self.bend(total)).squeeze(3)[:, None]
        mask = valid_keys(lengths, rows.shape[1])
        return (scores if mask is None else scores.masked_fill(~mask, float("-inf"))).softmax(dim=3)

    def explicit(
        self, keys: Tensor, query: Tensor | None = None, values: Tensor | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Returns the output by way of the weights, without dropout, and the weights (N, 1, T, S)."""
        weights = self.attention_weights(keys, query, values, lengths)
        return self._gathered(weights, keys, query, values), weights

    def _gathered(self, weights: Tensor, keys: Tensor, query: Tensor | None, values: Tensor | None) -> Tensor:
        gathered = weights.squeeze(1) @ as_rows(keys if values is None else values)
        return gathered.squeeze(1) if query is None else in_the_form_of(query, gathered)
