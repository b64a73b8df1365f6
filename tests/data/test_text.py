"""Tokenisers: PAD 0, UNK 1, one file that is enough anywhere, English and Chinese, the same row alone and padded."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data.base import Field, FieldKind
from workbench.data.lexicon import pattern_of, words_of
from workbench.data.open import open_dataset
from workbench.data.preprocessing.params import TextParams
from workbench.data.preprocessing.text import TextPreprocessor
from workbench.data.tokenizing import PAD_TOKEN, UNK_TOKEN, load, train
from workbench.errors import DataError

FIELD = Field("text", FieldKind.TEXT)
KINDS = ["word", "whitespace", "character", "bpe", "byte_bpe", "wordpiece", "unigram"]
ENGLISH = ["The screen wasn't great, honestly.", "A well-made thing!", "the screen is great", "great great screen"]


def fit(texts, **params) -> TextPreprocessor:
    return TextPreprocessor.fit(FIELD, texts, TextParams(**params))


@pytest.fixture(scope="module")
def chinese() -> list[str]:
    return open_dataset("generated:reviews", params={"language": "zh", "rows": 1500}).column("text")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_file_alone_makes_the_same_tokens(kind: str, language: str) -> None:
    from tokenizers import Tokenizer

    texts = open_dataset("generated:reviews", params={"language": language, "rows": 300}).column("text")
    fitted = fit(texts, tokenizer=kind, vocabulary=150, maximum_length=20)
    elsewhere = Tokenizer.from_str(fitted.tokenizer_json)
    assert elsewhere.token_to_id(PAD_TOKEN) == 0 and elsewhere.token_to_id(UNK_TOKEN) == 1
    assert elsewhere.get_vocab_size() == fitted.vocabulary <= (258 if kind == "byte_bpe" else 150)
    ids, lengths = fitted.gather(fitted.store(texts), torch.arange(len(texts)))
    padded = elsewhere.encode_batch(list(texts))
    assert ids.tolist() == [encoding.ids for encoding in padded]
    assert lengths.tolist() == [sum(encoding.attention_mask) for encoding in padded]
    assert ids.max() < fitted.vocabulary and ids.shape[1] <= 20


@pytest.mark.parametrize("kind", KINDS)
def test_training_is_repeatable(kind: str, chinese: list[str]) -> None:
    params = TextParams(tokenizer=kind, vocabulary=120)
    assert train(chinese, params) == train(chinese, params)


def test_words_are_what_a_person_would_say() -> None:
    fitted = fit(ENGLISH)
    words = [token.text for token in fitted.tokens("The well-made SCREEN wasn't great!")]
    assert words == ["the", "well-made", "screen", "wasn't", "great", "!"]
    assert fit(ENGLISH, lowercase=False).tokens("The the")[0].text == "The"


def test_tokens_know_their_place_in_the_raw_text() -> None:
    raw = "  Great  ｓｃｒｅｅｎ，unseen!"
    tokens = fit(ENGLISH).tokens(raw)
    assert [raw[token.start:token.end] for token in tokens] == ["Great", "ｓｃｒｅｅｎ", "，", "unseen", "!"]
    assert [token.text for token in tokens] == ["great", "screen", ",", "[UNK]", "!"]


def test_the_most_frequent_words_stay_when_the_vocabulary_is_small() -> None:
    fitted = fit(ENGLISH, vocabulary=4)
    assert fitted.vocabulary == 4 and {token.text for token in fitted.tokens("great screen thing")} == {"great", "screen", "[UNK]"}
    assert "thing" not in {token.text for token in fit(ENGLISH, minimum_count=2).tokens("thing")}


def test_chinese_is_cut_into_the_words_that_the_texts_show(chinese: list[str]) -> None:
    fitted = fit(chinese)
    assert [token.text for token in fitted.tokens("虽然屏幕很出色，但电池一点也不可靠。")] == [
        "虽然", "屏幕", "很", "出色", ",", "但", "电池", "一点也不", "可靠", "。",
    ]
    assert [token.text for token in fit(chinese, tokenizer="character").tokens("屏幕 x")] == ["屏", "幕", "[UNK]", "[UNK]"]


def test_words_are_found_by_cohesion_and_freedom() -> None:
    generator = np.random.default_rng(0)
    words = ["苹果", "葡萄", "西红柿", "巧克力"]
    texts = ["".join(generator.choice([*words, "我", "你", "他", "的", "了", "是"], 12)) for _ in range(400)]
    found = words_of(texts)
    assert set(found) == set(words)
    assert words_of(["没有重复", "english only"]) == []


def test_the_pattern_of_words_takes_the_longest() -> None:
    import re

    pattern = re.compile(pattern_of(["ab", "abcd", "a.", "x"]))
    assert [pattern.match(text).group() for text in ("abcd", "abc", "a.b", "xy")] == ["abcd", "ab", "a.", "x"]
    assert pattern.match("axe") is None


@pytest.mark.parametrize("kind", KINDS)
def test_batches_are_as_long_as_their_longest_row(kind: str) -> None:
    fitted = fit(ENGLISH, tokenizer=kind)
    stored = fitted.store(ENGLISH)
    for rows in ([1], [3, 1], [0, 1, 2, 3]):
        ids, lengths = fitted.gather(stored, torch.tensor(rows))
        assert ids.shape == (len(rows), int(lengths.max())) and ids.dtype == torch.int64
        for place, row in enumerate(rows):
            alone = fitted.encode_one(ENGLISH[row])[0]
            assert ids[place, : lengths[place]].tolist() == alone.tolist() and not ids[place, lengths[place]:].any()
    assert fitted.gather(stored, torch.tensor([], dtype=torch.int64))[0].shape[0] == 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lowercase", [True, False])
def test_nobody_can_type_padding(kind: str, lowercase: bool) -> None:
    typed = "[PAD] [UNK][PAD] [CLS] [SEP]"
    fitted = fit([*ENGLISH, "[ pad ] unk [ PAD ] UNK", typed, typed], tokenizer=kind, lowercase=lowercase, ends=True, vocabulary=400)
    assert dict(fitted.special) == {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3}
    ids = fitted.encode_one(typed)[0].tolist()
    assert ids[0] == 2 and ids[-1] == 3 and len(ids) >= 6 and not {0, 2, 3} & set(ids[1:-1])


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_a_text_without_tokens_is_one_unknown(text: str) -> None:
    fitted = fit(ENGLISH)
    assert fitted.encode_one(text).tolist() == [[1]] and fitted.tokens(text)[0].text == UNK_TOKEN
    assert [tensor.tolist() for tensor in fitted.store([text])] == [[[1]], [1]]


def test_long_texts_are_cut() -> None:
    fitted = fit(ENGLISH, maximum_length=3)
    assert fitted.encode_one("great " * 50).shape == (1, 3) and len(fitted.tokens("great " * 50)) == 3
    assert fitted.shape()["token"].symbols() and fitted.shape().ragged


def test_the_names_of_numbers() -> None:
    fitted = fit(ENGLISH)
    ids = [token.id for token in fitted.tokens("great screen")]
    assert fitted.words(ids) == ["great", "screen"] and fitted.words([0, 10**6]) == [PAD_TOKEN, UNK_TOKEN]


@pytest.mark.parametrize("text", ["", "{}", "null", '{"version": "1.0"}', "\x80\x04pickle"])
def test_what_is_no_tokeniser_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="tokeniser cannot be read"):
        load(text)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80), st.sampled_from(KINDS))
def test_any_text_encodes_within_the_vocabulary(text: str, kind: str) -> None:
    fitted = FITTED.setdefault(kind, fit(ENGLISH, tokenizer=kind, maximum_length=16))
    ids = fitted.encode_one(text)
    assert 1 <= ids.shape[1] <= 16 and int(ids.min()) > 0 and int(ids.max()) < fitted.vocabulary
    assert all(0 <= token.start <= token.end <= len(text) for token in fitted.tokens(text))


FITTED: dict[str, TextPreprocessor] = {}
