"""What a run says about numbers, texts and masks: captions, orders, ranges; nothing is called right that is neither right nor wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from workbench.app.pages.data.page import DataPage
from workbench.app.pages.data.range_bars import BINS, RangeBars
from workbench.app.pages.data.verdicts import Verdicts, decimals_of, with_unit
from workbench.data.base import FieldKind

NONE = np.full(6, -1, np.int32)


def verdicts(kind: FieldKind, columns: dict[str, list[float]], unit: str = "") -> Verdicts:
    return Verdicts(Path("run"), "Run", (), NONE, NONE, {name: np.array(values, np.float32) for name, values in columns.items()}, kind, unit)


def test_a_number_is_neither_right_nor_wrong_but_may_be_far_off() -> None:
    columns = {":predicted": [1, 2, 3, 4, 5, np.nan], ":error": [0, 0, 0.1, 0.1, 4, np.nan], ":loss": [0, 0, 0, 0, 9, np.nan]}
    found = verdicts(FieldKind.NUMBER, columns, "°")
    assert found.facets() == [] and found.orders()[0][0] == "-:error"
    assert [found.said(row)[1] for row in range(6)] == ["", "", "", "", "wrong", ""]
    assert found.said(4)[0].startswith("→ 5") and found.said(4)[0].endswith("°") and found.said(5) == ("", "")
    assert dict(found.words(4))["Error"] == "4°"


def test_texts_are_exact_or_not_and_masks_have_an_overlap() -> None:
    texts = verdicts(FieldKind.TEXT, {":score": [1, 0.5, 0, np.nan, 1, 1], ":loss": [0, 1, 2, np.nan, 0, 0]})
    assert texts.right.tolist() == [1, 0, 0, -1, 1, 1] and texts.facets()[0].counts(None).tolist() == [2, 3]
    assert texts.said(0) == ("✓ exact", "good") and "50%" in texts.said(1)[0] and texts.said(2)[1] == "wrong"
    masks = verdicts(FieldKind.MASK, {":score": [0.9, 0.2, 1, 1, 1, 1], ":loss": [0, 1, 0, 0, 0, 0]})
    assert masks.said(0) == ("IoU 0.90", "") and masks.said(1)[1] == "wrong" and masks.facets() == []
    assert masks.orders()[0][0] == ":score"


def test_numbers_are_said_to_as_many_decimals_as_tell_them_apart() -> None:
    assert [decimals_of(np.array(values)) for values in ([-5.0, 5.0], [0.01, 0.03], [1000.0, 9000.0], [2.0, 2.0])] == [1, 3, 0, 2]
    assert with_unit(-6.14, "°", 1) == "-6.1°" and with_unit(5149.3, "EUR", 0) == "5,149 EUR" and with_unit(0.12345, "") == "0.123"


@pytest.fixture
def road(session: Any, qtbot: Any, trained: Callable[..., Path]) -> DataPage:
    made = DataPage(session)
    qtbot.addWidget(made)
    made.resize(1300, 800)
    made.show()
    session.open(trained("road-cnn"))
    qtbot.waitUntil(lambda: session.prepared is not None, timeout=20_000)
    made.shown()
    qtbot.waitUntil(lambda: made._rows is not None and made._rows.verdicts is not None, timeout=60_000)
    return made


def test_a_run_about_a_number_brings_prediction_and_error(road: DataPage, qtbot: Any) -> None:
    rows = road._rows
    assert rows is not None and rows.verdicts is not None and "verdict" not in road.facets.lists
    assert set(road.facets.ranges) == {":predicted", ":error", ":loss"}
    truth, answer = rows.numbers("steering"), rows.numbers(":predicted")
    known = np.isfinite(answer)
    assert known.sum() == 600 and np.allclose(np.abs(truth - answer)[known], rows.numbers(":error")[known], atol=1e-4)
    road.browser.sort.setCurrentIndex(road.browser.sort.findData("-:error"))
    road.browser.ordered.emit()
    errors = rows.numbers(":error")[road.view.shown[:600]]
    assert (np.diff(errors) <= 0).all()
    assert rows.said.of(int(road.view.shown[0])).tone == "wrong" and "→" in rows.caption(int(road.view.shown[0]))
    assert rows.said.of(int(road.view.shown[0])).beside in ("day", "night")


def test_a_range_is_drawn_by_keys_and_let_go(road: DataPage, qtbot: Any) -> None:
    bars, keys = road.facets.ranges[":error"], Qt.Key
    bars.setFocus()
    for _ in range(3):
        qtbot.keyClick(bars, keys.Key_Right)
    errors = road._rows.numbers(":error")
    bound = np.linspace(np.nanmin(errors), np.nanmax(errors), BINS + 1)[3]
    assert set(road.view.shown.tolist()) == set(np.flatnonzero(errors >= np.float32(bound)).tolist()) != set()
    assert "Error" in " ".join(bars.accessibleName().split())
    qtbot.keyClick(bars, keys.Key_Space)
    qtbot.keyClick(bars, keys.Key_Left)
    assert road._filter.ranges[0].high < np.inf
    qtbot.keyClick(bars, keys.Key_Escape)
    assert road._filter.ranges == ()


def test_a_range_is_dragged(qtbot: Any) -> None:
    bars = RangeBars("test.bars", "Loss")
    qtbot.addWidget(bars)
    bars.resize(32 + BINS * 10, 58)
    bars.show()
    bars.show_values(np.linspace(0, 24, 1000))
    with qtbot.waitSignal(bars.bounded) as drawn:
        qtbot.mousePress(bars, Qt.MouseButton.LeftButton, pos=QPoint(16 + 25, 20))
        qtbot.mouseMove(bars, QPoint(16 + 55, 20))
        qtbot.mouseRelease(bars, Qt.MouseButton.LeftButton, pos=QPoint(16 + 55, 20))
    assert drawn.args == pytest.approx([2.0, 6.0])
    bars.grab()
