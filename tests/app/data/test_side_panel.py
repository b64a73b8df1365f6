"""The side panel: what was changed about a row and by which steps, where its file lies, how sounds that cannot be played are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QLabel

from workbench.app.pages.data import playing
from workbench.app.pages.data.page import DataPage
from workbench.app.pages.data.playing import Player
from workbench.app.pages.data.rows import Rows


@pytest.fixture
def page(session: Any, qtbot: Any, project_folder: Callable[..., Path]) -> DataPage:
    made = DataPage(session)
    qtbot.addWidget(made)
    made.resize(1300, 800)
    made.show()
    session.open(project_folder())
    qtbot.waitUntil(lambda: session.prepared is not None, timeout=20_000)
    made.shown()
    return made


def test_every_step_of_a_row_is_told_and_taken_back_at_once(page: DataPage, session: Any, qtbot: Any) -> None:
    page.view.go_to(3)
    changes, name = page.row_panel.changes, page._picked_ids()[0]
    assert changes.isHidden()
    qtbot.keyClick(page.view, Qt.Key.Key_7)
    page.refresh(None, session.project)
    page.editing.tag([name], "odd")
    page.refresh(None, session.project)
    words = changes.words.text().splitlines()
    assert words[0].endswith("3 in the source, 7 now") and words[1] == "tags: odd" and len(words) == 4
    page.view.go_to(4)
    assert changes.isHidden()
    page.view.go_to(3)
    qtbot.mouseClick(changes.findChild(QAbstractButton, "data.changes.back"), Qt.MouseButton.LeftButton)
    assert not len(session.project.edits)
    session.undo()
    assert session.project.edits.of(name).tags == ("odd",)


def test_the_file_of_a_row_is_named_and_its_path_copied(qtbot: Any, tmp_path: Path) -> None:
    from PIL import Image

    from workbench.app.pages.data.row_panel import RowPanel
    from workbench.data.open import open_dataset

    for kind in ("cat", "dog"):
        (tmp_path / kind).mkdir()
        for number in range(3):
            Image.fromarray(np.full((40 + number, 60, 3), 40 * number, np.uint8)).save(tmp_path / kind / f"{number}.jpg")
    panel = RowPanel(_NoEdits())  # type: ignore[arg-type]
    qtbot.addWidget(panel)
    panel.show()
    panel.show_row(Rows.of(open_dataset(str(tmp_path)), None), 4)
    qtbot.mouseClick(panel.findChild(QAbstractButton, "data.row.copy"), Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == panel.findChild(QLabel, "data.row.file").text() == str(tmp_path / "dog" / "1.jpg")


class _NoEdits:
    def steps_of(self, _row: str) -> list[str]:
        return []


def test_without_a_sound_device_the_panel_says_so(qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "aplay"
    program.write_text("#!/bin/sh\necho 'aplay: main:831: audio open error: No such device' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(playing, "find_spec", lambda _name: None)
    monkeypatch.setattr(playing, "system_player", lambda: str(program))
    player = Player()
    qtbot.addWidget(player)
    player.take(np.sin(np.linspace(0, 400, 4000)).astype(np.float32), 8000)
    player.play()
    qtbot.waitUntil(lambda: bool(player.words), timeout=10_000)
    assert "No such device" in player.words
    player.stop()


def test_nothing_that_plays_is_told_at_once(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing, "can_play", lambda: False)
    player = Player()
    qtbot.addWidget(player)
    player.take(np.zeros(10, np.float32), 8000)
    player.play()
    assert "audio" in player.words and not player.findChildren(QAbstractButton)
