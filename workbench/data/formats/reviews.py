"""Made-up reviews whose deciding words are known: negations turn a word round, and of two opposed clauses one decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import Dataset, Field, FieldKind, Format
from workbench.data.formats.review_words import LANGUAGES, Language
from workbench.data.memory import MemoryDataset, NumberedIds
from workbench.text import Text

_DRAWS = 32
_ATTEMPTS = 50


class ReviewParams(Params):
    """How many reviews, in which language."""

    language: Literal["en", "zh"] = param("en", label="Language", help="English or Chinese.", choices=("en", "zh"))
    rows: int = param(6000, label="Rows", help="How many reviews.", unit="rows", ge=10, le=200_000, log=True)
    noise: float = param(0.0, label="Noise", help="The share of reviews that carry the wrong label.", ge=0.0, le=0.5)
    seed: int = param(7, label="Seed", help="The same seed makes the same reviews.", ge=0, le=2**31 - 1)


class ReviewsDataset(MemoryDataset):
    """Generated reviews that know which words decide.

    Args:
        words: The words of every review, punctuation as words of its own.
        spans: Where each word stands in its text.
        decisive: The indices of the deciding words.
        **rest: As for `MemoryDataset`.
    """

    def __init__(
        self, words: Sequence[tuple[str, ...]], spans: Callable[[Sequence[str]], list[tuple[int, int]]],
        decisive: Sequence[tuple[int, ...]], **rest: Any,
    ) -> None:
        super().__init__(**rest)
        self._words, self._spans, self._decisive = words, spans, decisive

    def deciding(self, row: int, field: str = "") -> tuple[int, ...]:
        """Returns the indices of the deciding words among `word_spans(row)`."""
        return self._decisive[row]

    def word_spans(self, row: int) -> list[tuple[int, int]]:
        return self._spans(self._words[row])


class Reviews(Format):
    """Generated reviews, English or Chinese."""

    name = "reviews"
    label = "Generated reviews"
    category = "generator"
    summary = "Made-up reviews, English or Chinese, with negations and mixed clauses; the words that decide are known."
    aliases = ("sentiment", "IMDB", "text", "评论", "情感分类")
    Params = ReviewParams

    def open(self, source: str, params: Any) -> Dataset:
        language = LANGUAGES[params.language]
        rows = _generate(language, params.rows, params.seed)
        flips = np.random.default_rng((params.seed, 1)).random(params.rows) < params.noise
        labels = np.array([positive for _, _, positive in rows], dtype=np.int64) ^ flips
        fields = (
            Field("text", FieldKind.TEXT, Text("Review")),
            Field("label", FieldKind.CATEGORY, Text("Verdict"), categories=language.verdicts),
        )
        return ReviewsDataset(
            [words for words, _, _ in rows], language.spans, [deciding for _, deciding, _ in rows],
            format=self.name, source=source or "generated:reviews", fields=fields,
            ids=NumberedIds((f"reviews-{params.language}", params.rows)), licence="CC0 1.0 (generated)",
            columns={"text": [language.text(words) for words, _, _ in rows], "label": labels},
        )


Row = tuple[tuple[str, ...], tuple[int, ...], bool]


class _Writer:
    """Writes one review from a row of uniform random numbers."""

    def __init__(self, language: Language, draws: list[float]) -> None:
        self.language, self._draws = language, iter(draws)
        self.words: list[str] = []
        self.deciding: list[int] = []

    def chance(self, probability: float) -> bool:
        return next(self._draws) < probability

    def pick(self, choices: Sequence[Any]) -> Any:
        return choices[int(next(self._draws) * len(choices))]

    def write(self) -> bool:
        """Writes the review and returns whether it is positive."""
        positive = self.chance(0.5)
        if self.chance(0.3):
            self._filler()
        if self.chance(0.3):
            self._opposed(positive)
        else:
            self._judgement(positive, decides=True)
        self.words.append(self.language.stop)
        if self.chance(0.4):
            self._filler()
        return positive

    def _filler(self) -> None:
        self.words += [*self.pick(self.language.fillers), self.language.stop]

    def _opposed(self, positive: bool) -> None:
        """Writes two clauses that disagree; a word between or before them says which one counts."""
        before, between, first_counts = self.pick(self.language.contrasts)
        self._contrast(before)
        self._judgement(positive is first_counts, decides=first_counts)
        self.words.append(self.language.comma)
        self._contrast(between)
        self._judgement(positive is not first_counts, decides=not first_counts)

    def _contrast(self, words: Sequence[str]) -> None:
        self.deciding += range(len(self.words), len(self.words) + len(words))
        self.words += words

    def _judgement(self, positive: bool, decides: bool) -> None:
        """Writes `the screen was (not) great`; a negation turns the word round."""
        language, negated = self.language, decides and self.chance(0.25)
        praise = positive is not negated
        self.words += [*language.article, self.pick(language.aspects), *self.pick(language.verbs)]
        start = len(self.words)
        self.words += self.pick(language.negations if negated else language.degrees)
        first = start if negated else len(self.words)
        self.words.append(self.pick(language.praise if praise else language.blame))
        if decides:
            self.deciding += range(first, len(self.words))


def _generate(language: Language, count: int, seed: int) -> list[Row]:
    """Returns distinct reviews. The first rows are the same however many are asked for."""
    generator, rows, seen = np.random.default_rng((seed, 0)), [], set()
    for _ in range(_ATTEMPTS):
        for draws in generator.random((count, _DRAWS)).tolist():
            writer = _Writer(language, draws)
            positive = writer.write()
            words = tuple(writer.words)
            if words not in seen:
                seen.add(words)
                rows.append((words, tuple(sorted(writer.deciding)), positive))
            if len(rows) == count:
                return rows
    return rows
