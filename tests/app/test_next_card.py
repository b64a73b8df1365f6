"""And now? The card after a run: it stays on its page, speaks the language in use, and gives way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtWidgets import QLabel, QPushButton

from workbench.app import language, next_card
from workbench.app.commands.running import RUN_ENDED
from workbench.app.next_card import NextCard, Outcome, mistake_sentences, score_sentence
from workbench.app.window import Window
from workbench.training.events import RunState

OUTCOME = Outcome("test", 270, "accuracy/test", 0.985, 0.102, ("3", "8", 2), 14, "3", "8", 0.61, True)


@pytest.fixture
def card(window: Window, qtbot: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[NextCard]:
    monkeypatch.setattr(next_card, "outcome_of", lambda run, chance: OUTCOME)
    window.show_page("train")
    made = NextCard(window, SimpleNamespace(path=tmp_path), 0.102)
    with qtbot.waitSignal(made.filled, timeout=5000):
        made.show()
    yield made


def words_of(card: NextCard) -> str:
    return "\n".join(label.text() for label in card.findChildren(QLabel) if label.isVisibleTo(card))


def test_it_says_score_chance_confusion_and_worst_row(card: NextCard) -> None:
    words = words_of(card)
    for wanted in ("98.5 %", "Guessing gives 10.2 %", "takes 3 for 8", "row 14"):
        assert wanted in words


def test_another_page_closes_it(card: NextCard, window: Window) -> None:
    window.show_page("train")
    assert card.isVisible()
    window.show_page("data")
    assert not card.isVisible()


def test_it_follows_a_language_switch(card: NextCard, window: Window, qtbot: Any) -> None:
    with qtbot.waitSignal(window.rebuilt):
        language.set_language("zh_CN")
    assert card.isVisible()
    assert "接下来呢？" in words_of(card)
    assert "98.5 %" in words_of(card)
    assert "Guessing" not in words_of(card)
    assert len([item for item in card.findChildren(QPushButton, "next.export") if item.isVisibleTo(card)]) == 1


def test_on_another_page_a_line_leads_to_it(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(next_card, "show_next_card", lambda owner: shown.append(owner.current_page))
    window.session.trainer.finished = SimpleNamespace(state=RunState.STOPPED, seconds=1.0)
    window.show_page("data")
    window.running.run_ended()
    assert not shown
    row = next(item for item in window.notices.rows() if item.message == RUN_ENDED)
    row.remedies[0].do()
    assert shown == ["train"]
    assert not window.notices.rows()


def test_a_run_that_got_everything_right_names_the_hardest_row() -> None:
    from dataclasses import replace

    perfect = replace(OUTCOME, wrong=False, confusion=None)
    assert mistake_sentences(perfect) == ["Not one of them was wrong. Row 14 was the hardest."]
    assert score_sentence(replace(OUTCOME, metric="loss/test", value=0.25)).startswith("Loss 0.25")
