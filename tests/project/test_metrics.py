from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.project.metrics import MAGIC, MetricsReader, MetricsWriter

_BLOCKS = 12
_ROWS = 5


def _write(path: Path, blocks: int = _BLOCKS) -> list[int]:
    """Writes blocks of rows (step, step * 2); returns the end offset of each block."""
    writer = MetricsWriter(path)
    ends = []
    for block in range(blocks):
        for row in range(_ROWS):
            step = block * _ROWS + row
            writer.add(step, {"loss/step": step * 2.0, "lr": 0.5})
        writer.flush()
        ends.append(path.stat().st_size)
    writer.close()
    return ends


def _steps(path: Path) -> list[float]:
    reader = MetricsReader(path)
    reader.poll()
    steps, values = reader.series("loss/step")
    assert np.array_equal(values, steps * 2)
    return steps.tolist()


def test_numbers_come_back_as_they_went(tmp_path: Path) -> None:
    path = tmp_path / "metrics.bin"
    writer = MetricsWriter(path)
    for step, value in enumerate([1 / 3, float("inf"), -0.0, 5e-324]):
        writer.add(step, {"loss/step": value})
    writer.add(4, {"loss/step": float("nan"), "lr": 2.0})
    writer.close()
    reader = MetricsReader(path)
    assert reader.poll()
    steps, values = reader.series("loss/step")
    assert steps.tolist() == [0, 1, 2, 3, 4]
    assert values.tobytes() == np.array([1 / 3, np.inf, -0.0, 5e-324, np.nan]).tobytes()
    assert reader.tags() == ["loss/step", "lr"]
    assert reader.last()["lr"] == 2.0
    assert not reader.poll()


def test_a_missing_file_is_empty_until_it_comes(tmp_path: Path) -> None:
    reader = MetricsReader(tmp_path / "metrics.bin")
    assert not reader.poll()
    assert reader.series("loss/step")[0].size == 0
    _write(tmp_path / "metrics.bin")
    assert reader.poll()
    assert reader.series("loss/step")[0].size == _BLOCKS * _ROWS


def test_the_reader_follows_the_writer(tmp_path: Path) -> None:
    path = tmp_path / "metrics.bin"
    writer, reader = MetricsWriter(path, flush_seconds=1e9), MetricsReader(path)
    for step in range(100):
        writer.add(step, {"loss/step": float(step)})
        if step % 7 == 0:
            writer.flush()
            assert reader.poll()
            assert reader.series("loss/step")[0].tolist() == list(range(step + 1))
    writer.close()


def test_a_reader_in_the_middle_of_a_write_waits(tmp_path: Path) -> None:
    path, growing = tmp_path / "metrics.bin", tmp_path / "growing.bin"
    _write(path, 3)
    data = path.read_bytes()
    reader = MetricsReader(growing)
    for end in range(0, len(data) + 1, 13):
        growing.write_bytes(data[:end])
        reader.poll()
    growing.write_bytes(data)
    reader.poll()
    assert reader.series("loss/step")[0].tolist() == list(range(3 * _ROWS))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_truncated_file_keeps_every_whole_block(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "metrics.bin"
    path.unlink(missing_ok=True)
    ends = _write(path)
    cut = data.draw(st.integers(0, ends[-1]))
    path.write_bytes(path.read_bytes()[:cut])
    whole = sum(end <= cut for end in ends)
    assert _steps(path) == list(range(whole * _ROWS))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_flipped_bit_costs_its_own_block_only(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "metrics.bin"
    path.unlink(missing_ok=True)
    ends = _write(path)
    position = data.draw(st.integers(len(MAGIC), ends[-1] - 1))
    content = bytearray(path.read_bytes())
    content[position] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    hurt = sum(end <= position for end in ends)
    assert _steps(path) == [step for step in range(_BLOCKS * _ROWS) if step // _ROWS != hurt]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_new_writer_goes_on_after_a_torn_tail(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "metrics.bin"
    path.unlink(missing_ok=True)
    ends = _write(path)
    cut = data.draw(st.integers(0, ends[-1]))
    path.write_bytes(path.read_bytes()[:cut])
    writer = MetricsWriter(path)
    writer.add(1000, {"loss/step": 2000.0})
    writer.close()
    whole = sum(end <= cut for end in ends)
    assert _steps(path) == [*range(whole * _ROWS), 1000]


def test_a_rewind_forgets_later_rows(tmp_path: Path) -> None:
    path = tmp_path / "metrics.bin"
    _write(path)
    reader = MetricsReader(path)
    reader.poll()
    writer = MetricsWriter(path)
    writer.rewind(20)
    writer.add(21, {"loss/step": 42.0})
    writer.close()
    assert reader.poll()
    assert reader.generation == 1
    assert reader.series("loss/step")[0].tolist() == list(range(22))
    assert reader.series("lr")[0].tolist() == list(range(21))
    assert _steps(path) == list(range(22))


def test_a_tag_must_be_a_word(tmp_path: Path) -> None:
    writer = MetricsWriter(tmp_path / "metrics.bin")
    with pytest.raises(ValueError, match="tag"):
        writer.add(0, {"": 1.0})
    writer.close()


def test_a_million_rows_reopen(tmp_path: Path) -> None:
    path = tmp_path / "metrics.bin"
    writer = MetricsWriter(path, flush_rows=1000)
    values = {f"tag{index}": 1.0 for index in range(8)}
    for step in range(125_000):
        writer.add(step, values)
    writer.close()
    reader = MetricsReader(path)
    reader.poll()
    assert sum(reader.series(tag)[0].size for tag in reader.tags()) == 1_000_000
