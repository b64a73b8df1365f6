"""The Data page with its tab Preparation in front, over a starter project."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from workbench.app.pages.data.page import DataPage
from workbench.app.pages.data.preparation.tab import Preparation


class Desk:
    """The page and what a person does on it."""

    def __init__(self, page: DataPage, session: Any, qtbot: Any) -> None:
        self.page, self.session, self.qtbot = page, session, qtbot

    @property
    def tab(self) -> Preparation:
        """The tab."""
        return self.page.preparation

    def find(self, name: str, kind: type = QWidget) -> Any:
        """Returns the control of that name that shows."""
        found = [widget for widget in self.page.findChildren(kind, f"data.preparation.{name}") if widget.isVisible()]
        assert found, f"no {name} shows"
        return found[0]

    def click(self, name: str) -> None:
        """Presses a control."""
        control = self.find(name)
        self.tab.ensureWidgetVisible(control)
        self.qtbot.mouseClick(control, Qt.MouseButton.LeftButton, pos=control.rect().center() if control.width() < 200 else None)
        self.settle()

    def type(self, name: str, words: str) -> None:
        """Writes into a line and presses Enter."""
        line = self.find(name)
        line.setFocus()
        line.selectAll()
        self.qtbot.keyClicks(line, words)
        self.qtbot.keyClick(line, Qt.Key.Key_Return)
        self.settle()

    def open(self, *names: str) -> None:
        """Unfolds these parts alone."""
        for name, section in self.tab.sections.items():
            section.open(name in names)
        self.settle()

    def settle(self) -> None:
        """Waits until the data is prepared and the page shows it."""
        session = self.session
        self.qtbot.waitUntil(
            lambda: session.dataset is not None and not session.opening.busy and (session.prepared is not None or session.prepared_error is not None),
            timeout=30_000,
        )
        self.page.refresh(None, session.project)
        QApplication.processEvents()

    def drawing(self) -> Any:
        """Returns what the preview shows once it is up to date."""
        section: Any = self.tab.sections["augmentation"]
        self.qtbot.waitUntil(lambda: not section._drawing.running and section.preview.drawing is not None, timeout=20_000)
        return section.preview.drawing

    @property
    def data(self) -> Any:
        """The choice of data as it is now."""
        return self.session.project.data

    def undone(self) -> None:
        """Takes the last step back."""
        self.session.undo()
        self.settle()


@pytest.fixture
def desk(session: Any, qtbot: Any, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Opens a starter, or `auto` with data, on the tab Preparation."""

    def made(template: str = "digits-cnn", data: str | None = None) -> Desk:
        from workbench.project.new import new_project

        page = DataPage(session)
        qtbot.addWidget(page)
        page.resize(1280, 900)
        page.show()
        folder = tmp_path / template
        new_project(template, folder, data)
        session.changed.connect(page.refresh)
        session.open(folder)
        page.shown()
        opened = Desk(page, session, qtbot)
        opened.settle()
        page.show_preparation()
        opened.settle()
        return opened

    yield made
    session.history.mark_saved()
