"""Try the bundle itself: draw, type or drop, and see what ONNX Runtime says, on what, how fast, and whether PyTorch agrees."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QPlainTextEdit, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.jobs import Job, run_job
from workbench.app.language import say_error, tr
from workbench.app.pages.inspect.prediction import PredictionPanel
from workbench.app.widgets import Heading, ImageView, button, quiet
from workbench.app.widgets.drawing_pad import DrawingPad

if TYPE_CHECKING:
    from workbench.export.predict import Bundle

TYPING_MS = 250
SIDE_PX = 192


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
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_16, theme.SPACE_4, theme.SPACE_16, theme.SPACE_16)
        layout.setSpacing(theme.SPACE_8)
        self._hint = quiet(tr("Export a run to try the bundle here."))
        self.pad = DrawingPad("deploy.try.pad", self, side=SIDE_PX)
        self.pad.drawn.connect(self.ask)
        self._clear = button("deploy.try.clear", tr("Clear"), self.pad.clear)
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
        self._runs_on = Heading("")
        self.prediction = PredictionPanel("deploy.try.prediction", self)
        self._answer = quiet("")
        for widget in (self._hint, self.pad, self._clear, self._picture, self._file, self.words, self._runs_on, self.prediction, self._answer):
            layout.addWidget(widget)
        layout.addStretch(1)
        self.set_bundle(None)

    def set_bundle(self, bundle: Bundle | None) -> None:
        """Takes the bundle that is tried, or none."""
        self._bundle = bundle
        spec = bundle.spec.inputs[0] if bundle is not None and len(bundle.spec.inputs) == 1 else None
        image, text = spec is not None and spec.kind == "image", spec is not None and spec.kind == "text"
        if spec is not None and image:
            self.pad.set_size(spec.height, spec.width)
        grey = bool(image and spec is not None and spec.channels == 1)
        for widget, there in ((self._hint, bundle is None), (self.pad, grey), (self._clear, grey), (self._picture, False),
                              (self._file, image), (self.words, text), (self._runs_on, bundle is not None)):
            widget.setVisible(there)
        self.prediction.clear()
        self._runs_on.setText("")
        self._answer.setText(tr("Draw, or drop an image here.") if image else tr("Type, and see what the bundle says.") if text else "")

    def ask(self, raw: Any) -> None:
        """Predicts a drawing, a text or the path of an image; while one is under way, the newest waits."""
        bundle = self._bundle
        if bundle is None or raw is None:
            self.prediction.clear()
            return
        if self._job is not None and self._job.running:
            self._waiting = raw
            return
        self._job = run_job(self, lambda _progress, _cancelled: timed(bundle, raw), self._take, self._miss)

    def _take(self, found: tuple[dict[str, Any], float, str]) -> None:
        answer, seconds, provider = found
        self._runs_on.setText(tr("ONNX Runtime, {provider} · {ms} ms", provider=provider.upper(), ms=f"{seconds * 1000:.1f}"))
        if "scores" in answer:
            labels = tuple(answer["scores"])
            self.prediction.show_shares(np.asarray(list(answer["scores"].values())), labels)
            self._answer.setText("")
        else:
            self._answer.setText(f"{answer.get('value', '')} {answer.get('unit', '')}".strip())
        self._next()
        self.predicted.emit()

    def _miss(self, error: Exception) -> None:
        self._answer.setText(say_error(error))
        self._next()

    def _next(self) -> None:
        self._job = None
        if self._waiting is not None:
            raw, self._waiting = self._waiting, None
            self.ask(raw)

    def _choose(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, tr("Choose a picture"), "", tr("Images (*.png *.jpg *.jpeg *.bmp *.gif *.webp)"))
        if path:
            self.show_file(Path(path))

    def show_file(self, path: Path) -> None:
        """Predicts an image file and shows it."""
        from PySide6.QtGui import QImage

        picture = QImage(str(path))
        if not picture.isNull():
            self._picture.set_image(picture)
            self._picture.show()
        self.ask(str(path))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._bundle is not None and event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            self.show_file(Path(paths[0]))


def timed(bundle: Bundle, raw: Any) -> tuple[dict[str, Any], float, str]:
    """Returns the answer of a bundle, the seconds it took, and what it ran on."""
    bundle.session()
    began = time.perf_counter()
    answer = bundle.predict([raw] if isinstance(raw, np.ndarray) else raw)[0]
    return answer, time.perf_counter() - began, bundle.provider
