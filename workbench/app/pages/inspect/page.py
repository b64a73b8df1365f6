"""The Inspect page: look inside a run, ask why, also while it trains."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.jobs import Job, run_job
from workbench.app.language import say, say_error, tr
from workbench.app.pages.inspect.analysis import QUICK_METHODS, Answer, Model, Request, analyse, fitting_methods, image_nodes
from workbench.app.pages.inspect.attribution_card import AttributionCard
from workbench.app.pages.inspect.head_panel import DetailPanel
from workbench.app.pages.inspect.look_cards import AttentionCard, FeatureCard, StateCard
from workbench.app.pages.inspect.outcome_card import OutcomeCard
from workbench.app.pages.inspect.question import QuestionPanel
from workbench.app.pages.inspect.source import ModelSource
from workbench.app.pages.inspect.writing_card import WritingCard
from workbench.app.pages.page import Page
from workbench.app.widgets import EmptyState

if TYPE_CHECKING:
    from workbench.app.session import Session
    from workbench.project.project import Project

LIVE_IG_SECONDS = 0.15
SETTLE_MS = 700


class InspectPage(Page):
    """One row or own input, one run, everything the model makes of it."""

    page_name = "inspect"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.question, self.detail = QuestionPanel(), DetailPanel()
        self.attribution, self.features, self.attention, self.states = AttributionCard(), FeatureCard(), AttentionCard(), StateCard()
        self.outcome, self.writing = OutcomeCard(), WritingCard()
        self.source = ModelSource(session, self)
        self.answer: Answer | None = None
        self._request = Request()
        self._job: Job | None = None
        self._again = False
        self._wanted_row = -1
        self._thorough = False
        self._method_seconds: dict[str, float] = {}
        self._run_asked = ""
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(lambda: self.ask(self._request, quick=False))
        self.set_columns(
            self.question, self._centre(), self.detail, left_title=tr("Run"), right_title=tr("In detail"), left_width=264, right_width=300,
        )
        self._connect()

    def _connect(self) -> None:
        session, question = self.session, self.question
        self.source.changed.connect(self._take_model)
        session.runs_changed.connect(self._show_runs)
        session.selected_run_changed.connect(self._show_runs)
        session.row_wanted.connect(self.show_row)
        session.opened.connect(self._forget)
        question.row_chosen.connect(lambda row: self.ask(replace(self._request, row=row, raw=None, target=None)))
        question.given.connect(self._take_given)
        question.run_chosen.connect(session.select_run)
        question.target_wanted.connect(lambda target: self.ask(replace(self._request, target=target)))
        self.writing.asked.connect(lambda heat, seed: self.ask(replace(self._request, temperature=heat, seed=seed)))
        self.features.node_wanted.connect(lambda node: self.ask(replace(self._request, node=node)))
        self.features.channel_chosen.connect(self._show_channel)
        self.attention.head_chosen.connect(self._show_head)
        self.states.step_chosen.connect(self._show_state)

    def _centre(self) -> QWidget:
        sentence = tr("Here you see what a trained network makes of one row. Train this project first; looking works while it trains.")
        self.empty = EmptyState("inspect.empty", sentence, tr("Train"), self)
        self.empty.clicked.connect(lambda: self.perform("run.train"))
        board = QWidget()
        layout = QVBoxLayout(board)
        layout.setContentsMargins(theme.SPACE_12, theme.SPACE_12, theme.SPACE_12, theme.SPACE_12)
        layout.setSpacing(theme.SPACE_12)
        layout.addLayout(self._status_row())
        for card in (self.outcome, self.writing, self.attribution, self.features, self.attention, self.states):
            card.hide()
            layout.addWidget(card)
        layout.addStretch(1)
        area = QScrollArea()
        area.setObjectName("inspect.scroll")
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        area.setWidget(board)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(area)
        return self._stack

    def _status_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_12)
        self.live = QLabel()
        self.live.setObjectName("inspect.live")
        theme.mark(self.live, "good")
        self.live.hide()
        row.addWidget(self.live)
        self._status = QLabel()
        self._status.setObjectName("inspect.status")
        self._status.setWordWrap(True)
        theme.mark(self._status, "quiet")
        row.addWidget(self._status, 1)
        return row

    def refresh(self, old: Project | None, new: Project) -> None:
        """Nothing here depends on the drawing that is edited: runs have their own snapshot."""
        if old is None:
            self._show_runs()

    def shown(self) -> None:
        """Reads the model of the selected run, or follows the one under way."""
        self._show_runs()
        self.source.start()
        if self._again and self.source.model is not None:
            self._job_over()

    def hidden(self) -> None:
        """Stops working for nobody; what was not answered is asked again when the page comes back."""
        self.source.pause()
        self._settle.stop()
        if self._job is not None:
            self._job.cancel()
            self._job, self._again = None, True

    def _forget(self) -> None:
        """Another project is open: nothing of the former question holds."""
        self._request, self.answer, self._run_asked = Request(), None, ""
        self._wanted_row, self._again = -1, False
        self.question.forget()
        self.attribution.forget()
        self.detail.clear()

    def show_row(self, row: int) -> None:
        """Shows a dataset row, now or as soon as the model is there."""
        self._wanted_row = row
        if self.source.model is not None and self.question.go_to(row):
            self._wanted_row = -1

    def _show_runs(self) -> None:
        selected = self.session.selected_run
        self.question.set_runs(self.session.runs, selected.path if selected else None)
        if selected is None:
            self._stack.setCurrentIndex(0)

    def _take_model(self) -> None:
        model = self.source.model
        if model is None:
            self._say_missing()
            return
        self._stack.setCurrentIndex(1)
        self.question.set_model(model)
        nodes = [path for _, path in image_nodes(model.model.plan)]
        self.features.set_nodes(nodes)
        self._request = self._fitting(model, nodes)
        if self._wanted_row >= 0 and self.question.go_to(self._wanted_row):
            self._wanted_row = -1
            return
        if self._request.row < 0 and self._request.raw is None:
            self._request = replace(self._request, row=self.question.row)
        self.ask(self._request)

    def _fitting(self, model: Model, nodes: list[str]) -> Request:
        """Returns the question with what another run's model has no answer to left out."""
        request = replace(self._request, methods=tuple(fitting_methods(model.model.plan)))
        if request.node not in nodes:
            request = replace(request, node="")
        if request.raw is not None and isinstance(request.raw, str) != self.question.takes_text:
            request = replace(request, raw=None)
        if model.run != self._run_asked:
            self._run_asked = model.run
            request = replace(request, target=None)
        return request

    def _say_missing(self) -> None:
        error = self.source.error
        if error is not None:
            self.empty.set_sentence(say_error(error))
            self._stack.setCurrentIndex(0)

    def _take_given(self, raw: Any) -> None:
        if raw is None:
            self.ask(replace(self._request, row=self.question.row, raw=None, target=None))
        else:
            self.ask(replace(self._request, row=-1, raw=raw, target=None))

    def ask(self, request: Request, *, quick: bool = True) -> None:
        """Asks; a question that is still being answered is given up, the newest wins.

        Args:
            request: The question.
            quick: Whether an own input is answered without the slow methods at first; they follow once the pen rests.
        """
        self._request = request
        model = self.source.model
        if model is None or (request.row < 0 and request.raw is None):
            return
        if self._job is not None and self._job.running:
            self._again = True
            if self._thorough:
                self._job.cancel()
                self._job_over()
            return
        quick = model.live or (request.raw is not None and quick)
        if request.raw is not None and quick and not model.live:
            self._settle.start()
        self._thorough = not quick
        asked = replace(request, quick=quick, methods=self._live_methods(request.methods) if model.live else request.methods)
        if not model.live:
            self._status.setText(tr("Looking..."))
        work = lambda progress, cancelled: analyse(model, asked, progress, cancelled)  # noqa: E731
        self._job = run_job(self, work, self._take_answer, self._miss_answer)
        if not model.live:
            self._job.progressed.connect(self._show_progress)

    def _live_methods(self, methods: tuple[str, ...]) -> tuple[str, ...]:
        """Returns the methods that keep up with a run: those of one pass, and integrated gradients where they have proved fast."""
        fast = self._method_seconds.get("integrated_gradients", 0.0) <= LIVE_IG_SECONDS
        return tuple(name for name in methods if name in QUICK_METHODS or (fast and name == "integrated_gradients"))

    def _show_progress(self, share: float, name: str) -> None:
        from workbench.explain import METHODS

        method = METHODS.get(name)
        self._status.setText(tr("{method}... {share} %", method=say(method.label) if method else "", share=round(share * 100)))

    def _take_answer(self, answer: Answer) -> None:
        self.answer = answer
        self._method_seconds.update({name: result.facts.seconds for name, result in answer.attributions.items()})
        self.question.show_answer(answer)
        self.outcome.setVisible(self.outcome.shows(answer.outcome))
        if self.outcome.shows(answer.outcome):
            self.outcome.show_outcome(answer.outcome)  # type: ignore[arg-type]
        self.attribution.setVisible(bool(answer.attributions))
        self.attribution.show_answer(answer)
        for card, value, show in (
            (self.features, answer.features, self.features.show_maps), (self.attention, answer.attention, self.attention.show_maps),
            (self.states, answer.states, self.states.show_trace), (self.writing, answer.writing, self.writing.show_writing),
        ):
            card.setVisible(value is not None)
            if value is not None:
                show(value)
        self.detail.unknown = answer.unknown
        self._update_detail()
        self._say_status(answer)
        self._job_over()

    def _say_status(self, answer: Answer) -> None:
        model = self.source.model
        live = model is not None and model.live
        self.live.setVisible(live)
        self.live.setText("● " + tr("live, step {step}", step=f"{answer.step:,}"))
        self._status.setText("; ".join(answer.errors.values()) or self._status_words(answer))

    def _status_words(self, answer: Answer) -> str:
        seconds = sum(result.facts.seconds for result in answer.attributions.values())
        passes = sum(result.facts.passes for result in answer.attributions.values())
        if not passes:
            return tr("On a copy: the run is not touched.")
        return tr("{passes} passes, {seconds} s, on a copy: the run is not touched.", passes=f"{passes:,}", seconds=f"{seconds:.2f}")

    def _update_detail(self) -> None:
        if self.answer is None:
            return
        if self.answer.attention is not None:
            self.attention.grid.choose(self.attention.grid.current)
        elif self.answer.features is not None:
            self._show_channel(self.features.channel)
        elif self.answer.states is not None:
            from workbench.app.pages.inspect.head_panel import hidden_change

            self._show_state(int(hidden_change(self.answer.states).argmax()))
        else:
            self.detail.clear()

    def _miss_answer(self, error: Exception) -> None:
        self._status.setText(say_error(error))
        self._job_over()

    def _job_over(self) -> None:
        self._job = None
        if self._again:
            self._again = False
            self.ask(self._request)

    def _show_channel(self, channel: int) -> None:
        maps = self.features.maps
        if maps is not None and 0 <= channel < len(maps.maps):
            self.detail.show_channel(maps, channel)

    def _show_head(self, layer: int, head: int) -> None:
        if self.attention.maps is not None:
            self.detail.show_head(self.attention.maps, layer, head)

    def _show_state(self, step: int) -> None:
        trace = self.states.trace
        if trace is not None and 0 <= step < len(trace.tokens):
            self.detail.show_state(trace, step)

    def page_state(self) -> Any:
        """Returns the question, its row, drawing and text, and how the maps are shown, for a rebuild."""
        looks = (self.attribution.over.isChecked(), self.features.strongest.isChecked())
        return self._request, self._run_asked, self.question.asked(), looks, self._wanted_row

    def restore_state(self, state: Any) -> None:
        """Asks the same question again, as soon as the model is there."""
        self._request, self._run_asked, asked, looks, self._wanted_row = state
        self.question.restore(asked)
        self.attribution.over.setChecked(looks[0])
        self.features.strongest.setChecked(looks[1])
