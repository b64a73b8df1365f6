"""Through every room by mouse and keyboard: draw, break, fix, undo, train, pause, go on, feature map, export, predict."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from workbench.app.window import Window
from workbench.training.events import RunState

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier


def seen(window: Window, name: str) -> Any:
    widget = window.findChild(QWidget, name)
    assert widget is not None and widget.isVisible(), f"{name} cannot be seen"
    return widget


def test_the_whole_thread(window: Window, qtbot: Any) -> None:
    qtbot.mouseClick(seen(window, "welcome.starter.digits-cnn"), LEFT)
    qtbot.waitUntil(lambda: window.session.dataset is not None, timeout=60_000)
    draw_break_fix_undo(window, qtbot)
    train_pause_go_on(window, qtbot)
    look_inside(window, qtbot)
    export_and_predict(window, qtbot)


def draw_break_fix_undo(window: Window, qtbot: Any) -> None:
    """Adds a layer and deletes another by keyboard, lets the first repair of each problem mend it, takes everything back."""
    session, build = window.session, window.page_named("build")
    qtbot.mouseClick(seen(window, "window.top.build"), LEFT)
    before = session.project.graph
    relu = next(node for node in before if node.layer == "relu")
    session.select([relu.id])
    build.view.setFocus()
    qtbot.keyClick(build.view, Qt.Key.Key_Return)
    assert len(session.project.graph) == len(before) + 1

    flatten = next(node for node in session.project.graph if node.layer == "flatten")
    session.select([flatten.id])
    qtbot.keyClick(build.view, Qt.Key.Key_Delete)
    assert flatten.id not in session.project.graph
    errors = [problem for problem in session.problems if problem.severity == "error"]
    assert errors and "linear1" in errors[0].message
    clicks, last = 0, ""
    while not session.checked.ok and clicks < 3:
        qtbot.waitUntil(lambda last=last: bool(fixes(window)) and fixes(window)[0].text() != last, timeout=5000)
        last = fixes(window)[0].text()
        qtbot.mouseClick(fixes(window)[0], LEFT)
        clicks += 1
    assert session.checked.ok
    for _ in range(2 + clicks):
        qtbot.keyClick(window, Qt.Key.Key_Z, CONTROL)
    assert session.project.graph == before


def fixes(window: Window) -> list[QPushButton]:
    buttons = window.findChildren(QPushButton)
    return [item for item in buttons if item.objectName().startswith("build.problems") and ".fix" in item.objectName() and item.isVisible()]


def train_pause_go_on(window: Window, qtbot: Any) -> None:
    """Trains by F5, holds with F9, does one step with F10, goes on."""
    trainer = window.session.trainer
    qtbot.keyClick(window, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: trainer.latest is not None, timeout=60_000)
    qtbot.keyClick(window, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: trainer.state in (RunState.PAUSED, RunState.FINISHED), timeout=20_000)
    assert trainer.state is RunState.PAUSED
    step = trainer.latest.step
    qtbot.keyClick(window, Qt.Key.Key_F10)
    qtbot.waitUntil(lambda: trainer.latest.step == step + 1, timeout=20_000)
    qtbot.keyClick(window, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: not trainer.running, timeout=90_000)
    assert trainer.finished is not None and trainer.finished.metrics["accuracy/test"] > 0.97


def look_inside(window: Window, qtbot: Any) -> None:
    """Shows the feature maps of the second convolution of a row."""
    qtbot.mouseClick(seen(window, "window.top.inspect"), LEFT)
    inspect = window.page_named("inspect")
    qtbot.waitUntil(lambda: inspect.answer is not None and inspect.answer.features is not None, timeout=30_000)
    paths = [inspect.features.node.itemData(index) for index in range(inspect.features.node.count())]
    inspect.features.node.setCurrentIndex(paths.index("conv2"))
    inspect.features.node.activated.emit(paths.index("conv2"))
    qtbot.waitUntil(lambda: inspect.answer.features.node == "conv2", timeout=30_000)
    assert inspect.features.grid.count == len(inspect.answer.features.maps) > 1


def export_and_predict(window: Window, qtbot: Any) -> None:
    """Exports, verifies, and reads a drawn one from the bundle."""
    qtbot.mouseClick(seen(window, "window.top.deploy"), LEFT)
    deploy = window.page_named("deploy")
    qtbot.mouseClick(seen(window, "deploy.form.export"), LEFT)
    qtbot.waitUntil(lambda: deploy.bundle is not None, timeout=120_000)
    assert deploy.verification.passed
    with qtbot.waitSignal(deploy.tryout.predicted, timeout=30_000):
        deploy.tryout.pad.set_strokes([[(0.5, 0.1), (0.5, 0.9)]])
    assert deploy.tryout.prediction.best == 1
    button = seen(window, "deploy.try.prediction.class0")
    assert button.text() == "1"
    assert np.isfinite(deploy.verification.max_abs_difference)
