"""Finds the words of a language written without spaces, from the texts alone.

A string of characters is a word where its parts stand together far more often than by chance and where what comes before and
after varies. See Z. Luo and R. Song, "An integrated method for Chinese unknown word extraction", SIGHAN 2004.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3040-\u30ff\U00020000-\U0003134f"
"""Han and Kana, as ranges for a character class."""

_RUN = re.compile(f"[{CJK}]+")
_LONGEST = 4
_EDGE = "\0"


def words_of(
    texts: Iterable[str], *, minimum_count: int = 5, cohesion: float = 0.55, freedom: float = 0.6, limit: int = 5000,
) -> list[str]:
    """Returns the words of two to four characters that the texts are made of, most frequent first.

    Args:
        texts: Normalised texts.
        minimum_count: Rarer strings are no words.
        cohesion: The normalised mutual information that the parts at the loosest cut of a word must have: 0 is chance, 1 is
            always together. (G. Bouma, "Normalized (pointwise) mutual information in collocation extraction", GSCL 2009.)
        freedom: The entropy in nats that the neighbours on the poorer side must have.
        limit: At most this many.
    """
    runs = Counter(run for text in texts for run in _RUN.findall(text))
    counts = _counts(runs)
    total = sum(count for gram, count in counts.items() if len(gram) == 1)
    candidates = {
        gram for gram, count in counts.items()
        if len(gram) > 1 and count >= minimum_count and _cohesion(gram, counts, total) >= cohesion
    }
    free = _freedom(runs, candidates)
    found = [gram for gram in candidates if free[gram] >= freedom]
    return sorted(found, key=lambda gram: (-counts[gram], gram))[:limit]


def pattern_of(words: Sequence[str]) -> str:
    """Returns a regular expression that matches the longest of these words, as a tree of prefixes (linear to match)."""
    tree = _Tree()
    for word in words:
        node = tree
        for character in word:
            node = node.setdefault(character, _Tree())
        node[""] = _Tree()
    return _alternatives(tree)


class _Tree(dict[str, "_Tree"]):
    """Words by their characters; the key "" marks where a word may end."""


def _alternatives(tree: _Tree) -> str:
    branches = [re.escape(key) + _alternatives(tree[key]) for key in sorted(tree) if key]
    if not branches:
        return ""
    return f"(?:{'|'.join(branches)}){'?' if '' in tree else ''}"


def _counts(runs: Counter[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for run, times in runs.items():
        for size in range(1, _LONGEST + 1):
            for start in range(len(run) - size + 1):
                counts[run[start:start + size]] += times
    return counts


def _cohesion(gram: str, counts: Counter[str], total: int) -> float:
    lift = min(counts[gram] * total / (counts[gram[:cut]] * counts[gram[cut:]]) for cut in range(1, len(gram)))
    return math.log(lift) / max(-math.log(counts[gram] / total), 1e-9)


def _freedom(runs: Counter[str], candidates: set[str]) -> dict[str, float]:
    """Returns the entropy of the neighbours of every candidate, on the poorer side."""
    before: dict[str, Counter[str]] = {gram: Counter() for gram in candidates}
    after: dict[str, Counter[str]] = {gram: Counter() for gram in candidates}
    for run, times in runs.items():
        for size in range(2, _LONGEST + 1):
            for start in range(len(run) - size + 1):
                gram = run[start:start + size]
                if gram in candidates:
                    _neighbour(before[gram], run[start - 1] if start else _EDGE, times)
                    _neighbour(after[gram], run[start + size] if start + size < len(run) else _EDGE, times)
    return {gram: min(_entropy(before[gram]), _entropy(after[gram])) for gram in candidates}


def _neighbour(counts: Counter[str], character: str, times: int) -> None:
    # The edge of a run is as free as it gets: every time counts as another neighbour.
    if character == _EDGE:
        for number in range(min(times, 8)):
            counts[f"{_EDGE}{number}{len(counts)}"] += 1
    else:
        counts[character] += times


def _entropy(counts: Counter[str]) -> float:
    total = sum(counts.values())
    return -sum(count / total * math.log(count / total) for count in counts.values())
