"""The Deploy page: export, failure, cancel, verify again, try it, and PyTorch beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QLabel, QLineEdit

from workbench.app.language import set_language
from workbench.app.pages.deploy.export_form import ExportForm
from workbench.app.pages.deploy.page import DeployPage, bundle_place
from workbench.app.pages.deploy.peer import Peer
from workbench.app.pages.deploy.report_card import ParityCard
from workbench.app.pages.deploy.try_panel import TryPanel, pixels_of, power_of_ten
from workbench.errors import ExportError
from workbench.export.verify import Case, Verification, stored_verification
from workbench.project.project import ExportChoice
from workbench.text import Text

SEVEN = [[(0.2, 0.2), (0.8, 0.2), (0.4, 0.9)]]


@pytest.fixture(scope="module")
def bundles(trained: Callable[..., Path]) -> Callable[[str], tuple[Path, Path]]:
    """Run folder and bundle of a starter, exported once."""
    from workbench.export.bundle import export_run
    from workbench.project.runs import latest_run

    made: dict[str, tuple[Path, Path]] = {}

    def bundle(template: str = "digits-cnn") -> tuple[Path, Path]:
        if template not in made:
            run = latest_run(trained(template)).path
            made[template] = run, export_run(run, run / "export").bundle
        return made[template]

    return bundle


@pytest.fixture
def form(qtbot: Any) -> ExportForm:
    made = ExportForm()
    qtbot.addWidget(made)
    made.show()
    return made


def test_the_form_edits_the_choice_and_offers_runs(form: ExportForm, qtbot: Any) -> None:
    from workbench.project.runs import RunInfo
    from workbench.training.events import RunState

    form.set_choice(ExportChoice(18, "MIT", "Ann"))
    line = form.findChild(QLineEdit, "deploy.params.author")
    assert line.text() == "Ann"
    line.setText("Bo")
    with qtbot.waitSignal(form.edited) as edited:
        qtbot.keyClick(line, Qt.Key.Key_Return)
    assert edited.args == [ExportChoice(18, "MIT", "Bo"), "author"]
    assert not form.export.isEnabled()
    runs = [RunInfo(Path(f"/runs/{name}"), "digits", RunState.FINISHED) for name in "ba"]
    form.set_runs(runs, runs[1].path)
    assert form.run.currentText() == "1 · digits" and form.export.isEnabled() and form.export_to.isEnabled()
    form.show_busy(True, 0.4, "Writing")
    assert form.cancel.isVisible() and not form.export.isEnabled() and form.bar.value() == 40
    form.show_busy(False)
    assert not form.cancel.isVisible() and form.export.isEnabled() and not form.what.isVisible()
    form.show_providers(("cpu",))
    assert "CPU" in form.findChild(QLabel, "deploy.form.providers").text()


def test_a_failed_case_is_told_in_words_and_colour(qtbot: Any) -> None:
    card = ParityCard()
    qtbot.addWidget(card)
    card.show_verification(Verification((Case(Text("batch of {size}", size=7), 7, 1e-7, 1.0, 7), Case("odd", 3, 0.5, 1.0, 2))))
    shown = [label.text() for label in card._table.findChildren(QLabel)]
    assert "agrees" in shown and "differs" in shown and "5.0e-01" in shown and "batch of 7" in shown


def test_the_names_of_stored_cases_speak_the_language_in_use(bundles: Callable[..., tuple[Path, Path]], qtbot: Any) -> None:
    from workbench.app.language import say

    names = [case.name for case in stored_verification(bundles()[1]).cases]
    assert "batch of 7" in names
    set_language("zh_CN")
    assert not any(character.isascii() and character.isalpha() for character in "".join(say(name) for name in names))


def test_a_chosen_folder_is_taken_or_gets_one_inside(tmp_path: Path) -> None:
    assert bundle_place(tmp_path / "new", "run") == tmp_path / "new"
    assert bundle_place(tmp_path, "run") == tmp_path
    (tmp_path / "photo.png").write_bytes(b"")
    assert bundle_place(tmp_path, "run") == tmp_path / "run-onnx"
    (tmp_path / "model.onnx").write_bytes(b"")
    assert bundle_place(tmp_path, "run") == tmp_path


@pytest.fixture
def page(session: Any, qtbot: Any, trained: Callable[..., Path]) -> Iterator[DeployPage]:
    session.open(trained())
    made = DeployPage(session)
    qtbot.addWidget(made)
    made.resize(1200, 760)
    made.show()
    made.refresh(None, session.project)
    yield made
    made.hidden()


@pytest.mark.timeout(180)
def test_an_export_is_proven_shown_and_found_again(
    page: DeployPage, session: Any, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert page._stack.currentIndex() == 0 and page.empty.button.isVisible()
    page._edit(replace(session.project.export, author="Ann"), "author")
    page.empty.button.click()
    assert page.form.cancel.isVisible() and page.busy
    qtbot.waitUntil(lambda: page.bundle is not None or not page.busy, timeout=90_000)
    assert page.verification is not None and page.verification.passed
    assert page.verdict._title.text().startswith("Verified") and page.verdict._detail.text().startswith("PyTorch and ONNX Runtime agree")
    assert not page.form.cancel.isVisible()
    assert "model.onnx" in page.files._list.text() and page.bundle.spec.author == "Ann"
    first = page.verification
    page.verdict._again.click()
    qtbot.waitUntil(lambda: not page.busy and page.verification is not first, timeout=60_000)
    assert page.verification.passed and page.verification.rows == first.rows
    again = DeployPage(session)
    qtbot.addWidget(again)
    again.refresh(None, session.project)
    qtbot.waitUntil(lambda: again.bundle is not None, timeout=20_000)
    assert again.verification.rows == first.rows
    monkeypatch.setattr("PySide6.QtWidgets.QFileDialog.getExistingDirectory", lambda *_: str(tmp_path / "elsewhere"))
    page.form.export_to.click()
    qtbot.waitUntil(lambda: page.bundle.folder == tmp_path / "elsewhere", timeout=90_000)
    assert (tmp_path / "elsewhere" / "model.onnx").exists()
    page.tryout.pad.set_strokes(SEVEN)
    page.tryout.words.setPlainText("a word")
    rebuilt = DeployPage(session)
    qtbot.addWidget(rebuilt)
    rebuilt.restore_state(page.page_state())
    rebuilt.refresh(None, session.project)
    qtbot.waitUntil(lambda: rebuilt.bundle is not None, timeout=20_000)
    assert rebuilt.bundle.folder == tmp_path / "elsewhere" and rebuilt.files._path.toolTip() == str(tmp_path / "elsewhere")
    assert rebuilt.tryout.given() == page.tryout.given() == ([[(0.2, 0.2), (0.8, 0.2), (0.4, 0.9)]], "a word")
    (tmp_path / "elsewhere" / "model.onnx").unlink()
    assert rebuilt._place_of(session.selected_run.path) == session.selected_run.path / "export"


def test_an_export_that_fails_says_why_and_writes_nothing(page: DeployPage, session: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise ExportError(Text("The answers differ."), Text("Nothing was written."))

    monkeypatch.setattr("workbench.export.child.export_run", fail)
    page.export()
    qtbot.waitUntil(lambda: not page.busy, timeout=10_000)
    assert page.verdict._title.text() == "The answers differ." and page.verdict._detail.text() == "Nothing was written."
    assert not page.parity.isVisible() and page.bundle is None and page.form.export.isEnabled()


def test_an_export_can_be_cancelled(page: DeployPage, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: Any, progress: Any, cancelled: Callable[[], bool], **__: Any) -> Any:
        progress(0.3, Text("Writing the ONNX model"))
        while not cancelled():
            time.sleep(0.005)
        raise ExportError(Text("Never seen."))

    monkeypatch.setattr("workbench.export.child.export_run", slow)
    page.export()
    qtbot.waitUntil(lambda: page.form.bar.value() == 30, timeout=10_000)
    page.export()
    page.form.cancel.click()
    assert not page.busy and "Cancelled" in page.form.what.text() and page.form.what.isVisible()
    qtbot.wait(50)
    assert page._stack.currentIndex() == 0 and page.form.export.isEnabled()


def test_source_and_weights_are_saved(page: DeployPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "out"
    monkeypatch.setattr("PySide6.QtWidgets.QFileDialog.getSaveFileName", lambda *_: (str(target), ""))
    page._save_source()
    assert "nn.Module" in target.read_text()
    page._save_weights()
    assert target.stat().st_size > 10_000


@pytest.fixture
def tryout(qtbot: Any) -> TryPanel:
    made = TryPanel()
    qtbot.addWidget(made)
    made.resize(288, 700)
    made.show()
    return made


def open_bundle(tryout: TryPanel, place: tuple[Path, Path]) -> None:
    from workbench.export.predict import Bundle

    tryout.set_bundle(Bundle(place[1]), place[0])


def asked(tryout: TryPanel, qtbot: Any, work: Callable[[], Any]) -> None:
    with qtbot.waitSignal(tryout.predicted, timeout=20_000):
        work()


def test_a_drawing_is_predicted_and_pytorch_agrees(tryout: TryPanel, qtbot: Any, bundles: Callable[..., tuple[Path, Path]]) -> None:
    assert tryout._hint.isVisible() and not tryout.pad.isVisible()
    open_bundle(tryout, bundles())
    assert tryout.pad.isVisible() and tryout._file.isVisible() and not tryout.words.isVisible()
    asked(tryout, qtbot, lambda: tryout.pad.set_strokes(SEVEN))
    assert tryout.prediction.best >= 0 and "ONNX Runtime, CPU" in tryout._runs_on.text()
    assert tryout._agrees.text().startswith("PyTorch: same to 1e-")
    tryout.pad.clear()
    assert tryout.prediction.best == -1 and not tryout._agrees.isVisible()


def test_a_text_is_predicted_and_pytorch_agrees(tryout: TryPanel, qtbot: Any, bundles: Callable[..., tuple[Path, Path]]) -> None:
    open_bundle(tryout, bundles("reviews-transformer"))
    assert tryout.words.isVisible() and not tryout.pad.isVisible() and not tryout._file.isVisible()
    asked(tryout, qtbot, lambda: tryout.words.setPlainText("the food was not good"))
    assert tryout.prediction.best >= 0 and "same to" in tryout._agrees.text()
    tryout.words.setPlainText("  ")
    qtbot.waitUntil(lambda: tryout.prediction.best == -1, timeout=2000)


def picture(path: Path, size: int = 17) -> QImage:
    image = QImage(size, size + 3, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.darkGray)
    assert image.save(str(path))
    return image


def test_files_are_dropped_and_damaged_ones_told(
    tryout: TryPanel, qtbot: Any, bundles: Callable[..., tuple[Path, Path]], tmp_path: Path,
) -> None:
    open_bundle(tryout, bundles())
    picture(tmp_path / "a.png")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "a.png"))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    asked(tryout, qtbot, lambda: tryout.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, buttons, keys)))
    assert tryout._picture.isVisible() and tryout.prediction.best >= 0 and "same to" in tryout._agrees.text()
    (tmp_path / "b.png").write_bytes(b"no picture at all")
    tryout.show_file(tmp_path / "b.png")
    qtbot.waitUntil(lambda: "b.png" in tryout._answer.text(), timeout=10_000)
    assert tryout.prediction.best == -1 and not tryout._picture.isVisible()


def test_a_picture_is_pasted(tryout: TryPanel, qtbot: Any, bundles: Callable[..., tuple[Path, Path]], tmp_path: Path) -> None:
    open_bundle(tryout, bundles())
    QGuiApplication.clipboard().setImage(picture(tmp_path / "a.png"))
    asked(tryout, qtbot, lambda: qtbot.keyClick(tryout, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier))
    assert tryout._picture.isVisible() and tryout.prediction.best >= 0
    assert pixels_of(picture(tmp_path / "b.png", 5)).shape == (8, 5, 3)


def test_another_bundle_is_asked_the_same(tryout: TryPanel, qtbot: Any, bundles: Callable[..., tuple[Path, Path]]) -> None:
    open_bundle(tryout, bundles())
    asked(tryout, qtbot, lambda: tryout.pad.set_strokes(SEVEN))
    asked(tryout, qtbot, lambda: open_bundle(tryout, bundles()))
    assert tryout.prediction.best >= 0


def test_a_difference_would_be_seen(tryout: TryPanel, bundles: Callable[..., tuple[Path, Path]]) -> None:
    from workbench.export.predict import Bundle

    run, folder = bundles()
    peer, bundle = Peer(run), Bundle(folder)
    drawing = np.full((8, 8, 1), 90, np.uint8)
    answer = bundle.predict([drawing])[0]
    assert peer.difference(bundle, drawing, answer) < 1e-5
    wrong = {**answer, "scores": dict.fromkeys(answer["scores"], 0.1)}
    assert peer.difference(bundle, drawing, wrong) > 1e-3
    assert peer.difference(bundle, drawing, {"value": 1.0}) is None
    tryout._show_agreement(0.02)
    assert tryout._agrees.text() == "PyTorch differs by 1e-1" and tryout._agrees.property("kind") == "wrong"
    assert [power_of_ten(value) for value in (0.0, 3.2e-8, 1e-7)] == ["0", "1e-7", "1e-7"]
