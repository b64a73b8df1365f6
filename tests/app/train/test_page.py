"""The Train page: runs told apart, the recipe as steps of the history and live, the doctor's remedies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLineEdit, QMenu, QPushButton

from workbench.app.language import set_language
from workbench.app.pages.train.doctor_panel import DoctorPanel
from workbench.app.pages.train.page import TrainPage
from workbench.app.pages.train.recipe_form import RecipeForm
from workbench.app.pages.train.run_list import RunList
from workbench.app.pages.train.run_words import metric_value, metric_words, run_titles, score_words
from workbench.project.project import Choice
from workbench.project.runs import RunInfo
from workbench.training.events import Finding, RunState


def info(name: str, state: RunState = RunState.FINISHED, path: str = "", **facts: Any) -> RunInfo:
    return RunInfo(Path("/runs") / (path or name), name, state, **facts)


RUNS = [
    info("digits", path="c", epoch=2, metrics={"accuracy/val": 0.934, "loss/val": 0.18432}), info("digits", RunState.FAILED, "b", message="NaN"),
    info("a name that is far too long for any column of any table", RunState.INTERRUPTED, "a", epoch=1),
]


@pytest.fixture
def runs(qtbot: Any) -> RunList:
    made = RunList()
    qtbot.addWidget(made)
    made.resize(340, 170)
    made.show()
    made.set_runs(RUNS, RUNS[0].path)
    return made


def texts(runs: RunList, row: int) -> list[str]:
    return [runs.topLevelItem(row).text(column) for column in range(4)]


def test_runs_of_one_name_are_told_apart_and_say_how_they_ended(runs: RunList) -> None:
    assert texts(runs, 0) == ["3 · digits", "93.4 %", "0.184", "3"]
    assert texts(runs, 1) == ["2 · digits", "–", "–", "failed"]
    assert texts(runs, 2)[0].startswith("1 · a name") and texts(runs, 2)[3] == "interrupted"
    assert "NaN" in runs.topLevelItem(1).toolTip(0) and "Validation accuracy: 93.40 %" in runs.topLevelItem(0).toolTip(0)
    assert runs.currentItem() is runs.topLevelItem(0)
    assert len(set(run_titles(RUNS).values())) == 3


def test_a_tick_compares_and_a_click_chooses(runs: RunList, qtbot: Any) -> None:
    with qtbot.waitSignal(runs.compared_changed):
        runs.topLevelItem(1).setCheckState(0, Qt.CheckState.Checked)
    assert runs.compared == {RUNS[1].path: "2 · digits"}
    with qtbot.waitSignal(runs.run_chosen) as chosen:
        qtbot.mouseClick(runs.viewport(), Qt.MouseButton.LeftButton, pos=runs.visualItemRect(runs.topLevelItem(2)).center())
    assert chosen.args == [RUNS[2].path]
    with qtbot.waitSignal(runs.run_chosen):
        qtbot.keyClick(runs, Qt.Key.Key_Up)
    runs.set_runs([info("newer"), *RUNS], RUNS[1].path)
    assert list(runs.compared) == [RUNS[1].path] and texts(runs, 0)[0] == "4 · newer"
    runs.compare([RUNS[0].path])
    assert list(runs.compared) == [RUNS[0].path]


def test_the_run_under_way_shows_newer_figures_than_its_folder(runs: RunList, qtbot: Any) -> None:
    runs.set_runs(RUNS, RUNS[0].path, (RUNS[0].path, {"loss/val": 0.5}, "7/20", RunState.RUNNING))
    assert texts(runs, 0)[2:] == ["0.500", "7/20"]
    with qtbot.assertNotEmitted(runs.compared_changed), qtbot.assertNotEmitted(runs.run_chosen):
        runs.show_live(RUNS[0].path, {"loss/val": 0.25, "accuracy/val": 1.0}, "8/20")
    assert texts(runs, 0)[1:] == ["100.0 %", "0.250", "8/20"]


def test_the_menu_of_a_run(runs: RunList, qtbot: Any) -> None:
    runs._menu(runs.visualItemRect(runs.topLevelItem(1)).center())
    menu = runs.findChild(QMenu, "train.runs.menu")
    with qtbot.waitSignal(runs.resume_wanted) as wanted:
        menu.actions()[0].trigger()
    assert wanted.args == [RUNS[1].path]
    menu.close()
    runs._menu(QPoint(5, 5000))


def test_figures_have_names_in_both_languages() -> None:
    told = [metric_words(tag) for tag in ("loss/val", "accuracy/test", "mae/val")]
    assert told == ["Validation loss", "Test accuracy", "Mean absolute error · validation"]
    assert (metric_value("accuracy/test", 0.9926), metric_value("loss/val", 0.0286)) == ("99.26 %", "0.0286")
    assert score_words({"mae/val": 2.5}) == "2.50"
    set_language("zh_CN")
    assert metric_words("loss/val") != "Validation loss"


@pytest.fixture
def form(qtbot: Any) -> RecipeForm:
    made = RecipeForm()
    qtbot.addWidget(made)
    made.show()
    return made


def test_the_form_says_what_changed_and_only_then(form: RecipeForm, qtbot: Any) -> None:
    from workbench.project.project import Recipe

    recipe = Recipe(optimizer=Choice("adamw"), schedule=Choice("constant"), epochs=20)
    with qtbot.assertNotEmitted(form.edited):
        form.set_recipe(recipe)
    line = form.findChild(QLineEdit, "train.recipe.epochs")
    line.setText("7")
    with qtbot.waitSignal(form.edited) as edited:
        qtbot.keyClick(line, Qt.Key.Key_Return)
    assert edited.args == [replace(recipe, epochs=7), "epochs"]
    line.setText("-1")
    with qtbot.assertNotEmitted(form.edited):
        qtbot.keyClick(line, Qt.Key.Key_Return)
    assert line.text() == "7"


def test_another_optimizer_keeps_what_both_know(form: RecipeForm, qtbot: Any) -> None:
    from workbench.project.project import Recipe

    form.set_recipe(Recipe(optimizer=Choice("adamw").with_params(learning_rate=0.01, beta1=0.8), schedule=Choice("constant")))
    with qtbot.waitSignal(form.edited) as edited:
        form.optimizer._take_entry(form.optimizer.box.findData("sgd"))
    recipe, what = edited.args
    assert what == "optimizer.name" and recipe.optimizer.name == "sgd"
    assert recipe.optimizer.params.get("learning_rate") == 0.01 and "beta1" not in recipe.optimizer.params


@pytest.fixture
def page(session: Any, qtbot: Any, trained: Callable[..., Path]) -> TrainPage:
    session.open(trained())
    made = TrainPage(session)
    qtbot.addWidget(made)
    made.resize(1100, 700)
    made.show()
    made.refresh(None, session.project)
    made.shown()
    yield made
    made.hidden()


def test_a_finished_run_is_shown_as_it_lies_in_its_folder(page: TrainPage, qtbot: Any) -> None:
    assert page._title.text() == page.runs.topLevelItem(0).text(0) == f"1 · {page.session.project.name}"
    assert len(page.curves.loss.curves) == 3 and page.curves.score.curves
    qtbot.waitUntil(lambda: bool(page.doctor._facts._values), timeout=10_000)
    names = list(page.doctor._facts._values)
    assert "Validation loss" in names and "Test accuracy" in names and not [name for name in names if "/" in name]


def test_one_edit_is_one_step_and_typing_in_one_field_merges(page: TrainPage, qtbot: Any) -> None:
    session, before = page.session, page.session.project
    for words in ("3", "31"):
        line = page.findChild(QLineEdit, "train.recipe.epochs")
        line.setText(words)
        qtbot.keyClick(line, Qt.Key.Key_Return)
    page._edit_recipe(replace(session.project.recipe, batch_size=16), "batch_size")
    assert (session.project.recipe.epochs, session.project.recipe.batch_size) == (31, 16)
    session.undo()
    assert session.project.recipe.epochs == 31
    session.undo()
    assert session.project == before


def test_a_page_without_runs_offers_to_train(session: Any, qtbot: Any, project_folder: Callable[..., Path]) -> None:
    session.open(project_folder())
    made = TrainPage(session)
    qtbot.addWidget(made)
    made.refresh(None, session.project)
    made.shown()
    assert made._stack.currentIndex() == 0 and made.empty.button.isVisibleTo(made)
    made.hidden()


def test_layout_and_settings_outlive_a_rebuild(page: TrainPage, qtbot: Any) -> None:
    page._smoothing.setValue(6)
    page._log.setChecked(True)
    page.runs.header().resizeSection(1, 91)
    page._splitter.setSizes([300, 100, 100])
    again = TrainPage(page.session)
    qtbot.addWidget(again)
    again.resize(1100, 700)
    again.show()
    again.restore_state(page.page_state())
    again.restore_layout(page.layout_state())
    assert again._smoothing.value() == 6 and again.curves._mean.span == 64 and again.curves.loss._log
    assert again.runs.header().sectionSize(1) == 91
    assert again._splitter.sizes()[0] > again._splitter.sizes()[1]
    again.restore_layout("")


@pytest.mark.timeout(120)
def test_edits_reach_a_run_under_way(page: TrainPage, qtbot: Any) -> None:
    session, trainer = page.session, page.session.trainer
    recipe = replace(session.project.recipe, epochs=5000)
    trainer.start(project=replace(session.project, recipe=recipe))
    qtbot.waitUntil(lambda: trainer.latest is not None, timeout=30_000)
    assert page.runs.topLevelItem(0).text(0).startswith("2 · ")
    qtbot.waitUntil(lambda: page.runs.topLevelItem(0).text(3).endswith("/5000"), timeout=10_000)
    optimizer = session.project.recipe.optimizer.with_params(learning_rate=0.00123)
    page._edit_recipe(replace(session.project.recipe, optimizer=optimizer), "optimizer.learning_rate")
    assert session.project.recipe.optimizer.params["learning_rate"] == 0.00123
    assert len(page.curves.loss._marks) == 1
    step = trainer.latest.step
    qtbot.waitUntil(lambda: trainer.latest.step > step + 40, timeout=20_000)
    trainer.stop()
    qtbot.waitUntil(lambda: not trainer.running, timeout=20_000)
    from workbench.project.metrics import MetricsReader

    reader = MetricsReader(trainer.run.metrics_path)
    reader.poll()
    rates = reader.series("lr")[1]
    assert rates[-1] <= 0.00123 * 1.001 < rates.max() or rates[-1] < rates[:step].max()
    qtbot.waitUntil(lambda: "State" in page.doctor._facts._values, timeout=10_000)
    assert page.doctor._facts._values["State"].text() == "stopped"


def test_a_long_story_is_read_aside_and_once(page: TrainPage, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    from workbench.app.pages.train import doctor_panel

    run, threads, told = page.session.selected_run, [], Finding("diverging", "The loss grows.", "", 120)
    read = doctor_panel.read_story

    def noted(*given: Any) -> Any:
        threads.append(threading.current_thread())
        return read(*given)

    run.append_event(told)
    monkeypatch.setattr(doctor_panel, "read_story", noted)
    panel = DoctorPanel(page.session)
    qtbot.addWidget(panel)
    for _ in range(3):
        panel.show_run(run)
        qtbot.waitUntil(lambda: len(panel.strip.rows) == 1 and "State" in panel._facts._values, timeout=10_000)
    assert len(threads) == 1 and threads[0] is not threading.main_thread()
    run.append_event(replace(told, step=121))
    panel.show_run(run)
    qtbot.waitUntil(lambda: len(panel.strip.rows) == 2, timeout=10_000)
    panel.show_run(None)
    assert not panel._facts._values


@pytest.mark.parametrize("running", [False, True])
def test_a_remedy_that_cannot_be_live_says_when_it_takes_effect(page: TrainPage, qtbot: Any, running: bool) -> None:
    from workbench.project.remedies import REMEDIES

    session = page.session
    panel, real = DoctorPanel(session), session._trainer
    qtbot.addWidget(panel)
    session._trainer = Told(running)
    before = session.project
    name = next(name for name in REMEDIES if REMEDIES[name].live is None and not REMEDIES[name].page and REMEDIES[name].applies(before))
    panel.add(Finding("rule", "Message.", "Reason.", 5, remedies=(name,)))
    assert panel.strip.rows[0].remedies[0].tip.endswith("Takes effect in the next run.")
    panel.strip.rows[0].remedies[0].do()
    assert panel.strip.rows[0].reason.endswith("takes effect in the next run.") == running
    session.undo()
    session._trainer = real


def test_columns_fit_their_figures_until_a_person_moves_them(runs: RunList) -> None:
    assert runs.columns().isEmpty() and runs.header().sectionSize(0) > 120
    before = runs.header().sectionSize(1)
    runs.header().resizeSection(1, before + 40)
    runs.show_live(RUNS[0].path, {"loss/val": 0.25}, "8/20")
    assert runs.header().sectionSize(1) == before + 40 and not runs.columns().isEmpty()
    again = RunList()
    again.restore_columns(runs.columns())
    assert again.header().sectionSize(1) == before + 40


@pytest.mark.timeout(120)
def test_single_steps_are_drawn_while_a_run_is_paused(page: TrainPage, qtbot: Any) -> None:
    trainer, loss = page.session.trainer, page.curves.loss
    trainer.start()
    trainer.pause()
    qtbot.waitUntil(lambda: trainer.paused and trainer.latest is not None, timeout=30_000)
    for _ in range(3):
        step = trainer.latest.step
        trainer.step_once()
        qtbot.waitUntil(lambda step=step: trainer.latest.step > step, timeout=10_000)
    qtbot.waitUntil(lambda: "train" in loss.curves and len(loss.curves["train"].pyramid) == trainer.latest.step, timeout=10_000)
    trainer.stop()
    qtbot.waitUntil(lambda: not trainer.running, timeout=20_000)


class Told:
    """A trainer that is told things."""

    def __init__(self, running: bool) -> None:
        self.running, self.run, self.findings, self.changes = running, None, [], []
        self.started = self.latest = None

    def change(self, setting: str, value: Any) -> None:
        self.changes.append((setting, value))


@pytest.mark.parametrize("running", [False, True])
def test_a_remedy_changes_the_project_and_the_run_under_way(page: TrainPage, qtbot: Any, running: bool) -> None:
    session = page.session
    panel, told = DoctorPanel(session), Told(running)
    qtbot.addWidget(panel)
    session._trainer, real = told, session._trainer
    before = session.project
    finding = Finding("diverging", "The loss grows.", "It may not come back.", 120, remedies=("lower-learning-rate", "no such remedy"))
    panel.add(finding)
    panel.add(finding)
    panel.show()
    assert len(panel.strip.rows) == 1 and "Step 120." in panel.strip.rows[0].reason
    button = panel.findChild(QPushButton, "train.findings.0.fix0")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    rate = session.project.recipe.optimizer.params["learning_rate"]
    assert rate < before.recipe.optimizer.params["learning_rate"]
    assert not panel.strip.rows[0].remedies
    assert told.changes == ([("recipe.optimizer.learning_rate", pytest.approx(rate))] if running else [])
    session.undo()
    assert session.project == before
    session._trainer = real


def test_a_remedy_that_is_a_place_leads_there(page: TrainPage, qtbot: Any) -> None:
    panel = DoctorPanel(page.session)
    qtbot.addWidget(panel)
    panel.add(Finding("stuck-at-chance", "It guesses.", remedies=("check-labels",)))
    with qtbot.waitSignal(panel.page_wanted) as wanted:
        panel.strip.rows[0].remedies[0].do()
    assert wanted.args == ["data"]


def test_every_remedy_works_and_is_offered_once(page: TrainPage, qtbot: Any) -> None:
    from workbench.project.remedies import REMEDIES

    before = page.session.project
    for name in REMEDIES:
        for node in ("", next(iter(before.graph.nodes))):
            panel = DoctorPanel(page.session)
            qtbot.addWidget(panel)
            panel.add(Finding("rule", "Message.", node=node, remedies=(name,)))
            for remedy in panel.strip.rows[0].remedies:
                remedy.do()
                assert REMEDIES[name].page or (page.session.project != before and not panel.strip.rows[0].remedies), name
                page.session.undo()
                assert page.session.project == before
