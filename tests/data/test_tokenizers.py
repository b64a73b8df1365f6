"""Every tokeniser: hostile texts, the file alone gives the same numbers, training repeats in another process, files of others."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from workbench.data.base import Field, FieldKind
from workbench.data.joining import put_together
from workbench.data.open import open_dataset
from workbench.data.preprocessing.params import TextParams
from workbench.data.preprocessing.text import TextPreprocessor
from workbench.data.tokenizers import TOKENIZERS
from workbench.data.tokenizing import train, without_surrogates
from workbench.errors import DataError

FIELD = Field("text", FieldKind.TEXT)
LEARNED = sorted(set(TOKENIZERS.names()) - {"file"})
HOSTILE = [
    "", " ", "\n\t\u3000", "\0", "a\0b", "👩‍👩‍👧‍👦 family 🇩🇪", "שלום עולם‏", "مرحبا\u202eabc", "e\u0301\u0302\u0303" * 20, "\ud800", "x\udfff y\ud83d",
    "a" * 20_000, "字" * 20_000, "[PAD] [UNK] [CLS]", "##ing ▁a Ġb", "ﬃ ① Å", "\ufeffmark", "\uffff\U0010ffff", "Zürich’s naïve—test", "1" * 500,
]
SHORT = [text for text in HOSTILE if len(text) < 1000]
TEXTS = ["The quick brown fox jumps over the lazy dog.", "你好，世界！屏幕很好。", "Zürich’s naïve test 👍", "a b c a b c"] * 6


def fit(kind: str, texts: list[str] = TEXTS, **params) -> TextPreprocessor:
    return TextPreprocessor.fit(FIELD, texts, TextParams(tokenizer=kind, **{"vocabulary": 400, "maximum_length": 64, **params}))


def test_the_parameter_offers_every_tokeniser() -> None:
    assert sorted(TextParams.model_fields["tokenizer"].json_schema_extra["choices"]) == TOKENIZERS.names()
    for entry in TOKENIZERS:
        assert set(entry.Params.model_fields) <= set(TextParams.model_fields) and entry.parse({"maximum_length": 5}).maximum_length == 5


@pytest.mark.parametrize("truncation", ["right", "left", "middle"])
@pytest.mark.parametrize("kind", LEARNED)
def test_hostile_texts_become_the_same_numbers_everywhere(kind: str, truncation: str) -> None:
    fitted = fit(kind, [*TEXTS, *SHORT], truncation=truncation, ends=True, special="<user>")
    ids, lengths = fitted.store(HOSTILE)
    restored = TextPreprocessor.restore(FIELD, json.loads(json.dumps(fitted.state)))
    for row, text in enumerate(HOSTILE):
        alone = fitted.encode_one(text)[0].tolist()
        assert ids[row, : lengths[row]].tolist() == alone == restored.encode_one(text)[0].tolist()
        assert 1 <= len(alone) <= 64 and max(alone) < fitted.vocabulary and 0 not in alone
        tokens = fitted.tokens(text)
        assert [token.id for token in tokens] == alone and all(0 <= token.start <= token.end <= len(text) for token in tokens)


@pytest.mark.parametrize("truncation", ["right", "left", "middle"])
@pytest.mark.parametrize("kind", LEARNED)
def test_a_bundle_cuts_as_training_does(kind: str, truncation: str, tmp_path: Path) -> None:
    from workbench.export.predict import Bundle
    from workbench.export.spec import BundleSpec, InputSpec

    fitted = fit(kind, [*TEXTS, *SHORT], truncation=truncation, ends=True, maximum_length=7)
    (tmp_path / "tokenizer.json").write_text(fitted.tokenizer_json, "utf-8")
    spec = InputSpec(
        "text", "text", "text", ("input_ids", "attention_mask"), maximum_length=7, tokenizer="tokenizer.json", truncation=fitted.truncation,
    )
    bundle = Bundle.__new__(Bundle)
    bundle.folder, bundle.spec = tmp_path, BundleSpec("", "", (spec,), ())
    for text in (*HOSTILE, *TEXTS):
        if text.strip():
            assert bundle._encoded_value(spec, text).tolist() == fitted.encode_one(text)[0].tolist()


@pytest.mark.parametrize("kind", LEARNED)
def test_the_places_that_are_cut(kind: str) -> None:
    text = " ".join("abc"[place % 3] for place in range(40))
    whole = fit(kind, truncation="right", maximum_length=200).encode_one(text)[0].tolist()
    right, left, middle = (fit(kind, truncation=cut, maximum_length=9).encode_one(text)[0].tolist() for cut in ("right", "left", "middle"))
    assert right == whole[:9] and left == whole[-9:] and middle == whole[:5] + whole[-4:]


@pytest.mark.parametrize("kind", LEARNED)
def test_own_tokens_stay_whole_and_ends_are_marked(kind: str) -> None:
    fitted = fit(kind, ends=True, special="<user> <sep>")
    special = dict(fitted.special)
    assert special == {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "<user>": 4, "<sep>": 5}
    ids = fitted.encode_one("<user> the dog <sep> 你好")[0].tolist()
    assert ids[0] == 2 and ids[-1] == 3 and ids[1] == 4 and 5 in ids


def test_training_repeats_in_another_process() -> None:
    code = (
        "import sys, hashlib\nfrom workbench.data.open import open_dataset\nfrom workbench.data.preprocessing.params import TextParams\n"
        "from workbench.data.tokenizing import train\n"
        "texts = [t for l in ('en', 'zh') for t in open_dataset('generated:reviews', params={'rows': 200, 'language': l}).column('text')]\n"
        f"print([hashlib.md5(train(texts, TextParams(tokenizer=k, vocabulary=v)).encode()).hexdigest() for k in {LEARNED!r} for v in (90, 400)])\n"
    )
    command = [sys.executable, "-c", code]
    made = {subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]).stdout for _ in "ab"}
    texts = [
        text for language in ("en", "zh")
        for text in open_dataset("generated:reviews", params={"rows": 200, "language": language}).column("text")
    ]
    here = [hashlib.md5(train(texts, TextParams(tokenizer=k, vocabulary=v)).encode()).hexdigest() for k in LEARNED for v in (90, 400)]
    assert made == {f"{here}\n"}


@pytest.mark.parametrize("kind", LEARNED)
def test_the_vocabulary_is_kept_to(kind: str) -> None:
    assert fit(kind, vocabulary=60).vocabulary <= (258 if kind == "byte_bpe" else 60)
    assert fit(kind, [""]).vocabulary >= 2 and fit(kind, []).encode_one("x").numel() >= 1


@pytest.mark.parametrize("kind", ["byte_bpe", "unigram", "wordpiece", "character"])
def test_tokens_are_put_together_again(kind: str) -> None:
    text = "the quick brown fox jumps over the lazy dog."
    fitted = fit(kind)
    assert put_together([token.text for token in fitted.tokens(text)], fitted.joint) == text


def test_bytes_bring_every_text_back() -> None:
    fitted = fit("byte_bpe", lowercase=False, maximum_length=8192)
    for text in ("👩‍👩‍👧‍👦 שלום\0\n  x", "你好 — e\u0301"):
        assert put_together(fitted.words(fitted.encode_one(text)[0].tolist()), fitted.joint) == text and 1 not in fitted.encode_one(text)


def test_chinese_needs_no_spaces() -> None:
    texts = open_dataset("generated:reviews", params={"language": "zh", "rows": 400}).column("text")
    for kind in ("word", "character", "bpe", "byte_bpe", "wordpiece", "unigram"):
        fitted = TextPreprocessor.fit(FIELD, texts, TextParams(tokenizer=kind, vocabulary=400))
        ids, lengths = fitted.store(texts)
        inside = torch.arange(ids.shape[1]) < lengths[:, None]
        assert (ids[inside] == 1).float().mean() < 0.01 and lengths.float().mean() > 4


def test_runs_of_before_restore() -> None:
    fitted = fit("word")
    state = {key: value for key, value in fitted.state.items() if key != "truncation"}
    assert TextPreprocessor.restore(FIELD, state).encode_one("the dog").tolist() == fitted.encode_one("the dog").tolist()


def _bert(folder: Path) -> Path:
    path = folder / "vocab.txt"
    path.write_text("\n".join(["[CLS]", "[SEP]", "the", "dog", "##s", "jump", "[PAD]", "##ed", "[UNK]", "你", "好"]) + "\n", "utf-8")
    return path


def test_a_vocabulary_of_word_pieces(tmp_path: Path) -> None:
    fitted = fit("file", file=str(_bert(tmp_path)))
    assert fitted.words([0, 1]) == ["[PAD]", "[UNK]"] and fitted.vocabulary == 11
    tokens = fitted.tokens("The dogs jumped 你好 cat")
    assert [token.text for token in tokens] == ["the", "dog", "##s", "jump", "##ed", "你", "好", "[UNK]"]
    assert put_together([token.text for token in tokens[:5]], fitted.joint) == "the dogs jumped"
    assert fitted.words(range(11)) == ["[PAD]", "[UNK]", "the", "dog", "##s", "jump", "[CLS]", "##ed", "[SEP]", "你", "好"]


def test_byte_pairs_of_two_files_are_cut_as_the_library_cuts(tmp_path: Path) -> None:
    from tokenizers import ByteLevelBPETokenizer

    theirs = ByteLevelBPETokenizer()
    theirs.train_from_iterator(TEXTS, vocab_size=330, show_progress=False)
    theirs.save_model(str(tmp_path))
    for file in (tmp_path / "vocab.json", tmp_path / "merges.txt", tmp_path):
        fitted = fit("file", file=str(file), maximum_length=512)
        assert fitted.words([0, 1]) == ["[PAD]", "[UNK]"] and fitted.vocabulary == theirs.get_vocab_size() + 2
        for text in [*TEXTS, *HOSTILE[4:11]]:
            assert fitted.words(fitted.encode_one(text)[0].tolist()) == theirs.encode(without_surrogates(text)).tokens


@pytest.mark.parametrize("kind", LEARNED)
def test_a_tokenizer_json_of_others_keeps_its_pieces(kind: str, tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    document = json.loads(fit(kind, ends=True, special="<user>").tokenizer_json)
    theirs = Tokenizer.from_str(json.dumps({**document, "truncation": None, "padding": None}))
    theirs.save(str(tmp_path / "tokenizer.json"))
    fitted = fit("file", file=str(tmp_path / "tokenizer.json"), maximum_length=512)
    for text in TEXTS[:4]:
        assert fitted.words(fitted.encode_one(text)[0].tolist()) == theirs.encode(text).tokens
    (tmp_path / "tokenizer.json").unlink()
    assert TextPreprocessor.restore(FIELD, fitted.state).encode_one("the dog").tolist() == fitted.encode_one("the dog").tolist()


@pytest.mark.parametrize(("name", "content"), [
    ("tokenizer.json", "{}"), ("tokenizer.json", '{"model": {"vocab": 3}}'), ("tokenizer.json", "\x80\x04pickle"), ("vocab.txt", "a\nb\n"),
    ("vocab.json", '{"a": 0}'), ("merges.txt", "a b\n"), ("tokenizer.json", '{"model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}}'),
])
def test_damaged_files_are_refused(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    with pytest.raises(DataError, match="tokeniser"):
        fit("file", file=str(tmp_path / name))


@pytest.mark.parametrize("file", ["", "/nowhere/tokenizer.json", "a\0b"])
def test_what_is_not_there_is_refused(file: str) -> None:
    with pytest.raises(DataError, match="tokeniser"):
        fit("file", file=file)
