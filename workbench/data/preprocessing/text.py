"""Texts: token numbers, padded on the right, each batch as long as its longest row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from workbench.data.base import Field, FieldKind
from workbench.data.preprocessing.base import Preprocessor, Stored, where
from workbench.data.preprocessing.params import TextParams
from workbench.data.tokenizing import UNK, UNK_TOKEN, load, train
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
        tokenizer: `word`, `bpe` or `character`.
        maximum_length: In tokens.
    """

    kind = FieldKind.TEXT

    def __init__(self, field: Field, tokenizer: str, maximum_length: int, tokenizer_json: str) -> None:
        super().__init__(field)
        self.tokenizer, self.maximum_length, self.tokenizer_json = tokenizer, maximum_length, tokenizer_json
        self._tokenizer = load(tokenizer_json)

    @classmethod
    def fit(cls, field: Field, column: Any, params: TextParams) -> TextPreprocessor:
        return cls(field, params.tokenizer, params.maximum_length, train(column, params))

    @classmethod
    def restore(cls, field: Field, state: Mapping[str, Any]) -> TextPreprocessor:
        return cls(field, state["tokenizer"], state["maximum_length"], state["json"])

    @property
    def state(self) -> dict[str, Any]:
        return {"tokenizer": self.tokenizer, "maximum_length": self.maximum_length, "json": self.tokenizer_json}

    @property
    def vocabulary(self) -> int:
        """How many tokens there are, PAD and UNK included."""
        return int(self._tokenizer.get_vocab_size())

    def store(self, column: Any) -> Stored:
        rows = [encoding.ids or [UNK] for encoding in self._tokenizer.encode_batch_fast(list(column))]
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
        return torch.tensor([self._tokenizer.encode(raw).ids or [UNK]])

    def tokens(self, raw: str) -> list[Token]:
        """Returns the tokens of a text, cut at the maximum length, with the characters they stand for."""
        encoding = self._tokenizer.encode(raw)
        if not encoding.ids:
            return [Token(UNK_TOKEN, UNK, 0, len(raw))]
        return [
            Token(text, number, start, end)
            for text, number, (start, end) in zip(encoding.tokens, encoding.ids, encoding.offsets, strict=True)
        ]

    def words(self, ids: Sequence[int]) -> list[str]:
        """Returns the tokens of these numbers as the vocabulary writes them."""
        return [self._tokenizer.id_to_token(int(number)) or UNK_TOKEN for number in ids]

    def shape(self) -> Shape:
        return Shape.of("int64", self.vocabulary, token=Symbol("T", maximum=self.maximum_length, ragged=True))
