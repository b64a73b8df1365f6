"""What a tokeniser made of the texts of one prepared field: vocabulary, coverage, unknown tokens, lengths, the most frequent tokens.

`token_facts(prepared, "text")` counts over the resident token numbers (a sample of the rows where the column is not resident), in one pass
of numpy. The window draws one `TokenFacts`; `as_dict` is the same as JSON values. Lengths are in tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from workbench.data.base import FieldKind, Split
from workbench.data.prepare import Prepared
from workbench.data.tokenizing import PAD, UNK, load, without_surrogates
from workbench.errors import DataError, Text

PERCENTILES = (1, 5, 25, 50, 75, 90, 95, 99)
_SAMPLED_ROWS = 20_000
_BINS = 40


@dataclass(frozen=True, slots=True)
class TokenCount:
    """One token and how often it stands in the texts.

    Attributes:
        text: As the vocabulary writes it.
        id: Its number.
        count: How often it occurs.
        share: Of all tokens, 0 to 1.
    """

    text: str
    id: int
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class TextLength:
    """A row and how long it is.

    Attributes:
        row: The index of the row in the dataset.
        length: In tokens, after cutting.
    """

    row: int
    length: int


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """The numbers of one text field.

    Attributes:
        field: The name of the field.
        tokenizer: The catalogue name of its tokeniser.
        rows: How many rows were counted; `sampled` says whether they are a sample of more.
        sampled: Whether not every row was counted.
        tokens: How many tokens these rows hold.
        vocabulary: How many different tokens there are, PAD and UNK included.
        used: How many of them occur.
        coverage: The share of tokens that are known, 0 to 1 (1 - `unknown`).
        unknown: The share of tokens that are unknown, 0 to 1.
        rows_with_unknown: How many rows hold an unknown token.
        maximum_length: Longer texts are cut.
        truncation: Where they are cut: `right`, `left` or `middle`.
        at_limit: How many rows are as long as is allowed; most of them were cut.
        mean: The mean length.
        percentiles: Percentage and length, ascending.
        histogram_edges: The edges of the bins of lengths, one more than bins.
        histogram: How many rows fall into each bin.
        longest, shortest: A few rows each, most extreme first.
        frequent: The most frequent tokens, most frequent first.
        special: The tokens with a meaning of their own and their numbers (`[PAD]`, `[UNK]`, ...).
    """

    field: str
    tokenizer: str
    rows: int
    sampled: bool
    tokens: int
    vocabulary: int
    used: int
    coverage: float
    unknown: float
    rows_with_unknown: int
    maximum_length: int
    truncation: str
    at_limit: int
    mean: float
    percentiles: tuple[tuple[int, float], ...]
    histogram_edges: tuple[float, ...]
    histogram: tuple[int, ...]
    longest: tuple[TextLength, ...]
    shortest: tuple[TextLength, ...]
    frequent: tuple[TokenCount, ...]
    special: tuple[tuple[str, int], ...]

    def as_dict(self) -> dict[str, Any]:
        """Returns the facts as JSON values."""
        return asdict(self)


def token_facts(prepared: Prepared, field: str, split: Split | str = "", most: int = 50, extremes: int = 5) -> TokenFacts:
    """Counts the tokens of a prepared text field.

    Args:
        prepared: The data.
        field: The name of a text field that is an input or a target.
        split: Only the rows of this split; "" counts all three.
        most: How many frequent tokens to list.
        extremes: How many of the longest and of the shortest rows to list.

    Raises:
        DataError: The field is not prepared, or holds no texts.
    """
    preprocessor: Any = prepared.preprocessors.get(field)
    if preprocessor is None or preprocessor.kind != FieldKind.TEXT:
        raise DataError(Text("{field} is no prepared text field.", field=field), Text("Choose a text that the model reads or writes."))
    parts = [prepared.splits[Split(split)]] if split else list(prepared.splits.values())
    rows = np.sort(np.concatenate(parts)) if parts else np.zeros(0, np.int64)
    ids, lengths, counted = _numbers(prepared, preprocessor, field, rows)
    inside = np.arange(ids.shape[1]) < lengths[:, None]
    counts = np.bincount(ids[inside], minlength=preprocessor.vocabulary)
    total, unknown = int(counts.sum()), int(counts[UNK])
    histogram, edges = _histogram(lengths)
    order = np.argsort(lengths, kind="stable")
    return TokenFacts(
        field, preprocessor.tokenizer, len(counted), len(counted) < len(rows), total, preprocessor.vocabulary, int((counts > 0).sum()),
        1 - unknown / max(total, 1), unknown / max(total, 1), int(((ids == UNK) & inside).any(axis=1).sum()),
        preprocessor.maximum_length, getattr(preprocessor, "truncation", "right"), int((lengths >= preprocessor.maximum_length).sum()),
        float(lengths.mean()) if len(lengths) else 0.0, _percentiles(lengths), edges, histogram,
        _extremes(counted, lengths, order[::-1][:extremes]), _extremes(counted, lengths, order[:extremes]),
        _frequent(preprocessor, counts, most), tuple(getattr(preprocessor, "special", None) or _special(preprocessor)),
    )


def _numbers(prepared: Prepared, preprocessor: Any, field: str, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns token numbers `(n, T)`, lengths `(n,)` and the dataset rows `(n,)` they belong to."""
    stored = prepared.stored.get(field)
    if stored is not None:
        places = rows if prepared.position is None else prepared.position.cpu().numpy()[rows]
        return stored[0].cpu().numpy()[places], stored[1].cpu().numpy()[places], rows
    if len(rows) > _SAMPLED_ROWS:
        rows = rows[np.unique(np.linspace(0, len(rows) - 1, _SAMPLED_ROWS).astype(np.int64))]
    ids, lengths = preprocessor.store(prepared.dataset.column(field, rows))
    return ids.numpy(), lengths.numpy(), rows


