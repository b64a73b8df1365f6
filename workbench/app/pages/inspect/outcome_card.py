"""What the model made of a row, as a picture: the mask it painted, or the image it painted again, beside what is right."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.inspect.outcome import Outcome, Painted, Rebuilt
from workbench.app.widgets import Card, ImageView, quiet, small

SIDE_PX, LEAST_PX = 216, 56
_WASH = 0.66


class OutcomeCard(Card):
    """Up to three pictures of one size, side by side, each with its name below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("inspect.outcome", tr("What the model painted"), parent)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_16)
        self.pictures: list[ImageView] = []
        self._captions = []
        for place in range(3):
            column = QVBoxLayout()
            column.setSpacing(theme.SPACE_4)
            picture, caption = ImageView(f"inspect.outcome.picture{place}", self, side=SIDE_PX), small("")
            self.pictures.append(picture)
            self._captions.append(caption)
            column.addWidget(picture)
            column.addWidget(caption, 0, Qt.AlignmentFlag.AlignHCenter)
            row.addLayout(column)
        row.addStretch(1)
        self.content.addLayout(row)
        self._key = quiet("")
        self._key.setTextFormat(Qt.TextFormat.RichText)
        self.content.addWidget(self._key)

    @staticmethod
    def shows(outcome: Outcome | None) -> bool:
        """Whether there is a picture to show."""
        return isinstance(outcome, (Painted, Rebuilt))

    def show_outcome(self, outcome: Painted | Rebuilt) -> None:
        """Shows pictures and a key."""
        if isinstance(outcome, Painted):
            self._show_painted(outcome)
        else:
            self._show_rebuilt(outcome)

    def _show_painted(self, painted: Painted) -> None:
        named = [(tr("what the model paints"), painted.mask)]
        named += [(tr("what is right"), painted.truth)] if painted.truth is not None else []
        pictures = [(name, washed(painted.image, mask, len(painted.classes))) for name, mask in named]
        if painted.truth is not None:
            pictures.append((tr("where they differ"), errors(painted)))
        self._lay(pictures)
        right = painted.right
        self.set_facts("" if right is None else tr("{share} % of the pixels are right", share=f"{right * 100:.1f}"))
        inks = class_colours(len(painted.classes))
        parts = [f'<span style="color:{ink.name()}">■</span> {_plain(name)}' for name, ink in zip(painted.classes, inks, strict=True)]
        self._key.setText(" &nbsp; ".join(parts))

    def _show_rebuilt(self, rebuilt: Rebuilt) -> None:
        self._lay([(tr("what was given"), rebuilt.image), (tr("what the model painted"), rebuilt.again)])
        difference = rebuilt.difference
        self.pictures[2].set_signed(difference, max(float(np.abs(difference).max()), 1e-6))
        self._name(2, tr("the difference"))
        error = f"{float(np.abs(difference).mean()) * 100:.1f}"
        self.set_facts(tr("off by {share} % of full brightness on average", share=error))
        self._key.setText(tr("Blue: painted too bright; red: painted too dark."))

    def _lay(self, pictures: list[tuple[str, np.ndarray]]) -> None:
        for place in range(3):
            there = place < len(pictures)
            self.pictures[place].setVisible(there)
            self._captions[place].setVisible(there)
            if there:
                name, image = pictures[place]
                self.pictures[place].set_image(image)
                self._name(place, name)
        height, width = pictures[0][1].shape[:2]
        for picture in self.pictures:
            picture.setFixedSize(fitted(width, height, SIDE_PX))

    def _name(self, place: int, name: str) -> None:
        self.pictures[place].show()
        self.pictures[place].setAccessibleName(name)
        self._captions[place].setText(name)
        self._captions[place].show()


def fitted(width: int, height: int, side: int) -> QSize:
    """Returns the largest whole multiple of a picture's size within a square, so that nothing empty stands around it.

    Args:
        width, height: Of the picture.
        side: Of the square, px.
    """
    longest = max(width, height, 1)
    whole = side // longest
    scale = whole if whole >= 1 else side / longest
    return QSize(max(round(width * scale), 1), max(round(height * scale), 1))


def class_colours(count: int) -> list[QColor]:
    """Returns a colour for every class of a mask."""
    curves = theme.current().curves
    return [QColor(curves[index % len(curves)]) for index in range(count)]


def washed(image: np.ndarray, mask: np.ndarray, count: int) -> np.ndarray:
    """Returns an image under the colours of a mask, uint8 `(H, W, 3)`.

    Args:
        image: uint8 `(H, W, C)`.
        mask: The class of every pixel, int `(H, W)`; classes beyond `count` stay plain.
        count: The number of classes.
    """
    inks = np.array([colour.getRgb()[:3] for colour in class_colours(count)], np.float64)
    ground = np.repeat(image.mean(-1, keepdims=True), 3, -1)
    known = (mask >= 0) & (mask < count)
    over = inks[np.where(known, mask, 0)] * _WASH + ground * (1 - _WASH)
    return np.where(known[..., None], over, ground).round().astype(np.uint8)


def errors(painted: Painted) -> np.ndarray:
    """Returns the image in grey with every wrong pixel in red, uint8 `(H, W, 3)`."""
    ground = np.repeat(painted.image.mean(-1, keepdims=True), 3, -1) * 0.6
    ink = np.array(QColor(theme.current().wrong).getRgb()[:3], np.float64)
    wrong = painted.mask != painted.truth
    return np.where(wrong[..., None], ink, ground).round().astype(np.uint8)


def _plain(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;")
