"""Unigram: the likeliest way to put a text together from pieces, each with a probability (Kudo, arXiv 1804.10959).

The pieces are learned here and only used by the library: its own trainer gives another vocabulary with every run.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from workbench.data.preprocessing.params import TextParams
from workbench.data.tokenizers.base import LEARNED, TYPED, Learned, empty, params_of, special_tokens

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_LONGEST_PIECE = 8
_MOST_WORDS = 20_000
_LONGEST_WORD = 64
_SEEDS = 4
_SHRINK = 0.75
_ROUNDS = 2
_ALPHABET_SHARE = 3 / 4


class Unigram(Learned):
    """Pieces with probabilities; spaces become part of the piece that follows. Chinese needs no spaces."""

    name = "unigram"
    label = "Unigram"
    category = "pieces"
    summary = "Chooses the likeliest pieces by probability, as SentencePiece does; Chinese needs no spaces."
    aliases = ("SentencePiece", "T5", "XLNet", "一元语言模型")
    Params = params_of("UnigramTokens", LEARNED)

    def learn(self, texts: Sequence[str], params: TextParams) -> Tokenizer:
        from tokenizers import Regex, decoders, models, pre_tokenizers

        tokenizer = empty(models.Unigram(), params)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(TYPED), behavior="isolated"), pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(),
        ])
        tokenizer.decoder = decoders.Metaspace()
        special = special_tokens(params)
        pieces = learn_pieces(_words(tokenizer, texts), max(1, params.vocabulary - len(special)), params.minimum_count)
        ranked = sorted(pieces.items(), key=lambda item: (-item[1], item[0]))
        tokenizer.model = models.Unigram([(token, 0.0) for token in special] + ranked, unk_id=1, byte_fallback=False)
        tokenizer.add_special_tokens(special)
        return tokenizer


def _words(tokenizer: Tokenizer, texts: Sequence[str]) -> Counter[str]:
    """Returns the most frequent words, long ones in parts, each with its marked space."""
    assert tokenizer.normalizer is not None and tokenizer.pre_tokenizer is not None
    counts: Counter[str] = Counter()
    for text in texts:
        for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text)):
            counts.update(word[start:start + _LONGEST_WORD] for start in range(0, len(word), _LONGEST_WORD))
    return Counter(dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST_WORDS]))


def learn_pieces(words: Mapping[str, int], size: int, minimum_count: int = 1) -> dict[str, float]:
    """Returns pieces and the natural logarithms of their probabilities.

    Starts from all frequent strings, estimates probabilities by expectation and maximisation, and drops the pieces that cost least until
    `size` are left. Single characters stay.

    Args:
        words: How often each word occurs.
        size: How many pieces at most.
        minimum_count: Rarer characters are no pieces.
    """
    letters = _alphabet(words, size, minimum_count)
    counts = _seeds(words, letters, size)
    scores = _logarithms(counts)
    while True:
        for _ in range(_ROUNDS):
            counts = _expected(words, scores)
            scores = _logarithms({
                piece: max(count, 1e-3) for piece, count in counts.items() if piece in letters or count >= 0.5
            })
        if len(scores) <= size:
            return {piece: round(score, 6) for piece, score in scores.items()}
        scores = _pruned(scores, counts, letters, max(size, int(len(scores) * _SHRINK)))


def _alphabet(words: Mapping[str, int], size: int, minimum_count: int) -> set[str]:
    counts: Counter[str] = Counter()
    for word, times in words.items():
        for letter in word:
            counts[letter] += times
    enough = [letter for letter in counts if counts[letter] >= minimum_count]
    return set(sorted(enough, key=lambda letter: (-counts[letter], letter))[:max(1, int(size * _ALPHABET_SHARE))])


def _seeds(words: Mapping[str, int], letters: set[str], size: int) -> dict[str, float]:
    counts: Counter[str] = Counter()
    for word, times in words.items():
        for start in range(len(word)):
            for end in range(start + 1, min(len(word), start + _LONGEST_PIECE) + 1):
                if word[end - 1] not in letters:
                    break
                counts[word[start:end]] += times
    longer = [piece for piece in counts if len(piece) > 1 and counts[piece] > 1]
    longer.sort(key=lambda piece: (-counts[piece] * len(piece), piece))
    return {piece: float(max(counts[piece], 1)) for piece in (*sorted(letters), *longer[:_SEEDS * size])}


def _logarithms(counts: Mapping[str, float]) -> dict[str, float]:
    total = math.log(math.fsum(counts.values()) or 1.0)
    return {piece: math.log(count) - total for piece, count in counts.items()}


def _expected(words: Mapping[str, int], scores: Mapping[str, float]) -> dict[str, float]:
    """Returns how often each piece is expected to be used, over all ways to put the words together."""
    expected = dict.fromkeys(scores, 0.0)
    chances = {piece: math.exp(score) for piece, score in scores.items()}
    for word, times in words.items():
        arcs = _arcs(word, chances)
        forward = [1.0, *[0.0] * len(word)]
        for start, end, _, chance in arcs:
            forward[end] += forward[start] * chance
        if forward[-1] <= 0.0:
            continue
        backward = [*[0.0] * len(word), 1.0]
        for start, end, piece, chance in reversed(arcs):
            expected[piece] += times * forward[start] * chance * backward[end] / forward[-1]
            backward[start] += chance * backward[end]
    return expected


def _arcs(word: str, chances: Mapping[str, float]) -> list[tuple[int, int, str, float]]:
    """Returns every known piece in a word: start, end, piece, chance, by start."""
    found: list[tuple[int, int, str, float]] = []
    for start in range(len(word)):
        for end in range(start + 1, min(len(word), start + _LONGEST_PIECE) + 1):
            piece = word[start:end]
            if piece in chances:
                found.append((start, end, piece, chances[piece]))
    return found


def _pruned(scores: Mapping[str, float], counts: Mapping[str, float], letters: set[str], size: int) -> dict[str, float]:
    """Drops the pieces whose loss would make the texts least unlikely: those that others can replace nearly as well."""
    costs = {piece: counts[piece] * (scores[piece] - _without(piece, scores)) for piece in scores if piece not in letters}
    kept = sorted(costs, key=lambda piece: (-costs[piece], piece))[:max(0, size - len(letters))]
    return {piece: scores[piece] for piece in (*sorted(letters), *kept) if piece in scores}


def _without(whole: str, scores: Mapping[str, float]) -> float:
    """Returns the logarithm of the best way to put a piece together from others."""
    best = [0.0, *[-math.inf] * len(whole)]
    for start in range(len(whole)):
        for end in range(start + 1, len(whole) + 1):
            piece = whole[start:end]
            if piece != whole and piece in scores:
                best[end] = max(best[end], best[start] + scores[piece])
    return best[-1] if best[-1] > -math.inf else -1e3
