"""Jobs, findings, theme, wording, session: the parts that every page builds on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QPushButton

from workbench.app import theme
from workbench.app.jobs import run_job, stop_jobs
from workbench.app.language import set_language
from workbench.app.session import Session
from workbench.app.strip import FindingRow, FindingStrip, Remedy, rich_sentence
from workbench.app.widgets.image_view import ImageView, magnitude_colours, signed_colours
from workbench.app.wording import ago, duration, number, percent, short_count, size
from workbench.project.project import Project
from workbench.text import Text


def test_a_job_gives_its_result_on_the_event_loop(qtbot: Any) -> None:
    owner, seen = QObject(), []

    def work(progress: Callable[[float, str], None], _cancelled: Callable[[], bool]) -> int:
        progress(0.5, "half")
        return threading.get_ident()

    job = run_job(owner, work, seen.append, None, lambda *told: seen.append(told))
    with qtbot.waitSignal(job.ended):
        pass
    assert seen[0] == (0.5, "half") and seen[1] != threading.get_ident()


def test_a_failed_job_says_so_and_an_abandoned_one_says_nothing(qtbot: Any) -> None:
    owner, errors, results = QObject(), [], []
    with qtbot.waitSignal(run_job(owner, lambda *_: 1 / 0, results.append, errors.append).ended):
        pass
    assert isinstance(errors[0], ZeroDivisionError) and not results
    release = threading.Event()
    job = run_job(owner, lambda _progress, _cancelled: release.wait(10), results.append, errors.append)
    job.cancel()
    with qtbot.waitSignal(job.ended):
        release.set()
    assert not results and len(errors) == 1


def test_an_owner_that_goes_takes_its_result_with_it(qtbot: Any) -> None:
    owner, results, release = QObject(), [], threading.Event()
    run_job(owner, lambda *_: release.wait(10), results.append)
    owner.deleteLater()
    qtbot.wait(1)
    release.set()
    assert stop_jobs()
    assert results == []


def test_findings_are_sentences_with_buttons(qtbot: Any) -> None:
    strip, done = FindingStrip("test.strip"), []
    qtbot.addWidget(strip)
    row = FindingRow("merge cannot add <64> to conv2.", "Sizes differ.", "error", ("merge", "conv2"), (Remedy("Mend", lambda: done.append(1)),), "n1")
    strip.show_findings([row])
    strip.show()
    button = strip.findChild(QPushButton, "test.strip.0.fix0")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert done == [1]
    told = rich_sentence(row)
    assert "<b>merge</b>" in told and "<b>conv2</b>" in told and "&lt;64&gt;" in told
    assert strip.findChild(QLabel, "test.strip.0.sentence").text() == told


def test_findings_speak_the_language_in_use(qtbot: Any) -> None:
    set_language("zh_CN")
    assert "重命名 conv1" in rich_sentence(FindingRow(Text("Rename {name}", name="conv1")))


def _contrast(first: str, second: str) -> float:
    def light(colour: str) -> float:
        parts = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in QColor(colour).getRgbF()[:3]]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    high, low = sorted((light(first), light(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("tokens", [theme.LIGHT, theme.DARK], ids=lambda tokens: tokens.name)
def test_text_can_be_read(tokens: theme.Theme) -> None:
    for ground in (tokens.background, tokens.surface, tokens.raised):
        for ink in (tokens.text, tokens.quiet, tokens.wrong, tokens.good):
            assert _contrast(ink, ground) >= 4.5, (ink, ground)
    assert _contrast(tokens.on_accent, tokens.accent) >= 4.5
    for wash in (tokens.good_wash, tokens.doubtful_wash, tokens.wrong_wash, tokens.accent_wash):
        assert _contrast(tokens.text, wash) >= 4.5


def test_the_style_sheet_is_understood(qapp: Any) -> None:
    for choice in ("dark", "light"):
        theme.set_theme(choice)
        assert "$" not in qapp.styleSheet()


def test_numbers_for_people() -> None:
    assert [number(value) for value in (31946, 0.18432, 8.3e-7, 12.0, float("nan"), None)] == ["31,946", "0.184", "8.30e-7", "12", "–", "–"]
    assert (percent(0.9341), short_count(4_100_000), size(1_260_000)) == ("93.4 %", "4.1 M", "1.26 MB")
    assert [duration(value) for value in (6.44, 130, 11_100)] == ["6.4 s", "2 min 10 s", "3 h 5 min"]
    now = datetime(2026, 1, 10, 12)
    assert [ago(now - timedelta(**gap), now) for gap in ({"seconds": 5}, {"minutes": 4}, {"hours": 30}, {"days": 4})] == [
        "just now", "4 min ago", "yesterday", "4 days ago"]


def test_signed_values_are_white_at_zero_and_never_one_colour_for_both_signs(qapp: Any) -> None:
    theme.set_theme("light")
    colours = signed_colours(np.array([[-1.0, 0.0, 1.0]], np.float32))
    assert colours[0, 1].tolist() == [255, 255, 255]
    assert colours[0, 0, 0] > colours[0, 0, 2] and colours[0, 2, 2] > colours[0, 2, 0]
    flat = magnitude_colours(np.zeros((2, 2), np.float32))
    assert (flat == 255).all()


def test_a_picture_keeps_whole_pixels(qtbot: Any) -> None:
    view = ImageView("test.view")
    qtbot.addWidget(view)
    view.resize(100, 90)
    view.set_image(np.arange(64, dtype=np.uint8).reshape(8, 8))
    assert view.picture_rect().width() == view.picture_rect().height() == 88


def test_typing_in_one_field_is_one_step(session: Session, qtbot: Any) -> None:
    for text in ("a", "ab", "abc"):
        session.edit("Notes", replace(session.project, notes=text), "notes")
    session.undo()
    assert session.project == Project()
    session.redo()
    assert session.project.notes == "abc"


def test_equal_edits_are_no_steps_and_say_nothing(session: Session, qtbot: Any) -> None:
    with qtbot.assertNotEmitted(session.changed):
        session.edit("Nothing", replace(session.project))
    assert not session.history.can_undo


def test_an_opened_project_brings_its_data_and_no_problems(session: Session, qtbot: Any, project_folder: Callable[[str], Path]) -> None:
    session.open(project_folder("digits-cnn"))
    qtbot.waitUntil(lambda: session.dataset is not None, timeout=20_000)
    assert [problem.message for problem in session.problems if problem.severity == "error"] == []
    assert session.problems is not None and session.inferred is session.inferred
    assert session.prepared is None
    qtbot.waitUntil(lambda: session.prepared is not None, timeout=20_000)
    assert not session.modified and session.runs == []


def test_data_that_is_gone_is_told(session: Session, qtbot: Any, project_folder: Callable[[str], Path]) -> None:
    session.open(project_folder("digits-cnn"))
    qtbot.waitUntil(lambda: session.dataset is not None, timeout=20_000)
    with qtbot.waitSignal(session.dataset_changed, timeout=20_000):
        session.edit("Move", replace(session.project, data=replace(session.project.data, source="/nowhere", format="")))
    assert session.dataset is None and session.dataset_error is not None


def test_a_run_in_the_thread_is_seen_and_kept(session: Session, qtbot: Any, project_folder: Callable[[str], Path]) -> None:
    session.open(project_folder("digits-cnn"))
    session.edit("Short", replace(session.project, recipe=replace(session.project.recipe, epochs=1, threads=1)))
    trainer, events = session.trainer, []
    trainer.event.connect(lambda event: events.append(type(event).__name__))
    with qtbot.waitSignal(trainer.ended, timeout=60_000):
        trainer.start()
    assert events[-1] == "Finished" or "Finished" in events
    assert {"Started", "Steps", "EpochEnded", "Checkpointed"} <= set(events)
    assert trainer.progress() == 1.0 and not trainer.running
    assert session.runs[0].state.value == "finished" and session.selected_run is not None
    assert not trainer.probe(lambda *_: None, lambda _result: None)


def test_a_run_that_fails_is_told_and_the_window_goes_on(session: Session, qtbot: Any, project_folder: Callable[[str], Path]) -> None:
    session.open(project_folder("digits-cnn"))
    broken = replace(session.project, data=replace(session.project.data, source="/nowhere", format=""))
    with qtbot.waitSignal(session.trainer.ended, timeout=60_000):
        session.trainer.start(project=broken)
    assert session.trainer.failed is not None and "/nowhere" in session.trainer.failed.message
    assert session.runs[0].state.value == "failed"
