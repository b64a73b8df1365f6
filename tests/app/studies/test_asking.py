"""Studies in the window: asked, carried out aside, stopped, gone on with, answered, and what their answers do to the Data page."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from workbench.app import language
from workbench.app.pages.data.studying import doubted
from workbench.app.studies.dialog import StudiesDialog
from workbench.app.studies.runner import studies_of
from workbench.data import edits
from workbench.project.events import RunState, StateChanged
from workbench.project.project import Choice
from workbench.project.runs import create_run
from workbench.training.studies.record import StudyState, list_studies

AT_MOST_MS = 90_000


@pytest.fixture
def opened(window: Any, trained: Callable[..., Path], qtbot: Any) -> Any:
    """The window with a few digits, to be trained for a moment."""
    session = window.session
    session.open(trained())
    qtbot.waitUntil(lambda: session.dataset is not None, timeout=20_000)
    project = session.project
    session.edit("small", replace(project, recipe=replace(project.recipe, epochs=8), data=replace(project.data, limit=200)))
    return window


def finished(qtbot: Any, window: Any) -> None:
    qtbot.waitUntil(lambda: not studies_of(window.session).running, timeout=AT_MOST_MS)


def test_a_question_is_asked_and_answered(opened: Any, qtbot: Any) -> None:
    dialog = opened.studying.ask("folds")
    assert dialog.answer.more.text() == "Nobody has asked this yet." and not dialog.answer.table.isVisible()
    dialog.form.folds.setValue(2)
    assert dialog.form.count() == 2 and dialog.cost.text().startswith("2 runs, about")
    qtbot.mouseClick(dialog.begin, Qt.MouseButton.LeftButton)
    assert not dialog.begin.isEnabled() and dialog.halt.isVisible() and dialog.bar.isVisible()
    finished(qtbot, opened)
    assert studies_of(opened.session).error is None
    (study,) = list_studies(opened.session.folder)
    assert study.read().state is StudyState.FINISHED
    assert dialog.answer.sentence.text().startswith("Of 200 rows") and dialog.answer.table.topLevelItemCount() >= 4
    assert dialog.begin.isEnabled() and not dialog.halt.isVisible() and not dialog.go_on.isVisible()
    assert {info.name for info in opened.session.runs} >= {"fold 1 of 2", "fold 2 of 2"}
    dialog.close()


def test_a_study_is_stopped_and_gone_on_with(opened: Any, qtbot: Any) -> None:
    session = opened.session
    session.edit("long", replace(session.project, recipe=replace(session.project.recipe, epochs=400)))
    opened.studying.find_wrong_labels()
    dialog, studies = opened.findChild(StudiesDialog), studies_of(session)
    dialog.form.folds.setValue(2)
    dialog.start()
    qtbot.waitUntil(lambda: studies.share > 0, timeout=AT_MOST_MS)
    dialog.start()
    assert "already under way" in dialog.stage.text()
    bar = opened.run_bar
    assert bar._state.text() == "Study" and bar._where.text().startswith("fold ") and bar.stop.isVisible() and not bar.pause.isVisible()
    qtbot.mouseClick(dialog.halt, Qt.MouseButton.LeftButton)
    finished(qtbot, opened)
    (study,) = list_studies(session.folder)
    assert study.read().state is StudyState.INTERRUPTED
    assert dialog.go_on.isVisible() and "no answer yet" in dialog.answer.more.text()
    qtbot.mouseClick(dialog.go_on, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: studies.running and studies.share > 0, timeout=AT_MOST_MS)
    qtbot.mouseClick(bar.stop, Qt.MouseButton.LeftButton)
    finished(qtbot, opened)
    dialog.resume()
    qtbot.waitUntil(lambda: studies.running and studies.share > 0, timeout=AT_MOST_MS)
    opened.studying.end()
    assert not studies.running and study.read().state is StudyState.INTERRUPTED
    assert len(list_studies(session.folder)) == 1
    dialog.close()


def test_a_run_under_way_elsewhere_is_neither_chosen_nor_asked(opened: Any, qtbot: Any) -> None:
    session = opened.session
    own = session.selected_run.path
    busy = create_run(session.folder, "fold 1 of 2", session.project, study="of-somebody")
    busy.append_event(StateChanged(RunState.RUNNING, 0))
    session.reload_runs()
    assert session.selected_run.path == own
    shutil.rmtree(own)
    session.reload_runs()
    assert session.selected_run is None
    opened.show_page("data")
    session.select_run(busy.path)
    assert opened.page.judging._job is None or not opened.page.judging._job.running
    busy.append_event(StateChanged(RunState.STOPPED, 3))
    session.select_run(None)
    session.reload_runs()
    assert session.selected_run.path == busy.path


def test_what_cannot_be_asked_is_said_in_the_dialog(opened: Any, qtbot: Any) -> None:
    dialog = opened.studying.ask("paired")
    dialog.form.change.setEditText("nonsense")
    dialog.start()
    finished(qtbot, opened)
    assert "nothing that can be changed" in dialog.stage.text() and dialog.stage.isVisible()
    assert list_studies(opened.session.folder) == []
    dialog.close()


def test_forms_give_what_studies_take(opened: Any) -> None:
    dialog = opened.studying.ask("budget")
    dialog.form.shares.setText("10, 25%，100")
    assert dialog.form.params() == {"shares": [10.0, 25.0, 100.0], "seeds": 1} and dialog.form.count() == 3
    dialog.ask("paired")
    assert dialog.form.params()["vary"] == ["class-weights"]
    dialog.form.change.setEditText("train.epochs=3; model.conv1.filters=4")
    assert dialog.form.params()["vary"] == ["train.epochs=3", "model.conv1.filters=4"]
    weighing = replace(opened.session.project, data=replace(opened.session.project.data, balance="weights"))
    opened.session.edit("weigh", weighing)
    assert "Do not weigh classes" in [dialog.form.change.itemText(place) for place in range(dialog.form.change.count())]
    dialog.close()


def test_what_was_chosen_on_the_data_page_can_be_compared_there(opened: Any, qtbot: Any) -> None:
    session = opened.session
    data = replace(session.project.data, augmentation=(Choice("noise"),), balance="oversample")
    session.edit("more", replace(session.project, data=data))
    opened.show_page("data")
    qtbot.waitUntil(lambda: opened.page._rows is not None and session.prepared is not None, timeout=20_000)
    opened.page.show_preparation()
    links = {name: opened.findChild(QPushButton, f"data.preparation.{name}.compare") for name in ("balance", "augmentation", "made")}
    qtbot.waitUntil(lambda: links["augmentation"].isVisible(), timeout=20_000)
    assert not links["made"].isVisible()
    for name, change in (("balance", "oversampling"), ("augmentation", "augmentation")):
        links[name].click()
        assert opened.findChild(StudiesDialog).form.params()["vary"] == [change]
    session.edit("less", replace(session.project, data=replace(data, augmentation=())))
    qtbot.waitUntil(lambda: not links["augmentation"].isVisible(), timeout=20_000)
    opened.findChild(StudiesDialog).close()


def test_another_language_keeps_the_dialog(opened: Any, qtbot: Any) -> None:
    dialog = opened.studying.ask("budget")
    with qtbot.waitSignal(opened.rebuilt):
        language.set_language("zh_CN")
    again = opened.findChild(StudiesDialog)
    assert again is not dialog and again.isVisible() and again.kind == "budget"
    assert again.question.text() == "更多数据有用吗？"
    again.close()


def test_a_run_doubts_labels_of_rows_that_it_was_not_trained_on(opened: Any, qtbot: Any) -> None:
    session = opened.session
    session.edit("all", replace(session.project, data=replace(session.project.data, limit=600)))
    opened.show_page("data")
    qtbot.waitUntil(lambda: session.prepared is not None, timeout=20_000)
    page = opened.page
    qtbot.waitUntil(lambda: page._rows is not None and page._rows.verdicts is not None, timeout=AT_MOST_MS)
    unseen = page._rows.verdicts.unseen[0]
    right = [row for row in unseen.tolist() if page._rows.verdicts.right[row] == 1]
    ids, names = session.dataset.ids(), session.dataset.field("label").categories
    planted = right[::12]
    changed = session.project.edits
    for row in planted:
        changed = edits.relabelled(changed, [ids[row]], "label", names[(int(page._rows.labels[row]) + 1) % 10])
    session.edit("plant", replace(session.project, edits=changed))
    qtbot.waitUntil(lambda: page._rows.edits is session.project.edits and page._rows.verdicts is not None, timeout=20_000)
    problem = doubted(page._rows, page._rows.verdicts)
    assert problem is not None and str(len(unseen)) in problem.reason
    assert len({ids[row] for row in planted} & set(problem.rows)) >= 0.7 * len(planted)
    qtbot.waitUntil(lambda: any(row.message == problem.message for row in page.findings.rows), timeout=20_000)
    shown = [row for row in page.findings.rows if row.message == problem.message]
    assert len(shown) == 1 and [str(item.label) for item in shown[0].remedies][-1] == "Show"
    assert all(session.dataset.ids().index(row) in set(unseen.tolist()) for row in problem.rows)
    session.undo()
    qtbot.waitUntil(lambda: page._rows.edits is session.project.edits, timeout=20_000)
    after = doubted(page._rows, page._rows.verdicts)
    assert after is None or not {ids[row] for row in planted} & set(after.rows)


def test_an_answer_stands_among_the_findings_until_it_is_heeded(opened: Any, qtbot: Any) -> None:
    session, rng = opened.session, np.random.default_rng(5)
    ids, names, labels = session.dataset.ids(), session.dataset.field("label").categories, session.dataset.column("label")
    changed = session.project.edits
    for row in rng.choice(len(ids), 180, replace=False).tolist():
        changed = edits.relabelled(changed, [ids[row]], "label", names[(labels[row] + 3) % 10])
    data = replace(session.project.data, limit=400)
    session.edit("plant", replace(session.project, edits=changed, data=data, recipe=replace(session.project.recipe, epochs=6)))
    studies_of(session).start("folds", {"folds": 2})
    opened.show_page("data")
    page = opened.page
    qtbot.waitUntil(page.study.stop.isVisible, timeout=AT_MOST_MS)
    assert page.study.stage.text()
    finished(qtbot, opened)
    assert not page.study.stop.isVisible()
    (study,) = list_studies(session.folder)
    count = study.read().result["suspects_count"]
    assert count > 10
    words = f"{count} rows carry another label than the model is sure of."
    qtbot.waitUntil(lambda: any(row.message == words for row in page.findings.rows), timeout=20_000)
    (finding,) = [row for row in page.findings.rows if row.message == words]
    finding.remedies[1].do()
    qtbot.waitUntil(lambda: not any("carry another label" in row.message for row in page.findings.rows), timeout=20_000)
    dialog = opened.studying.ask("folds")
    assert dialog.show_rows.isVisible()
    dialog.show_rows.click()
    assert len(page.view.shown) == count
    dialog.close()
