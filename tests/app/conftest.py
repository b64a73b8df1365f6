"""Qt tests: nothing may outlive a test that it started: no window, no timer, no thread; and no warning of Qt goes unseen."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QThread, QTimer
from PySide6.QtWidgets import QApplication

from workbench.app import language, theme


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    return ["workbench-tests"]


@pytest.fixture(autouse=True)
def settled_look(qapp: QApplication) -> None:
    """Light and English, whatever the machine says."""
    if theme.choice() != "light" or not qapp.styleSheet():
        theme.set_theme("light")
    if language.language() != "en" or language.choice() != "en":
        language.set_language("en")


@pytest.fixture(autouse=True)
def nothing_left(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fails a test that leaves a top-level widget, a running timer without an owner or a QThread behind."""
    threads: list[tuple[str, QThread]] = []
    start = QThread.start

    def remembered(thread: QThread, *arguments: Any) -> None:
        threads.append((type(thread).__name__, thread))
        start(thread, *arguments)

    monkeypatch.setattr(QThread, "start", remembered)
    yield
    from workbench.app.jobs import stop_jobs

    stop_jobs()
    settle()
    left = [f"{type(widget).__name__} {widget.objectName()!r}" for widget in qapp.topLevelWidgets() if widget.isVisible()]
    for widget in qapp.topLevelWidgets():
        widget.deleteLater()
    settle()
    assert not left, f"windows left open: {left}"
    running = [name for name, thread in threads if _runs(thread)]
    assert not running, f"QThreads left running: {running}"
    timers = [timer.objectName() or repr(timer.parent()) for timer in _timers(qapp)]
    assert not timers, f"timers left running: {timers}"


def _runs(thread: QThread) -> bool:
    try:
        return thread.isRunning()
    except RuntimeError:
        return False


def _timers(root: QObject) -> list[QTimer]:
    return [timer for timer in root.findChildren(QTimer) if timer.isActive() and not timer.isSingleShot()]


def settle() -> None:
    """Delivers deferred deletes and collects what they held."""
    for _ in range(3):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()
    gc.collect()


@pytest.fixture
def session(qtbot: Any) -> Iterator[Any]:
    """An empty session."""
    from workbench.app.session import Session

    made = Session()
    yield made
    made.give_up_changes()
    made.trainer.stop()
    made.trainer.wait(20_000)
    made.close()
    made.deleteLater()


@pytest.fixture
def project_folder(tmp_path: Path) -> Callable[[str], Path]:
    """Makes a starter project in a folder of this test."""

    def make(template: str = "digits-cnn") -> Path:
        from workbench.project.new import new_project

        folder = tmp_path / template
        new_project(template, folder)
        return folder

    return make


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Gives a fresh copy of a starter's folder with one short finished run in it; each starter is trained once."""
    made: dict[str, Path] = {}

    def copy(template: str = "digits-cnn") -> Path:
        if template not in made:
            made[template] = _trained(tmp_path_factory.mktemp("trained") / template, template)
        target = tmp_path_factory.mktemp("copy") / template
        shutil.copytree(made[template], target)
        return target

    return copy


def _trained(folder: Path, template: str) -> Path:
    from workbench.project.file import save
    from workbench.project.new import new_project
    from workbench.project.runs import create_run
    from workbench.training.engine import Engine
    from workbench.training.inbox import Inbox

    project = new_project(template, folder)
    project = replace(project, recipe=replace(project.recipe, epochs=2, threads=1), data=replace(project.data, limit=600))
    save(project, folder)
    Engine(project, create_run(folder, "", project), lambda _event: None, Inbox()).run()
    return folder


@pytest.fixture
def window(qtbot: Any) -> Iterator[Any]:
    """The whole window, shown, closed without questions."""
    from workbench.app.window import Window

    made = Window()
    made.resize(1280, 800)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.session.give_up_changes()
    made.session.trainer.stop()
    made.session.trainer.wait(20_000)
    made.session.history.mark_saved()
    made.close()
    made.deleteLater()
