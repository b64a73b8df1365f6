"""The drawing pad gives what the model was trained on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from workbench.app.widgets.drawing_pad import DrawingPad, sign_image

VERTICAL = [[(0.5, 0.3), (0.5, 0.7)]]
RING = [[(0.5 + 0.2 * np.cos(angle), 0.5 + 0.3 * np.sin(angle)) for angle in np.linspace(0, 2 * np.pi, 40)]]


def test_a_ring_looks_like_the_zeros_of_the_digits(qapp: Any) -> None:
    from workbench.data.open import open_dataset

    dataset = open_dataset("sample:digits")
    images = np.asarray(dataset.column("image"), np.float32).reshape(-1, 64)
    labels = np.asarray(dataset.column("label"))
    drawn = sign_image(RING, 8, 8).astype(np.float32).reshape(64)
    nearest = np.argsort(((images - drawn) ** 2).sum(1))[:5]
    assert (labels[nearest] == 0).all()
    zeros = images[labels == 0].mean()
    assert abs(drawn.mean() - zeros) < 0.35 * zeros


def test_the_sign_fills_the_8_by_8_from_top_to_bottom_wherever_it_was_drawn(qapp: Any) -> None:
    moved = [[(x * 0.5, y * 0.5) for x, y in stroke] for stroke in RING]
    first, second = sign_image(RING, 8, 8), sign_image(moved, 8, 8)
    assert first[0].any() and first[7].any()
    assert np.abs(first.astype(int) - second.astype(int)).mean() < 8


def test_28_by_28_is_boxed_to_20_and_centred_by_mass(qapp: Any) -> None:
    image = sign_image(VERTICAL, 28, 28)[..., 0].astype(float)
    rows = np.nonzero(image.any(1))[0]
    assert 18 <= rows[-1] - rows[0] + 1 <= 22
    centre = [(image.sum(axis) * np.arange(28)).sum() / image.sum() for axis in (1, 0)]
    assert np.abs(np.array(centre) - 13.5).max() <= 0.75


def test_a_dot_stays_a_dot(qapp: Any) -> None:
    assert (sign_image([[(0.2, 0.2)]], 8, 8) > 0).sum() <= 4


def test_the_pad_says_what_is_drawn_and_forgets_it(qtbot: Any) -> None:
    pad = DrawingPad("test.pad")
    qtbot.addWidget(pad)
    with qtbot.waitSignal(pad.drawn) as said:
        qtbot.mousePress(pad, Qt.MouseButton.LeftButton, pos=QPoint(90, 30))
        qtbot.mouseMove(pad, QPoint(95, 150))
        qtbot.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=QPoint(95, 150))
    assert said.args[0].shape == (8, 8, 1) and said.args[0].dtype == np.uint8
    with qtbot.waitSignal(pad.drawn) as gone:
        qtbot.keyClick(pad, Qt.Key.Key_Delete)
    assert gone.args == [None]


@pytest.mark.parametrize("strokes", [0, 1])
def test_undo_takes_one_stroke(qtbot: Any, strokes: int) -> None:
    pad = DrawingPad("test.pad")
    qtbot.addWidget(pad)
    pad.set_strokes(RING + VERTICAL * strokes)
    pad.undo_stroke()
    assert len(pad.strokes) == strokes
