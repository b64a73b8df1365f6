"""The dialog for questions that take several runs: what to ask, how far it is, what came out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from workbench.app import theme
from workbench.app.language import say, say_error, tr
from workbench.app.studies.answer import AnswerView
from workbench.app.studies.forms import FORMS, StudyForm
from workbench.app.studies.runner import stage_words, studies_of
from workbench.app.widgets import Heading, button, line, quiet
from workbench.app.wording import duration
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.app.window import Window
    from workbench.training.studies.record import StudyFolder

USUAL_SIZE, LIST_PX, ITEM_PX = QSize(940, 680), 190, 30


class StudiesDialog(QDialog):
    """Asks questions about the open project and shows the answers; it stays open beside the window."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window, self._session, self._studies = window, window.session, studies_of(window.session)
        self._found: list[StudyFolder] = []
        self._stage: object = None
        self.setObjectName("studies")
        self.setWindowTitle(tr("Studies: several runs, one question"))
        self.resize(USUAL_SIZE)
        self._build()
        QShortcut(QKeySequence.StandardKey.HelpContents, self, lambda: window.helping.show_topic("studies"))
        self._studies.changed.connect(self._show_progress)
        self._studies.ended.connect(lambda study: self._ended(study))
        self._session.opened.connect(self.look)
        window.rebuilt.connect(self._renew)
        self._session.changed.connect(lambda _old, _new: self._show_form())
        self.list.setCurrentRow(0)

    def _build(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._left())
        right = QVBoxLayout()
        right.setContentsMargins(theme.SPACE_24, theme.SPACE_16, theme.SPACE_24, theme.SPACE_16)
        right.setSpacing(theme.SPACE_12)
        layout.addLayout(right, 1)
        self.question, self.summary = QLabel(), quiet("")
        self.question.setTextFormat(Qt.TextFormat.PlainText)
        theme.mark(self.question, "subject")
        self.forms = {maker.kind: maker(self) for maker in FORMS}
        for form in self.forms.values():
            form.edited.connect(self._show_cost)
        for widget in (self.question, self.summary, *self.forms.values()):
            right.addWidget(widget)
        right.addLayout(self._buttons())
        right.addLayout(self._progress())
        right.addWidget(line())
        right.addLayout(self._earlier())
        self.answer = AnswerView(self)
        right.addWidget(self.answer, 1)

    def _left(self) -> QWidget:
        column = QWidget()
        theme.mark(column, "column")
        column.setFixedWidth(LIST_PX)
        column.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, theme.SPACE_16, 0, theme.SPACE_16)
        heading = Heading(tr("Questions"))
        heading.setContentsMargins(theme.SPACE_16, 0, 0, 0)
        self.list = self._kinds()
        layout.addWidget(heading)
        layout.addWidget(self.list, 1)
        return column

    def _kinds(self) -> QListWidget:
        from workbench.training.studies import STUDIES

        found = QListWidget(self)
        found.setObjectName("studies.kinds")
        found.setAccessibleName(tr("Studies"))
        for maker in FORMS:
            item = QListWidgetItem(tr(STUDIES[maker.kind].label))
            item.setData(Qt.ItemDataRole.UserRole, maker.kind)
            item.setToolTip(tr(STUDIES[maker.kind].summary))
            item.setSizeHint(QSize(0, ITEM_PX))
            found.addItem(item)
        found.currentRowChanged.connect(lambda _row: self.look())
        return found

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_8)
        self.begin = button("studies.start", tr("Begin the study"), self.start, kind="primary", tip=tr("Train the runs one after another, aside"))
        self.go_on = button("studies.resume", tr("Go on"), self.resume, tip=tr("Go on with the study chosen below; what is done stays done"))
        self.halt = button("studies.stop", tr("Stop"), self._studies.stop, tip=tr("End after the step in progress; it can go on later"))
        self.cost = quiet("")
        self.cost.setObjectName("studies.cost")
        for widget in (self.begin, self.go_on, self.halt):
            row.addWidget(widget)
        row.addWidget(self.cost, 1)
        return row

    def _progress(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(theme.SPACE_4)
        self.bar, self.stage = QProgressBar(), quiet("")
        self.bar.setObjectName("studies.progress")
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.stage.setObjectName("studies.stage")
        column.addWidget(self.bar)
        column.addWidget(self.stage)
        return column

    def _earlier(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_8)
        self._answers = quiet(tr("Answers"))
        self._answers.setWordWrap(False)
        self.earlier = QComboBox()
        self.earlier.setObjectName("studies.answers")
        self.earlier.setAccessibleName(tr("Answers"))
        self.earlier.setMinimumWidth(280)
        self.earlier.currentIndexChanged.connect(self._show_chosen)
        self.show_rows = button("studies.rows", tr("Show the rows"), self._show_rows, kind="link", tip=tr("Show the doubted rows on the Data page"))
        row.addWidget(self._answers)
        row.addWidget(self.earlier)
        row.addWidget(self.show_rows)
        row.addStretch(1)
        return row

    @property
    def kind(self) -> str:
        """The kind of study in front."""
        return str(self.list.currentItem().data(Qt.ItemDataRole.UserRole)) if self.list.currentItem() else FORMS[0].kind

    @property
    def form(self) -> StudyForm:
        """Its settings."""
        return self.forms[self.kind]

    def _renew(self) -> None:
        """Makes the dialog anew after language or theme changed."""
        window, kind, visible = self._window, self.kind, self.isVisible()
        self.setParent(None)
        self.hide()
        self.deleteLater()
        if visible:
            show_studies(window, kind)

    def ask(self, kind: str) -> None:
        """Brings one kind of study to the front."""
        self.list.setCurrentRow([maker.kind for maker in FORMS].index(kind))
        self.look()

    def look(self) -> None:
        """Brings everything up to the project and its studies."""
        from workbench.training.studies import STUDIES

        entry = STUDIES[self.kind]
        self.question.setText(say(entry.question))
        self.summary.setText(tr(entry.summary))
        for kind, form in self.forms.items():
            form.setVisible(kind == self.kind)
        self._show_form()
        self._list_answers()
        self._show_progress()

    def _show_form(self) -> None:
        self.form.show_project(self._session.project)

    def start(self) -> None:
        """Begins a study with these settings."""
        if not self._window.running.ready():
            return
        self._try(lambda: self._studies.start(self.kind, self.form.params()))

    def resume(self) -> None:
        """Goes on with the study that is chosen below."""
        study = self._chosen()
        if study is not None:
            self._try(lambda: self._studies.resume(study, self.kind))

    def _try(self, do: Any) -> None:
        try:
            do()
        except WorkbenchError as error:
            self.stage.setText(say_error(error))

    def _ended(self, study: StudyFolder | None) -> None:
        self._list_answers(study)
        self._show_progress()

    def _show_progress(self) -> None:
        studies = self._studies
        if studies.study is not None and studies.kind == self.kind and self._stage != (stage := (studies.study.path, studies.label)):
            self._stage = stage
            self._list_answers(studies.study)
        self.begin.setEnabled(not studies.running)
        self.halt.setVisible(studies.running)
        self.bar.setVisible(studies.running)
        self.bar.setValue(round(studies.share * 1000))
        self._show_cost()
        self.stage.setVisible(studies.running or studies.error is not None)
        self.stage.setText(stage_words(studies) if studies.running else say_error(studies.error) if studies.error is not None else "")
        self._show_resume()

    def _show_cost(self) -> None:
        count = self.form.count()
        seconds = next((info.seconds for info in self._session.runs if info.state == "finished" and info.seconds > 0), 0.0)
        self.cost.setVisible(not self._studies.running)
        if seconds:
            self.cost.setText(tr("{count} runs, about {time} in all, judging by the last one", count=count, time=duration(count * seconds)))
        else:
            self.cost.setText(tr("{count} runs, each about as long as one training of the project", count=count))

    def _list_answers(self, front: StudyFolder | None = None) -> None:
        from workbench.training.studies.record import list_studies

        folder = self._session.folder
        self._found = list_studies(folder, self.kind) if folder is not None else []
        self.earlier.blockSignals(True)
        self.earlier.clear()
        under_way = self._studies.study.path if self._studies.study is not None else None
        self.earlier.addItems([_title(study, study.path == under_way) for study in self._found])
        paths = [study.path for study in self._found]
        self.earlier.setCurrentIndex(paths.index(front.path) if front is not None and front.path in paths else 0)
        self.earlier.blockSignals(False)
        for widget in (self.earlier, self._answers):
            widget.setVisible(bool(self._found))
        self._show_chosen()

    def _chosen(self) -> StudyFolder | None:
        place = self.earlier.currentIndex()
        return self._found[place] if 0 <= place < len(self._found) else None

    def _show_chosen(self) -> None:
        study = self._chosen()
        self.show_rows.hide()
        try:
            record = study.read() if study is not None else None
        except WorkbenchError as error:
            self.answer.show_nothing(say_error(error))
            return
        if record is None:
            self.answer.show_nothing(tr("Nobody has asked this yet."))
        elif not record.result:
            done = tr("{done} runs are done; there is no answer yet.", done=sum(run.done for run in record.runs))
            self.answer.show_nothing(say(record.message) or done)
        else:
            self.answer.show_record(record)
            self.show_rows.setVisible(bool(record.result.get("suspects")))
        self._show_resume()

    def _show_resume(self) -> None:
        study = self._chosen()
        self.go_on.setVisible(study is not None and not self._studies.running and _can_go_on(study))

    def _show_rows(self) -> None:
        study = self._chosen()
        if study is None:
            return
        self._window.show_page("data")
        page: Any = self._window.page
        page.found.rows_wanted.emit(tuple(item["row"] for item in study.read().result["suspects"]))
        self._window.activateWindow()


def _can_go_on(study: StudyFolder) -> bool:
    from workbench.training.studies.record import StudyState

    try:
        return study.read().state in (StudyState.INTERRUPTED, StudyState.FAILED)
    except WorkbenchError:
        return False


def _title(study: StudyFolder, under_way: bool) -> str:
    """Returns when a study was asked, and how it stands."""
    stamp = study.path.name
    when = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]} {stamp[9:11]}:{stamp[11:13]}"
    try:
        record = study.read()
    except WorkbenchError:
        return f"{when} · {tr('cannot be read')}"
    return f"{when} · {tr('running' if under_way else str(record.state))}"


def show_studies(window: QWidget, kind: str) -> StudiesDialog:
    """Opens the dialog of a window at one kind of study; the same dialog each time."""
    from workbench.app.window import Window

    assert isinstance(window, Window)
    dialog = window.findChild(StudiesDialog) or StudiesDialog(window)
    dialog.ask(kind)
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()
    return dialog
