"""Training rows before and after augmentation, made by the code that training uses, as what can be painted. Runs aside; no widget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.app.language import tr
from workbench.app.pages.data.preparation.field_facts import number_words
from workbench.app.pages.data.sound_picture import spectrogram
from workbench.data.base import FieldKind

if TYPE_CHECKING:
    from workbench.app.pages.data.rows import Rows
    from workbench.data.base import Batch
    from workbench.data.prepare import Prepared
    from workbench.project.project import Project

ROW, FEW, BATCH = "row", "few", "batch"
MOST_ROWS, MOST_TOKENS = 6, 120
_SOUND_COLUMNS = 160
_KINDS = (FieldKind.IMAGE, FieldKind.TEXT, FieldKind.SERIES, FieldKind.AUDIO)
CHANGED, DROPPED, SPECIAL = "changed", "dropped", "special"


@dataclass(frozen=True, slots=True)
class Piece:
    """One token of a text.

    Attributes:
        text: As the vocabulary writes it.
        note: What stands below it, or "".
        tone: `changed`, `dropped`, `special`, `unknown` or "".
    """

    text: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One row as it goes into the model, as what can be painted; one of these is there.

    Attributes:
        pixels: uint8 `(H, W, C)`: an image, or the spectrogram of a sound.
        mask: The classes of its pixels, uint8 `(H, W)`.
        pieces: A text, or the numbers of a row.
        curve: A series, float32 `(T, F)`.
        samples: A sound, float32 `(T,)`.
    """

    pixels: np.ndarray | None = None
    mask: np.ndarray | None = None
    pieces: tuple[Piece, ...] | None = None
    curve: np.ndarray | None = None
    samples: np.ndarray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One row: before, and each draw of it.

    Attributes:
        row: The dataset index.
        before: Without augmentation.
        after: The draws.
        notes: What is to be said about each draw, such as what it was mixed with.
    """

    row: int
    before: Cell
    after: tuple[Cell, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """What the preview shows.

    Attributes:
        lines: The rows.
        seed: The seed of the run.
        step: The first step that was drawn; each further draw is the next one.
        remark: What is to be said about the rows, or "".
        rate: Samples per second of sounds.
    """

    lines: tuple[Line, ...]
    seed: int
    step: int
    remark: str = ""
    rate: int = 0


def drawn(rows: Rows, project: Project, mode: str, row: int, few: np.ndarray, step: int, draws: int, dark: bool = False) -> Drawing:
    """Returns rows before and after augmentation.

    Args:
        rows: The data; it is prepared.
        project: Its augmentations, seed and batch size.
        mode: `row`, `few`, or `batch` for the very batch that a run would see.
        row: The row under the cursor.
        few: Rows of the grid.
        step: The first step to be drawn.
        draws: How many steps; a batch is drawn once.
        dark: Whether sounds are painted on a dark ground.

    Raises:
        DataError: An augmentation cannot vary this data.
    """
    from workbench.data.augmentation.augmenter import Augmenter

    prepared = rows.prepared
    assert prepared is not None
    augmenter = Augmenter(project.data.augmentation, prepared, project.recipe.seed)
    chosen, remark = chosen_rows(rows, project, mode, row, few, step)
    batch = prepared.readable(chosen)
    varied = [augmenter(batch, step + draw) for draw in range(min(draws, 1) if mode == BATCH else draws)]
    count = 1 if mode == ROW else min(len(batch.rows), MOST_ROWS)
    look = _Look(rows, prepared, dark)
    lines = []
    for place in range(count):
        before = look.cell(batch, place)
        after = tuple(look.cell(item, place, before) for item in varied)
        lines.append(Line(int(batch.rows[place]), before, after, tuple(_mixed(item, place) for item in varied)))
    lead = rows.lead
    return Drawing(tuple(lines), project.recipe.seed, step, remark, lead.rate if lead is not None else 0)


def chosen_rows(rows: Rows, project: Project, mode: str, row: int, few: np.ndarray, step: int) -> tuple[Any, str]:
    """Returns which rows make the batch, int64 `(n,)`, and what is to be said about that."""
    import torch

    from workbench.training.assembly import rows_of_step

    prepared = rows.prepared
    assert prepared is not None
    if mode == BATCH:
        return rows_of_step(project, prepared, step), ""
    training = prepared.rows("train")
    wanted = np.asarray([row] if mode == ROW else few, dtype=np.int64)
    kept = wanted[np.isin(wanted, training.numpy())]
    remark = ""
    if not len(kept):
        kept = training[: 1 if mode == ROW else MOST_ROWS].numpy()
        remark = tr("Rows of validation and test are never varied; these are training rows.") if len(wanted) and wanted[0] >= 0 else ""
    if len(kept) == 1:  # mixing takes a second row
        other = training[training != int(kept[0])][:1]
        return torch.cat([torch.as_tensor(kept), other]), remark
    return torch.as_tensor(kept[:MOST_ROWS]), remark


def _mixed(batch: Batch, place: int) -> str:
    if batch.partner is None:
        return ""
    other = int(batch.rows[int(batch.partner[place])])
    return tr("with {share} of row {row}", share=f"{1 - batch.share:.0%}", row=f"{other:,}")


class _Look:
    """Turns tensors of one data set into cells."""

    def __init__(self, rows: Rows, prepared: Prepared, dark: bool) -> None:
        self._prepared, self._dark = prepared, dark
        kinds = {name: prepared.preprocessors[name].kind for name in prepared.inputs}
        lead = rows.lead.name if rows.lead is not None and rows.lead.name in kinds else ""
        self.field = lead or next((name for kind in _KINDS for name, own in kinds.items() if own == kind), "")
        self._kind = kinds.get(self.field)
        self._numbers = [name for name, kind in kinds.items() if kind == FieldKind.NUMBER]
        self._mask = next((name for name in prepared.targets if prepared.preprocessors[name].kind == FieldKind.MASK), "")

    def cell(self, batch: Batch, place: int, before: Cell | None = None) -> Cell:
        """Returns one row of a batch; what differs from `before` is marked in texts and numbers."""
        if not self.field:
            return Cell(pieces=self._number_pieces(batch, place, before))
        value = batch.values[self.field][place].cpu()
        length = int(batch.lengths[self.field][place]) if self.field in batch.lengths else len(value)
        preprocessor: Any = self._prepared.preprocessors[self.field]
        if self._kind == FieldKind.IMAGE:
            mask = batch.values[self._mask][place].cpu().numpy().astype(np.uint8) if self._mask else None
            return Cell(pixels=unnormalised(value.numpy(), preprocessor), mask=mask)
        if self._kind == FieldKind.TEXT:
            words = preprocessor.words([int(number) for number in value[:length][:MOST_TOKENS]])
            return Cell(pieces=compared(words, before.pieces if before is not None else None))
        if self._kind == FieldKind.AUDIO:
            samples = value.numpy()[:length]
            return Cell(pixels=spectrogram(samples, _SOUND_COLUMNS, self._dark), samples=samples)
        return Cell(curve=value.numpy()[:length].reshape(length, -1))

    def _number_pieces(self, batch: Batch, place: int, before: Cell | None) -> tuple[Piece, ...]:
        names, texts = self._numbers[:MOST_TOKENS], []
        for name in names:
            item: Any = self._prepared.preprocessors[name]
            texts.append(number_words(item.field, float(batch.values[name][place]) * item.deviation + item.mean))
        old = [piece.text for piece in before.pieces] if before is not None and before.pieces is not None else texts
        return tuple(
            Piece(text, name, "" if text == former else CHANGED) for name, text, former in zip(names, texts, old, strict=True)
        )


def unnormalised(values: np.ndarray, preprocessor: Any) -> np.ndarray:
    """Returns an image `(C, H, W)` as the model sees it as bytes, uint8 `(H, W, C)`."""
    mean, spread = (np.asarray(item, np.float32)[:, None, None] for item in (preprocessor.mean, preprocessor.deviation))
    return np.clip((values * spread + mean) * 255, 0, 255).round().astype(np.uint8).transpose(1, 2, 0)


def compared(words: Sequence[str], before: Sequence[Piece] | None) -> tuple[Piece, ...]:
    """Returns tokens with what changed marked: other tokens, those that changed places, and in their place those that are gone."""
    if before is None:
        return tuple(Piece(word) for word in words)
    old = [piece.text for piece in before]
    if len(old) == len(words):
        return tuple(Piece(word, tone="" if word == former else CHANGED) for word, former in zip(words, old, strict=True))
    found: list[Piece] = []
    for what, start, end, first, last in SequenceMatcher(None, old, list(words), autojunk=False).get_opcodes():
        if what in ("delete", "replace"):
            found += [Piece(word, tone=DROPPED) for word in old[start:end]]
        found += [Piece(word, tone="" if what == "equal" else CHANGED) for word in words[first:last]]
    return tuple(found)


def changes_of(drawing: Drawing) -> Counter[str]:
    """Returns how many tokens of the draws are marked, by tone; for screen readers."""
    return Counter(piece.tone for line in drawing.lines for cell in line.after for piece in cell.pieces or () if piece.tone)
