"""Sounds as other programs write them: WAV of every width, FLAC and OGG, classes, transcripts, and damaged ones."""

from __future__ import annotations

import csv
import wave
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from workbench.data.base import FieldKind, Split, UnreadableRowsError
from workbench.data.loader import Loader
from workbench.data.open import open_dataset
from workbench.data.prepare import prepare
from workbench.data.sound import read_sound, resampled, sound_info
from workbench.errors import DataError

needs_soundfile = pytest.mark.skipif(find_spec("soundfile") is None, reason="soundfile (the extra audio) is not installed")


def tone(pitch: float, count: int = 800, rate: int = 8000) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * pitch * np.arange(count) / rate)).astype(np.float32)


def write_wave(path: Path, samples: np.ndarray, rate: int = 8000, width: int = 2, channels: int = 1) -> Path:
    """Writes PCM with the standard library."""
    path.parent.mkdir(parents=True, exist_ok=True)
    wide = np.repeat(samples[:, None], channels, axis=1)
    if width == 1:
        data = np.rint(wide * 127 + 128).astype(np.uint8).tobytes()
    else:
        numbers = np.rint(wide * (2 ** (8 * width - 1) - 1)).astype("<i8")
        data = numbers.ravel().view(np.uint8).reshape(-1, 8)[:, :width].tobytes()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(data)
    return path


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """Two classes, `low` and `high`, twelve sounds of unequal length each."""
    for name, pitch in (("low", 220), ("high", 1760)):
        for number in range(12):
            write_wave(tmp_path / "sounds" / name / f"{number:02}.wav", tone(pitch, 700 + 20 * number))
    return tmp_path / "sounds"


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 2])
def test_waves_of_every_width_round_trip(tmp_path: Path, width: int, channels: int) -> None:
    path = write_wave(tmp_path / "a.wav", tone(440), width=width, channels=channels)
    assert (sound_info(path).rate, sound_info(path).frames, sound_info(path).channels) == (8000, 800, channels)
    assert np.abs(read_sound(path) - tone(440)).max() < 1.1 / 2 ** (8 * width - 1) + 1e-6


@needs_soundfile
@pytest.mark.parametrize(("ending", "subtype", "error"), [
    ("wav", "FLOAT", 1e-7), ("wav", "DOUBLE", 1e-7), ("wav", "PCM_24", 1e-6), ("flac", "PCM_16", 4e-5), ("ogg", "VORBIS", 0.1),
])
def test_files_of_soundfile_round_trip(tmp_path: Path, ending: str, subtype: str, error: float) -> None:
    import soundfile

    path = tmp_path / f"a.{ending}"
    soundfile.write(path, tone(440), 8000, subtype=subtype)
    assert np.abs(read_sound(path)[:800] - tone(440)).max() < error and sound_info(path).rate == 8000


