"""WordPiece: the longest known piece first, pieces inside words marked with ## (Schuster and Nakajima 2012; BERT)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.data.preprocessing.params import TextParams
from workbench.data.tokenizers.base import CJK, LEARNED, WORD, Learned, empty, params_of, special_tokens, trainer_settings
from workbench.data.tokenizing import UNK_TOKEN

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_ALPHABET_SHARE = 3 / 4
_INSIDE = "##"


class WordPiece(Learned):
    """Pieces of words, marked inside words. Chinese characters stand for themselves, as in BERT."""

    name = "wordpiece"
    label = "WordPiece"
    category = "pieces"
    summary = "Cuts words into the longest known pieces, as BERT does; every Chinese character is a piece."
    aliases = ("BERT", "##", "词片")
    Params = params_of("WordPieceTokens", LEARNED)

    def learn(self, texts: Sequence[str], params: TextParams) -> Tokenizer:
        from tokenizers import Regex, decoders, models, trainers
        from tokenizers.pre_tokenizers import Split

        tokenizer = empty(models.WordPiece(unk_token=UNK_TOKEN), params)
        tokenizer.pre_tokenizer = Split(Regex(rf"[{CJK}]|{WORD}|\S"), behavior="removed", invert=True)
        tokenizer.decoder = decoders.WordPiece(prefix=_INSIDE)
        letters = _letters(tokenizer, texts, max(1, int(params.vocabulary * _ALPHABET_SHARE)))
        alphabet = sorted({letter.removeprefix(_INSIDE) for letter in letters if letter != _INSIDE})
        # Numbering the letters as special tokens fixes their order: the library numbers them as a hash table gives them.
        settings: dict[str, Any] = {**trainer_settings(params), "special_tokens": [*special_tokens(params), *letters]}
        trainer = trainers.WordPieceTrainer(
            vocab_size=params.vocabulary, limit_alphabet=len(alphabet) or 1, initial_alphabet=alphabet, continuing_subword_prefix=_INSIDE, **settings,
        )
        tokenizer.train_from_iterator(texts, trainer, length=len(texts))
        return tokenizer


def _letters(tokenizer: Tokenizer, texts: Sequence[str], limit: int) -> list[str]:
    """Returns the most frequent letters, and with ## those of them that stand inside words, in a fixed order."""
    assert tokenizer.normalizer is not None and tokenizer.pre_tokenizer is not None
    counts: Counter[str] = Counter()
    inside: set[str] = set()
    for text in texts:
        for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text)):
            counts.update(word)
            inside.update(word[1:])
    found: list[str] = []
    for letter in sorted(counts, key=lambda letter: (-counts[letter], letter)):
        forms = [letter, f"{_INSIDE}{letter}"] if letter in inside else [letter]
        if len(found) + len(forms) > limit:
            break
        found += forms
    return sorted(found)
