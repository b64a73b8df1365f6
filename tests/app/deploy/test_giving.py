"""What is given to a bundle and shown of its answer: rows, sounds, masks, painted images, texts."""

from __future__ import annotations

import wave
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from workbench.app.pages.deploy.giving import answer_words, asked_inputs, image_of, invitation, painted, shown_value, worded
from workbench.app.pages.deploy.row_picker import RowPicker
from workbench.app.pages.deploy.try_panel import TryPanel
from workbench.errors import ExportError
from workbench.export.given import steps_of
from workbench.export.spec import InputSpec

IMAGE = InputSpec("view", "image", "image", ("view",), channels=3, height=2, width=2)
WRITER = InputSpec("iso", "date", "text", ("ids", "mask"), decoder=True)
SOUND = InputSpec("sound", "sound", "audio", ("sound",), length=8, rate=1000)
KIND = InputSpec("kind", "kind", "category", ("kind",), labels=("cat", "dog"))


def bundle(*inputs: InputSpec) -> Any:
    return SimpleNamespace(spec=SimpleNamespace(inputs=inputs))


def test_a_text_that_is_written_is_asked_for_only_where_nothing_else_is_read() -> None:
    assert asked_inputs(None) == []
    assert asked_inputs(bundle(IMAGE, WRITER)) == [IMAGE] and asked_inputs(bundle(WRITER)) == [WRITER]
    told = {invitation(image=image, text=text, sound=sound, rows=rows) for image, text, sound, rows in (
        (True, False, False, True), (False, True, False, True), (False, False, True, True), (False, False, False, True), (False, False, False, False),
    )}
    assert len(told) == 5


def test_answers_are_said_in_words() -> None:
    assert answer_words({"text": "2033-01-30"}) == "It writes: 2033-01-30" and answer_words({"text": ""}) == "It writes: nothing"
    assert answer_words({"value": 3.00312, "unit": "°"}) == "3.00312 °" and answer_words({"scores": {"a": 1.0}}) == ""


def test_masks_and_images_become_pictures() -> None:
    given = np.full((2, 2, 3), 90, np.uint8)
    answer = {"mask": [[0, 1], [1, 0]], "scores": {"road": 0.5, "rest": 0.5}}
    for raw in (given, {"image": given}):
        shown = painted(bundle(IMAGE), raw, answer)
        assert shown.shape == (2, 2, 3) and (shown[0, 0] == shown[1, 1]).all() and (shown[0, 0] != shown[0, 1]).any()
        assert np.array_equal(image_of(bundle(IMAGE), raw), given)
    other_size = painted(bundle(IMAGE), np.zeros((9, 9, 3), np.uint8), answer)
    assert other_size.shape == (2, 2, 3)
    again = painted(bundle(IMAGE), given, {"image": [[[-1.0, 3.0], [1.0, 1.0]]]})
    assert again.shape == (2, 2, 1) and again[..., 0].tolist() == [[0, 255], [128, 128]]
    assert painted(bundle(KIND), {"kind": 1}, {"scores": {}}) is None


def test_values_of_the_data_are_shown() -> None:
    assert shown_value(IMAGE, np.zeros((4, 5), np.uint8)).shape == (4, 5, 1) and shown_value(KIND, 1) is None
    assert shown_value(SOUND, np.zeros(8, np.float32)).ndim == 3
    assert worded(KIND, 1) == "dog" and worded(KIND, "dog") == "dog" and worded(InputSpec("x", "x", "number", ("x",), unit="cm"), 1.5) == "1.5 cm"


def wav(path: Path, samples: np.ndarray, rate: int) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def test_a_sound_file_is_read_at_the_rate_of_the_model(tmp_path: Path) -> None:
    short = wav(tmp_path / "short.wav", np.full(5, 0.5), 1000)
    assert steps_of(SOUND, str(short)) == pytest.approx([0.5] * 5 + [0.0] * 3, abs=1e-3)
    assert steps_of(SOUND, wav(tmp_path / "long.wav", np.full(20, 0.25), 1000)) == pytest.approx([0.25] * 8, abs=1e-3)
    assert steps_of(SOUND, wav(tmp_path / "fast.wav", np.zeros(400), 44100)).shape == (8,)
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    with pytest.raises(ExportError):
        steps_of(SOUND, str(tmp_path / "broken.wav"))


def test_rows_are_offered_and_chosen(qtbot: Any) -> None:
    picker = RowPicker("test.try.rows")
    qtbot.addWidget(picker)
    chosen: list[int] = []
    picker.row_chosen.connect(chosen.append)
    picker.set_rows(np.array([7, 3, 9]))
    assert picker.count == 3 and chosen == [] and picker.place.suffix() == " of 3"
    picker.place.setValue(3)
    picker.show_row.click()
    assert chosen == [9, 9]
    panel = TryPanel()
    qtbot.addWidget(panel)
    panel.set_data(None, np.array([1]))
    assert not panel.rows.isVisibleTo(panel)
