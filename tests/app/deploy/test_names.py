"""The four pages of data, training, looking and deploying: every control is named, reachable by keyboard and explained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QSlider, QTabBar, QWidget

from workbench.app.language import set_language
from workbench.app.pages import PAGES, page_class

CONTROLS = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QSlider)
NAMES = ("data", "train", "inspect", "deploy")


def controls(page: QWidget) -> list[QWidget]:
    """All controls that are ours; the line inside a spin box, the arrows of a tab bar and the like belong to Qt."""
    found = [child for kind in CONTROLS for child in page.findChildren(kind) if not child.objectName().startswith("qt_")]
    return [child for child in found if not isinstance(child.parent(), (*CONTROLS, QTabBar))]


@pytest.fixture(params=NAMES)
def page(request: pytest.FixtureRequest, session: Any, qtbot: Any, trained: Callable[..., Path]) -> Any:
    session.open(trained())
    qtbot.waitUntil(lambda: session.prepared is not None, timeout=20_000)
    row = next(row for row in PAGES if row.name == request.param)
    made = page_class(row)(session)
    qtbot.addWidget(made)
    made.resize(1280, 640)
    made.show()
    made.refresh(None, session.project)
    made.shown()
    if request.param == "inspect":
        qtbot.waitUntil(lambda: made.answer is not None and made._job is None, timeout=30_000)
    yield made
    made.hidden()


def test_every_control_has_a_name_for_people_and_programs(page: Any) -> None:
    found = controls(page)
    assert len(found) > 5
    wrong = [child.objectName() or type(child).__name__ for child in found if child.objectName().count(".") < 2]
    assert wrong == []
    silent = [child.objectName() for child in found if not (child.accessibleName() or getattr(child, "text", str)() or child.toolTip())]
    assert silent == []
    names = [child.objectName() for child in found]
    assert sorted(set(names)) == sorted(names), "two controls share a name"


def test_every_control_can_be_reached_by_keyboard(page: Any) -> None:
    mouse_only = (".float", ".fold")
    unreachable = [
        child.objectName() for child in controls(page)
        if not child.objectName().endswith(mouse_only) and not child.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    assert unreachable == []


def test_nothing_is_wider_than_a_small_window(page: Any) -> None:
    assert page.minimumSizeHint().width() <= 960
    for dock in page.docks.values():
        inside = dock.widget()
        assert inside.horizontalScrollBar().maximum() == 0 if hasattr(inside, "horizontalScrollBar") else True


@pytest.mark.parametrize("page", ["train"], indirect=True)
def test_names_speak_chinese_too(page: Any, session: Any, qtbot: Any) -> None:
    set_language("zh_CN")
    made = type(page)(session)
    qtbot.addWidget(made)
    latin = [child.accessibleName() for child in made.findChildren(QSlider) if child.accessibleName().isascii()]
    assert latin == []


LONG = "a project whose name goes on and on " * 6


@pytest.mark.parametrize("name", NAMES)
def test_long_names_widen_nothing(name: str, session: Any, qtbot: Any, trained: Callable[..., Path]) -> None:
    import json

    folder = trained()
    about = next((folder / "runs").iterdir()) / "run.json"
    about.write_text(json.dumps({**json.loads(about.read_text()), "name": LONG}))
    session.open(folder)
    made = page_class(next(row for row in PAGES if row.name == name))(session)
    qtbot.addWidget(made)
    made.show()
    made.refresh(None, session.project)
    made.shown()
    assert LONG in session.runs[0].name
    assert made.minimumSizeHint().width() <= 960
    if name == "inspect":
        qtbot.waitUntil(lambda: made.answer is not None and made._job is None, timeout=30_000)
    for dock in made.docks.values():
        inside = dock.widget().widget() if hasattr(dock.widget(), "widget") else dock.widget()
        assert inside.minimumSizeHint().width() <= 400
    made.hidden()
