"""Every generator: the same from the same seed, ten thousand rows, and answers that follow from what is said to decide."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from workbench.data.base import Dataset
from workbench.data.formats.brackets import _CLOSE, _OPEN
from workbench.data.formats.road import LANE, REST
from workbench.data.formats.tones import NOTES
from workbench.data.formats.waves import FORMS
from workbench.data.open import open_dataset

NAMES = ("road", "questions", "spirals", "waves", "tones", "dates", "sums", "brackets")
SPOKEN = ("questions", "dates")


def made(name: str, **params: Any) -> Dataset:
    return open_dataset(f"generated:{name}", params=params)


def same(one: Any, other: Any) -> bool:
    return np.array_equal(one, other) if isinstance(one, np.ndarray) else one == other


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_makes_the_same_rows(name: str) -> None:
    first, again, other = made(name, rows=60, seed=1), made(name, rows=60, seed=1), made(name, rows=60, seed=2)
    columns = [field.name for field in first.fields]
    assert all(same(first.column(column), again.column(column)) for column in columns)
    assert not all(same(first.column(column), other.column(column)) for column in columns)
    assert len(first) == 60 and len(set(first.ids())) == 60


@pytest.mark.parametrize("name", NAMES)
def test_every_row_knows_what_decides(name: str) -> None:
    dataset = made(name, rows=40)
    for row in range(40):
        deciding = dataset.deciding(row)
        assert (deciding.any() and not deciding.all()) if isinstance(deciding, np.ndarray) and name != "waves" else len(deciding)


@pytest.mark.parametrize("name", NAMES)
def test_ten_thousand_rows_are_made(name: str) -> None:
    assert len(made(name, rows=10_000)) == 10_000


@pytest.mark.parametrize("name", SPOKEN)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_deciding_words_stand_where_they_are_said_to(name: str, language: str) -> None:
    dataset = made(name, rows=60, language=language)
    text = "question" if name == "questions" else "text"
    for row, words in enumerate(dataset.column(text)):
        spans = dataset.word_spans(row)
        assert spans is not None and all(0 <= start < end <= len(words) for start, end in spans)
        assert all(words[slice(*spans[index])].strip() for index in dataset.deciding(row, text))


def test_dates_are_the_same_day() -> None:
    dataset = made("dates", rows=200)
    months = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
    for row, (text, iso) in enumerate(zip(dataset.column("text"), dataset.column("iso"), strict=True)):
        words = [text[slice(*dataset.word_spans(row)[index])] for index in dataset.deciding(row)]
        year = int(next(word for word in words if len(word) == 4 and word.isdigit()))
        named = next((months.index(word[:3].lower()) + 1 for word in words if word[:3].lower() in months), 0)
        numbers = [int("".join(filter(str.isdigit, word))) for word in words if len(word) < 5 and word[0].isdigit() and word != str(year)]
        assert date(year, named or numbers[1], numbers[0]).isoformat() == iso, text


def test_sums_add_up_and_noise_spoils_some() -> None:
    clean, noisy = made("sums", rows=500, terms=3), made("sums", rows=500, noise=0.3)
    right = [sum(map(int, text.split("+"))) == int(result) for text, result in zip(clean.column("text"), clean.column("result"), strict=True)]
    assert all(right)
    spoilt = [sum(map(int, text.split("+"))) != int(result) for text, result in zip(noisy.column("text"), noisy.column("result"), strict=True)]
    assert 0.2 < np.mean(spoilt) < 0.4


@pytest.mark.parametrize("kinds", [1, 3])
def test_brackets_are_labelled_as_they_close(kinds: int) -> None:
    dataset = made("brackets", rows=300, kinds=kinds)
    assert dataset.column("label").sum() == 150
    for text, label in zip(dataset.column("text"), dataset.column("label"), strict=True):
        stack: list[str] = []
        fits = True
        for letter in text:
            if letter in _OPEN:
                stack.append(letter)
            else:
                fits &= bool(stack) and _OPEN.index(stack.pop()) == _CLOSE.index(letter)
        assert (fits and not stack) == bool(label), text


def test_the_road_is_where_the_mask_says_and_decides_the_angle() -> None:
    dataset = made("road", rows=300, night=0.0, noise=0.0)
    images, masks, angles = (dataset.column(name) for name in ("image", "mask", "steering"))
    assert images[masks == LANE].mean() > images[masks == REST].mean() + 60
    weights = np.arange(images.shape[2])[None, None, :] * (masks != REST)
    half = slice(images.shape[1] // 2, None)
    middle = weights[:, half].sum((1, 2)) / (masks[:, half] != REST).sum((1, 2))
    assert np.corrcoef(middle, angles)[0, 1] > 0.8


def test_waves_are_there_where_they_are_said_to_be() -> None:
    dataset = made("waves", rows=200, noise=0.0)
    series = dataset.column("series")[:, :, 0]
    present = np.array([dataset.deciding(row) for row in range(200)])
    assert np.all(series[~present] == 0) and np.abs(series[present]).max() <= 1 + 1e-6
    assert np.bincount(dataset.column("label")).tolist() == [50] * len(FORMS)


def test_a_melody_holds_the_pitches_of_its_notes() -> None:
    dataset = made("tones", rows=40, noise=0.0)
    pitches = np.fft.rfftfreq(2000, 1 / 2500)
    for sound, notes in zip(dataset.column("sound"), dataset.column("notes"), strict=True):
        strength = np.abs(np.fft.rfft(sound))
        heard = {name: strength[np.abs(pitches - pitch) < 6].max() for name, pitch in NOTES.items()}
        assert min(heard[note] for note in set(notes)) > 10, notes


def test_questions_are_about_the_marked_thing() -> None:
    dataset = made("questions", rows=300, noise=0.0)
    answers, near = dataset.field("answer").categories, {"red": 0, "green": 1, "blue": 2}
    for row, (image, answer) in enumerate(zip(dataset.column("image"), dataset.column("answer"), strict=True)):
        colour = image[dataset.deciding(row)].mean(0)
        rows, columns = np.nonzero(dataset.deciding(row))
        said = answers[int(answer)]
        if said in near:
            assert colour.argmax() == near[said]
        if said in ("left", "right"):
            assert (columns.mean() < image.shape[1] / 2) == (said == "left")
        if said in ("top", "bottom"):
            assert (rows.mean() < image.shape[0] / 2) == (said == "top")
