"""Planted images, sounds, series and texts that show nothing, or something else than the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from workbench.data.base import Field, FieldKind
from workbench.data.findings import FINDERS
from workbench.data.findings.base import Look
from workbench.data.findings.languages import language_of
from workbench.data.memory import MemoryDataset
from workbench.project.data_remedies import remedies

ENGLISH = "The film was good and I would watch it again with all of my friends, number {n}."
GERMAN = "Der Film war nicht schlecht und ich würde ihn mir auch noch einmal mit Freunden ansehen, Nummer {n}."
CHINESE = "这部电影很好看，我还想和朋友们再看一遍，编号{n}。"


def look(field: Field, column: Any) -> Look:
    rows = [f"r{row}" for row in range(len(column))]
    return Look(MemoryDataset(format="", source="", fields=[field], columns={field.name: column}, ids=rows))


def found(name: str, of: Look) -> dict[str, tuple[str, ...]]:
    problems = FINDERS[name].find(of)
    assert all(remedies(problem, of.dataset) for problem in problems), "every finding has a remedy"
    return {problem.kind: problem.rows for problem in problems}


def photos(count: int, side: int = 64) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    return [(np.kron(generator.random((side // 4, side // 4, 1)), np.ones((4, 4, 3))) * 255).astype(np.uint8) for _ in range(count)]


@pytest.mark.parametrize("resident", [False, True])
def test_images_of_one_colour(resident: bool) -> None:
    images = photos(60, 32)
    images[7][:], images[9][:] = 90, 255
    images[9][0, 0] = 254
    column: Any = np.stack(images) if resident else images
    field = Field("image", FieldKind.IMAGE, channels=3, height=32 if resident else 0, width=32 if resident else 0)
    assert found("blank", look(field, column)) == {"blank": ("r7", "r9")}


def test_blurred_images() -> None:
    images = photos(60)
    smooth = np.linspace(0, 255, 64)[:, None, None] * np.ones((1, 64, 3))
    images[11] = smooth.astype(np.uint8)
    assert found("blank", look(Field("image", FieldKind.IMAGE, channels=3), images)) == {"blurred": ("r11",)}


def test_a_class_of_empty_images_is_no_mistake() -> None:
    images = photos(60)
    for image in images[::3]:
        image[:] = 0
    assert found("blank", look(Field("image", FieldKind.IMAGE, channels=3), images)) == {}


def test_images_of_odd_sizes() -> None:
    images = [np.zeros((60 + number % 9, 80, 3), np.uint8) for number in range(60)]
    images[3], images[5] = np.zeros((12, 14, 3), np.uint8), np.zeros((20, 400, 3), np.uint8)
    assert found("odd-size", look(Field("image", FieldKind.IMAGE, channels=3), images)) == {"odd-size": ("r3", "r5")}
    assert found("odd-size", look(Field("image", FieldKind.IMAGE, channels=3), photos(60))) == {}


def test_silent_and_clipped_sounds() -> None:
    sounds = [(0.5 * np.sin(np.arange(2000 + 10 * number) / (3 + number % 7))).astype(np.float32) for number in range(60)]
    sounds[2] *= 1e-4
    sounds[8] = np.clip(sounds[8] * 9, -1, 1)
    assert found("silent", look(Field("sound", FieldKind.AUDIO, rate=8000), sounds)) == {"silent": ("r2",), "clipped": ("r8",)}


def test_flat_series() -> None:
    series = np.random.default_rng(0).random((60, 30, 2)).astype(np.float32)
    series[6] = [1.0, 5.0]
    assert found("silent", look(Field("series", FieldKind.SERIES, length=30, features=2), series)) == {"flat": ("r6",)}


@pytest.mark.parametrize("kind", [FieldKind.AUDIO, FieldKind.SERIES])
def test_signals_far_too_long_and_too_short(kind: FieldKind) -> None:
    ends = () if kind == FieldKind.AUDIO else (1,)
    signals = [np.ones((100 + number, *ends), np.float32) for number in range(60)]
    signals[1], signals[4] = np.ones((4000, *ends), np.float32), np.ones((3, *ends), np.float32)
    assert found("signal-lengths", look(Field("s", kind, rate=8000, features=1), signals)) == {"lengths": ("r1", "r4")}


@pytest.mark.parametrize(("usual", "other"), [(ENGLISH, GERMAN), (ENGLISH, CHINESE), (GERMAN, ENGLISH), (CHINESE, ENGLISH)])
def test_texts_in_another_language(usual: str, other: str) -> None:
    texts = [usual.format(n=number) for number in range(80)]
    texts[20], texts[70] = other.format(n=20), other.format(n=70)
    assert found("language", look(Field("text", FieldKind.TEXT), texts)) == {"language": ("r20", "r70")}


def test_data_of_two_languages_is_no_mistake() -> None:
    texts = [(ENGLISH if number % 3 else GERMAN).format(n=number) for number in range(90)]
    assert found("language", look(Field("text", FieldKind.TEXT), texts)) == {}


@pytest.mark.parametrize(("text", "language"), [
    ("Il n'y a pas de fumée sans feu, et les chiens sont dans la maison.", "fr"), ("Los niños no quieren ir a la escuela por la mañana.", "es"),
    ("Il gatto è sul tavolo e non vuole scendere per niente.", "it"), ("O menino não quer ir para a escola com a sua mãe.", "pt"),
    ("De kat zit op de tafel en wil er niet af.", "nl"), ("Katten sitter på bordet och vill inte gå ner.", "sv"),
    ("Kot jest na stole i nie chce z niego zejść, ale to nic.", "pl"), ("Bu kitap çok güzel ama ben onu daha bir kez bile okumadım.", "tr"),
    ("Кошка сидит на столе и не хочет слезать.", "ru"), ("猫はテーブルの上に座っています。", "ja"), ("고양이가 탁자 위에 앉아 있다.", "ko"),
    ("猫坐在桌子上。", "zh"), ("القطة على الطاولة", "ar"), ("xyzzy 12345", ""), ("", ""), ("OK", ""), ("Paris Berlin Madrid", ""),
])
def test_languages_are_told_from_a_sentence(text: str, language: str) -> None:
    assert language_of(text) == language
