"""Texts: token numbers, padded on the right, each batch as long as its longest row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from workbench.data.base import Field, FieldKind
from workbench.data.preprocessing.base import Preprocessor, Stored, where
from workbench.data.preprocessing.params import TextParams
from workbench.data.tokenizing import PAD, UNK, UNK_TOKEN, joint_of, kept_places, load, train, without_surrogates
from workbench.errors import DataError, Text
from workbench.graph.dim import Symbol
from workbench.graph.shape import Shape


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a text.

    Attributes:
        text: The token as the vocabulary writes it.
        id: Its number.
        start, end: Which characters of the raw text it stands for.
    """

    text: str
    id: int
    start: int
    end: int


class TextPreprocessor(Preprocessor):
    """A tokeniser and a maximum length.

    A text without any token counts as one unknown token, so that every row has a length of at least 1.

    Attributes:
        tokenizer_json: The tokeniser as the text of a tokenizer.json; enough to make the same tokens anywhere.
        tokenizer: The catalogue name of its kind.
        maximum_length: In tokens.
        truncation: Where longer texts are cut: `right`, `left` or `middle`.
        joint: How tokens are put together again, as `data.joining` takes it.
    """

    kind = FieldKind.TEXT

    def __init__(self, field: Field, tokenizer: str, maximum_length: int, tokenizer_json: str, truncation: str = "right") -> None:
        super().__init__(field)
        self.tokenizer, self.maximum_length, self.tokenizer_json = tokenizer, maximum_length, tokenizer_json
        self.truncation, self.joint = truncation, joint_of(tokenizer_json, tokenizer)
        self._tokenizer = load(tokenizer_json)
        if truncation == "middle":
            self._tokenizer.no_truncation()

    @classmethod
    def fit(cls, field: Field, column: Any, params: TextParams) -> TextPreprocessor:
        return cls(field, params.tokenizer, params.maximum_length, train(column, params), params.truncation)

    @classmethod
    def restore(cls, field: Field, state: Mapping[str, Any]) -> TextPreprocessor:
        return cls(field, state["tokenizer"], state["maximum_length"], state["json"], state.get("truncation", "right"))

    @property
    def state(self) -> dict[str, Any]:
        return {"tokenizer": self.tokenizer, "maximum_length": self.maximum_length, "truncation": self.truncation, "json": self.tokenizer_json}

    @property
    def vocabulary(self) -> int:
        """How many token numbers there are, PAD and UNK included."""
        return self._vocabulary

    @cached_property
    def _vocabulary(self) -> int:
        return max(self._tokenizer.get_vocab().values()) + 1

    @cached_property
    def special(self) -> tuple[tuple[str, int], ...]:
        """The tokens with a meaning of their own and their numbers: PAD, UNK, those at the ends of a text, people's own."""
        ends = self._tokenizer.encode("").ids
        own = [number for number, token in self._tokenizer.get_added_tokens_decoder().items() if token.special]
        numbers = sorted({PAD, UNK, *ends, *own})
        return tuple(zip(self.words(numbers), numbers, strict=True))

    def store(self, column: Any) -> Stored:
        encoded = self._tokenizer.encode_batch_fast([without_surrogates(text) for text in column])
        rows = [self._cut(encoding.ids) or [UNK] for encoding in encoded]
        lengths = torch.tensor([len(row) for row in rows], dtype=torch.int64)
        ids = torch.zeros((len(rows), int(lengths.max()) if len(rows) else 1), dtype=torch.int32)
        if rows:
            inside = torch.arange(ids.shape[1]) < lengths[:, None]
            ids[inside] = torch.tensor([number for row in rows for number in row], dtype=torch.int32)
        return ids, lengths

    def gather(self, stored: Stored, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        ids, lengths = stored
        rows = where(rows, ids)
        valid = lengths.index_select(0, rows)
        longest = int(valid.max()) if len(valid) else 1
        return ids.narrow(1, 0, longest).index_select(0, rows).long(), valid

    def encode_one(self, raw: Any) -> torch.Tensor:
        if not isinstance(raw, str):
            raise DataError(Text("{field} must be a text.", field=self.field.name), Text("Type some words."))
        return torch.tensor([self._cut(self._tokenizer.encode(without_surrogates(raw)).ids) or [UNK]])

    def _cut(self, ids: list[int]) -> list[int]:
        """Takes the middle out of too long a row; the other ways to cut are the tokeniser's own."""
        cut = self.truncation == "middle" and len(ids) > self.maximum_length
        return [ids[place] for place in kept_places(len(ids), self.maximum_length)] if cut else ids

    def tokens(self, raw: str) -> list[Token]:
        """Returns the tokens of a text, cut at the maximum length, with the characters they stand for."""
        encoding = self._tokenizer.encode(without_surrogates(raw))
        if not encoding.ids:
            return [Token(UNK_TOKEN, UNK, 0, len(raw))]
        found = [
            Token(text, number, start, end)
            for text, number, (start, end) in zip(encoding.tokens, encoding.ids, encoding.offsets, strict=True)
        ]
        return [found[place] for place in kept_places(len(found), self.maximum_length)]

    def words(self, ids: Sequence[int]) -> list[str]:
        """Returns the tokens of these numbers as the vocabulary writes them."""
        return [self._tokenizer.id_to_token(int(number)) or UNK_TOKEN for number in ids]

    def shape(self) -> Shape:
        return Shape.of("int64", self.vocabulary, token=Symbol("T", maximum=self.maximum_length, ragged=True))
