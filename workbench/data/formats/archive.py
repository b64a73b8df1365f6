"""An archive with data in it: unpacked once into the user's cache, then opened as the folder that it is."""

from __future__ import annotations

import json
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

from workbench.data.base import DataProblem, Dataset, Format
from workbench.data.extraction import extract, is_archive
from workbench.data.index import cache_folder
from workbench.errors import DataError, Text


class Archive(Format):
    """A zip or tar file that holds data in any other format."""

    name = "archive"
    label = "Archive"
    category = "file"
    summary = "A zip or tar file with a folder of images or any other data in it; it is unpacked once, into the cache."
    aliases = ("zip", "tar", "tar.gz", "tgz", "压缩包")
    priority = 40

    def recognises(self, path: Path) -> bool:
        return is_archive(path)

    def open(self, source: str, params: Any) -> Dataset:
        from workbench.data.open import recognise

        path = Path(source)
        folder, skipped = _unpacked(path)
        inside = _root(folder)
        entry = recognise(inside)
        if entry.name == self.name:
            raise DataError(Text("{path} holds another archive.", path=source), Text("Unpack it and open what is inside."))
        dataset = entry.open(str(inside), entry.parse({}))
        dataset.source, dataset.format = source, self.name
        dataset.problems = (*dataset.problems, *(
            DataProblem("skipped-entry", Text("{name} was not unpacked: {reason}.", name=name, reason=reason), (name,))
            for name, reason in skipped.items()
        ))
        return dataset


def _unpacked(path: Path) -> tuple[Path, dict[str, str]]:
    """Returns the folder that an archive was unpacked to, now or before, and why entries were left out."""
    try:
        about = path.stat()
    except OSError as error:
        raise DataError(
            Text("{path} cannot be read: {reason}.", path=str(path), reason=error.strerror or str(error)), Text("Check the file.")
        ) from error
    key = f"{path.resolve()}\0{about.st_size}\0{about.st_mtime_ns}"
    folder = cache_folder() / "archives" / blake2b(key.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
    notes = folder.with_suffix(".json")
    if folder.is_dir():
        with suppress(OSError, ValueError):
            return folder, dict(json.loads(notes.read_text("utf-8")))
        return folder, {}
    found = extract(path, folder)
    with suppress(OSError):
        notes.write_text(json.dumps(found.skipped), "utf-8")
    return folder, found.skipped


def _root(folder: Path) -> Path:
    """Returns the folder that holds the data: archives often hold one folder with everything in it; or the one file there is."""
    while True:
        inside = [path for path in folder.iterdir() if not path.name.startswith((".", "__MACOSX"))]
        if len(inside) != 1:
            return folder
        if inside[0].is_file():
            return inside[0]
        folder = inside[0]
