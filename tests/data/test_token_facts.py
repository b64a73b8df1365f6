"""The numbers of a tokenised field, against counting by hand."""

from __future__ import annotations

from collections import Counter

import pytest

from workbench.data.base import Field, FieldKind, Split
from workbench.data.memory import MemoryDataset
from workbench.data.open import open_dataset
from workbench.data.prepare import prepare
from workbench.data.token_facts import token_facts
from workbench.errors import DataError

TEXTS = ["a a b", "a", "b b c d", "a zz a a a a a a a", "c"] * 8


def _dataset() -> MemoryDataset:
    fields = (Field("text", FieldKind.TEXT), Field("label", FieldKind.CATEGORY, categories=("x", "y")))
    import numpy as np

    labels = np.arange(len(TEXTS)) % 2
    return MemoryDataset(format="", source="", fields=fields, columns={"text": TEXTS, "label": labels}, ids=[str(n) for n in range(len(TEXTS))])


def test_the_counts_are_those_of_the_texts(choice) -> None:
    prepared = prepare(_dataset(), choice(text={"tokenizer": "word", "vocabulary": 5, "maximum_length": 6}), ["text"], ["label"])
    facts = token_facts(prepared, "text", extremes=3)
    kept = [text.split()[:6] for text in TEXTS]
    words = Counter(word for text in kept for word in text)
    known = {token.text: token.count for token in facts.frequent}
    assert facts.rows == len(TEXTS) and not facts.sampled and facts.tokens == sum(words.values())
    assert facts.vocabulary == 5 and known["a"] == words["a"] and known["b"] == words["b"]
    lost = facts.tokens - sum(words[word] for word in known if word != "[UNK]")
    assert facts.unknown == pytest.approx(lost / facts.tokens) and facts.coverage == pytest.approx(1 - lost / facts.tokens) and lost > 0
    assert [item.length for item in facts.longest] == [6, 6, 6] and [item.length for item in facts.shortest] == [1, 1, 1]
    assert all(len(kept[item.row]) == item.length for item in (*facts.longest, *facts.shortest))
    assert facts.at_limit == 8 and dict(facts.percentiles)[50] == 3 and sum(facts.histogram) == facts.rows
    assert len(facts.histogram_edges) == len(facts.histogram) + 1 and facts.special[:2] == (("[PAD]", 0), ("[UNK]", 1))


def test_a_split_is_counted_alone_also_under_a_limit(choice) -> None:
    dataset = open_dataset("generated:reviews", params={"rows": 200, "language": "zh"})
    prepared = prepare(dataset, choice(limit=100, text={"maximum_length": 48}), ["text"], ["label"])
    parts = [token_facts(prepared, "text", split) for split in Split]
    whole = token_facts(prepared, "text")
    assert [part.rows for part in parts] == [prepared.count(split) for split in Split] and whole.rows == 100
    assert sum(part.tokens for part in parts) == whole.tokens and parts[0].unknown == 0


def test_other_fields_are_refused(choice) -> None:
    prepared = prepare(_dataset(), choice(), ["text"], ["label"])
    for name in ("label", "nothing"):
        with pytest.raises(DataError, match="no prepared text field"):
            token_facts(prepared, name)
