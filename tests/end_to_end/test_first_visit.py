"""A stranger's first minutes, in Chinese: start, starter, train, an own drawn digit explained, in at most six clicks."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from workbench.app import language
from workbench.app.window import Window

MOST_CLICKS = 6
LEFT = Qt.MouseButton.LeftButton


class Visitor:
    """Clicks and draws, and counts."""

    def __init__(self, window: Window, qtbot: Any) -> None:
        self.window, self.qtbot, self.clicks = window, qtbot, 0

    def find(self, name: str) -> Any:
        widget = self.window.findChild(QWidget, name)
        assert widget is not None and widget.isVisible(), f"{name} cannot be seen"
        return widget

    def click(self, name: str) -> None:
        self.clicks += 1
        self.qtbot.mouseClick(self.find(name), LEFT)

    def draw(self, name: str, stroke: list[tuple[float, float]]) -> None:
        """Draws one stroke given in shares of the pad: one press, so one click."""
        self.clicks += 1
        pad = self.find(name)
        points = [QPoint(round(x * pad.width()), round(y * pad.height())) for x, y in stroke]
        self.qtbot.mousePress(pad, LEFT, pos=points[0])
        for point in points[1:]:
            self.qtbot.mouseMove(pad, point)
        self.qtbot.mouseRelease(pad, LEFT, pos=points[-1])


def test_start_train_draw_explain_in_six_clicks(qtbot: Any) -> None:
    language.set_language("zh_CN")
    window = Window()
    window.resize(1440, 900)
    window.show()
    qtbot.waitExposed(window)
    visitor = Visitor(window, qtbot)

    visitor.click("welcome.starter.digits-cnn")
    qtbot.waitUntil(lambda: window.session.dataset is not None, timeout=60_000)
    visitor.click("window.run.train")
    trainer = window.session.trainer
    qtbot.waitUntil(lambda: trainer.finished is not None or trainer.failed is not None, timeout=90_000)
    assert trainer.failed is None, trainer.failed
    qtbot.waitUntil(lambda: not trainer.running, timeout=20_000)
    visitor.click("window.top.inspect")
    inspect = window.page_named("inspect")
    qtbot.waitUntil(lambda: inspect.answer is not None, timeout=30_000)
    visitor.draw("inspect.question.pad", [(0.52, 0.12), (0.5, 0.3), (0.5, 0.5), (0.5, 0.7), (0.48, 0.9)])
    qtbot.waitUntil(lambda: inspect.answer.truth < 0 and "integrated_gradients" in inspect.answer.attributions, timeout=30_000)

    assert visitor.clicks <= MOST_CLICKS
    assert inspect.answer.labels[int(inspect.answer.probabilities.argmax())] == "1"
    assert inspect.attribution.isVisible() and inspect.features.isVisible()
    pages = [window.findChild(QPushButton, f"window.top.{name}").text() for name in ("data", "build", "train", "inspect", "deploy")]
    assert pages == ["数据", "搭建", "训练", "观察", "部署"]

    window.session.give_up_changes()
    window.close()
    window.deleteLater()
    QApplication.processEvents()