@pytest.mark.parametrize(("own", "rate"), [(8000, 16000), (44100, 16000), (16000, 8000), (22050, 44100)])
def test_another_rate_keeps_the_tone_and_drops_what_it_cannot_hold(own: int, rate: int) -> None:
    samples = tone(300, own // 4, own)
    heard = resampled(samples, own, rate)
    wanted = tone(300, len(heard), rate)
    middle = slice(len(heard) // 10, -len(heard) // 10)
    assert len(heard) == -(-len(samples) * rate // own) and np.abs(heard - wanted)[middle].max() < 2e-3
    if rate < own:
        assert np.abs(resampled(tone(rate * 0.6, own // 4, own), own, rate)[middle]).max() < 0.02


def test_class_folders_and_unequal_lengths(sounds: Path, choice) -> None:
    dataset = open_dataset(str(sounds))
    sound, label = dataset.fields
    assert (dataset.format, sound.kind, sound.rate, sound.length, label.categories) == ("sound_folder", FieldKind.AUDIO, 8000, 0, ("high", "low"))
    assert dataset.ids()[0] == "high/00.wav" and [len(row) for row in dataset.column("sound", np.array([0, 11]))] == [700, 920]
    prepared = prepare(dataset, choice(), ["sound"], ["label"])
    batch = prepared.batch([0, 11])
    assert batch.values["sound"].shape == (2, 920) and not batch.values["sound"][0, 700:].any() and "sound" not in batch.lengths
    assert np.allclose(batch.values["sound"][0, :700].numpy(), dataset.column("sound", np.array([0]))[0])
    assert prepare(dataset, choice(sound={"seconds": 0.05}), ["sound"], ["label"]).batch([0]).values["sound"].shape == (1, 400)


def test_damaged_sounds_are_left_out_with_a_reason(sounds: Path) -> None:
    (sounds / "low" / "bad.wav").write_bytes(b"RIFF\x10\x00\x00\x00WAVE")
    (sounds / "low" / "empty.wav").write_bytes(b"")
    (sounds / "low" / "text.wav").write_text("hello")
    good = (sounds / "low" / "00.wav").read_bytes()
    (sounds / "low" / "cut.wav").write_bytes(good[: len(good) // 2])
    (sounds / "low" / "lie.wav").write_bytes(good[:40] + (2**31).to_bytes(4, "little") + good[44:])
    (sounds / "low" / "rate.wav").write_bytes(good[:24] + b"\xff\xff\xff\xff" + good[28:])
    dataset = open_dataset(str(sounds))
    assert {row for problem in dataset.problems for row in problem.rows} == {f"low/{name}.wav" for name in ("bad", "empty", "text", "rate")}
    lengths = dict(zip(dataset.ids(), map(len, dataset.column("sound")), strict=True))
    assert lengths["low/lie.wav"] == 700 and 300 < lengths["low/cut.wav"] < 350


def test_a_table_of_transcripts_beside_the_clips(tmp_path: Path, choice) -> None:
    rows = [(f"{number:02}.wav", ("do re", "mi fa", "sol")[number % 3]) for number in range(20)]
    for name, _ in rows:
        write_wave(tmp_path / "clips" / name, tone(300))
    for split, part in (("train", rows[:12]), ("dev", rows[12:16]), ("test", rows[16:])):
        with (tmp_path / f"{split}.tsv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, delimiter="\t").writerows([("path", "sentence"), *part])
    dataset = open_dataset(str(tmp_path), params={"types": {"sentence": "text"}})
    assert [(field.name, field.kind) for field in dataset.fields] == [("path", FieldKind.AUDIO), ("sentence", FieldKind.TEXT)]
    prepared = prepare(dataset, choice(sentence={"tokenizer": "character"}), ["path"], ["sentence"])
    assert [prepared.count(split) for split in Split] == [12, 4, 4] and prepared.batch([0]).values["path"].shape == (1, 800)


def test_a_table_may_name_sounds(tmp_path: Path) -> None:
    write_wave(tmp_path / "a.wav", tone(300))
    write_wave(tmp_path / "b.wav", tone(600))
    (tmp_path / "secret").mkdir()
    (tmp_path / "t.csv").write_text("clip,label\na.wav,x\nb.wav,y\nmissing.wav,x\n../../etc/passwd.wav,y\n", encoding="utf-8")
    dataset = open_dataset(str(tmp_path / "t.csv"))
    assert dataset.field("clip").kind == FieldKind.AUDIO and dataset.column("clip").shape == (2, 800) and len(dataset) == 2
    assert dataset.problems[0].rows == ("missing.wav", "../../etc/passwd.wav")


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.data.sound.find_spec", lambda name: None)
    (tmp_path / "a.flac").write_bytes(b"fLaC")
    with pytest.raises(DataError, match="soundfile") as caught:
        read_sound(tmp_path / "a.flac")
    assert "pip install" in caught.value.hint


def test_sounds_without_classes_are_refused(tmp_path: Path) -> None:
    write_wave(tmp_path / "a.wav", tone(300))
    with pytest.raises(DataError, match="Nothing says"):
        open_dataset(str(tmp_path))


def test_a_folder_of_sounds_is_never_read_whole(tmp_path: Path, choice, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(40):
        write_wave(tmp_path / "ab"[number % 2] / f"{number:02}.wav", tone(100 + 50 * number, 400))
    read: list[int] = []
    monkeypatch.setattr("workbench.data.tables.files.read_sound", lambda path, rate: (read.append(int(path.stem)), read_sound(path, rate))[1])
    dataset = open_dataset(str(tmp_path))
    assert len(dataset) == 40 and read == []
    prepared = prepare(dataset, choice(rule={"validation": 0.2, "test": 0.0}), ["sound"], ["label"], budget=0)
    assert prepared.streams is not None and len(set(read)) <= 32
    read.clear()
    parts = prepared.rows(Split.TRAIN).split(8)
    resident = prepare(dataset, choice(rule={"validation": 0.2, "test": 0.0}), ["sound"], ["label"], budget=1 << 40)
    for part, batch in zip(parts, Loader(prepared).every(parts), strict=True):
        assert torch.equal(batch.values["sound"], resident.batch(part).values["sound"])


def test_sounds_that_became_longer_shorter_or_damaged_keep_their_places(tmp_path: Path) -> None:
    for number in range(4):
        write_wave(tmp_path / "ab"[number % 2] / f"{number}.wav", np.full(100, (number + 1) / 8, np.float32))
    dataset = open_dataset(str(tmp_path))
    write_wave(tmp_path / "a" / "0.wav", np.full(130, 0.25, np.float32))
    write_wave(tmp_path / "b" / "1.wav", np.full(60, 0.25, np.float32))
    values = dataset.column("sound")
    assert values.shape == (4, 100) and values.dtype == np.float32
    by_name = {name: values[row] for row, name in enumerate(dataset.ids())}
    assert by_name["a/0.wav"].mean() == pytest.approx(0.25, abs=1e-3) and by_name["a/2.wav"].mean() == pytest.approx(0.375, abs=1e-3)
    assert np.count_nonzero(by_name["b/1.wav"]) == 60 and by_name["b/3.wav"].mean() == pytest.approx(0.5, abs=1e-3)
    (tmp_path / "a" / "2.wav").write_bytes(b"RIFF")
    with pytest.raises(UnreadableRowsError) as caught:
        dataset.column("sound")
    assert set(caught.value.rows) == {list(dataset.ids()).index("a/2.wav")}


def test_names_of_sounds_may_say_the_class(tmp_path: Path) -> None:
    for name in ("dog-1", "dog-2", "cat 1", "cat 2"):
        write_wave(tmp_path / f"{name}.wav", tone(300))
    dataset = open_dataset(str(tmp_path))
    assert dataset.field("label").categories == ("cat", "dog") and "before the number" in dataset.problems[0].message
