"""Whole words, found in the texts or between spaces, and single characters: what is seen often enough gets a number."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.data.lexicon import pattern_of, words_of
from workbench.data.preprocessing.params import TextParams
from workbench.data.tokenizers.base import CJK, LEARNED, TYPED, WORD, Learned, empty, params_of, trainer_settings
from workbench.data.tokenizing import UNK_TOKEN

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.pre_tokenizers import PreTokenizer


class _Counted(Learned):
    """A tokeniser that cuts by rule and numbers the most frequent pieces."""

    def learn(self, texts: Sequence[str], params: TextParams) -> Tokenizer:
        from tokenizers import models, trainers

        tokenizer = empty(models.WordLevel(unk_token=UNK_TOKEN), params)
        normalised = [tokenizer.normalizer.normalize_str(text) for text in texts] if tokenizer.normalizer else list(texts)
        tokenizer.pre_tokenizer = self.cutter(normalised)
        trainer = trainers.WordLevelTrainer(vocab_size=params.vocabulary, **trainer_settings(params))
        tokenizer.train_from_iterator(texts, trainer, length=len(texts))
        return tokenizer

    @abstractmethod
    def cutter(self, normalised: Sequence[str]) -> PreTokenizer:
        """Returns what cuts texts.

        Args:
            normalised: The texts of the training split, normalised.
        """


class Words(_Counted):
    """Words of the texts.

    Cuts at spaces and around punctuation; in Chinese and Japanese, which have no spaces, into the words that the texts themselves show
    (see `workbench.data.lexicon`) and otherwise into characters.
    """

    name = "word"
    label = "Words"
    category = "whole"
    summary = "Cuts at spaces and around punctuation; Chinese into the words that the texts themselves show."
    aliases = ("word level", "TextVectorization", "单词", "分词", "词")
    Params = params_of("WordTokens", LEARNED)

    def cutter(self, normalised: Sequence[str]) -> PreTokenizer:
        from tokenizers import Regex
        from tokenizers.pre_tokenizers import Split

        words = words_of(normalised)
        known = f"{pattern_of(words)}|" if words else ""
        return Split(Regex(rf"{known}[{CJK}]|{WORD}|\S"), behavior="removed", invert=True)


class Whitespace(_Counted):
    """What stands between spaces."""

    name = "whitespace"
    label = "Between spaces"
    category = "whole"
    summary = "Cuts at spaces alone; for texts that somebody has cut before. Not for Chinese as it is usually written."
    aliases = ("whitespace", "split", "pre-tokenised", "空格", "空白")
    Params = params_of("WhitespaceTokens", LEARNED)

    def cutter(self, normalised: Sequence[str]) -> PreTokenizer:
        from tokenizers import Regex
        from tokenizers.pre_tokenizers import Split

        return Split(Regex(rf"{TYPED}|\S+"), behavior="removed", invert=True)


class Characters(_Counted):
    """Single characters, spaces too."""

    name = "character"
    label = "Characters"
    category = "whole"
    summary = "Every character is a token, spaces too: a small vocabulary, long rows, good for Chinese, dates and codes."
    aliases = ("char", "character level", "字符", "单字")
    Params = params_of("CharacterTokens", LEARNED)

    def cutter(self, normalised: Sequence[str]) -> PreTokenizer:
        from tokenizers import Regex
        from tokenizers.pre_tokenizers import Split

        return Split(Regex(r"[\s\S]"), behavior="removed", invert=True)
