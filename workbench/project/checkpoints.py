"""Checkpoints: a folder of files that is complete or does not count.

All files are written and synced into a new folder beside the old one, the manifest (sizes and hashes) last; then the new folder takes the
old one's name. The old one is kept as `NAME.previous`. At every moment at least one complete checkpoint can be found.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import ProjectError
from workbench.project.atomic import sync_folder, write_synced
from workbench.text import Text

MANIFEST = "manifest.json"
MODEL, OPTIMIZER, STATE = "model.safetensors", "optimizer.safetensors", "state.json"
KINDS = ("last", "best")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One complete checkpoint.

    Attributes:
        path: Its folder.
        kind: `last` or `best`.
        step: The step after which it was taken.
        files: blake2b hash and size in bytes by file name.
    """

    path: Path
    kind: str
    step: int
    files: Mapping[str, tuple[str, int]]

    def read(self, name: str) -> bytes:
        """Returns one file of the checkpoint, checked against the manifest.

        Raises:
            ProjectError: The file is missing or not the one that was written.
        """
        digest, size = self.files.get(name, ("", -1))
        try:
            data = (self.path / name).read_bytes()
        except OSError as error:
            raise _damaged(self.path / name) from error
        if len(data) != size or _digest(data) != digest:
            raise _damaged(self.path / name)
        return data

    def state(self) -> dict[str, Any]:
        """Returns state.json."""
        return json.loads(self.read(STATE))


def write_checkpoint(folder: Path, kind: str, step: int, files: Mapping[str, bytes]) -> Checkpoint:
    """Writes one checkpoint and makes it the current one of its kind.

    Args:
        folder: The `checkpoints` folder of a run.
        kind: `last` or `best`.
        step: The step after which it was taken.
        files: Content by name (`MODEL`, `OPTIMIZER`, `STATE`).

    Raises:
        OSError: The disk is full; the checkpoint before stands.
    """
    folder.mkdir(parents=True, exist_ok=True)
    staged = folder / f".{kind}.{secrets.token_hex(4)}.part"
    try:
        staged.mkdir()
        for name, data in files.items():
            write_synced(staged / name, data)
        listing = {name: [_digest(data), len(data)] for name, data in files.items()}
        manifest = {"schema_version": 1, "kind": kind, "step": step, "files": listing}
        write_synced(staged / MANIFEST, json.dumps(manifest, indent=1).encode())
        sync_folder(staged)
        _publish(staged, folder / kind)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    current = read_checkpoint(folder / kind, kind)
    assert current is not None
    return current


def _publish(staged: Path, path: Path) -> None:
    previous = path.with_name(f"{path.name}.previous")
    if path.exists():
        shutil.rmtree(previous, ignore_errors=True)
        os.rename(path, previous)
    os.rename(staged, path)
    sync_folder(path.parent)
    for leftover in path.parent.glob(f".{path.name}.*.part"):
        shutil.rmtree(leftover, ignore_errors=True)


def read_checkpoint(path: Path, kind: str) -> Checkpoint | None:
    """Returns the checkpoint in a folder, or None where it is not complete. Sizes are compared, hashes only when files are read."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        manifest = json.loads((path / MANIFEST).read_bytes())
        files = {name: (digest, size) for name, (digest, size) in manifest["files"].items()}
        if manifest["kind"] == kind and all((path / name).stat().st_size == size for name, (_, size) in files.items()):
            return Checkpoint(path, kind, int(manifest["step"]), files)
    return None


def candidates(folder: Path, kind: str) -> list[Checkpoint]:
    """Returns the complete checkpoints of one kind, newest first: the current one, one that was about to be, the previous one."""
    paths = [folder / kind, *sorted(folder.glob(f".{kind}.*.part")), folder / f"{kind}.previous"]
    found = [checkpoint for path in paths if (checkpoint := read_checkpoint(path, kind))]
    return sorted(found, key=lambda checkpoint: -checkpoint.step)


def newest(folder: Path, kind: str) -> Checkpoint | None:
    """Returns the newest checkpoint of one kind whose every file is as it was written, or None."""
    for checkpoint in candidates(folder, kind):
        with suppress(ProjectError):
            for name in checkpoint.files:
                checkpoint.read(name)
            return checkpoint
    return None


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _damaged(path: Path) -> ProjectError:
    return ProjectError(
        Text("The checkpoint file {path} is missing or damaged.", path=str(path)),
        Text("Resume from the previous checkpoint, or start a new run."),
    )
