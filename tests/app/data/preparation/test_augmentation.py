"""Augmentations are chosen, set, ordered, switched off and shown; what the preview shows is what training sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from workbench.app.pages.data.preparation.drawing import BATCH, DROPPED, FEW, ROW, Piece, compared, unnormalised
from workbench.data.augmentation import AUGMENTATIONS


def test_adding_by_the_searched_list_is_one_step_and_undone(desk: Callable[..., Any], qtbot: Any) -> None:
    at = desk()
    at.open("augmentation")
    section = at.tab.sections["augmentation"]
    before = at.session.project
    section.search()
    popup = section.findChildren(object, "data.preparation.augmentation.search")[0]
    offered = {popup.list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(popup.list.count())}
    assert "flip" in offered and not offered & {"token_mask", "speed", "jitter"}
    qtbot.keyClicks(popup.field, "mirror")
    assert popup.list.count() == 1
    qtbot.keyClick(popup.field, Qt.Key.Key_Return)
    assert [choice.name for choice in at.data.augmentation] == ["flip"]
    assert at.session.history.undo_label == "Add Flip"
    at.undone()
    assert at.session.project == before and not section.list.items


def test_parameters_order_and_switch_are_steps_of_their_own(desk: Callable[..., Any]) -> None:
    at = desk()
    at.open("augmentation")
    at.click("augmentation.suggest")
    assert [choice.name for choice in at.data.augmentation] == ["crop", "affine"]
    at.click("augmentation.list.0.open")
    at.type("augmentation.list.0.crop.pixels", "2")
    assert at.data.augmentation[0].params["pixels"] == 2
    at.click("augmentation.list.1.up")
    assert [choice.name for choice in at.data.augmentation] == ["affine", "crop"]
    at.click("augmentation.list.0.active")
    assert at.data.augmentation[0].params["active"] is False
    at.undone()
    assert at.data.augmentation[0].params.get("active", True) is True
    at.click("augmentation.list.1.remove")
    assert [choice.name for choice in at.data.augmentation] == ["affine"]
    for _ in range(4):
        at.undone()
    assert at.data.augmentation == ()


def test_changing_augmentation_neither_opens_nor_prepares_the_data_again(desk: Callable[..., Any]) -> None:
    at = desk()
    at.open("augmentation")
    dataset, prepared = at.session.dataset, at.session.prepared
    at.click("augmentation.suggest")
    assert at.session.dataset is dataset and at.session.prepared is prepared
    assert at.page.row_panel.draws.choices == at.data.augmentation


def test_suggesting_says_why_and_keeps_flips_from_digits(desk: Callable[..., Any]) -> None:
    at = desk()
    at.click("augmentation.suggest")
    assert "flip" not in {choice.name for choice in at.data.augmentation}
    assert "mirrored 2" in at.find("augmentation.why").text()


@pytest.mark.parametrize("mode", [ROW, FEW, BATCH])
def test_the_preview_is_bit_by_bit_what_training_sees(desk: Callable[..., Any], mode: str) -> None:
    from workbench.data.augmentation.augmenter import Augmenter
    from workbench.training.assembly import rows_of_step

    at = desk()
    at.open("augmentation")
    at.click("augmentation.suggest")
    section = at.tab.sections["augmentation"]
    section.mode.setCurrentIndex(section.mode.findData(mode))
    section._ask()
    at.drawing()
    at.click("preview.again")
    drawing = at.drawing()
    project, prepared = at.session.project, at.session.prepared
    assert drawing.seed == project.recipe.seed and drawing.step > 0
    training = set(prepared.splits["train"].tolist())
    assert {line.row for line in drawing.lines} <= training
    augmenter = Augmenter(project.data.augmentation, prepared, project.recipe.seed)
    if mode == BATCH:
        rows = rows_of_step(project, prepared, drawing.step)
        assert [line.row for line in drawing.lines] == rows[: len(drawing.lines)].tolist()
    elif mode == FEW:
        rows = [line.row for line in drawing.lines]
    else:
        other = next(row for row in prepared.splits["train"].tolist() if row != drawing.lines[0].row)
        rows = [drawing.lines[0].row, other]
    for draw in range(len(drawing.lines[0].after)):
        varied = augmenter(prepared.batch(rows), drawing.step + draw).values["image"]
        for place, line in enumerate(drawing.lines):
            assert np.array_equal(line.after[draw].pixels, unnormalised(varied[place].numpy(), prepared.preprocessors["image"]))
    assert any(not np.array_equal(line.before.pixels, cell.pixels) for line in drawing.lines for cell in line.after)


def test_the_rows_of_a_step_are_those_that_a_run_takes(desk: Callable[..., Any]) -> None:
    import torch

    from workbench.data.order import order
    from workbench.training.assembly import rows_of_step

    at = desk()
    project, prepared = at.session.project, at.session.prepared
    batches = order(project.recipe.seed, 1, prepared.rows("train")).split(project.recipe.batch_size)
    steps = len(batches) - (len(batches[-1]) == 1)
    assert torch.equal(rows_of_step(project, prepared, steps + 2), batches[2])


@pytest.mark.parametrize("template", ["reviews-lstm", "waves-gru", "tones-crnn", "road-unet"])
def test_every_kind_of_data_is_shown_before_and_after(desk: Callable[..., Any], template: str) -> None:
    at = desk(template)
    at.open("augmentation")
    at.click("augmentation.suggest")
    assert at.data.augmentation
    for choice in at.data.augmentation:
        assert choice.name in AUGMENTATIONS
    drawing = at.drawing()
    cell = drawing.lines[0].before
    shown = {"reviews-lstm": cell.pieces, "waves-gru": cell.curve, "tones-crnn": cell.samples, "road-unet": cell.mask}[template]
    assert shown is not None and len(drawing.lines[0].after) >= 2
    assert at.find("preview").isVisible() and not at.session.prepared_error


def test_tokens_that_changed_or_are_gone_are_marked() -> None:
    before = [Piece(word) for word in ("the", "food", "was", "good")]
    assert [piece.tone for piece in compared(["the", "[UNK]", "was", "good"], before)] == ["", "changed", "", ""]
    shorter = compared(["the", "was", "good"], before)
    assert [(piece.text, piece.tone) for piece in shorter] == [("the", ""), ("food", DROPPED), ("was", ""), ("good", "")]


def test_the_preview_goes_by_keyboard_and_tells_screen_readers(desk: Callable[..., Any], qtbot: Any) -> None:
    at = desk()
    at.click("augmentation.suggest")
    at.drawing()
    pictures = at.find("preview.pictures")
    pictures.setFocus()
    qtbot.keyClick(pictures, Qt.Key.Key_Right)
    qtbot.keyClick(pictures, Qt.Key.Key_Right)
    assert "step 0" in pictures.accessibleDescription().lower()
    for button in at.tab.findChildren(object):
        name = getattr(button, "objectName", str)()
        if name.startswith("data.preparation.augmentation.list.0.") and hasattr(button, "accessibleName") and hasattr(button, "clicked"):
            assert button.accessibleName(), name


def test_arrows_go_from_training_row_to_training_row(desk: Callable[..., Any]) -> None:
    at = desk()
    at.open("augmentation")
    training = at.session.prepared.splits["train"].tolist()
    for row in training[:2]:
        at.click("preview.next")
        assert at.page.view.current == row
    at.click("preview.before")
    assert at.page.view.current == training[0] and at.drawing().lines[0].row == training[0]
