"""Data comes in by drop, by choice and by name; what was recognised is said, asked about, changed, undone; what is gone is found again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QPushButton, QRadioButton, QWidget

from workbench.app.pages.data.opening import OpeningPanel
from workbench.data.progress import report
from workbench.project.bring import Source

RNG = np.random.default_rng(3)


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG", "STATE", "DATA", "CACHE"):
        monkeypatch.setenv(f"WORKBENCH_{name}_DIR", str(tmp_path / name.lower()))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return pictures(tmp_path / "my photos", 3)


def pictures(root: Path, classes: int, side: int = 20) -> Path:
    for number in range(classes):
        (root / f"种类 {number}").mkdir(parents=True)
        for row in range(10):
            Image.fromarray(RNG.integers(0, 256, (side, side, 3), dtype=np.uint8)).save(root / f"种类 {number}" / f"{row}.png")
    return root


def mime(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def drop(window: Any, *paths: Path) -> None:
    data, left, none = mime(*paths), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dragEnterEvent(QDragEnterEvent(window.rect().center(), Qt.DropAction.CopyAction, data, left, none))
    assert window.findChild(QLabel, "window.drop").isVisible()
    window.dropEvent(QDropEvent(QPointF(window.rect().center()), Qt.DropAction.CopyAction, data, left, none))


def arrived(window: Any, qtbot: Any, source: str = "") -> None:
    session = window.session
    qtbot.waitUntil(
        lambda: session.dataset is not None and not session.opening.busy and (not source or source in session.project.data.source), timeout=60_000,
    )


def panel(window: Any) -> OpeningPanel:
    return window.findChild(OpeningPanel, "data.opening")


def lines(window: Any) -> list[str]:
    return [row.message for row in panel(window).strip.rows]


def press(window: Any, qtbot: Any, words: str) -> None:
    found = lambda: [item for item in panel(window).findChildren(QPushButton) if item.text() == words and item.isVisible()]  # noqa: E731
    qtbot.waitUntil(lambda: bool(found()), timeout=60_000)
    qtbot.mouseClick(found()[0], Qt.MouseButton.LeftButton)


def radios(window: Any) -> list[QRadioButton]:
    return [item for item in panel(window).findChildren(QRadioButton) if not item.isHidden()]


def test_a_folder_dropped_on_welcome_is_a_project_that_says_what_it_is(window: Any, qtbot: Any, photos: Path) -> None:
    drop(window, photos)
    arrived(window, qtbot)
    assert window.current_page == "data" and window.session.folder is not None and not window.session.modified
    assert lines(window)[0].startswith("Image folder: 3 classes, 30 images of 20 × 20 px; no splits: 15 % are set aside")
    assert "Class is learned from Image." in lines(window)[0]
    assert not window.session.problems
    press(window, qtbot, "Close")
    assert not panel(window).isVisible()


def test_a_drop_on_an_open_project_is_one_step_that_can_be_taken_back(
    window: Any, qtbot: Any, photos: Path, project_folder: Callable[..., Path],
) -> None:
    window.files.open_path(project_folder("digits-cnn"))
    arrived(window, qtbot)
    before, graph = window.session.project, window.session.project.graph
    window.show_page("data")
    drop(window, photos)
    arrived(window, qtbot, "my photos")
    assert window.session.project.name == before.name and [node.layer for node in window.session.project.graph] == [node.layer for node in graph]
    assert "The drawing does not fit the new data yet." in lines(window)
    press(window, qtbot, "Make linear1 give 3 classes")
    assert not window.session.problems and "The drawing does not fit the new data yet." not in lines(window)
    window.session.undo()
    window.session.undo()
    assert window.session.project is before
    arrived(window, qtbot, "sample:digits")


def test_files_that_belong_together_are_dropped_together(window: Any, qtbot: Any, tmp_path: Path) -> None:
    for name, word in (("x.en", "one"), ("x.de", "eins")):
        (tmp_path / name).write_text("\n".join(f"{word} {number}" for number in range(60)))
    drop(window, tmp_path / "x.en", tmp_path / "x.de")
    arrived(window, qtbot)
    assert "60 pairs of texts" in lines(window)[0] and window.session.project.objectives[0].name == "sequence"


def test_what_cannot_be_told_is_asked_at_once_and_the_answer_can_be_undone(window: Any, qtbot: Any, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=RNG.normal(size=(60, 12, 8)).astype(np.float32), y=RNG.integers(0, 2, 60))
    drop(window, tmp_path / "a.npz")
    arrived(window, qtbot)
    qtbot.waitUntil(lambda: len(radios(window)) == 2, timeout=60_000)
    assert [item.isChecked() for item in radios(window)] == [True, False]
    radios(window)[1].click()
    qtbot.waitUntil(lambda: window.session.project.data.params.get("axes") == "image", timeout=60_000)
    arrived(window, qtbot)
    assert "image_input" in {node.layer for node in window.session.project.graph}
    window.session.undo()
    arrived(window, qtbot)
    assert "axes" not in window.session.project.data.params
    qtbot.waitUntil(lambda: [item.isChecked() for item in radios(window)] == [True, False], timeout=60_000)
    press(window, qtbot, "Done")
    assert not radios(window) or not panel(window).questions.isVisible()


def test_another_answer_and_another_type_are_chosen_in_the_panel(window: Any, qtbot: Any, tmp_path: Path) -> None:
    rows = "\n".join(f"{number * 7 % 50},{number % 4},{'ab'[number % 2]},{number % 9}" for number in range(90))
    (tmp_path / "t.csv").write_text("weight,size,kind,price\n" + rows)
    drop(window, tmp_path / "t.csv")
    arrived(window, qtbot)
    assert window.session.project.objectives[0].target == "price"
    press(window, qtbot, "Change…")
    target = window.findChild(QComboBox, "data.questions.target")
    target.setCurrentIndex(target.findData("kind"))
    target.activated.emit(target.currentIndex())
    qtbot.waitUntil(lambda: window.session.project.objectives[0].target == "kind", timeout=60_000)
    arrived(window, qtbot)
    box = panel(window).findChildren(QComboBox, "data.questions.type.size")[-1]
    box.setCurrentIndex(box.findData("category"))
    box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: window.session.project.data.params.get("types") == {"size": "category"}, timeout=60_000)
    arrived(window, qtbot)
    assert window.session.dataset.field("size").categories and window.session.project.objectives[0].target == "kind" and not window.session.problems


def test_cancel_leaves_the_old_data_as_it_was(window: Any, qtbot: Any, photos: Path, project_folder: Callable[..., Path],
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    window.files.open_path(project_folder("digits-cnn"))
    arrived(window, qtbot)
    before, dataset = window.session.project, window.session.dataset
    monkeypatch.setattr("workbench.project.bring.open_dataset", endless)
    window.show_page("data")
    window.bringing.take(Source(str(photos)))
    qtbot.waitUntil(lambda: panel(window).cancel.isVisible() and panel(window).words.text() == "12 of 24 files looked at", timeout=60_000)
    assert panel(window).bar.value() == 500 and panel(window).left.text().endswith("left")
    qtbot.mouseClick(panel(window).cancel, Qt.MouseButton.LeftButton)
    assert window.session.project is before and window.session.dataset is dataset and not panel(window).cancel.isVisible()


def endless(*_arguments: Any) -> None:
    while True:
        report(0.5, "12 of 24 files looked at")


def test_opening_a_project_can_be_cancelled_and_taken_up_again(window: Any, qtbot: Any, project_folder: Callable[..., Path],
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("workbench.data.open.open_dataset", endless)
        window.files.open_path(project_folder("digits-cnn"))
        window.show_page("data")
        qtbot.waitUntil(lambda: panel(window).cancel.isVisible(), timeout=60_000)
        panel(window).cancel.click()
    assert window.session.dataset is None and lines(window)[0].startswith("Opening the data was cancelled.")
    press(window, qtbot, "Open it again")
    arrived(window, qtbot)


def test_what_has_changed_or_gone_is_noticed_and_found_again(window: Any, qtbot: Any, photos: Path) -> None:
    drop(window, photos)
    arrived(window, qtbot)
    opening = window.session.opening
    qtbot.waitUntil(lambda: opening._signature is not None, timeout=60_000)
    (photos / "种类 0" / "0.png").unlink()
    opening.look_again()
    qtbot.waitUntil(lambda: any("has changed on disk" in line for line in lines(window)), timeout=60_000)
    press(window, qtbot, "Read it again")
    qtbot.waitUntil(lambda: len(window.session.dataset or ()) == 29, timeout=60_000)
    arrived(window, qtbot)
    qtbot.waitUntil(lambda: opening._signature is not None, timeout=60_000)
    photos.rename(photos.with_name("moved"))
    opening.look_again()
    qtbot.waitUntil(lambda: any("no longer at" in line for line in lines(window)), timeout=60_000)
    opening.move_to(photos.with_name("moved"))
    arrived(window, qtbot, "moved")
    assert len(window.session.dataset) == 29 and not any("no longer" in line for line in lines(window))
    assert window.session.history.undo_label == "Choose where the data is now"


def test_a_drag_over_any_part_of_the_page_reaches_the_window(window: Any, photos: Path) -> None:
    window.show_page("data")
    page, left, none = window.page_named("data"), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    data = mime(photos)
    for part in (page.empty, page.browser.view.viewport(), page.browser.search, page.row_panel, page.found):
        event = QDragEnterEvent(part.rect().center(), Qt.DropAction.CopyAction, data, left, none)
        QApplication.sendEvent(part, event)
        assert event.isAccepted() and window._hint is not None, part.objectName()
        window._drop_hint()


def test_a_refused_drop_changes_nothing_and_says_why(window: Any, qtbot: Any, tmp_path: Path) -> None:
    (tmp_path / "odd.xyz").write_bytes(b"\x00\x01" * 50)
    drop(window, tmp_path / "odd.xyz")
    qtbot.waitUntil(lambda: bool(window.notices.rows()), timeout=60_000)
    assert window.current_page == "welcome" and not window.session.is_open


def test_the_chooser_is_worked_by_keyboard_and_remembers(window: Any, qtbot: Any) -> None:
    window.action("file.open-data").trigger()
    chooser = window.findChild(QWidget, "data.chooser")
    names = [getattr(chooser.list.item(row).data(Qt.ItemDataRole.UserRole), "source", "") for row in range(chooser.list.count())]
    chooser.list.setCurrentRow(names.index("generated:spirals"))
    form = chooser.findChild(QWidget, "data.chooser.spirals")
    form.edited.emit("rows", 300)
    qtbot.waitUntil(lambda: len(chooser.view.shown) == 6, timeout=60_000)
    qtbot.keyClick(chooser.list, Qt.Key.Key_Return)
    arrived(window, qtbot)
    assert len(window.session.dataset) == 300 and window.current_page == "data"
    assert [(item.source, dict(item.params)) for item in window.bringing.recent()] == [("generated:spirals", {"rows": 300})]


def test_a_name_on_the_hub_that_cannot_be_reached_is_said_with_what_helps(window: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    window.bringing.open_data()
    chooser = window.findChild(QWidget, "data.chooser")
    row = next(row for row in range(chooser.list.count()) if chooser.list.item(row).data(Qt.ItemDataRole.UserRole) == "hub")
    chooser.list.setCurrentRow(row)
    assert not chooser.open.isEnabled()
    chooser.name.setText("some/name")
    qtbot.keyClick(chooser.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(window.notices.rows()), timeout=60_000)
    found = window.notices.rows()[0]
    assert "127.0.0.1" in found.message and "HF_ENDPOINT" in found.reason
