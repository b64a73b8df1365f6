"""PySide6 6.12.0 on Python 3.11 loses one reference to None per call and then aborts: a pin that is lifted too early fails here."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal from Python 3.12 on")
def test_qt_calls_keep_the_references_to_none(qtbot: QtBot) -> None:
    label = QLabel()
    qtbot.addWidget(label)
    before = sys.getrefcount(None)
    for _ in range(5000):
        label.setText("a")
        label.setToolTip("b")
    assert abs(sys.getrefcount(None) - before) < 50
