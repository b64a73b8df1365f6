"""What the doctor found in the run in view, each with its remedy as a button, and how the run stands now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.jobs import Job, run_job
from workbench.app.language import say, tr
from workbench.app.pages.train.run_words import STATE_WORDS, metric_value, metric_words
from workbench.app.strip import FindingRow, FindingStrip, Remedy
from workbench.app.widgets import Heading, KeyValue
from workbench.app.wording import duration, number
from workbench.training.events import Finding, RunState, Started

if TYPE_CHECKING:
    from workbench.app.session import Session
    from workbench.project.runs import RunFolder, RunInfo

_MOST_REMEDIES = 3
SEVERITY = {"nan": "error", "diverging": "error"}


@dataclass(frozen=True, slots=True)
class Story:
    """What a run folder tells.

    Attributes:
        size: How long its events were then, in bytes.
    """

    size: int
    info: RunInfo
    findings: tuple[Finding, ...]
    started: Started | None


def read_story(run: RunFolder, cancelled: Callable[[], bool] = lambda: False) -> Story | None:
    """Reads the events of a run, which may be long: for a worker thread. None where `cancelled` said so."""
    from workbench.project.runs import EventReader

    size, findings, started = events_size(run), [], None
    for event in EventReader(run.events_path).poll():
        if cancelled():
            return None
        if isinstance(event, Finding):
            findings.append(event)
        elif isinstance(event, Started):
            started = started or event
    return Story(size, run.info(), tuple(findings), started)


def events_size(run: RunFolder) -> int:
    """Returns how long the events of a run are by now, in bytes."""
    return run.events_path.stat().st_size if run.events_path.exists() else 0


class DoctorPanel(QWidget):
    """The right column of the Train page.

    Signals:
        page_wanted: The name of a page that a remedy leads to.
    """

    page_wanted = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("train.doctor")
        self._session = session
        self._findings: list[Finding] = []
        self._tried: set[tuple[str, int, str, str]] = set()
        self._next: dict[tuple[str, int, str], str] = {}
        self._path: Path | None = None
        self._story: Story | None = None
        self._reading: Job | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_16, theme.SPACE_4, theme.SPACE_16, theme.SPACE_16)
        layout.setSpacing(theme.SPACE_12)
        empty = tr("Nothing found. The doctor watches for NaN, divergence, dead units, missing activations and a loss at chance.")
        self.strip = FindingStrip("train.findings", self, narrow=True, empty=empty)
        self._facts = KeyValue("train.now.facts", self)
        layout.addWidget(self.strip)
        layout.addWidget(Heading(tr("Now")))
        layout.addWidget(self._facts)
        layout.addStretch(1)

    def show_run(self, run: RunFolder | None) -> None:
        """Shows the findings of a run, from its folder as soon as it is read; those of the run under way come as they are found."""
        trainer = self._session.trainer
        if (run.path if run is not None else None) != self._path:
            self._path, self._story = run.path if run is not None else None, None
        if run is None or self._is_live(run):
            self._findings = list(trainer.findings)
        elif self._story is None:
            self._findings = []
        self._draw()
        if run is not None and trainer.running and self._is_live(run):
            self.show_progress()
        elif run is None or self._story is None:
            self._facts.set_rows([])
        if run is not None:
            self._read(run)

    def _is_live(self, run: RunFolder) -> bool:
        trainer = self._session.trainer
        return trainer.run is not None and trainer.run.path == run.path

    def _read(self, run: RunFolder) -> None:
        """Reads the folder on a worker thread, once as long as nothing is added to it."""
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        if self._session.trainer.running and self._is_live(run):
            return
        if self._story is not None and self._story.size == events_size(run):
            self._take(run, self._story)
            return
        self._reading = run_job(self, lambda _progress, cancelled: read_story(run, cancelled), lambda story: self._take(run, story))

    def _take(self, run: RunFolder, story: Story | None) -> None:
        if story is None or run.path != self._path or (self._session.trainer.running and self._is_live(run)):
            return
        self._story = story
        if not self._is_live(run) and self._findings != list(story.findings):
            self._findings = list(story.findings)
            self._draw()
        self._show_facts(story)

    def add(self, finding: Finding) -> None:
        """Adds one finding."""
        if finding not in self._findings:
            self._findings.append(finding)
            self._draw()

    def show_progress(self) -> None:
        """Shows how the run under way stands."""
        trainer, started = self._session.trainer, self._session.trainer.started
        if trainer.run is None or started is None:
            return
        latest = trainer.latest
        rows = [
            (tr("Step"), f"{latest.step:,}" if latest else "0"),
            (tr("Speed"), tr("{rows} rows/s", rows=number(float(round(latest.rows_per_second)))) if latest else "–"),
            (tr("Time left"), duration(trainer.seconds_left())),
        ]
        self._facts.set_rows([*rows, *_plan(started)])

    def _show_facts(self, story: Story) -> None:
        info = story.info
        rows = [(tr("State"), tr(STATE_WORDS[info.state])), (tr("Time"), duration(info.seconds))]
        if info.state is RunState.FAILED and info.message:
            rows.append((tr("Reason"), say(info.message)))
        shown = [tag for tag in info.metrics if tag.split("/")[-1] in ("val", "test")]
        rows += [(metric_words(tag), metric_value(tag, info.metrics[tag])) for tag in shown]
        self._facts.set_rows([*rows, *(_plan(story.started) if story.started else [])])

    def _draw(self) -> None:
        self.strip.show_findings([self._row(finding) for finding in self._findings])

    def _row(self, finding: Finding) -> FindingRow:
        graph = self._session.project.graph
        names = (graph[finding.node].name,) if finding.node in graph else ()
        reason = f"{say(finding.reason)} {tr('Step {step}.', step=f'{finding.step:,}')}".strip() if finding.step else finding.reason
        waiting = self._next.get((finding.rule, finding.step, finding.node), "")
        reason = f"{say(reason)} {waiting}".strip() if waiting else reason
        remedies = tuple(self._remedy(entry, finding) for entry in self._useful(finding)[:_MOST_REMEDIES])
        return FindingRow(finding.message, reason, SEVERITY.get(finding.rule, "warning"), names, remedies, finding.node or None)

    def _useful(self, finding: Finding) -> list[Any]:
        """Returns the remedies of a finding that would still change something and have not been tried here."""
        from workbench.project.remedies import remedies_for

        found = remedies_for(finding.remedies, self._session.project, finding.node)
        return [entry for entry in found if (finding.rule, finding.step, finding.node, entry.name) not in self._tried]

    def _remedy(self, entry: Any, finding: Finding) -> Remedy:
        later = "" if entry.page or entry.live is not None else tr("Takes effect in the next run.")
        tip = f"{say(entry.help)} {later}".strip()
        return Remedy(say(entry.label), lambda: self._apply(entry, finding), tip=tip)

    def _apply(self, remedy: Any, finding: Finding) -> None:
        """Edits the project and, where a run is under way that can take it, tells the run; or leads to the page to look at."""
        session, before = self._session, self._session.project
        if remedy.page:
            self.page_wanted.emit(remedy.page)
            return
        self._tried.add((finding.rule, finding.step, finding.node, remedy.name))
        session.edit(say(remedy.label), remedy.edit(before, finding.node))
        if session.trainer.running and remedy.live is not None:
            for change in remedy.live(before):
                session.trainer.change(change.setting, change.value)
        elif session.trainer.running:
            words = tr("{remedy}: takes effect in the next run.", remedy=say(remedy.label))
            self._next[(finding.rule, finding.step, finding.node)] = words
        self._draw()


def _plan(started: Started) -> list[tuple[str, str]]:
    rows = [(tr("Plan"), tr("{epochs} epochs of {steps} steps", epochs=started.epochs, steps=f"{started.steps_per_epoch:,}"))]
    one = tr("{device}, 1 thread", device=started.device)
    many = tr("{device}, {threads} threads", device=started.device, threads=started.threads)
    rows.append((tr("Device"), one if started.threads == 1 else many))
    if started.chance is not None:
        rows.append((tr("Chance"), f"{started.chance * 100:.1f} %" if 0 <= started.chance <= 1 else number(started.chance)))
    return rows
