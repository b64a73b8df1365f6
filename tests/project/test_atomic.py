from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.project import atomic
from workbench.project.atomic import write_atomically, write_together

_WRITER = """
import sys
from pathlib import Path
from workbench.project.atomic import write_together
folder, count = Path(sys.argv[1]), 0
while True:
    count += 1
    text = f"{count:09d}" * 40_000
    write_together({folder / "a": text, folder / "b": text})
    if count == 1:
        print("ready", flush=True)
"""


def test_the_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_atomically(path, "old")
    path.chmod(0o640)
    write_atomically(path, "数字".encode())
    assert path.read_text("utf-8") == "数字"
    assert path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["a.json"]


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    path = tmp_path / "a.json"
    write_atomically(path, "old")

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    target, name = (atomic, "write_synced") if call == "write" else (os, "fsync")
    monkeypatch.setattr(target, name, full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.json"]


def test_of_two_files_none_changes_where_the_second_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(OSError):
        write_together({tmp_path / "a": "new", tmp_path / "missing" / "b": "new"})
    assert (tmp_path / "a").read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_kill_in_the_middle_leaves_whole_files(tmp_path: Path) -> None:
    for delay in range(6):
        child = subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.013 * (delay + 1))
        child.send_signal(signal.SIGKILL)
        child.wait(10)
        child.stdout.close()
        for name in ("a", "b"):
            text = (tmp_path / name).read_text()
            assert text == text[:9] * 40_000
        counts = [int((tmp_path / name).read_text()[:9]) for name in ("a", "b")]
        assert 0 <= counts[0] - counts[1] <= 1
