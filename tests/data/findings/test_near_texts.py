"""Nearly equal texts are those of which nine tenths of all pieces agree, as counting them one by one says."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data.findings.copies import near_texts

PRIME = 2**31 - 1
POWERS = (1, 1_000_003, 998_244_353, 1_000_000_007, 16_777_619)


def one_by_one(texts: list[str]) -> list[list[int]]:
    """Returns the groups by whole numbers of Python: min-hashes of every text, buckets of four, shares of pieces."""
    generator = np.random.default_rng(12)
    factors, offsets = (generator.integers(1, PRIME, 64, dtype=np.uint64).tolist() for _ in range(2))
    pieces = {
        place: {sum(ord(letter) * power for letter, power in zip(text[at:at + 5], POWERS, strict=True)) % PRIME for at in range(len(text) - 4)}
        for place, text in enumerate(texts) if len(text) >= 20
    }
    hashes = {place: [min((piece * factor + offset) % PRIME for piece in own) for factor, offset in zip(factors, offsets, strict=True)]
              for place, own in pieces.items()}
    root = list(range(len(texts)))
    for band in range(0, 64, 4):
        buckets: dict[tuple[int, ...], list[int]] = {}
        for place, own in hashes.items():
            buckets.setdefault(tuple(own[band:band + 4]), []).append(place)
        for one, other in (pair for bucket in buckets.values() for pair in pairwise(bucket)):
            if len(pieces[one] & pieces[other]) / len(pieces[one] | pieces[other]) >= 0.9:
                low, high = sorted((root[one], root[other]))
                root = [low if value == high else value for value in root]
    groups = [[place for place, value in enumerate(root) if value == number] for number in sorted(set(root))]
    return [group for group in groups if len(group) > 1]


BASES = st.lists(st.text("ab cé中😀", min_size=10, max_size=60), min_size=1, max_size=6)
CHANGES = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 59), st.sampled_from(["", "x", "yy"])), max_size=20)


@settings(max_examples=40, deadline=None)
@given(BASES, CHANGES)
def test_groups_are_those_found_one_by_one(bases: list[str], changes: list[tuple[int, int, str]]) -> None:
    texts = list(bases)
    for number, at, word in changes:
        text = bases[number % len(bases)]
        texts.append(text[:at] + word + text[at + 1:])
    assert [group.tolist() for group in near_texts(texts)] == one_by_one(texts)


def test_many_texts_are_looked_at_in_parts() -> None:
    draw = np.random.default_rng(0)
    words = np.array(["river", "stone", "winter", "music", "paper", "train", "lamp", "garden"])
    texts = [" ".join(words[draw.integers(0, 8, 12)]) + f" {number}" for number in range(700)]
    texts += [text + "." for text in texts[::50]]
    groups = [group.tolist() for group in near_texts(texts)]
    assert all([place, 700 + number] in groups for number, place in enumerate(range(0, 700, 50))) and groups == one_by_one(texts)
