"""Tokenisers trained on the training split. All become one file, tokenizer.json, that the tokenizers library reads anywhere."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.data.lexicon import pattern_of, words_of
from workbench.data.preprocessing.params import TextParams
from workbench.errors import DataError, Text

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.pre_tokenizers import PreTokenizer

PAD, UNK = 0, 1
PAD_TOKEN, UNK_TOKEN = "[PAD]", "[UNK]"

_CJK = r"\p{Han}\p{Hiragana}\p{Katakana}"
_LETTER = rf"[\p{{L}}\p{{M}}\p{{N}}_&&[^{_CJK}]]"
_WORD = rf"{_LETTER}+(?:['’-]{_LETTER}+)*"


def train(texts: Sequence[str], params: TextParams) -> str:
    """Trains a tokeniser and returns it as the text of a tokenizer.json.

    `word` cuts at spaces and around punctuation; in Chinese and Japanese, which have no spaces, it cuts into the words that the
    texts themselves show (see `workbench.data.lexicon`) and otherwise into characters. `bpe` learns pieces inside words. PAD is
    0, UNK is 1.

    Args:
        texts: The texts of the training split.
        params: Kind, vocabulary size, maximum length.
    """
    from tokenizers import Tokenizer, models, normalizers, trainers

    special: dict[str, Any] = {
        "special_tokens": [PAD_TOKEN, UNK_TOKEN], "show_progress": False, "min_frequency": params.minimum_count,
    }
    bpe = params.tokenizer == "bpe"
    tokenizer = Tokenizer(models.BPE(unk_token=UNK_TOKEN, fuse_unk=True) if bpe else models.WordLevel(unk_token=UNK_TOKEN))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), *([normalizers.Lowercase()] if params.lowercase else [])])
    normalised = [tokenizer.normalizer.normalize_str(text) for text in texts]
    tokenizer.pre_tokenizer = _cutter(params, normalised)
    if bpe:
        alphabet = _alphabet(normalised, max(1, params.vocabulary * 3 // 4))
        trainer = trainers.BpeTrainer(
            vocab_size=params.vocabulary, initial_alphabet=alphabet, limit_alphabet=max(1, len(alphabet)), **special
        )
    else:
        trainer = trainers.WordLevelTrainer(vocab_size=params.vocabulary, **special)
    tokenizer.train_from_iterator(texts, trainer, length=len(texts))
    tokenizer.enable_truncation(params.maximum_length)
    tokenizer.enable_padding(pad_id=PAD, pad_token=PAD_TOKEN)
    return _without_added_tokens(tokenizer.to_str())


def _alphabet(texts: Sequence[str], limit: int) -> list[str]:
    """Returns the most frequent characters, in a fixed order (the library's own choice among equals changes from run to run).

    A quarter of the vocabulary stays free for merges where a script has many characters.
    """
    counts = Counter(character for text in texts for character in text if not character.isspace())
    return sorted(sorted(counts, key=lambda character: (-counts[character], character))[:limit])


def _without_added_tokens(text: str) -> str:
    """Returns the tokeniser without tokens that are found in raw text, so that nobody can type `[PAD]` and mean padding."""
    return json.dumps({**json.loads(text), "added_tokens": []}, ensure_ascii=False)


def load(text: str) -> Tokenizer:
    """Returns the tokeniser of a tokenizer.json, without padding.

    Raises:
        DataError: The text is none.
    """
    from tokenizers import Tokenizer

    try:
        json.loads(text)
        tokenizer = Tokenizer.from_str(text)
    # The library raises plain Exception for whatever it cannot read.
    except Exception as error:
        raise DataError(Text("The tokeniser cannot be read."), Text("{reason}.", reason=str(error)[:200])) from error
    tokenizer.no_padding()
    return tokenizer


def _cutter(params: TextParams, normalised: Sequence[str]) -> PreTokenizer:
    from tokenizers import Regex
    from tokenizers.pre_tokenizers import Split

    if params.tokenizer == "character":
        return Split(Regex(r"[\s\S]"), behavior="removed", invert=True)
    if params.tokenizer == "bpe":
        return Split(Regex(rf"[{_CJK}]+|{_WORD}|\S"), behavior="removed", invert=True)
    words = words_of(normalised)
    known = f"{pattern_of(words)}|" if words else ""
    return Split(Regex(rf"{known}[{_CJK}]|{_WORD}|\S"), behavior="removed", invert=True)
