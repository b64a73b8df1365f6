"""Large Parquet files as Arrow files in the user's cache: those are mapped into memory, where Parquet must be read as a whole."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

from workbench.data.index import cache_folder
from workbench.data.progress import report
from workbench.errors import DataError, Text

LARGE_BYTES = 256 << 20
"""Files that take more than this in memory are kept as Arrow files."""

_BATCH_ROWS = 1024
_ROOM_LEFT = 1 << 30


def kept_path(path: Path) -> Path:
    """Returns where the Arrow file of a Parquet file is kept, as long as that does not change."""
    about = path.stat()
    key = f"{path.resolve()}\0{about.st_size}\0{about.st_mtime_ns}"
    return cache_folder() / "arrow" / f"{blake2b(key.encode('utf-8', 'surrogatepass'), digest_size=12).hexdigest()}.arrow"


def mapped(arrow: Any, path: Path, file: Any) -> Any:
    """Returns the rows of a Parquet file as a table that lies on disk.

    Args:
        arrow: The package pyarrow.
        path: The Parquet file.
        file: It, opened, a `pyarrow.parquet.ParquetFile`.

    Raises:
        DataError: There is no room for the Arrow file.
        CancelledError: The work is no longer wanted; nothing is left behind.
    """
    kept = kept_path(path)
    if not kept.is_file():
        _written(arrow, path, file, kept)
    with suppress(OSError):
        os.utime(kept)
    return arrow.ipc.open_file(arrow.memory_map(str(kept))).read_all()


def _written(arrow: Any, path: Path, file: Any, kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    size = sum(file.metadata.row_group(number).total_byte_size for number in range(file.metadata.num_row_groups))
    _make_room(kept.parent, size, path)
    scratch, done, count = kept.with_suffix(f".{os.getpid()}.part"), 0, max(file.metadata.num_rows, 1)
    try:
        with arrow.OSFile(str(scratch), "wb") as sink, arrow.ipc.new_file(sink, file.schema_arrow) as writer:
            for batch in file.iter_batches(_BATCH_ROWS):
                writer.write_batch(batch)
                done += batch.num_rows
                report(done / count, Text("{done} of {count} rows of {path} unpacked", done=done, count=count, path=path.name))
        os.replace(scratch, kept)
        kept.with_suffix(".json").write_text(json.dumps({"source": str(path.resolve())}), "utf-8")
    finally:
        scratch.unlink(missing_ok=True)


def _make_room(folder: Path, size: int, path: Path) -> None:
    """Deletes what nothing can use any more, then what was not used for longest, until there is room.

    Raises:
        DataError: There is too little all the same.
    """
    for kept in sorted(folder.glob("*.arrow"), key=lambda one: one.stat().st_mtime):
        if _stale(kept) or shutil.disk_usage(folder).free < size + _ROOM_LEFT:
            kept.unlink(missing_ok=True)
            kept.with_suffix(".json").unlink(missing_ok=True)
    free = shutil.disk_usage(folder).free
    if free < size + _ROOM_LEFT:
        raise DataError(
            Text("{path} takes {size} GiB unpacked, and {folder} has {free} GiB left.", path=str(path), folder=str(folder),
                 size=round(size / (1 << 30), 1), free=round(free / (1 << 30), 1)),
            Text("Make room, or set WORKBENCH_CACHE_DIR to a folder on a larger disk."),
        )


def _stale(kept: Path) -> bool:
    """Whether the file that this was made of is gone or has changed."""
    try:
        source = Path(json.loads(kept.with_suffix(".json").read_text("utf-8"))["source"])
        return kept_path(source) != kept
    except (OSError, ValueError, KeyError, TypeError):
        return True
