"""Try the bundle itself: draw, type or drop, and see what ONNX Runtime says, on what, how fast, and whether PyTorch agrees."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFileDialog, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.jobs import Job, run_job
from workbench.app.language import say_error, tr
from workbench.app.pages.deploy.giving import answer_words, asked_inputs, invitation, painted, shown_value, worded
from workbench.app.pages.deploy.peer import Peer
from workbench.app.pages.deploy.row_picker import RowPicker
from workbench.app.pages.inspect.outcome_card import fitted
from workbench.app.pages.inspect.prediction import PredictionPanel
from workbench.app.widgets import Heading, ImageView, button, quiet
from workbench.app.widgets.drawing_pad import DrawingPad

if TYPE_CHECKING:
    from workbench.data.base import Dataset
    from workbench.export.predict import Bundle

TYPING_MS = 250
SIDE_PX = 192
SAME = 1e-5


class TryPanel(QWidget):
    """The right column of Deploy.

    Signals:
        predicted: After every answer.
    """

    predicted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("deploy.try")
        self.setAcceptDrops(True)
        self._bundle: Bundle | None = None
        self._job: Job | None = None
        self._waiting: Any = None
        self._peer: Peer | None = None
        self._dataset: Dataset | None = None
        self._sound = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_16, theme.SPACE_4, theme.SPACE_16, theme.SPACE_16)
        layout.setSpacing(theme.SPACE_8)
        self._hint = quiet(tr("Export a run to try the bundle here."))
        self.pad = DrawingPad("deploy.try.pad", self, side=SIDE_PX)
        self.pad.drawn.connect(self.ask)
        self._clear = button("deploy.try.clear", tr("Clear"), self.pad.clear, tip=tr("Empty the pad"))
        self._picture = ImageView("deploy.try.picture", self, side=SIDE_PX, label=tr("The picture that was given"))
        self._file = button("deploy.try.file", tr("Choose a picture..."), self._choose, tip=tr("Predict an image file"))
        self.words = QPlainTextEdit()
        self.words.setObjectName("deploy.try.words")
        self.words.setAccessibleName(tr("Own text"))
        self.words.setPlaceholderText(tr("Type a sentence"))
        self.words.setFixedHeight(96)
        self.words.setTabChangesFocus(True)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING_MS)
        self._typing.timeout.connect(lambda: self.ask(self.words.toPlainText().strip() or None))
        self.words.textChanged.connect(self._typing.start)
        self.rows = RowPicker("deploy.try.rows", self)
        self.rows.row_chosen.connect(self.ask_row)
        self._given = quiet("")
        self._given.setObjectName("deploy.try.given")
        self._given.setTextFormat(Qt.TextFormat.PlainText)
        self._runs_on = Heading("")
        self.prediction = PredictionPanel("deploy.try.prediction", self)
        self._agrees, self._answer = QLabel(), quiet("")
        self._agrees.setObjectName("deploy.try.agrees")
        self._agrees.setWordWrap(True)
        self._result = ImageView("deploy.try.result", self, side=SIDE_PX, label=tr("What the bundle painted"))
        asked = (self._hint, self.pad, self._clear, self._file, self.words, self.rows, self._picture, self._given)
        for widget in (*asked, self._runs_on, self._result, self.prediction, self._answer, self._agrees):
            layout.addWidget(widget)
        layout.addStretch(1)
        self.set_bundle(None)

    def set_bundle(self, bundle: Bundle | None, run: Path | None = None) -> None:
        """Takes the bundle that is tried, or none.

        Args:
            bundle: The bundle.
            run: The run it was made of, which is asked the same for comparison.
        """
        self._bundle, self._waiting = bundle, None
        self._peer = Peer(run) if run is not None and bundle is not None else None
        asked = asked_inputs(bundle)
        spec = asked[0] if len(asked) == 1 else None
        image, text = spec is not None and spec.kind == "image", spec is not None and spec.kind == "text"
        sound = spec is not None and spec.kind == "audio"
        if spec is not None and image:
            self.pad.set_size(spec.height, spec.width)
        grey = bool(image and spec is not None and spec.channels == 1)
        for widget, there in ((self._hint, bundle is None), (self.pad, grey), (self._clear, grey), (self._picture, False), (self._given, False),
                              (self._file, image or sound), (self.words, text), (self._runs_on, bundle is not None)):
            widget.setVisible(there)
        self._sound = sound
        self._file.setText(tr("Choose a sound...") if sound else tr("Choose a picture..."))
        self._file.setToolTip(tr("Predict a sound file") if sound else tr("Predict an image file"))
        self._offer_rows()
        self._show_nothing(invitation(image=image, text=text, sound=sound, rows=self.rows.isVisibleTo(self)) if bundle is not None else "")
        if bundle is not None:
            self._ask_again()

    def set_data(self, dataset: Dataset | None, rows: np.ndarray) -> None:
        """Takes the data whose rows can be given to the bundle.

        Args:
            dataset: The project's data, or None.
            rows: The rows that are offered, int64 `(n,)`; those that were not trained on.
        """
        self._dataset = dataset
        self.rows.set_rows(rows if dataset is not None else rows[:0])
        self._offer_rows()

    def _offer_rows(self) -> None:
        """Shows the rows where the data holds every field that the bundle reads."""
        fields = {field.name for field in self._dataset.fields} if self._dataset is not None else set()
        asked = asked_inputs(self._bundle)
        self.rows.setVisible(bool(asked) and all(spec.field in fields for spec in asked) and self.rows.count > 0)

    def ask_row(self, row: int) -> None:
        """Predicts a row of the data and shows what was given."""
        if self._bundle is None or self._dataset is None:
            return
        asked = asked_inputs(self._bundle)
        values = {spec.field: self._dataset.column(spec.field, np.asarray([row]))[0] for spec in asked}
        picture = next((shown for spec in asked if (shown := shown_value(spec, values[spec.field])) is not None), None)
        words = [f"{spec.field}: {worded(spec, values[spec.field])}" for spec in asked if spec.kind not in ("image", "series", "audio")]
        self.ask(values)
        self._picture.setVisible(picture is not None)
        if picture is not None:
            self._picture.set_image(picture)
            self._picture.setFixedSize(fitted(picture.shape[1], picture.shape[0], SIDE_PX))
        self._given.setText("\n".join(words))
        self._given.setVisible(bool(words))

    def given(self) -> tuple[list[Any], str]:
        """Returns what was drawn and typed, for a rebuild."""
        return [list(stroke) for stroke in self.pad.strokes], self.words.toPlainText()

    def restore(self, given: tuple[list[Any], str]) -> None:
        """Takes it again; it is asked once there is a bundle."""
        self.pad.strokes = given[0]
        self.pad.update()
        self.words.blockSignals(True)
        self.words.setPlainText(given[1])
        self.words.blockSignals(False)

    def _show_nothing(self, words: str) -> None:
        self.prediction.clear()
        self._runs_on.setText("")
        self._agrees.setText("")
        self._agrees.hide()
        self._answer.setText(words)
        self._result.hide()

    def _ask_again(self) -> None:
        """Gives the new bundle what was drawn or typed for the former one."""
        given = self.pad.image() if self.pad.isVisibleTo(self) else self.words.toPlainText().strip() if self.words.isVisibleTo(self) else None
        if given is not None and len(given):
            self.ask(given)

    def ask(self, raw: Any) -> None:
        """Predicts a drawing, a text or the path of an image; while one is under way, the newest waits."""
        bundle, peer = self._bundle, self._peer
        if isinstance(raw, np.ndarray) or raw is None:
            self._picture.hide()
        self._given.hide()
        if bundle is None or raw is None:
            self._show_nothing("")
            return
        if self._job is not None and self._job.running:
            self._waiting = raw
            return
        self._job = run_job(self, lambda _progress, _cancelled: answered(bundle, peer, raw), self._take, self._miss)

    def _take(self, found: Reply) -> None:
        answer, milliseconds = found.answer, f"{found.seconds * 1000:.1f}"
        self._runs_on.setText(tr("ONNX Runtime, {provider} · {ms} ms", provider=found.provider.upper(), ms=milliseconds))
        self.prediction.clear()
        if "scores" in answer:
            labels = tuple(answer["scores"])
            self.prediction.show_shares(np.asarray(list(answer["scores"].values())), labels)
        self._answer.setText(answer_words(answer))
        self._result.setVisible(found.picture is not None)
        if found.picture is not None:
            self._result.set_image(found.picture)
            self._result.setFixedSize(fitted(found.picture.shape[1], found.picture.shape[0], SIDE_PX))
        self._show_agreement(found.difference)
        self._next()
        self.predicted.emit()

    def _show_agreement(self, difference: float | None) -> None:
        self._agrees.setVisible(difference is not None)
        if difference is None:
            return
        same, words = difference <= SAME, power_of_ten(difference)
        told = tr("PyTorch: same to {difference}", difference=words) if same else tr("PyTorch differs by {difference}", difference=words)
        self._agrees.setText(told)
        self._agrees.setToolTip(tr("The run's own model was asked the same; this is the largest difference of any share."))
        theme.mark(self._agrees, "good" if same else "wrong")

    def _miss(self, error: Exception) -> None:
        self._show_nothing(say_error(error))
        self._next()

    def _next(self) -> None:
        self._job = None
        if self._waiting is not None:
            raw, self._waiting = self._waiting, None
            self.ask(raw)

    def _choose(self) -> None:
        if self._sound:
            path, _ = QFileDialog.getOpenFileName(self, tr("Choose a sound"), "", tr("Sounds (*.wav *.flac *.ogg *.mp3)"))
        else:
            path, _ = QFileDialog.getOpenFileName(self, tr("Choose a picture"), "", tr("Images (*.png *.jpg *.jpeg *.bmp *.gif *.webp)"))
        if path:
            self.show_file(Path(path))

    def show_file(self, path: Path) -> None:
        """Predicts an image or sound file and shows it."""
        picture = QImage(str(path))
        self._picture.setVisible(not picture.isNull())
        if not picture.isNull():
            self._picture.set_image(picture)
            self._picture.setFixedSize(SIDE_PX, SIDE_PX)
        self.ask(str(path))
        self._given.setText(path.name)
        self._given.setVisible(picture.isNull())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        picture = QGuiApplication.clipboard().image() if event.matches(QKeySequence.StandardKey.Paste) else None
        if picture is None or picture.isNull() or not self._file.isVisible():
            super().keyPressEvent(event)
            return
        self._picture.set_image(picture)
        self.ask(pixels_of(picture))
        self._picture.show()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._bundle is not None and event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            self.show_file(Path(paths[0]))


@dataclass(frozen=True, slots=True)
class Reply:
    """What a bundle said.

    Attributes:
        answer: Label and scores, or value and unit.
        seconds: How long ONNX Runtime took, reading the input included.
        provider: What it ran on.
        difference: How far PyTorch is from it, or None where that cannot be told.
        picture: What was painted, uint8 `(H, W, C)`, or None.
    """

    answer: dict[str, Any]
    seconds: float
    provider: str
    difference: float | None = None
    picture: np.ndarray | None = None


def answered(bundle: Bundle, peer: Peer | None, raw: Any) -> Reply:
    """Asks a bundle, and the model it was made of."""
    bundle.session()
    began = time.perf_counter()
    answer = bundle.predict([raw] if isinstance(raw, np.ndarray) else raw)[0]
    seconds = time.perf_counter() - began
    return Reply(answer, seconds, bundle.provider, peer.difference(bundle, raw, answer) if peer is not None else None, painted(bundle, raw, answer))


def power_of_ten(difference: float) -> str:
    """Returns a difference rounded up to a power of ten, as people say it: 3.2e-8 as 1e-7."""
    return "0" if difference <= 0 else f"1e{math.ceil(math.log10(difference) - 1e-9)}"


def pixels_of(picture: QImage) -> np.ndarray:
    """Returns a picture as uint8 `(H, W, 3)`."""
    image = picture.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()
