"""Tour, help, terms: seven steps that never block, every topic in both languages, every word found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from workbench.app import language
from workbench.app.help import GENERATED, WRITTEN, matching, topic_of, topic_text
from workbench.app.hover_help import explain, term_of, terms
from workbench.app.tour import STEPS, Bubble, Tour, place_beside
from workbench.app.window import Window


@pytest.fixture(autouse=True)
def own_projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG", "STATE", "DATA"):
        monkeypatch.setenv(f"WORKBENCH_{name}_DIR", str(tmp_path / name.lower()))


@pytest.mark.timeout(120)
def test_the_tour_goes_through_seven_steps_on_real_controls(window: Window, qtbot: Any) -> None:
    window.helping.start_tour()
    tour = window.helping.tour
    seen = [tour.number]
    tour.moved.connect(seen.append)
    tour.forward()
    qtbot.waitUntil(lambda: tour.number == 1, timeout=30_000)
    while tour.number < len(STEPS) - 1:
        number = tour.number
        tour.forward()
        qtbot.waitUntil(lambda number=number: tour.number > number, timeout=30_000)
    assert sorted(set(seen)) == list(range(7))
    with qtbot.waitSignal(tour.ended):
        tour.forward()
    assert window.findChild(QWidget, "window.tour.bubble") is None or not window.findChild(QWidget, "window.tour.bubble").isVisible()
    window.session.trainer.stop()


def test_the_tour_can_be_left_at_any_step_and_blocks_nothing(window: Window, qtbot: Any) -> None:
    window.helping.start_tour()
    bubble = window.findChild(QWidget, "window.tour.bubble")
    assert bubble.isVisible() and window.rect().contains(bubble.geometry())
    frame = window.findChild(QWidget, "window.tour.frame")
    assert frame.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    qtbot.mouseClick(window.findChild(QWidget, "window.tour.leave"), Qt.MouseButton.LeftButton)
    assert window.helping.tour is None
    qtbot.mouseClick(window.top.page_buttons["build"], Qt.MouseButton.LeftButton)
    assert window.current_page == "build"


@pytest.mark.parametrize("target", [QRect(0, 0, 60, 40), QRect(1200, 760, 70, 30), QRect(0, 48, 1280, 710), QRect(600, 300, 10, 10)])
def test_the_bubble_stays_in_the_window(target: QRect) -> None:
    size, area = QSize(320, 160), QRect(0, 0, 1280, 800)
    place = place_beside(target, size, area)
    assert area.contains(QRect(place, size)), place
    assert isinstance(place, QPoint)


@pytest.mark.parametrize("name", ["en", "zh_CN"])
@pytest.mark.parametrize("topic", [*WRITTEN, *GENERATED])
def test_every_topic_is_there_in_both_languages(qapp: Any, name: str, topic: str) -> None:
    language.set_language(name)
    text = topic_text(topic)
    assert text.startswith("# ") and len(text) > 200
    if name == "zh_CN":
        assert any("\u4e00" <= letter <= "\u9fff" for letter in text)


def test_f1_opens_the_page_of_what_has_the_focus(window: Window, qtbot: Any) -> None:
    window.show_page("train")
    child = QLabel(window.page)
    child.setObjectName("train.loss.axis")
    assert topic_of(child, "build") == "train"
    assert topic_of(None, "deploy") == "deploy"
    window.helping.show_topic("train")
    viewer = window.helping.viewer
    assert viewer.topic == "train"
    viewer._search.setText("recovery")
    assert viewer.topic == "start"
    viewer.close()


def test_the_search_puts_titles_first() -> None:
    texts = {"a": "# Other\nTrain is here", "b": "# Train\nwords", "c": "# None\nnothing"}
    assert matching("train", texts) == ["b", "a"]


def test_every_term_has_both_languages_and_is_found_by_its_words(qapp: Any) -> None:
    for key, term in terms().items():
        assert all(term.get(part) for part in ("en", "en_text", "zh_CN", "zh_CN_text")), key
        assert term_of(term["en"]) and term_of(term["zh_CN"])
    for name in ("en", "zh_CN"):
        language.set_language(name)
        assert all(explain(key) for key in terms())
    assert term_of("Batch size") == "batch_size"
    assert term_of("accuracy/val") == "accuracy"
    assert term_of("nothing of that kind") == ""


@pytest.mark.parametrize("words", ["en", "zh_CN"])
def test_no_step_cuts_its_text(window: Window, words: str) -> None:
    language.set_language(words)
    tour = Tour(window)
    for number, step in enumerate(STEPS):
        bubble = Bubble(window, tour, step, number, len(STEPS))
        bubble.fit()
        bubble.show()
        QApplication.processEvents()
        for label in bubble.findChildren(QLabel):
            assert label.height() >= label.heightForWidth(label.width()), label.text()
        bubble.hide()
        bubble.deleteLater()
