"""A tokeniser that somebody else has trained: tokenizer.json, vocab.txt (WordPiece), or vocab.json with merges.txt (BPE)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.data.preprocessing.params import TextParams
from workbench.data.tokenizers.base import TokenizerKind, params_of
from workbench.data.tokenizing import PAD, PAD_TOKEN, UNK, UNK_TOKEN, load
from workbench.errors import DataError, Text

MAX_BYTES = 256 << 20
_NAMES = ("tokenizer.json", "vocab.txt", "vocab.json")
_PADS = (PAD_TOKEN, "<pad>", "<|pad|>", "<PAD>")
_UNKS = (UNK_TOKEN, "<unk>", "<UNK>")


class FromFile(TokenizerKind):
    """A tokeniser read from a file. Nothing is trained; PAD becomes 0 and UNK becomes 1, in exchange with what had these numbers."""

    name = "file"
    label = "From a file"
    category = "given"
    summary = "Reads tokenizer.json, vocab.txt (WordPiece), or vocab.json with merges.txt (BPE); the run keeps a copy."
    aliases = ("pretrained", "tokenizer.json", "vocab.txt", "merges.txt", "Hugging Face", "文件", "预训练")
    Params = params_of("TokensFromFile", ("file", "lowercase", "maximum_length", "truncation"))

    def train(self, texts: Sequence[str], params: TextParams) -> str:
        document = json.loads(_read(_path(params.file), params))
        document = with_fixed_numbers(document)
        direction = "Left" if params.truncation == "left" else "Right"
        document["truncation"] = {"direction": direction, "max_length": params.maximum_length, "strategy": "LongestFirst", "stride": 0}
        document["padding"] = {
            "strategy": "BatchLongest", "direction": "Right", "pad_to_multiple_of": None, "pad_id": PAD, "pad_type_id": 0,
            "pad_token": document.pop("pad"),
        }
        text = json.dumps(document, ensure_ascii=False)
        load(text)
        return text


def _path(named: str) -> Path:
    if not named:
        raise DataError(
            Text("No file of a tokeniser has been chosen."), Text("Choose tokenizer.json, vocab.txt, or vocab.json beside merges.txt.")
        )
    try:
        path = Path(named).expanduser()
        path = next((path / name for name in _NAMES if (path / name).is_file()), path) if path.is_dir() else path
        size = path.stat().st_size
    except (OSError, ValueError, RuntimeError) as error:
        raise _unreadable(named, str(error)) from error
    if size > MAX_BYTES:
        raise _unreadable(named, "it is larger than 256 MiB")
    return path


def _unreadable(path: str, reason: str) -> DataError:
    return DataError(
        Text("The tokeniser {path} cannot be read: {reason}.", path=path[:300], reason=reason[:200]),
        Text("Choose tokenizer.json, vocab.txt, or vocab.json beside merges.txt."),
    )


def _read(path: Path, params: TextParams) -> str:
    """Returns the file as the text of a tokenizer.json."""
    try:
        if path.suffix == ".txt" and path.name != "merges.txt":
            return _word_pieces(path, params)
        if path.name in ("merges.txt", "vocab.json") or path.name.endswith(("-vocab.json", "-merges.txt")):
            return _byte_pairs(path, params)
        text = path.read_text("utf-8")
        load(text)
        return text
    # The library raises plain Exception for whatever it cannot read.
    except (DataError, Exception) as error:
        raise _unreadable(str(path), str(getattr(error, "hint", "") or error)) from error


def _word_pieces(path: Path, params: TextParams) -> str:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    tokens = path.read_text("utf-8-sig").split("\n")
    vocabulary = {token.rstrip("\r"): number for number, token in enumerate(tokens) if token.strip()}
    unknown = next((name for name in _UNKS if name in vocabulary), "")
    if not unknown:
        raise DataError(Text("There is no [UNK] in it."))
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=unknown))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=params.lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer.to_str()


def _byte_pairs(path: Path, params: TextParams) -> str:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    vocabulary_file = path.with_name(path.name.replace("merges.txt", "vocab.json"))
    merges_file = path.with_name(path.name.replace("vocab.json", "merges.txt"))
    if merges_file == vocabulary_file or not merges_file.is_file():
        raise DataError(Text("There is no merges.txt beside it."))
    vocabulary, merges = models.BPE.read_file(str(vocabulary_file), str(merges_file))
    unknown = next((name for name in _UNKS if name in vocabulary), None)
    bytewise = any(token.startswith("Ġ") for token in vocabulary) or {"Ċ", "ł"} <= set(vocabulary)
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token=None if bytewise else unknown))
    if bytewise:
        tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    else:
        tokenizer.normalizer = normalizers.Lowercase() if params.lowercase else normalizers.NFKC()
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer.to_str()


def with_fixed_numbers(document: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a tokenizer.json in which PAD is 0 and UNK is 1, each in exchange with the token that had the number; `pad` names PAD.

    What is not there yet is added. Added tokens stay added, apart from PAD and UNK: nobody can type padding.
    """
    model: dict[str, Any] = dict(document["model"])
    listed = list(document.get("added_tokens") or ())
    vocabulary = _vocabulary(model) | {token["content"]: token["id"] for token in listed}
    pad = next((name for name in _PADS if name in vocabulary), PAD_TOKEN)
    unk = _unknown(model, vocabulary)
    numbers = dict(vocabulary)
    for name, number in ((pad, PAD), (unk, UNK)):
        held = next((token for token, own in numbers.items() if own == number), None)
        own = numbers.get(name, max(numbers.values(), default=-1) + 1)
        if held is not None:
            numbers[held] = own
        numbers[name] = number
    changed = {vocabulary[token]: numbers[token] for token in vocabulary}
    kept = [{**token, "id": numbers[token["content"]]} for token in listed if token["content"] not in (pad, unk)]
    found = {**document, "model": _renumbered(model, numbers, (pad, unk), unk), "added_tokens": sorted(kept, key=lambda token: token["id"])}
    return {**found, "post_processor": _replaced(document.get("post_processor"), changed), "pad": pad}


