"""What every way of cutting texts shares: normalising, the fixed numbers of PAD and UNK, tokens at both ends, one file at the end."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from workbench.catalogue import Entry, Params
from workbench.data.preprocessing.params import TextParams
from workbench.data.tokenizing import BEGIN_TOKEN, END_TOKEN, PAD, PAD_TOKEN, UNK_TOKEN, without_surrogates

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.models import Model
    from tokenizers.normalizers import Normalizer

CJK = r"\p{Han}\p{Hiragana}\p{Katakana}"
"""Han and Kana, as classes of the regular expressions of the tokenizers library."""
_LETTER = rf"[\p{{L}}\p{{M}}\p{{N}}_&&[^{CJK}]]"
WORD = rf"{_LETTER}+(?:['’-]{_LETTER}+)*"
"""A word of a script with spaces: letters, marks and digits, with apostrophes and hyphens inside."""
TYPED = r"\[(?=(?:PAD|UNK|CLS|SEP)\])"
"""The bracket of a token such as [PAD] that somebody typed: cut off, so that it is no such token."""
CUT = ("maximum_length", "truncation", "ends")
LEARNED = ("vocabulary", "minimum_count", "lowercase", *CUT, "special")


def params_of(name: str, fields: Sequence[str]) -> type[Params]:
    """Returns a model of those text parameters that one tokeniser heeds, as `TextParams` declares them."""
    from pydantic import create_model

    chosen: dict[str, Any] = {field: (TextParams.model_fields[field].annotation, TextParams.model_fields[field]) for field in fields}
    return create_model(name, __base__=Params, **chosen)


class TokenizerKind(Entry, ABC):
    """One way of cutting texts into tokens. PAD is 0, UNK is 1, whatever it is."""

    @abstractmethod
    def train(self, texts: Sequence[str], params: TextParams) -> str:
        """Returns the tokeniser as the text of a tokenizer.json.

        The same texts and parameters give the same file, on every machine.

        Args:
            texts: The texts of the training split, without lone surrogates.
            params: The parameters of the field.

        Raises:
            DataError: It cannot be made or read.
        """


class Learned(TokenizerKind):
    """A tokeniser whose vocabulary is learned on the training split."""

    def train(self, texts: Sequence[str], params: TextParams) -> str:
        tokenizer = self.learn(texts, params)
        tokenizer.enable_truncation(params.maximum_length, direction="left" if params.truncation == "left" else "right")
        tokenizer.enable_padding(pad_id=PAD, pad_token=PAD_TOKEN)
        _wrap(tokenizer, params)
        return _without_added_tokens(tokenizer.to_str(), params)

    @abstractmethod
    def learn(self, texts: Sequence[str], params: TextParams) -> Tokenizer:
        """Returns the tokeniser without padding and truncation."""


def empty(model: Model, params: TextParams) -> Tokenizer:
    """Returns a tokeniser that unifies how characters are written (NFKC) and, where wanted, their case."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizer_of(params)
    return tokenizer


def normalizer_of(params: TextParams) -> Normalizer:
    """Returns what is done to every text before it is cut."""
    from tokenizers import normalizers

    return normalizers.Sequence([normalizers.NFKC(), *([normalizers.Lowercase()] if params.lowercase else [])])


def special_tokens(params: TextParams) -> list[str]:
    """Returns the tokens with a meaning of their own, in the order of their numbers."""
    ends = [BEGIN_TOKEN, END_TOKEN] if params.ends else []
    return list(dict.fromkeys([PAD_TOKEN, UNK_TOKEN, *ends, *own_tokens(params)]))


def own_tokens(params: TextParams) -> list[str]:
    """Returns the tokens that people set themselves, which are kept whole wherever they stand."""
    taken = {PAD_TOKEN, UNK_TOKEN, BEGIN_TOKEN, END_TOKEN}
    return [token for token in dict.fromkeys(without_surrogates(params.special).split()) if token not in taken]


def trainer_settings(params: TextParams) -> dict[str, Any]:
    """Returns the settings that all trainers of the library share."""
    return {"special_tokens": special_tokens(params), "show_progress": False, "min_frequency": params.minimum_count}


def most_frequent(characters: Iterable[str], limit: int) -> list[str]:
    """Returns the most frequent characters, in a fixed order (the library's own choice among equals changes from run to run)."""
    counts = Counter(character for character in characters if not character.isspace())
    return sorted(sorted(counts, key=lambda character: (-counts[character], character))[:limit])


def _wrap(tokenizer: Tokenizer, params: TextParams) -> None:
    """Sets a token before and one after every text, where wanted."""
    from tokenizers.processors import TemplateProcessing

    if params.ends:
        numbers = [(token, tokenizer.token_to_id(token)) for token in (BEGIN_TOKEN, END_TOKEN)]
        tokenizer.post_processor = TemplateProcessing(single=f"{BEGIN_TOKEN} $A {END_TOKEN}", special_tokens=numbers)


def _without_added_tokens(text: str, params: TextParams) -> str:
    """Returns the tokeniser without tokens that are found in raw text, so that nobody can type `[PAD]` and mean padding; people's own stay."""
    document, own = json.loads(text), set(own_tokens(params))
    return json.dumps(
        {**document, "added_tokens": [token for token in document["added_tokens"] if token["content"] in own]}, ensure_ascii=False
    )