def uncut_lengths(prepared: Prepared, field: str, most: int = 5000) -> np.ndarray:
    """Returns how many tokens texts have before they are cut, int64 `(n,)`, of an even sample of the rows.

    Args:
        prepared: The data.
        field: The name of a text field that is an input or a target.
        most: The size of the sample.
    """
    preprocessor: Any = prepared.preprocessors[field]
    rows = np.sort(np.concatenate(list(prepared.splits.values())))
    if len(rows) > most:
        rows = rows[np.unique(np.linspace(0, len(rows) - 1, most).astype(np.int64))]
    tokenizer = load(preprocessor.tokenizer_json)
    tokenizer.no_truncation()
    texts = [without_surrogates(text) for text in prepared.dataset.column(field, rows)]
    return np.array([len(encoding.ids) for encoding in tokenizer.encode_batch_fast(texts)], dtype=np.int64)


def _percentiles(lengths: np.ndarray) -> tuple[tuple[int, float], ...]:
    values = np.percentile(lengths, PERCENTILES) if len(lengths) else np.zeros(len(PERCENTILES))
    return tuple((percent, float(value)) for percent, value in zip(PERCENTILES, values, strict=True))


def _histogram(lengths: np.ndarray) -> tuple[tuple[int, ...], tuple[float, ...]]:
    if not len(lengths):
        return (), (0.0,)
    low, high = int(lengths.min()), int(lengths.max())
    counts, edges = np.histogram(lengths, bins=min(high - low + 1, _BINS), range=(low, high + 1))
    return tuple(int(count) for count in counts), tuple(float(edge) for edge in edges)


def _extremes(rows: np.ndarray, lengths: np.ndarray, chosen: Sequence[int] | np.ndarray) -> tuple[TextLength, ...]:
    return tuple(TextLength(int(rows[place]), int(lengths[place])) for place in chosen)


def _frequent(preprocessor: Any, counts: np.ndarray, most: int) -> tuple[TokenCount, ...]:
    best = [int(number) for number in np.argsort(-counts, kind="stable")[:most] if counts[number]]
    total = max(int(counts.sum()), 1)
    return tuple(
        TokenCount(text, number, int(counts[number]), float(counts[number] / total))
        for text, number in zip(preprocessor.words(best), best, strict=True)
    )


def _special(preprocessor: Any) -> tuple[tuple[str, int], ...]:
    return tuple(zip(preprocessor.words([PAD, UNK]), (PAD, UNK), strict=True))