def _vocabulary(model: Mapping[str, Any]) -> dict[str, int]:
    vocabulary = model.get("vocab")
    if isinstance(vocabulary, list):
        return {piece: number for number, (piece, _) in enumerate(vocabulary)}
    if not isinstance(vocabulary, dict):
        raise DataError(Text("The tokeniser cannot be read."), Text("It has no vocabulary."))
    return dict(vocabulary)


def _unknown(model: Mapping[str, Any], vocabulary: Mapping[str, int]) -> str:
    if isinstance(model.get("vocab"), list) and model.get("unk_id") is not None:
        return str(model["vocab"][model["unk_id"]][0])
    named = model.get("unk_token")
    return str(named) if named in vocabulary else next((name for name in _UNKS if name in vocabulary), UNK_TOKEN)


def _renumbered(model: dict[str, Any], numbers: Mapping[str, int], special: Sequence[str], unk: str) -> dict[str, Any]:
    present = {token: number for token, number in numbers.items() if token in _vocabulary(model) or token in special}
    if isinstance(model["vocab"], list):
        scores = dict(model["vocab"])
        places = sorted(numbers, key=lambda token: numbers[token])
        return {**model, "vocab": [[token, scores.get(token, 0.0)] for token in places], "unk_id": UNK}
    word_level = model.get("type") in ("WordLevel", "WordPiece")
    return {**model, "vocab": present, **({"unk_token": unk} if word_level else {})}


def _replaced(value: Any, changed: Mapping[int, int], key: str = "") -> Any:
    """Returns a post-processor with new numbers: they stand in `ids`, and second in `sep` and `cls`."""
    if isinstance(value, dict):
        return {name: _replaced(item, changed, name) for name, item in value.items()}
    if isinstance(value, list) and key == "ids":
        return [changed.get(item, item) for item in value]
    if isinstance(value, list) and key in ("sep", "cls") and len(value) == 2:
        return [value[0], changed.get(value[1], value[1])]
    return [_replaced(item, changed) for item in value] if isinstance(value, list) else value
