"""Sounds as soundfile, scipy and the standard library write them, with classes or transcripts; series as numpy and csv write them."""

from __future__ import annotations

import csv
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.data.formats.registry import Damaged, Writer, Written

RATE = 8000
SAID = ("do re mi", "fa sol", "la ti do", "你好 世界")


def tone(number: int, count: int) -> np.ndarray:
    """Returns a sound, float32 `(T,)`, of a pitch of its own."""
    return (0.5 * np.sin(2 * np.pi * (200 + 40 * (number % 12)) * np.arange(count) / RATE)).astype(np.float32)


def by_soundfile(path: Path, samples: np.ndarray) -> None:
    import soundfile

    soundfile.write(path, samples, RATE)


def by_wave(path: Path, samples: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.rint(samples * 32767).astype("<i2").tobytes())


def by_scipy(path: Path, samples: np.ndarray) -> None:
    from scipy.io import wavfile

    wavfile.write(path, RATE, samples)


Save = Callable[[Path, np.ndarray], None]


def classes(save: Save, suffix: str, tolerance: float, unequal: bool = True) -> Callable[[Path], Written]:
    """Returns a writer of class folders of sounds."""

    def write(folder: Path) -> Written:
        ids: list[str] = []
        sounds: list[np.ndarray] = []
        for number in range(20):
            ids.append(f"{('low', 'high')[number % 2]}/{number:02}.{suffix}")
            sounds.append(tone(number, 1600 + 64 * number * unequal))
            (folder / ids[-1]).parent.mkdir(exist_ok=True)
            save(folder / ids[-1], sounds[-1])
        return Written(folder, {"sound": sounds, "label": [name.split("/")[0] for name in ids]}, ids, tolerance=tolerance)

    return write


def spoken(save: Save, suffix: str) -> Callable[[Path], Written]:
    """Returns a writer of clips with a table of what is said, as Common Voice has it."""

    def write(folder: Path) -> Written:
        (folder / "clips").mkdir()
        names = [f"{number:02}.{suffix}" for number in range(20)]
        sounds = [tone(number, 1600 + 64 * number) for number in range(20)]
        said = [f"{SAID[number % 4]} {number}" for number in range(20)]
        for name, sound in zip(names, sounds, strict=True):
            save(folder / "clips" / name, sound)
        with open(folder / "metadata.csv", "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("path", "sentence"), *zip(names, said, strict=True)])
        return Written(folder, {"path": sounds, "sentence": said}, tolerance=1e-4)

    return write


def damaged_sounds(sample: Written) -> Damaged:
    """Empties one sound and writes nonsense into another."""
    assert sample.ids is not None
    (sample.source / sample.ids[2]).write_bytes(b"")
    (sample.source / sample.ids[5]).write_bytes(b"this is no sound")
    return Damaged(lost=(2, 5), told="the file is empty|no WAV|no sound in a known format")


def missing_clip(sample: Written) -> Damaged:
    """Removes one clip that the table names."""
    next((sample.source / "clips").glob("04.*")).unlink()
    return Damaged(lost=(4,), told="1 files of path are not there")


def all_silent(sample: Written) -> Damaged:
    """Empties every sound."""
    for name in sample.ids or ():
        (sample.source / name).write_bytes(b"")
    return Damaged(refused="None of the 20 sounds")


def series(header: bool) -> Callable[[Path], Written]:
    """Returns a writer of one table of measurements per series, of unequal lengths."""

    def write(folder: Path) -> Written:
        ids: list[str] = []
        rows: list[np.ndarray] = []
        generator = np.random.default_rng(7)
        for number in range(20):
            ids.append(f"{('down', 'up')[number % 2]}/{number:02}.csv")
            rows.append(generator.normal(size=(5 + number % 6, 2)).round(6))
            (folder / ids[-1]).parent.mkdir(exist_ok=True)
            if header:
                with open(folder / ids[-1], "w", newline="", encoding="utf-8") as file:
                    table = csv.writer(file)
                    table.writerow(["time", "level", "weight"])
                    table.writerows([step, *values] for step, values in enumerate(rows[-1].tolist()))
            else:
                np.savetxt(folder / ids[-1], rows[-1], delimiter=",", fmt="%.6f")
        return Written(folder, {"series": rows, "label": [name.split("/")[0] for name in ids]}, ids)

    return write


def damaged_series(sample: Written) -> Damaged:
    """Puts a word into one series, takes a cell out of another and empties a third."""
    assert sample.ids is not None
    first, second, third = (sample.source / sample.ids[row] for row in (0, 3, 8))
    first.write_text(first.read_text("utf-8").replace(",", ",x", 5), "utf-8")
    second.write_text(second.read_text("utf-8") + "1\n", "utf-8")
    third.write_bytes(b"")
    return Damaged(lost=(0, 3, 8), told="more than numbers|unequal width|no rows|empty")


WRITERS = [
    Writer("sound_folder", "wave", "wave", classes(by_wave, "wav", 1e-4), {"damaged": damaged_sounds, "all-silent": all_silent}, trains=True),
    Writer("sound_folder", "scipy-float", "scipy", classes(by_scipy, "wav", 0, unequal=False), {"damaged": damaged_sounds}),
    Writer("sound_folder", "flac", "soundfile", classes(by_soundfile, "flac", 1e-4), {"damaged": damaged_sounds}),
    Writer("sound_folder", "ogg", "soundfile", classes(by_soundfile, "ogg", 0.15), {"damaged": damaged_sounds}),
    Writer("sound_folder", "mp3", "soundfile", classes(by_soundfile, "mp3", 0.15), {"damaged": damaged_sounds}),
    Writer("sound_folder", "transcripts", "soundfile", spoken(by_soundfile, "flac"), {"missing": missing_clip}),
    Writer("series_folder", "csv", "csv", series(True), {"damaged": damaged_series}, trains=True),
    Writer("series_folder", "numpy", "numpy", series(False), {"damaged": damaged_series}),
]
