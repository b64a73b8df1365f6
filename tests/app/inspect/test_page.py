"""The Inspect page: questions and answers, drawing, live copies that leave the training alone, what outlives a rebuild."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from workbench.app.pages.inspect.analysis import Answer, Model, Request, analyse, fitting_methods, image_nodes
from workbench.app.pages.inspect.page import InspectPage
from workbench.app.pages.inspect.source import load
from workbench.explain.results import HeatMap, TokenScores

SEVEN = [[(0.2, 0.2), (0.8, 0.2), (0.4, 0.9)]]


def run_of(folder: Path) -> Any:
    from workbench.project.runs import latest_run

    return latest_run(folder)


def ask(model: Model, request: Request) -> Answer:
    return analyse(model, request, lambda _share, _name: None, lambda: False)


@pytest.fixture(scope="module")
def models(trained: Callable[..., Path]) -> Callable[[str], Model]:
    made: dict[str, Model] = {}

    def model(template: str) -> Model:
        if template not in made:
            made[template] = load(run_of(trained(template)))
        return made[template]

    return model


def test_an_image_is_answered_with_maps_of_every_method(models: Callable[[str], Model]) -> None:
    model = models("digits-cnn")
    row = int(model.prepared.splits["validation"][0])
    methods = tuple(fitting_methods(model.model.plan))
    assert methods[0] == "integrated_gradients"
    answer = ask(model, Request(row=row, methods=methods))
    assert answer.errors == {} and set(answer.attributions) == set(methods)
    assert all(isinstance(item, HeatMap) and item.values.shape == (8, 8) for item in answer.attributions.values())
    assert answer.image.shape == (8, 8, 1) and answer.truth == int(model.prepared.dataset.column("label", np.array([row]))[0])
    assert answer.probabilities.sum() == pytest.approx(1) and answer.target == int(answer.probabilities.argmax())
    assert answer.features.node == image_nodes(model.model.plan)[0][1] or answer.features.maps.ndim == 3
    other = ask(model, Request(row=row, target=(answer.target + 1) % 10, node=image_nodes(model.model.plan)[-1][1], methods=("saliency",)))
    assert other.target == (answer.target + 1) % 10
    assert not np.array_equal(other.attributions["saliency"].values, answer.attributions["saliency"].values)
    assert other.features.node == image_nodes(model.model.plan)[-1][1]


def test_a_quick_answer_leaves_out_what_is_slow(models: Callable[[str], Model]) -> None:
    drawing = np.zeros((8, 8, 1), np.uint8)
    drawing[2:6, 3] = 255
    answer = ask(models("digits-cnn"), Request(raw=drawing, methods=("integrated_gradients", "saliency", "occlusion"), quick=True))
    assert set(answer.attributions) == {"integrated_gradients", "saliency"} and answer.truth == -1
    assert all(item.facts.faithfulness is None for item in answer.attributions.values())


@pytest.mark.parametrize(("template", "slot"), [("reviews-lstm", "states"), ("reviews-transformer", "attention")])
def test_texts_are_answered_with_tokens_and_what_is_inside(models: Callable[[str], Model], template: str, slot: str) -> None:
    model = models(template)
    row = int(model.prepared.splits["validation"][3])
    answer = ask(model, Request(row=row, methods=("saliency", "integrated_gradients")))
    assert answer.errors == {} and answer.text and answer.image is None and answer.features is None
    scores = answer.attributions["integrated_gradients"]
    assert isinstance(scores, TokenScores) and len(scores.values) == len(answer.tokens)
    found = getattr(answer, slot)
    length = len(found.tokens) if slot == "states" else found.maps[0].shape[-1]
    assert length == len(answer.tokens)
    typed = ask(model, Request(raw="the food was good", methods=("saliency",)))
    assert len(typed.tokens) == 4 and typed.text == "the food was good" and not any(typed.unknown[:3])
    strange = ask(model, Request(raw="the zzqx was 味道", methods=()))
    assert strange.unknown[0] is False and strange.unknown[1] is True and len(strange.unknown) == len(strange.tokens)


def test_what_one_method_cannot_do_costs_only_itself(models: Callable[[str], Model], monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.errors import WorkbenchError
    from workbench.explain import METHODS

    def refuse(*_: Any, **__: Any) -> Any:
        raise WorkbenchError("It cannot.")

    monkeypatch.setattr(type(METHODS["saliency"]), "run", refuse)
    answer = ask(models("digits-cnn"), Request(row=0, methods=("saliency", "input_x_gradient")))
    assert answer.errors == {"saliency": "It cannot."} and set(answer.attributions) == {"input_x_gradient"}


@pytest.fixture
def page(session: Any, qtbot: Any, trained: Callable[..., Path]) -> Iterator[InspectPage]:
    session.open(trained())
    made = InspectPage(session)
    qtbot.addWidget(made)
    made.resize(1200, 760)
    made.show()
    made.refresh(None, session.project)
    made.shown()
    yield made
    made.hidden()


def answered(page: InspectPage, qtbot: Any, condition: Callable[[Answer], bool] = lambda _answer: True) -> Answer:
    qtbot.waitUntil(lambda: page.answer is not None and page._job is None and condition(page.answer), timeout=20_000)
    return page.answer


def test_the_page_answers_for_the_first_row_at_once(page: InspectPage, qtbot: Any) -> None:
    answer = answered(page, qtbot)
    assert answer.truth >= 0 and page.attribution.isVisible() and page.features.isVisible()
    assert not page.attention.isVisible() and not page.states.isVisible() and not page.live.isVisible()
    assert page.question.run.currentText().startswith("1 · ") and page.question.place.value() == 1
    assert "passes" in page._status.text()


def test_rows_are_walked_with_any_arrow(page: InspectPage, qtbot: Any) -> None:
    answered(page, qtbot)
    rows = page.source.model.prepared.splits["validation"]
    for key, place in ((Qt.Key.Key_Right, 1), (Qt.Key.Key_Up, 2), (Qt.Key.Key_Left, 1)):
        qtbot.keyClick(page.question.place, key)
        assert page.question.row == int(rows[place])
    qtbot.waitUntil(lambda: page._request.row == int(rows[1]) and page._job is None, timeout=20_000)
    page.question.split.setCurrentIndex(1)
    page.question._take_split(1)
    assert page.question.row == int(page.source.model.prepared.splits["test"][0])


def test_a_class_and_a_layer_can_be_asked_for(page: InspectPage, qtbot: Any) -> None:
    answered(page, qtbot)
    other = page.question.prediction._order[1]
    page.question.prediction._rows[1][0].click()
    answer = answered(page, qtbot, lambda answer: answer.target == other)
    assert page.attribution._title.text().endswith(f" {answer.labels[other]}")
    last = page.features.node.count() - 1
    page.features.node.setCurrentIndex(last)
    page.features.node.activated.emit(last)
    answered(page, qtbot, lambda answer: answer.features.node == page.features.node.itemData(last))
    page.features.grid.choose(2)
    assert page.detail._title.text().endswith("channel 2")


def test_a_drawing_is_answered_quickly_and_then_fully(page: InspectPage, qtbot: Any) -> None:
    answered(page, qtbot)
    page.question.pad.set_strokes(SEVEN)
    quick = answered(page, qtbot, lambda answer: answer.truth == -1)
    assert "occlusion" not in quick.attributions
    assert page.attribution._views["occlusion"].facts.text() == "earlier"
    full = answered(page, qtbot, lambda answer: "occlusion" in answer.attributions and answer.truth == -1)
    assert full.attributions["saliency"].facts.faithfulness is not None
    page.question.pad.clear()
    answered(page, qtbot, lambda answer: answer.truth >= 0)


def test_a_row_wanted_by_another_page_is_shown(page: InspectPage, session: Any, qtbot: Any) -> None:
    answered(page, qtbot)
    row = int(page.source.model.prepared.splits["train"][17])
    session.row_wanted.emit(row)
    qtbot.waitUntil(lambda: page._request.row == row and page._job is None, timeout=20_000)
    assert page.question.split.currentData() == "train" and page.question.place.value() == 18
    assert page.question._row_heading.text() == f"Row {row:,}"


def test_the_question_outlives_a_rebuild(page: InspectPage, session: Any, qtbot: Any) -> None:
    answered(page, qtbot)
    row = int(page.source.model.prepared.splits["test"][5])
    page.show_row(row)
    page.ask(replace(page._request, target=4))
    answered(page, qtbot, lambda answer: answer.target == 4)
    again = InspectPage(session)
    qtbot.addWidget(again)
    again.show()
    again.restore_state(page.page_state())
    again.refresh(None, session.project)
    again.shown()
    answered(again, qtbot)
    assert again._request.row == row and again.question.row == row
    again.hidden()


def test_a_drawing_its_split_and_a_text_outlive_a_rebuild(page: InspectPage, session: Any, qtbot: Any) -> None:
    answered(page, qtbot)
    row = int(page.source.model.prepared.splits["test"][42])
    page.show_row(row)
    page.question.words.setPlainText("not now")
    page.question._typing.stop()
    page.question.pad.set_strokes(SEVEN)
    page.attribution.over.setChecked(True)
    drawn = answered(page, qtbot, lambda answer: answer.truth == -1)
    again = InspectPage(session)
    qtbot.addWidget(again)
    again.show()
    again.restore_state(page.page_state())
    assert again.question.asked() == page.question.asked()
    again.refresh(None, session.project)
    again.shown()
    shown = answered(again, qtbot)
    assert shown.truth == -1 and np.array_equal(shown.logits, drawn.logits)
    assert again.question.split.currentData() == "test" and again.question.place.value() == 43 and again.question.row == row
    assert again.question.pad.strokes == [list(SEVEN[0])] and again.question.words.toPlainText() == "not now"
    assert again.attribution.over.isChecked() and again._request.raw is not None
    again.question.place.stepBy(1)
    answered(again, qtbot, lambda answer: answer.truth >= 0)
    again.hidden()


def test_a_page_that_was_left_in_the_middle_answers_when_it_comes_back(page: InspectPage, qtbot: Any) -> None:
    answered(page, qtbot)
    page.answer = None
    page.ask(page._request)
    page.hidden()
    assert page._job is None
    page.shown()
    answered(page, qtbot)


def test_a_project_without_runs_offers_to_train(session: Any, qtbot: Any, project_folder: Callable[..., Path]) -> None:
    session.open(project_folder())
    made = InspectPage(session)
    qtbot.addWidget(made)
    made.refresh(None, session.project)
    made.shown()
    assert made._stack.currentIndex() == 0 and made.empty.button.isVisibleTo(made)
    made.hidden()


def test_a_run_that_cannot_be_read_says_so(session: Any, qtbot: Any, trained: Callable[..., Path]) -> None:
    import shutil

    folder = trained()
    shutil.rmtree(run_of(folder).checkpoints_path)
    session.open(folder)
    made = InspectPage(session)
    qtbot.addWidget(made)
    made.refresh(None, session.project)
    made.shown()
    qtbot.waitUntil(lambda: made.source.error is not None, timeout=20_000)
    assert made._stack.currentIndex() == 0 and made.empty._sentence.text()
    made.hidden()


def test_another_project_is_looked_at_afresh(page: InspectPage, session: Any, qtbot: Any, trained: Callable[..., Path]) -> None:
    answered(page, qtbot)
    page.question.pad.set_strokes(SEVEN)
    session.open(trained("reviews-transformer"))
    page.shown()
    answer = answered(page, qtbot, lambda answer: bool(answer.text))
    assert answer.attention is not None and page.attention.isVisible() and not page.features.isVisible()
    assert page.question.words.isVisible() and not page.question.pad.isVisible()
    page.question.words.setPlainText("the food was not good")
    answered(page, qtbot, lambda answer: answer.text == "the food was not good")
    assert page.detail._title.text()


def weights_of(run: Any) -> bytes:
    return (run.last().path / "model.safetensors").read_bytes()


@pytest.mark.timeout(180)
def test_looking_leaves_the_training_bitwise_alone(session: Any, qtbot: Any, project_folder: Callable[..., Path]) -> None:
    session.open(project_folder())
    project = session.project
    project = replace(project, recipe=replace(project.recipe, epochs=12, threads=1), data=replace(project.data, limit=600))
    page = InspectPage(session)
    qtbot.addWidget(page)
    page.resize(1200, 760)
    page.show()
    found = []
    for look in (True, False):
        with qtbot.waitSignal(session.trainer.ended, timeout=90_000):
            run = session.trainer.start(project=project)
            if look:
                page.shown()
                page.source._timer.setInterval(30)
                qtbot.waitUntil(lambda: page.answer is not None or not session.trainer.running, timeout=30_000)
                assert page.answer is not None and page.live.isVisible() and "live" in page.live.text()
                assert "occlusion" not in page.answer.attributions
                page.question.pad.set_strokes(SEVEN)
        page.hidden()
        found.append(weights_of(run))
    assert found[0] == found[1]


@pytest.mark.timeout(120)
def test_a_paused_run_is_looked_at_and_its_end_brings_the_best_checkpoint(page: InspectPage, session: Any, qtbot: Any) -> None:
    answered(page, qtbot)
    trainer, project = session.trainer, session.project
    trainer.start(project=replace(project, recipe=replace(project.recipe, epochs=3000)))
    page.shown()
    qtbot.waitUntil(lambda: page.source.model is not None and page.source.model.live, timeout=30_000)
    trainer.pause()
    qtbot.waitUntil(lambda: trainer.paused, timeout=10_000)
    page.show_row(int(page.source.model.prepared.splits["test"][2]))
    answered(page, qtbot, lambda answer: answer.step > 0)
    trainer.stop()
    qtbot.waitUntil(lambda: not trainer.running, timeout=20_000)
    qtbot.waitUntil(lambda: page.source.model is not None and not page.source.model.live, timeout=20_000)
    answered(page, qtbot)
    qtbot.waitUntil(lambda: not page.live.isVisible(), timeout=5000)
    assert "best" in page.question.step.text()
