"""Kept sets of made rows on disk: a folder `made/NAME` of the project with the values that were made, and where each row came from.

Numbers lie in NumPy files that are mapped into memory, texts in JSON; nothing is ever unpickled. A set is never changed once it is
written: a run that was trained on it finds the same bytes again.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from workbench.errors import DataError, Text

FOLDER, FILE = "made", "made.json"
MOST_ROWS = 1_000_000
_VERSION = 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,40}")
_NOTHING: Mapping[str, Any] = MappingProxyType({})

Column = np.ndarray | list[Any]
"""Values of one field: an array, or a list of texts or arrays of differing forms."""


@dataclass(frozen=True)
class MadeSet:
    """Rows that were made.

    Attributes:
        name: Unique in the project.
        sources: The id of the row that each was made from, or "" for what has no single source.
        copies: Which draw of its source each is, counted from 1, int64 `(n,)`.
        values: What was made, by field name; all other fields are those of the source.
        facts: How it was made: `how` (augmentation or writing), `seed` and what belongs to it; JSON values.
        learned: The ids of the rows that whoever made rows without a source had learned from: where one of these is judged by, such rows
            are not trained on.
    """

    name: str
    sources: Sequence[str]
    copies: np.ndarray
    values: Mapping[str, Column]
    facts: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    learned: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.sources)

    def ids(self) -> list[str]:
        """Returns the id of every row: `made:NAME/SOURCE#k`."""
        return [f"made:{self.name}/{source}#{copy}" for source, copy in zip(self.sources, self.copies.tolist(), strict=True)]


class Pieces(Sequence[Any]):
    """Arrays of differing forms that lie one after the other in one flat array.

    Args:
        flat: All values, `(total,)`.
        forms: The form of every array, int64 `(n, axes)`.
    """

    def __init__(self, flat: np.ndarray, forms: np.ndarray) -> None:
        self._flat, self._forms = flat, forms
        self._ends = np.cumsum(np.prod(forms, axis=1, dtype=np.int64))

    def __len__(self) -> int:
        return len(self._forms)

    def __getitem__(self, index: Any) -> Any:
        form = self._forms[index]
        end = int(self._ends[index])
        return np.asarray(self._flat[end - int(np.prod(form)) : end]).reshape(form)


def checked_name(name: str) -> str:
    """Returns a name that can stand in a path.

    Raises:
        DataError: It cannot.
    """
    if not _NAME.fullmatch(name):
        raise DataError(
            Text("Made rows cannot be called {name}.", name=repr(name)[:80]), Text("Use letters, digits, - and _, up to 41 of them."),
        )
    return name


def free_name(base: Path, taken: Sequence[str] = ()) -> str:
    """Returns a name that no set in this project folder has yet: `made-1`, `made-2`."""
    number = 1
    while f"made-{number}" in taken or (base / FOLDER / f"made-{number}").exists():
        number += 1
    return f"made-{number}"


def write_set(base: Path, made: MadeSet) -> Path:
    """Writes a set into the project folder `base`; it is there whole or not at all.

    Raises:
        DataError: There is a set of that name already, or the folder cannot be written.
    """
    target = base / FOLDER / checked_name(made.name)
    if target.exists():
        raise DataError(Text("There are made rows called {name} already.", name=made.name), Text("Choose another name, or remove them first."))
    draft = target.with_name(f".{made.name}.{os.getpid()}.writing")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        stored = [_write_column(draft, number, name, column) for number, (name, column) in enumerate(made.values.items())]
        document = {
            "version": _VERSION, "facts": dict(made.facts), "fields": stored, "sources": list(made.sources), "copies": made.copies.tolist(),
            "learned": list(made.learned),
        }
        (draft / FILE).write_text(json.dumps(document, ensure_ascii=False), "utf-8")
        draft.replace(target)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise DataError(
            Text("{path} cannot be written: {reason}.", path=str(target), reason=error.strerror or str(error)),
            Text("Check the free space and the permissions of the folder."),
        ) from error
    return target


def _write_column(folder: Path, number: int, name: str, column: Column) -> dict[str, str]:
    if isinstance(column, np.ndarray):
        np.save(folder / f"{number}.npy", np.ascontiguousarray(column), allow_pickle=False)
        return {"name": name, "form": "array"}
    if all(isinstance(value, str) for value in column):
        (folder / f"{number}.json").write_text(json.dumps(list(column), ensure_ascii=False), "utf-8")
        return {"name": name, "form": "texts"}
    forms = np.array([value.shape for value in column], dtype=np.int64)
    np.save(folder / f"{number}.npy", np.concatenate([value.ravel() for value in column]), allow_pickle=False)
    np.save(folder / f"{number}.forms.npy", forms, allow_pickle=False)
    return {"name": name, "form": "pieces"}


def read_set(base: Path | None, name: str) -> MadeSet:
    """Reads a set of the project folder `base`; numbers are mapped, not loaded.

    Raises:
        DataError: It is not there, or its files are damaged.
    """
    hint = Text("Take {name} out of the made rows of the project, or restore its folder.", name=name)
    folder = (base or Path()) / FOLDER / checked_name(name)
    if base is None or not (folder / FILE).is_file():
        raise DataError(Text("The made rows {name} are not in the folder of the project.", name=name), hint)
    try:
        document = json.loads((folder / FILE).read_text("utf-8"))
        if document["version"] != _VERSION:
            raise ValueError("another version")
        values = {item["name"]: _read_column(folder, number, item["form"]) for number, item in enumerate(document["fields"])}
        sources, learned = document["sources"], document.get("learned", [])
        made = MadeSet(name, sources, np.asarray(document["copies"], dtype=np.int64), values, document["facts"], learned)
        named = all(isinstance(item, str) for item in (*sources, *learned))
        if not named or any(len(column) != len(made) for column in (*values.values(), made.copies)):
            raise ValueError("columns differ in length")
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise DataError(Text("The made rows {name} cannot be read.", name=name), hint) from error
    return made


def _read_column(folder: Path, number: int, form: str) -> Any:
    if form == "texts":
        texts = json.loads((folder / f"{number}.json").read_text("utf-8"))
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise ValueError("no texts")
        return texts
    values = np.load(folder / f"{number}.npy", mmap_mode="r", allow_pickle=False)
    if form == "array":
        return values
    forms = np.load(folder / f"{number}.forms.npy", allow_pickle=False)
    if values.ndim != 1 or forms.ndim != 2 or (forms < 0).any() or int(np.prod(forms, axis=1, dtype=np.int64).sum()) != len(values):
        raise ValueError("forms and values do not fit")
    return Pieces(values, forms)


def kept_sets(base: Path) -> list[str]:
    """Returns the names of the sets in a project folder, sorted, those included that the project does not use now."""
    folder = base / FOLDER
    return sorted(path.parent.name for path in folder.glob(f"*/{FILE}")) if folder.is_dir() else []


def copy_sets(names: Sequence[str], base: Path, target: Path) -> None:
    """Copies sets from one project folder to another, where a project is saved elsewhere; what is there already stays.

    Raises:
        DataError: There are other made rows of that name, or the folder cannot be written.
    """
    for name in names:
        source, goal = base / FOLDER / checked_name(name), target / FOLDER / name
        if not (source / FILE).is_file() or (goal.exists() and goal.samefile(source)):
            continue
        try:
            if goal.exists():
                if (goal / FILE).read_bytes() != (source / FILE).read_bytes():
                    raise DataError(
                        Text("There are made rows called {name} already.", name=name), Text("Choose another folder."),
                    )
                continue
            draft = goal.with_name(f".{name}.{os.getpid()}.writing")
            shutil.rmtree(draft, ignore_errors=True)
            shutil.copytree(source, draft)
            draft.replace(goal)
        except OSError as error:
            raise DataError(
                Text("{path} cannot be written: {reason}.", path=str(goal), reason=error.strerror or str(error)),
                Text("Check the free space and the permissions of the folder."),
            ) from error


def delete_set(base: Path, name: str) -> None:
    """Deletes the files of a set for good.

    Raises:
        DataError: They cannot be deleted.
    """
    try:
        shutil.rmtree(base / FOLDER / checked_name(name))
    except FileNotFoundError:
        return
    except OSError as error:
        raise DataError(
            Text("{path} cannot be deleted: {reason}.", path=str(base / FOLDER / name), reason=error.strerror or str(error)),
            Text("Close other programs that use it."),
        ) from error
