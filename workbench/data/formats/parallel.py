"""Texts in two languages, sentence by sentence, to learn to translate from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import Dataset, Field, FieldKind, Format, Split
from workbench.data.memory import MemoryDataset
from workbench.data.texts.pairs import Pairs, aligned_files, cleaned, looks_like_pairs, read_aligned, read_columns, read_tmx, stem_of
from workbench.data.texts.reading import plain_suffix
from workbench.errors import DataError, Text

_SPLITS = (("test", Split.TEST), ("valid", Split.VALIDATION), ("dev", Split.VALIDATION), ("val", Split.VALIDATION), ("train", Split.TRAIN))


class ParallelParams(Params):
    """What cannot be told from the files for certain."""

    reverse: bool = param(False, label="Other direction", help="Translates from the second language into the first.")
    encoding: str = param("", label="Encoding", help="Such as utf-8 or gbk; empty finds it out.", main=False)


class Parallel(Format):
    """Sentences and their translations."""

    name = "parallel"
    label = "Parallel text"
    category = "file"
    summary = "Sentences and their translations: two aligned files (x.en, x.de), a table of two columns, TMX, SGM, or a folder of such as WMT's."
    aliases = ("translation", "bitext", "WMT", "TMX", "SGM", "Tatoeba", "Moses", "平行语料", "翻译")
    priority = 25
    Params = ParallelParams

    def recognises(self, path: Path) -> bool:
        if path.is_dir():
            return bool(aligned_files(path))
        if not path.is_file():
            return False
        suffix = plain_suffix(path)
        if suffix == ".tmx" or _aligned_with(path) is not None:
            return True
        return suffix in (".tsv", ".tab", ".txt") and looks_like_pairs(path, 3 if suffix == ".txt" else 2)

    def open(self, source: str, params: Any) -> Dataset:
        path = Path(source)
        parts = _parts(path, params.encoding)
        if params.reverse:
            parts = [(split, Pairs(part.target, part.source, (part.languages[1], part.languages[0]), part.problems)) for split, part in parts]
        total = sum(len(part.source) for _, part in parts)
        if not total:
            raise DataError(Text("There are no pairs of sentences in {path}.", path=source), Text("Each line needs a text and its translation."))
        return _dataset(self.name, source, parts)


def _parts(path: Path, encoding: str) -> list[tuple[str, Pairs]]:
    """Returns the pairs of every file, with the split that its name says."""
    if path.is_dir():
        files = aligned_files(path)
        return [(_split_of(stem), cleaned(read_aligned(*both, encoding), stem)) for stem, both in sorted(files.items())]
    both = _aligned_with(path)
    pairs = read_tmx(path) if plain_suffix(path) == ".tmx" else read_columns(path, encoding) if both is None else read_aligned(*both, encoding)
    return [("", cleaned(pairs, path.name))]


def _aligned_with(path: Path) -> tuple[Path, Path] | None:
    """Returns the two aligned files of which one is `path`."""
    found = stem_of(path)
    both = aligned_files(path.parent).get(found[0]) if found is not None else None
    return both if both is not None and path.name in (both[0].name, both[1].name) else None


def _split_of(stem: str) -> str:
    return next((str(split) for word, split in _SPLITS if word in stem.lower()), str(Split.TRAIN))


def _dataset(format: str, source: str, parts: Sequence[tuple[str, Pairs]]) -> Dataset:
    first, second = ([text for _, part in parts for text in getattr(part, side)] for side in ("source", "target"))
    splits = np.array([split for split, part in parts for _ in part.source], dtype="U10")
    languages = next((part.languages for _, part in parts if any(part.languages)), ("", ""))
    fields = (
        Field("source", FieldKind.TEXT, languages[0] or Text("Original")), Field("target", FieldKind.TEXT, languages[1] or Text("Translation")),
    )
    return MemoryDataset(
        format=format, source=source, fields=fields, columns={"source": first, "target": second}, ids=_ids(first, second),
        splits=splits if len(set(splits)) > 1 else None, problems=[problem for _, part in parts for problem in part.problems],
    )


def _ids(source: Sequence[str], target: Sequence[str]) -> list[str]:
    """Returns ids made of what stands in a pair, so that they survive sorting; equal pairs are counted."""
    seen: Counter[str] = Counter()
    ids: list[str] = []
    for pair in zip(source, target, strict=True):
        digest = blake2b("\x1f".join(pair).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        ids.append(digest if not seen[digest] else f"{digest}-{seen[digest]}")
        seen[digest] += 1
    return ids
