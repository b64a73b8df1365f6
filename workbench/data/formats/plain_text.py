"""Plain text to learn to write from: one file or a folder of files, cut into rows."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

from workbench.data.base import DataProblem, Dataset, Format
from workbench.data.folders import PEEK, files_below
from workbench.data.texts.reading import PACKED, plain_suffix, read_text
from workbench.data.texts.windows import Document, WindowParams, windows
from workbench.errors import DataError, Text

SUFFIXES = (".txt", ".text", ".md", ".rst")
ENDINGS = tuple(suffix + packed for suffix in SUFFIXES for packed in ("", *PACKED))


class PlainText(Format):
    """A book, or a folder of them."""

    name = "plain_text"
    label = "Plain text"
    category = "file"
    summary = "A text file (also .gz, .bz2 or .xz) or a folder of them, cut into rows: for models that learn to write on."
    aliases = ("txt", "corpus", "language modelling", "book", "bz2", "语料", "纯文本", "语言模型")
    priority = 4
    Params = WindowParams

    def recognises(self, path: Path) -> bool:
        if path.is_file():
            return plain_suffix(path) in SUFFIXES
        return path.is_dir() and _mostly_texts(path)

    def open(self, source: str, params: Any) -> Dataset:
        path = Path(source)
        files = sorted(files_below(path, ENDINGS)) if path.is_dir() else [path]
        documents, problems = list[Document](), list[DataProblem]()
        for file in files:
            name = file.relative_to(path).as_posix() if path.is_dir() else file.name
            try:
                read = read_text(file, params.encoding)
            except DataError as error:
                if len(files) == 1:
                    raise
                problems.append(DataProblem("unreadable", error.message, (name,), Text("It is left out.")))
                continue
            documents.append(Document(name, read.text))
            problems.extend(read.problems)
        return windows(documents, params, self.name, source, problems)


def _mostly_texts(root: Path) -> bool:
    """Whether most of the first files below a folder are texts, not counting what programs come with."""
    names = [path.name.lower() for path in islice(files_below(root, ("",)), PEEK)]
    texts = sum(name.endswith(ENDINGS) and not name.startswith(("readme", "license", "changelog", "requirements")) for name in names)
    return 2 * texts > len(names)
