"""Made-up scenes with a question each: neither the picture nor the sentence alone holds the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import Dataset, Field, FieldKind, Format
from workbench.data.formats.question_words import LANGUAGES, Language, Written
from workbench.data.formats.shapes import FORMS
from workbench.data.memory import MemoryDataset, NumberedIds
from workbench.text import Text

_CHUNK, _SIDE, _THINGS = 2048, 2, 3
_COLOURS = np.array([[226, 70, 60], [70, 175, 80], [70, 110, 230], [235, 200, 60]], np.float32)


class QuestionsParams(Params):
    """How many scenes, in which language."""

    language: Literal["en", "zh"] = param("en", label="Language", help="English or Chinese.", choices=("en", "zh"))
    rows: int = param(8000, label="Rows", help="How many scenes, each with one question.", unit="rows", ge=10, le=200_000, log=True)
    size: int = param(32, label="Size", help="Height and width of a picture.", unit="px", ge=24, le=128, multiple_of=2)
    noise: float = param(0.03, label="Noise", help="Deviation of the pixel noise, as a share of the full range.", ge=0.0, le=1.0)
    seed: int = param(7, label="Seed", help="The same seed makes the same scenes.", ge=0, le=2**31 - 1)


class QuestionsDataset(MemoryDataset):
    """Generated scenes that know which thing and which words a question is about.

    Args:
        masks: The pixels of the thing that is asked about, bool `(n, H, W)`.
        written: The questions, word by word.
        language: What they are written in.
        **rest: As for `MemoryDataset`.
    """

    def __init__(self, masks: np.ndarray, written: Sequence[Written], language: Language, **rest: Any) -> None:
        super().__init__(**rest)
        self._masks, self._written, self._language = masks, written, language

    def deciding(self, row: int, field: str = "") -> Any:
        """Returns the pixels of the thing in question, bool `(H, W)`; for the field `question`, the indices of the deciding words."""
        return self._written[row].deciding if field == "question" else self._masks[row]

    def word_spans(self, row: int) -> list[tuple[int, int]]:
        return self._language.spans(self._written[row].words)


class Questions(Format):
    """Generated scenes with questions."""

    name = "questions"
    label = "Generated questions"
    category = "generator"
    summary = "Made-up scenes of coloured shapes with a question each, English or Chinese; only both together hold the answer."
    aliases = ("VQA", "CLEVR", "visual question answering", "multimodal", "视觉问答", "问答", "多模态")
    Params = QuestionsParams

    def open(self, source: str, params: Any) -> Dataset:
        language, generator = LANGUAGES[params.language], np.random.default_rng(params.seed)
        scenes = _scenes(generator, params.rows)
        written = [language.ask(*row) for row in zip(*(part.tolist() for part in (*scenes, *_asked(generator, params.rows))), strict=True)]
        images, masks = _pictures(generator, scenes, np.array([item.thing for item in written]), params)
        fields = (
            Field("image", FieldKind.IMAGE, Text("Scene"), channels=3, height=params.size, width=params.size),
            Field("question", FieldKind.TEXT, Text("Question")),
            Field("answer", FieldKind.CATEGORY, Text("Answer"), categories=language.answers),
        )
        columns = {"image": images, "question": [language.text(item.words) for item in written]}
        answers = np.array([language.answers.index(item.answer) for item in written], dtype=np.int64)
        return QuestionsDataset(
            masks, written, language, format=self.name, source=source or "generated:questions", fields=fields,
            ids=NumberedIds((f"questions-{params.language}", params.rows)), columns={**columns, "answer": answers}, licence="CC0 1.0 (generated)",
        )


def _scenes(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns form, colour and cell of every thing, `(n, 3)` each; no two things of a scene agree in any of them."""
    forms, colours, cells = (generator.random((count, 4)).argsort(1)[:, :_THINGS] for _ in range(3))
    return forms, colours, cells


def _asked(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns which thing, which sentence, and which number between 0 and 1 decides the rest."""
    return generator.integers(0, _THINGS, count), generator.integers(0, 2**31, count), generator.random(count)


def _pictures(
    generator: np.random.Generator, scenes: tuple[np.ndarray, ...], asked: np.ndarray, params: QuestionsParams,
) -> tuple[np.ndarray, np.ndarray]:
    """Returns pictures uint8 `(n, S, S, 3)` and the pixels of the thing in question, bool `(n, S, S)`."""
    count, size = len(asked), params.size
    images, masks = np.empty((count, size, size, 3), np.uint8), np.zeros((count, size, size), bool)
    for start in range(0, count, _CHUNK):
        part = slice(start, min(start + _CHUNK, count))
        images[part], masks[part] = _painted(generator, [values[part] for values in scenes], asked[part], size, params.noise)
    return images, masks


def _painted(
    generator: np.random.Generator, scenes: Sequence[np.ndarray], asked: np.ndarray, size: int, noise: float,
) -> tuple[np.ndarray, np.ndarray]:
    forms, colours, cells = scenes
    count, cell = len(forms), size // _SIDE
    ground = generator.uniform(20, 60, (count, 1, 1, 1)).astype(np.float32)
    light = np.broadcast_to(ground, (count, size, size, 3)).copy()
    masks, rows = np.zeros((count, size, size), bool), np.arange(count)
    for thing in range(forms.shape[1]):
        stamp = _stamps(generator, forms[:, thing], cell)
        which, down, across = np.nonzero(stamp)
        down, across = down + cells[which, thing] // _SIDE * cell, across + cells[which, thing] % _SIDE * cell
        light[which, down, across] = _COLOURS[colours[which, thing]]
        chosen = rows[which][asked[which] == thing]
        masks[chosen, down[asked[which] == thing], across[asked[which] == thing]] = True
    light += generator.standard_normal(light.shape, dtype=np.float32) * np.float32(255 * noise)
    return np.rint(np.clip(light, 0, 255)).astype(np.uint8), masks


def _stamps(generator: np.random.Generator, forms: np.ndarray, cell: int) -> np.ndarray:
    """Returns the pixels of one upright form each, bool `(n, cell, cell)`, a little off the middle."""
    count = len(forms)
    radius = generator.uniform(0.27, 0.33, (count, 1, 1)) * cell
    middle = (cell - 1) / 2 + generator.uniform(-0.06, 0.06, (2, count, 1, 1)) * cell
    across, down = np.arange(cell)[None, None, :] - middle[0], np.arange(cell)[None, :, None] - middle[1]
    stamp = np.zeros((count, cell, cell), bool)
    for number, inside in enumerate(FORMS.values()):
        rows = forms == number
        stamp[rows] = inside(across[rows] / radius[rows], down[rows] / radius[rows])
    return stamp
