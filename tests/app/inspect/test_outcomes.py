"""What is no class: painted masks, images painted again, numbers, texts; alignments between two texts; going on writing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from workbench.app.pages.inspect.alignment_view import AlignmentView, is_alignment
from workbench.app.pages.inspect.analysis import Answer, Model, Request, analyse
from workbench.app.pages.inspect.attribution_card import curve_map, target_words
from workbench.app.pages.inspect.head_panel import DetailPanel, head_rows
from workbench.app.pages.inspect.look_cards import AttentionCard, layer_names
from workbench.app.pages.inspect.outcome import Painted, Rebuilt, Spelt, Told
from workbench.app.pages.inspect.outcome_card import OutcomeCard, errors, fitted, washed
from workbench.app.pages.inspect.question import QuestionPanel, outcome_words
from workbench.app.pages.inspect.source import load
from workbench.app.pages.inspect.writing_card import Writing, WritingCard
from workbench.explain.results import AttentionMaps, Facts, TokenScores

STARTERS = ("road-unet", "digits-autoencoder", "road-cnn", "dates-seq2seq", "tones-crnn", "table-additive", "text-gpt", "waves-gru")


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Answer]:
    """Answers about the first validation row of a starter after one short epoch."""
    from dataclasses import replace

    from workbench.project.file import load as load_project
    from workbench.project.file import save
    from workbench.project.new import new_project
    from workbench.project.runs import create_run
    from workbench.training.engine import Engine
    from workbench.training.inbox import Inbox

    models: dict[str, Model] = {}

    def answer(starter: str, **asked: Any) -> Answer:
        if starter not in models:
            folder = tmp_path_factory.mktemp("outcome") / starter
            new_project(starter, folder)
            project = load_project(folder).project
            project = replace(project, data=replace(project.data, limit=60), recipe=replace(project.recipe, epochs=1, threads=1))
            save(project, folder)
            run = create_run(folder, "short", project)
            Engine(project, run, lambda _event: None, Inbox()).run()
            models[starter] = load(run)
        model = models[starter]
        row = int(model.prepared.splits["validation"][0])
        return analyse(model, Request(**{"row": row, **asked}), lambda _share, _name: None, lambda: False)

    return answer


def test_a_painted_mask_is_shown_beside_the_right_one(answers: Callable[..., Answer], qtbot: Any) -> None:
    answer = answers("road-unet")
    painted = answer.outcome
    assert isinstance(painted, Painted) and painted.mask.shape == painted.truth.shape == painted.image.shape[:2]
    assert painted.shares.sum() == pytest.approx(1) and painted.right == pytest.approx((painted.mask == painted.truth).mean())
    card = OutcomeCard()
    qtbot.addWidget(card)
    card.show_outcome(painted)
    assert [picture.isVisibleTo(card) for picture in card.pictures] == [True] * 3
    panel = QuestionPanel()
    qtbot.addWidget(panel)
    panel.show_answer(answer)
    assert panel._prediction_heading.text() == "Share of the picture"


def test_a_mask_is_washed_over_its_picture_and_mistakes_are_marked() -> None:
    image = np.full((2, 2, 3), 100, np.uint8)
    mask, truth = np.array([[0, 1], [1, 0]]), np.array([[0, 1], [0, 0]])
    over = washed(image, mask, 2)
    assert (over[0, 0] == over[1, 1]).all() and (over[0, 1] == over[1, 0]).all() and (over[0, 0] != over[0, 1]).any()
    assert (washed(image, np.full((2, 2), 255), 2) == 100).all()
    wrong = errors(Painted(image, mask, truth, ("a", "b")))
    assert (wrong[0, 0] == 60).all() and (wrong[1, 0] != wrong[0, 0]).any()
    assert (fitted(48, 32, 216).width(), fitted(48, 32, 216).height()) == (192, 128)
    assert (fitted(500, 250, 100).width(), fitted(500, 250, 100).height()) == (100, 50)


def test_an_image_painted_again_is_shown_with_the_difference(answers: Callable[..., Answer], qtbot: Any) -> None:
    answer = answers("digits-autoencoder")
    rebuilt = answer.outcome
    assert isinstance(rebuilt, Rebuilt) and rebuilt.image.shape == rebuilt.again.shape == (8, 8, 1)
    assert np.abs(Rebuilt(rebuilt.image, rebuilt.image).difference).max() == 0
    assert target_words(answer) == "the brightness" and outcome_words(rebuilt) == ("", None)
    card = OutcomeCard()
    qtbot.addWidget(card)
    card.show_outcome(rebuilt)
    assert card.pictures[2].isVisibleTo(card) and OutcomeCard.shows(rebuilt) and not OutcomeCard.shows(None)


def test_a_number_is_told_with_its_unit_and_the_right_one(answers: Callable[..., Answer]) -> None:
    answer = answers("road-cnn")
    told = answer.outcome
    assert isinstance(told, Told) and told.truth is not None and target_words(answer) == told.field
    assert outcome_words(Told(1.25, 2.5, "°", "steering")) == ("It says 1.25 °; right is 2.5 °.", None)
    assert outcome_words(Told(1.25, None, "", "x"))[0] == "It says 1.25."


def test_texts_are_written_or_heard(answers: Callable[..., Answer]) -> None:
    dates = answers("dates-seq2seq", methods=("saliency",))
    assert isinstance(dates.outcome, Spelt) and dates.outcome.truth.count("-") == 2 and dates.continues
    assert dates.attention.names_of(0)[0][0] == "[BEGIN]" and "[PAD]" not in dates.attention.names_of(0)[0]
    assert len(dates.attention.names_of(0)[1]) == dates.attention.maps[0].shape[2] and "saliency" in dates.attributions
    tones = answers("tones-crnn", methods=("saliency",))
    assert isinstance(tones.outcome, Spelt) and tones.labels[0] == "[BLANK]" and not tones.attributions and tones.curve
    assert outcome_words(Spelt("a", "a", ("a",))) == ("Right: it writes a", True)
    assert outcome_words(Spelt("", "b", ()))[0] == "It writes: nothing\nRight is: b"


def test_series_and_tables_are_answered_with_shares(answers: Callable[..., Answer]) -> None:
    table = answers("table-additive", methods=("integrated_gradients",))
    assert table.attributions["integrated_gradients"].tokens == ("x", "y", "idle1", "idle2", "idle3")
    assert table.image is None and table.text.startswith("x: ") and table.text.count("\n") == 4
    waves = answers("waves-gru", methods=("saliency",))
    assert len(waves.attributions["saliency"].values) == 64 and waves.curve and waves.image is not None
    drawing = np.zeros((4, 8, 1), np.uint8)
    shown = curve_map(TokenScores(("1", "2"), np.array([1.0, -1.0]), Facts("saliency")), drawing)
    assert shown.values.shape == (4, 8) and (shown.values[:, :4] == 1).all() and (shown.values[:, 4:] == -1).all()


def test_a_language_model_goes_on_and_can_be_asked_again(answers: Callable[..., Answer], qtbot: Any) -> None:
    answer = answers("text-gpt")
    writing = answer.writing
    assert writing is not None and len(writing.begun) == 4 and len(writing.added) == len(writing.shares) == len(writing.others)
    assert answer.outcome is None and answer.tokens[0] == "[BEGIN]"
    hot = [answers("text-gpt", temperature=2.0, seed=seed).writing for seed in (1, 2, 3)]
    assert len({one.added for one in hot}) > 1
    card = WritingCard()
    qtbot.addWidget(card)
    card.show_writing(Writing(("the",), ("food",), (0.5,), ((("food", 0.5), ("room", 0.2)),)))
    card.strip.token_hovered.emit(1)
    assert "room 20.0 %" in card._others.text()
    asked: list[tuple[float, int]] = []
    card.asked.connect(lambda heat, seed: asked.append((heat, seed)))
    card.temperature.setValue(1.0)
    card.again.click()
    assert asked == [(1.0, 0), (1.0, 1)] and card.again.isVisibleTo(card)


def crossed() -> AttentionMaps:
    weights = np.array([[[0.9, 0.1, 0.0], [0.2, 0.3, 0.5]]])
    return AttentionMaps(("look",), (weights,), ("[BEGIN]", "2"), ("a", "b", "c"), Facts("attention"))


def test_two_texts_that_look_at_each_other_are_aligned(qtbot: Any) -> None:
    card, panel = AttentionCard(), DetailPanel()
    for widget in (card, panel):
        qtbot.addWidget(widget)
    card.resize(600, 400)
    card.show_maps(crossed())
    assert card.alignment.isVisibleTo(card) and card.alignment.accessibleDescription() == "[BEGIN] → a, 2 → c"
    panel.show_head(crossed(), 0, 0)
    assert dict(head_rows(crossed().maps[0][0], within=False)).keys() == {"Entropy", "Strongest share"}
    panel.show_step(1)
    assert panel._looks.text() == "From 2 it looks at"
    assert not is_alignment(("a", "b"), ("a", "b")) and not is_alignment(("1", "2"), ("a", "b")) and not is_alignment(("a",), ("b", "c"))
    view = AlignmentView("test.alignment")
    qtbot.addWidget(view)
    view.show_weights(crossed().maps[0][0], *crossed().names_of(0))
    assert not view.grab().isNull()


def test_layers_across_are_told_from_those_within() -> None:
    paths = ("read.blocks.0.attention", "read.blocks.1.attention", "write.blocks.0.attention", "write.blocks.0.cross")
    assert layer_names(paths) == ("read 1", "read 2", "write", "write, across")
    assert layer_names(("write.blocks.0.attention", "write.blocks.0.cross")) == ("Layer 1", "Layer 1, across")
