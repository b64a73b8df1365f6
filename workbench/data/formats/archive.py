"""An archive with data in it: unpacked once into the user's cache, then opened as the folder that it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.data.base import DataProblem, Dataset, Format
from workbench.data.extraction import is_archive
from workbench.data.unpacked import unpacked
from workbench.errors import DataError, Text

_DAMAGED = ("it is damaged ({reason})", "the archive breaks off: {reason}", "the file is empty")


class Archive(Format):
    """A zip or tar file that holds data in any other format."""

    name = "archive"
    label = "Archive"
    category = "file"
    summary = "A zip or tar file with a folder of images or any other data in it, or a packed table (.csv.gz); it is unpacked once, into the cache."
    aliases = ("zip", "tar", "tar.gz", "tgz", "csv.gz", "gzip", "压缩包")
    priority = 40

    def recognises(self, path: Path) -> bool:
        return is_archive(path)

    def open(self, source: str, params: Any) -> Dataset:
        from workbench.data.open import recognise

        path = Path(source)
        folder, skipped = unpacked(path)
        inside = _root(folder)
        try:
            entry = recognise(inside)
            if entry.name == self.name:
                raise DataError(Text("{path} holds another archive.", path=source), Text("Unpack it and open what is inside."))
            dataset = entry.open(str(inside), entry.parse({}))
        except DataError as error:
            raise DataError(_called(error.message, str(inside), source), _called(error.hint, str(inside), source)) from error
        dataset.source, dataset.format = source, self.name
        dataset.problems = (*dataset.problems, *_left_out(skipped))
        return dataset


def _called(sentence: str, inside: str, source: str) -> str:
    """Returns a sentence about the folder in the cache as one about the archive, which is what people know."""
    if not isinstance(sentence, Text):
        return sentence.replace(inside, source)
    values = {name: _called(value, inside, source) if isinstance(value, str) else value for name, value in sentence.values.items()}
    return Text(sentence.template, **values)


def _left_out(skipped: dict[str, str]) -> tuple[DataProblem, ...]:
    """Returns what was not unpacked, one problem for every reason."""
    names: dict[str, list[str]] = {}
    for name, reason in skipped.items():
        names.setdefault(reason, []).append(name)
    return tuple(DataProblem(
        "unreadable" if isinstance(reason, Text) and reason.template in _DAMAGED else "skipped-entry",
        Text("{name} was not unpacked: {reason}.", name=own[0], reason=reason) if len(own) == 1 else
        Text("{count} entries of the archive were not unpacked: {reason}.", count=len(own), reason=reason), tuple(own),
    ) for reason, own in names.items())


def _root(folder: Path) -> Path:
    """Returns the folder that holds the data: archives often hold one folder with everything in it; or the one file there is."""
    while True:
        inside = [path for path in folder.iterdir() if not path.name.startswith((".", "__MACOSX"))]
        if len(inside) != 1:
            return folder
        if inside[0].is_file():
            return inside[0]
        folder = inside[0]
