"""The TensorBoard files of a run, read back as TensorBoard reads them."""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tensorboardX.crc32c import crc32c
from tensorboardX.proto.event_pb2 import Event, SessionLog

from workbench.project.project import Project
from workbench.training.events import EpochEnded, Finished, Interrupt
from workbench.training.tensorboard import TensorBoardWriter

STEPS = 14


def _masked(data: bytes) -> int:
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def read(folder: Path) -> Iterator[Any]:
    """Yields the events of all files in the order in which they were begun; both checksums of every record must hold."""
    for path in sorted(folder.glob("events.out.tfevents.*"), key=lambda item: int(item.suffix[1:])):
        data, place = path.read_bytes(), 0
        while place < len(data):
            head = data[place:place + 8]
            (length,) = struct.unpack("<Q", head)
            body = data[place + 12:place + 12 + length]
            assert struct.unpack("<I", data[place + 8:place + 12]) == (_masked(head),)
            assert struct.unpack("<I", data[place + 12 + length:place + 16 + length]) == (_masked(body),)
            yield Event.FromString(body)
            place += 16 + length


def scalars(folder: Path) -> dict[str, dict[int, float]]:
    """Returns tag -> step -> value, after dropping what a restart takes back."""
    found: dict[str, dict[int, float]] = {}
    for event in read(folder):
        if event.session_log.status == SessionLog.START:
            found = {tag: {step: value for step, value in points.items() if step < event.step} for tag, points in found.items()}
        for value in event.summary.value:
            found.setdefault(value.tag, {})[event.step] = value.simple_value
    return found


def test_a_reader_finds_every_epoch(session: Any, project: Project) -> None:
    run = session.run(project)
    found = scalars(run.path / "tensorboard")
    epochs = session.of(EpochEnded)
    assert len(epochs) == 4
    for event in epochs:
        for tag, value in event.metrics.items():
            assert found[tag][event.step] == pytest.approx(value, rel=1e-6)
    assert isinstance(session.outcome, Finished)
    assert found["accuracy/test"][4 * STEPS] == pytest.approx(session.outcome.metrics["accuracy/test"], rel=1e-6)


def test_a_resumed_run_takes_back_what_it_does_again(session: Any, project: Project) -> None:
    run = session.run(project, {2 * STEPS + 3: [Interrupt()]})
    session.run(project, on=run, resume="last")
    found = scalars(run.path / "tensorboard")
    assert sorted(found["loss/val"]) == [STEPS, 2 * STEPS, 3 * STEPS, 4 * STEPS]
    assert any(event.session_log.status == SessionLog.START and event.step == 2 * STEPS + 4 for event in read(run.path / "tensorboard"))


def test_a_place_that_cannot_be_written_is_no_reason_to_stop(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "tensorboard").write_text("a file stands here")
    writer = TensorBoardWriter(tmp_path / "tensorboard")
    with caplog.at_level(logging.WARNING):
        writer.add(1, {"loss/train": 1.0})
        writer.add(2, {"loss/train": 0.5})
        writer.close()
    assert [record.message for record in caplog.records] == [caplog.records[0].message]
    assert "TensorBoard" in caplog.records[0].message


def test_a_run_without_epochs_leaves_no_folder(tmp_path: Path) -> None:
    writer = TensorBoardWriter(tmp_path / "tensorboard")
    writer.close()
    assert not (tmp_path / "tensorboard").exists()
