"""What lies in a folder that no format knows, in one sentence, and what to do with files of that kind."""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workbench.data.decode import SUFFIXES as IMAGE_SUFFIXES
from workbench.data.sound import SOUND_SUFFIXES
from workbench.errors import DataError, Text

_MOST_FILES = 20_000
_CLUTTER = frozenset({"thumbs.db", "desktop.ini", "icon\r"})
_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
KNOWN = Text("Known are folders and archives of images, tables (CSV, TSV, JSON, Parquet), texts, sounds, series, NumPy arrays, IDX and CIFAR files.")

_ADVICE: tuple[tuple[tuple[str, ...], Text], ...] = (
    ((".heic", ".heif", ".avif", ".jxl", ".jp2", ".psd", ".svg", ".eps", ".ai", ".ico", ".tga", ".ppm", ".pgm", ".exr", ".hdr", ".cr2", ".cr3",
      ".nef", ".arw", ".dng", ".raw", ".fits", ".fit", ".gd", ".mpo", ".dcx", ".pcx", ".spi", ".spider", ".dcm", ".dicom", ".nii", ".svs"),
     Text("Pictures of this kind are not read: save them as PNG or JPEG, one folder per class.")),
    ((".mp4", ".avi", ".mov", ".mkv", ".webm", ".wmv", ".m4v", ".mpg", ".mpeg"),
     Text("Films are not read: save pictures or sounds out of them, one folder per class.")),
    ((".m4a", ".aac", ".wma", ".amr", ".mid", ".midi", ".caf", ".ra"), Text("Sounds of this kind are not read: save them as WAV, FLAC, OGG or MP3.")),
    ((".docx", ".doc", ".odt", ".rtf", ".pdf", ".epub", ".pages", ".htm", ".html", ".tex"),
     Text("Documents of this kind are not read: save their texts as .txt files, one folder per class, or as a table with a column of texts.")),
    ((".xlsx", ".xls", ".ods", ".numbers", ".sav", ".dta", ".sas7bdat"), Text("Sheets of this kind are not read: save them as CSV.")),
    ((".db", ".sqlite", ".sqlite3", ".mdb", ".accdb", ".sql"), Text("Databases are not read: save what you need of them as CSV or Parquet.")),
    ((".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt", ".rds", ".rdata"),
     Text("Files of this kind can run programs when they are opened, so they never are: save arrays with numpy.savez, tables as CSV or Parquet.")),
    ((".h5", ".hdf5", ".mat", ".tfrecord", ".tfrecords", ".lmdb", ".mdb", ".zarr", ".nc"),
     Text("Files of this kind are not read: save arrays with numpy.savez, images as files, tables as CSV or Parquet.")),
    ((".npy", ".npz"), Text("Nothing says which array is input and which is target: call them x and y, or x_train, y_train, x_test and y_test.")),
    ((".xml",), Text("Annotations of this kind are not read: put a table beside the images, with a column file_name and a column for the class.")),
)
_PICKLED_CIFAR = frozenset({"data_batch_1", "test_batch", "batches.meta"})


@dataclass(slots=True)
class _Seen:
    """What lies below a folder.

    Attributes:
        endings: How many files end like this; "" for those without an ending.
        folders: How many folders hold files, the folder itself not counted.
        top: The names of the files in the folder itself.
        more: Whether there is more than was looked at.
    """

    endings: Counter[str] = field(default_factory=Counter)
    folders: int = 0
    top: list[str] = field(default_factory=list)
    more: bool = False


def refusal(path: Path, shown: str = "") -> DataError:
    """Returns that no format knows `path`: what was seen there, and what can be done.

    Args:
        path: A file or folder.
        shown: What people call it; "" is its path.
    """
    shown = shown or str(path)
    if not path.is_dir():
        if path.is_file() and not os.access(path, os.R_OK):
            return DataError(Text("{path} cannot be read: {reason}.", path=shown, reason=os.strerror(errno.EACCES)), Text("Check the file."))
        return DataError(Text("{path} is in no known data format.", path=shown), _file_advice(path))
    try:
        os.listdir(path)
    except OSError as error:
        return DataError(Text("{path} cannot be read: {reason}.", path=shown, reason=error.strerror or str(error)), Text("Check the folder."))
    seen = _look(path)
    if not seen.endings:
        return DataError(Text("The folder {path} is empty.", path=shown), Text("Put one folder of images per class into it, or any other data."))
    return DataError(Text("{path} is in no known data format: it holds {what}.", path=shown, what=_said(seen)), _folder_advice(seen))


def _look(root: Path) -> _Seen:
    seen, count = _Seen(), 0
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        solid = sorted(name for name in files if not name.startswith(".") and name.lower() not in _CLUTTER)
        seen.folders += bool(solid) and folder != str(root)
        seen.endings.update(os.path.splitext(name)[1].lower()[:12] for name in solid)
        if folder == str(root):
            seen.top = solid
        count += len(solid)
        if count > _MOST_FILES:
            seen.more = True
            break
    return seen


def _said(seen: _Seen) -> Text:
    """Returns what was seen: "12 folders with 36 .docx files"."""
    kinds = [_kind(*item) for item in sorted(seen.endings.items(), key=lambda item: (-item[1], item[0]))[:3]]
    left = len(seen.endings) - len(kinds)
    what = kinds[0] if len(kinds) == 1 else Text("{first} and {second}", first=kinds[0], second=kinds[1]) if len(kinds) == 2 and not left else \
        Text("{first}, {second} and {third}", first=kinds[0], second=kinds[1], third=Text("others") if left else kinds[2])
    what = Text("more than {what}", what=what) if seen.more else what
    return Text("{folders} folders with {what}", folders=seen.folders, what=what) if seen.folders > 1 else what


def _kind(ending: str, count: int) -> Text:
    if count == 1:
        return Text("one {ending} file", ending=ending) if ending else Text("one file without an ending")
    many = f"{count:,}"
    return Text("{count} {ending} files", count=many, ending=ending) if ending else Text("{count} files without an ending", count=many)


def _folder_advice(seen: _Seen) -> Text:
    if _PICKLED_CIFAR & set(seen.top):
        return Text("These batches can run programs when they are opened, so they never are: take the binary version of CIFAR.")
    likeliest = next((ending for ending, _ in seen.endings.most_common()), "")
    for endings in (_TABLES, _ARCHIVES):
        inside = [name for name in seen.top if name.lower().endswith(endings)]
        if inside and likeliest.endswith(endings):
            return Text("Open one of the files itself: {names}.", names=_listed(inside))
    return _advice(likeliest)


def _file_advice(path: Path) -> Text:
    ending = path.suffix.lower()
    if ending in IMAGE_SUFFIXES or ending in SOUND_SUFFIXES:
        return Text("One file is no data set: choose the folder that it lies in.")
    if path.name.lower().endswith(_ARCHIVES):
        return Text("Only zip and tar archives are read, and this is none or is damaged: unpack it yourself and open the folder.")
    return _advice(ending)


def _advice(ending: str) -> Text:
    return next((advice for endings, advice in _ADVICE if ending in endings), KNOWN)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
