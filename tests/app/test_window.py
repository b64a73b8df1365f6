"""The window: pages, undo, saving, language and theme in place, drops, closing while training, recovery."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from workbench.app import language, theme
from workbench.app.actions import ACTIONS
from workbench.app.window import Window
from workbench.settings import load_settings

HEAVY = ("torch", "numpy", "pyqtgraph", "onnx", "onnxruntime", "pandas", "sklearn", "workbench.layers.convolution")


@pytest.fixture(autouse=True)
def own_projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG", "STATE", "DATA"):
        monkeypatch.setenv(f"WORKBENCH_{name}_DIR", str(tmp_path / name.lower()))


def open_starter(window: Window, qtbot: Any, name: str = "digits-cnn") -> None:
    with qtbot.waitSignal(window.session.dataset_changed, timeout=20_000, check_params_cb=None):
        window.files.start(name)
    qtbot.waitUntil(lambda: window.session.dataset is not None, timeout=20_000)


def test_first_paint_loads_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; from workbench.app.main import application; app = application()\n"
        "from workbench.app import theme; theme.set_theme('light')\n"
        "from workbench.app.window import Window\n"
        "window = Window(); window.show(); app.processEvents(); window.grab()\n"
        f"found = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "sys.stdout.write(' '.join(found)); window.close()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == ""


def test_it_starts_on_the_welcome_page(window: Window) -> None:
    assert window.current_page == "welcome"
    assert window.findChild(QWidget, "welcome.starter.digits-cnn").isVisible()


def test_a_starter_opens_in_two_seconds_of_clicks_and_is_remembered(window: Window, qtbot: Any) -> None:
    card = window.findChild(QWidget, "welcome.starter.digits-cnn")
    qtbot.mouseClick(card, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.dataset is not None, timeout=20_000)
    assert window.session.project.template == "digits-cnn"
    assert window.current_page == "build"
    assert not window.session.modified
    assert load_settings().recent[0] == str(window.session.folder)


@pytest.mark.parametrize(("words", "name", "verdicts"), [
    ("en", "Reviews with an LSTM", ("negative", "positive")), ("zh_CN", "用 LSTM 读评论", ("负面", "正面")),
])
def test_reviews_are_written_in_the_language_of_the_window(
    window: Window, qtbot: Any, words: str, name: str, verdicts: tuple[str, ...],
) -> None:
    language.set_language(words)
    open_starter(window, qtbot, "reviews-lstm")
    assert window.session.project.name == name
    assert window.session.dataset.field("label").categories == verdicts


def test_undo_and_redo_by_keyboard(window: Window, qtbot: Any) -> None:
    open_starter(window, qtbot)
    before = window.session.project
    window.session.edit("Rename", replace(before, name="other"))
    window.show_page("data")
    assert window.session.modified
    window.setFocus()
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.session.project == before
    qtbot.keyClick(window, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert window.session.project.name == "other"


def test_saving_and_opening_again(window: Window, qtbot: Any, tmp_path: Path) -> None:
    open_starter(window, qtbot)
    window.session.edit("Rename", replace(window.session.project, name="改名"))
    assert window.files.save_to(tmp_path / "保存")
    assert not window.session.modified
    saved = window.session.project
    window.session.new()
    window.files.open_path(tmp_path / "保存" / "workbench.toml")
    assert window.session.project == saved


def test_language_and_theme_switch_in_place_and_lose_nothing(window: Window, qtbot: Any) -> None:
    open_starter(window, qtbot)
    window.session.edit("Rename", replace(window.session.project, name="kept"))
    window.show_page("data")
    with qtbot.waitSignal(window.rebuilt):
        window.view.switch_language()
    assert language.language() == "zh_CN"
    assert window.top.page_buttons["train"].text() == "训练"
    with qtbot.waitSignal(window.rebuilt):
        window.view.use_dark()
    assert theme.current().dark
    assert window.current_page == "data"
    assert window.session.project.name == "kept" and window.session.history.can_undo
    assert load_settings().language == "zh_CN" and load_settings().theme == "dark"


def test_what_cannot_be_opened_says_so_and_changes_nothing(window: Window, qtbot: Any, tmp_path: Path) -> None:
    open_starter(window, qtbot)
    before = window.session.project
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "workbench.toml").write_text("this is = = no toml")
    window.files.open_path(broken)
    qtbot.waitUntil(lambda: bool(window.notices.rows()), timeout=10_000)
    assert window.session.project is before
    assert window.notices.isVisible()


def test_data_that_cannot_be_recognised_says_so(window: Window, qtbot: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    window.files.open_path(tmp_path / "empty")
    qtbot.waitUntil(lambda: bool(window.notices.rows()), timeout=20_000)
    assert not window.session.is_open


def test_closing_with_unsaved_changes_asks_and_can_be_cancelled(window: Window, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    open_starter(window, qtbot)
    window.session.edit("Rename", replace(window.session.project, name="other"))
    asked: list[str] = []
    monkeypatch.setattr("workbench.app.commands.files.ask", lambda _window, question, *_rest: asked.append(question) or "cancel")
    assert not window.close()
    assert window.isVisible() and "other" in asked[0]


def test_a_crash_offers_what_was_not_saved(window: Window, qtbot: Any) -> None:
    from workbench.project.recovery import recovery_path, write_recovery

    open_starter(window, qtbot)
    folder, edited = window.session.folder, replace(window.session.project, notes="not saved")
    write_recovery(edited, folder, recovery_path(folder))
    window.session.new()
    window.files.open_folder(folder)
    row = window.notices.rows()[0]
    row.remedies[0].do()
    assert window.session.project.notes == "not saved"
    assert window.session.modified


@pytest.mark.timeout(120)
def test_train_pause_step_resume_and_close_while_training(window: Window, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    open_starter(window, qtbot)
    recipe = replace(window.session.project.recipe, epochs=500, threads=1)
    window.session.edit("Long run", replace(window.session.project, recipe=recipe))
    assert window.files.save_project()
    trainer = window.session.trainer
    qtbot.keyClick(window, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: trainer.latest is not None, timeout=30_000)
    assert window.current_page == "train"
    qtbot.keyClick(window, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: trainer.paused, timeout=10_000)
    assert window.run_bar.pause.text().startswith("Go on")
    answers: list[int] = []
    assert trainer.probe(lambda _model, _prepared, step: step, lambda result: answers.append(result.value))
    qtbot.waitUntil(lambda: bool(answers), timeout=10_000)
    monkeypatch.setattr("workbench.app.commands.running.ask", lambda *_arguments: "cancel")
    assert not window.close() and trainer.running
    monkeypatch.setattr("workbench.app.commands.running.ask", lambda *_arguments: "stop")
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=30_000)
    assert not trainer.running
    assert trainer.run.state.value == "stopped"
    assert trainer.run.last() is not None


@pytest.mark.timeout(120)
def test_a_finished_run_says_what_comes_next(window: Window, qtbot: Any) -> None:
    open_starter(window, qtbot)
    recipe = replace(window.session.project.recipe, epochs=2, threads=1)
    window.session.edit("Short run", replace(window.session.project, recipe=recipe))
    window.files.save_project()
    with qtbot.waitSignal(window.session.trainer.ended, timeout=60_000):
        window.running.train()
    card = window.running.card
    assert card is not None
    qtbot.waitUntil(lambda: card.outcome is not None, timeout=30_000)
    assert 0.05 < card.outcome.chance < 0.15 < card.outcome.value
    assert 0 <= card.outcome.row < 1797
    assert load_settings().seconds["digits-cnn"] > 0
    card.close_card()


def test_every_action_does_something_or_belongs_to_a_page(window: Window) -> None:
    assert [row.id for row in ACTIONS if not row.page and window.slot_of(row) is None] == []
    ids = [row.id for row in ACTIONS]
    assert len(ids) == len(set(ids))


def test_shortcuts_are_unique_where_they_meet() -> None:
    seen: dict[tuple[str, str], str] = {}
    for row in ACTIONS:
        for key in filter(None, (part.strip() for part in row.shortcut.split(";"))):
            assert (row.page, key) not in seen, f"{row.id} and {seen[row.page, key]} share {key}"
            assert not row.page or ("", key) not in seen, f"{row.id} hides {seen.get(('', key))}"
            seen[row.page, key] = row.id


def test_the_palette_finds_actions_in_both_languages(window: Window, qtbot: Any) -> None:
    from workbench.app.command_palette import ranked

    entries = window.view.palette_entries()
    assert ranked(entries, "dark")[0].label == "Dark colours"
    assert "Dark colours" in [entry.label for entry in ranked(entries, "深色")]
    window.view.show_palette()
    palette = QApplication.activePopupWidget()
    qtbot.keyClicks(palette.search, "build")
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert window.current_page == "build"


def test_every_control_has_a_name(window: Window, qtbot: Any, project_folder: Callable[..., Path]) -> None:
    from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit

    nameless = [
        type(child).__name__ for kind in (QAbstractButton, QLineEdit, QComboBox) for child in window.findChildren(kind)
        if not child.objectName() or not (child.accessibleName() or getattr(child, "text", str)())
    ]
    assert [name for name in nameless if not name.startswith("Q")] == []
    assert not [child for child in window.top.findChildren(QAbstractButton) if "." not in child.objectName()]


def test_the_page_keeps_its_columns(window: Window, qtbot: Any) -> None:
    window.show_page("data")
    page = window.page
    assert set(page.docks) >= {"left", "right"}
    window.view.toggle_left()
    assert not page.docks["left"].isVisible()
    state = page.layout_state()
    window.view.reset_columns()
    assert page.docks["left"].isVisible()
    page.restore_layout(state)
    assert not page.docks["left"].isVisible()


def test_taking_an_edit_back_leaves_nothing_to_recover(window: Window, qtbot: Any) -> None:
    from workbench.project.recovery import recovery_path

    open_starter(window, qtbot)
    path = recovery_path(window.session.folder)
    window.session.edit("Rename", replace(window.session.project, name="other"))
    qtbot.waitUntil(path.exists, timeout=5000)
    window.session.undo()
    assert not window.session.modified
    assert not path.exists()


def test_every_starter_of_the_catalogue_can_be_opened_from_welcome(window: Window, qtbot: Any) -> None:
    from workbench.app.pages.welcome.cards import FAMILIES, more_starters
    from workbench.project.starters import STARTERS as CATALOGUE

    listed = {starter.name for _, starters in more_starters() for starter in starters}
    assert {item.family for item in CATALOGUE} <= {*FAMILIES, "empty"}
    carded = {name for name in CATALOGUE.names() if window.findChild(QWidget, f"welcome.starter.{name}") is not None}
    assert listed | carded | {"blank"} == set(CATALOGUE.names()) and not listed & carded
    qtbot.waitUntil(lambda: all(window.findChild(QWidget, f"welcome.more.{name}") is not None for name in listed), timeout=10_000)
