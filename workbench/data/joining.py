"""Puts tokens together to a text again, knowing only what stands between them or how pieces are marked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

BYTES, INSIDE, SPACE = "Ġ", "##", "▁"
"""Marks: tokens are written bytes (GPT-2), `##` begins a piece inside a word (BERT), `▁` stands for a space (SentencePiece)."""


def put_together(tokens: Sequence[str], joint: str) -> str:
    """Returns tokens as one text: words apart, but not before punctuation and not between Chinese characters.

    Args:
        tokens: As the vocabulary writes them.
        joint: What stands between tokens, or one of the marks.
    """
    if joint == BYTES:
        return b"".join(_bytes_of(token) for token in tokens).decode("utf-8", "replace")
    if joint == SPACE:
        return "".join(tokens).replace(SPACE, " ").removeprefix(" ")
    text = " ".join(tokens).replace(f" {INSIDE}", "").removeprefix(INSIDE) if joint == INSIDE else joint.join(tokens)
    text = re.sub(r" (?=[.,;:!?%)\]])", "", text)
    return re.sub("(?<=[\u2e80-\uffef]) (?=[\u2e80-\uffef])", "", text)


def _bytes_of(token: str) -> bytes:
    table = _table()
    return bytes(table[letter] for letter in token) if all(letter in table for letter in token) else token.encode("utf-8")


@cache
def _table() -> dict[str, int]:
    """Returns which byte each letter stands for: printable ones for themselves, the others from U+0100 on, in order (GPT-2)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + place): byte for place, byte in enumerate(others)}
