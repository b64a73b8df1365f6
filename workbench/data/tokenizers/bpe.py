"""Byte pair encoding: the most frequent neighbours become one piece, over and over (Sennrich et al., arXiv 1508.07909)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.data.preprocessing.params import TextParams
from workbench.data.tokenizers.base import CJK, LEARNED, WORD, Learned, empty, most_frequent, params_of, trainer_settings
from workbench.data.tokenizing import UNK_TOKEN

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_ALPHABET_SHARE = 3 / 4
"""A quarter of the vocabulary stays free for merges where a script has many characters."""


class Bpe(Learned):
    """Pieces of words, merged from characters."""

    name = "bpe"
    label = "BPE"
    category = "pieces"
    summary = "Frequent words become one token, rare ones several pieces; Chinese needs no spaces."
    aliases = ("byte pair encoding", "subword", "字节对编码", "子词")
    Params = params_of("BpeTokens", LEARNED)

    def learn(self, texts: Sequence[str], params: TextParams) -> Tokenizer:
        from tokenizers import Regex, models, trainers
        from tokenizers.pre_tokenizers import Split

        tokenizer = empty(models.BPE(unk_token=UNK_TOKEN, fuse_unk=True), params)
        tokenizer.pre_tokenizer = Split(Regex(rf"[{CJK}]+|{WORD}|\S"), behavior="removed", invert=True)
        assert tokenizer.normalizer is not None
        letters = (letter for text in texts for letter in tokenizer.normalizer.normalize_str(text))
        alphabet = most_frequent(letters, max(1, int(params.vocabulary * _ALPHABET_SHARE)))
        trainer = trainers.BpeTrainer(
            vocab_size=params.vocabulary, initial_alphabet=alphabet, limit_alphabet=max(1, len(alphabet)), **trainer_settings(params)
        )
        tokenizer.train_from_iterator(texts, trainer, length=len(texts))
        return tokenizer


class ByteBpe(Learned):
    """Pieces merged from bytes: nothing is unknown, and every text comes back as it was (GPT-2)."""

    name = "byte_bpe"
    label = "Byte-level BPE"
    category = "pieces"
    summary = "Pieces of bytes: nothing is unknown, not even an emoji, and every text can be written back exactly. At least 258 tokens."
    aliases = ("GPT-2", "byte-level", "ByteLevel", "字节级")
    Params = params_of("ByteTokens", LEARNED)

    def learn(self, texts: Sequence[str], params: TextParams) -> Tokenizer:
        from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

        tokenizer = Tokenizer(models.BPE())
        if params.lowercase:
            tokenizer.normalizer = normalizers.Lowercase()
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        trainer = trainers.BpeTrainer(
            vocab_size=max(params.vocabulary, 258), initial_alphabet=alphabet, limit_alphabet=256, **trainer_settings(params)
        )
        tokenizer.train_from_iterator(texts, trainer, length=len(texts))
        return tokenizer
