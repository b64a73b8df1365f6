"""Findings can be read whole, however long they and their buttons are."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QLabel, QPushButton

from workbench.app.strip import FindingRow, FindingStrip, Remedy

LONG = FindingRow(
    "linear7 turns 131,072 numbers into 10, which is where most of the parameters of this drawing are.",
    "A layer that averages over places before it would make the drawing smaller, and it would learn the same at every place.",
    remedies=tuple(Remedy(label, lambda: None) for label in ("Average over places before linear7", "Take fewer filters", "Leave it as it is")),
)
SHORT = FindingRow("relu3 has no effect.", remedies=(Remedy("Remove relu3", lambda: None),))


def shown(qtbot: Any, width: int) -> FindingStrip:
    """Returns a strip of this width with a long and a short finding."""
    strip = FindingStrip("strip")
    qtbot.addWidget(strip)
    strip.show_findings([LONG, SHORT])
    strip.show()
    strip.resize(width, strip.heightForWidth(width))
    qtbot.waitUntil(lambda: all(not clipped(label) for label in sentences(strip)), timeout=2000)
    return strip


def sentences(strip: FindingStrip) -> list[QLabel]:
    return [label for label in strip.findChildren(QLabel) if label.objectName().endswith("sentence")]


def clipped(label: QLabel) -> bool:
    return label.height() < label.heightForWidth(label.width())


def is_below(strip: FindingStrip, row: int) -> bool:
    button, label = strip.findChild(QPushButton, f"strip.{row}.fix0"), strip.findChild(QLabel, f"strip.{row}.sentence")
    assert isinstance(button, QPushButton) and isinstance(label, QLabel)
    return button.mapTo(strip, QPoint(0, 0)).y() >= label.mapTo(strip, QPoint(0, label.height())).y()


@pytest.mark.parametrize("width", [420, 640, 900, 1300])
def test_buttons_leave_room_for_their_sentence(qtbot: Any, width: int) -> None:
    strip = shown(qtbot, width)
    qtbot.waitUntil(lambda: sentences(strip)[0].width() > 0.4 * width and is_below(strip, 0), timeout=2000)
    assert is_below(strip, 0) and not is_below(strip, 1)
    assert min(label.width() for label in sentences(strip)) > 0.4 * width


def test_buttons_stand_beside_a_sentence_that_fits(qtbot: Any) -> None:
    strip = shown(qtbot, 2600)
    qtbot.waitUntil(lambda: not is_below(strip, 0), timeout=2000)
    strip.resize(700, strip.heightForWidth(700))
    qtbot.waitUntil(lambda: is_below(strip, 0), timeout=2000)
