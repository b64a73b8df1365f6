"""What a tokeniser makes of a text field, worked out aside, and its vocabulary as a table that can be searched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from workbench.app.language import tr
from workbench.app.pages.data.preparation.chips import visible
from workbench.app.pages.data.preparation.drawing import SPECIAL, Piece
from workbench.app.pages.data.statistics import Figure

if TYPE_CHECKING:
    from workbench.data.prepare import Prepared

_BINS = 40
_MOST = 1_000_000
MOST_CHIPS = 300


@dataclass(frozen=True, slots=True, eq=False)
class TokenView:
    """What is shown of one text field.

    Attributes:
        facts: Counts, shares, special tokens.
        lengths: How long texts are before they are cut.
        cut: The share of texts that are cut.
        words, ids, counts: The whole vocabulary, most frequent first.
    """

    facts: Any
    lengths: Figure
    cut: float
    words: list[str]
    ids: np.ndarray
    counts: np.ndarray


def view_of(prepared: Prepared, field: str) -> TokenView:
    """Counts the tokens of a field."""
    from workbench.data.token_facts import token_facts, uncut_lengths

    facts = token_facts(prepared, field, most=_MOST)
    preprocessor: Any = prepared.preprocessors[field]
    counts = np.zeros(facts.vocabulary, np.int64)
    for token in facts.frequent:
        counts[token.id] = token.count
    ids = np.argsort(-counts, kind="stable")
    long = uncut_lengths(prepared, field)
    top = max(int(long.max(initial=1)), facts.maximum_length)
    bins, edges = np.histogram(long, bins=min(top, _BINS), range=(0, top + 1))
    figure = Figure(tr("Length of texts in tokens"), edges=tuple(edges.tolist()), counts=tuple(bins.tolist()))
    cut = float((long > facts.maximum_length).mean()) if len(long) else 0.0
    return TokenView(facts, figure, cut, preprocessor.words(ids.tolist()), ids, counts[ids])


def pieces_of(prepared: Prepared, field: str, text: str) -> tuple[tuple[Piece, ...], int]:
    """Returns a text as tokens with their numbers, and how many there are."""
    preprocessor: Any = prepared.preprocessors[field]
    special = {number for _, number in preprocessor.special}
    tokens = preprocessor.tokens(text)
    pieces = tuple(
        Piece(token.text, str(token.id), "unknown" if token.id == 1 else SPECIAL if token.id in special else "") for token in tokens[:MOST_CHIPS]
    )
    return pieces, len(tokens)


class VocabularyModel(QAbstractTableModel):
    """Tokens with number, count and share; those that hold some words alone, where wanted."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._view: TokenView | None = None
        self._folded: list[str] = []
        self._shown: np.ndarray = np.zeros(0, np.int64)
        self._wanted = ""

    def set_view(self, view: TokenView | None) -> None:
        """Takes another vocabulary."""
        self.beginResetModel()
        self._view = view
        self._folded = [word.casefold() for word in view.words] if view is not None else []
        self._shown = self._matches()
        self.endResetModel()

    def search(self, wanted: str) -> None:
        """Narrows the table to tokens that hold these letters, or to the token of this number."""
        self.beginResetModel()
        self._wanted = wanted.strip().casefold()
        self._shown = self._matches()
        self.endResetModel()

    def _matches(self) -> np.ndarray:
        if self._view is None:
            return np.zeros(0, np.int64)
        if not self._wanted:
            return np.arange(len(self._folded))
        held = np.fromiter((self._wanted in word for word in self._folded), bool, len(self._folded))
        if self._wanted.isdecimal():
            held |= self._view.ids == int(self._wanted)
        return np.flatnonzero(held)

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 4

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return (tr("Token"), tr("Id"), tr("Count"), tr("Share"))[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and orientation == Qt.Orientation.Horizontal and section:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column():
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role != Qt.ItemDataRole.DisplayRole or self._view is None:
            return None
        place = int(self._shown[index.row()])
        count = int(self._view.counts[place])
        share = count / max(self._view.facts.tokens, 1)
        return (visible(self._view.words[place]), f"{int(self._view.ids[place]):,}", f"{count:,}", f"{share:.2%}")[index.column()]
