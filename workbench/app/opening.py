"""How data comes into the open project: looked at on a worker thread, said in one line, asked about, changed later, missed when it is gone."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from workbench.app.jobs import Job, run_job
from workbench.app.language import say, tr

if TYPE_CHECKING:
    from workbench.app.session import Session
    from workbench.data.asking import Asked
    from workbench.graph.graph import Graph
    from workbench.graph.problem import Fix
    from workbench.project.bring import Brought, Source
    from workbench.project.project import Project

_LOG = logging.getLogger(__name__)
TOLD_EVERY_S = 0.05
_ENOUGH_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Opened:
    """What a worker thread found out about a source.

    Attributes:
        brought: The project with it.
        asked: What is asked about it.
        folder: Where a new project was saved, or None.
    """

    brought: Brought
    asked: tuple[Asked, ...]
    folder: Path | None = None


class Opening(QObject):
    """Data on its way into the project, and what is known about the data that is there.

    Attributes:
        notes, fixes: What became of the drawing when the present data came, and what makes it fit by one click.
        fresh: Whether the present data has just been brought and nobody has closed what is said about it.
        changed_on_disk: Whether the source is no longer what was read.

    Signals:
        changed: Something that is said about the data differs.
        progressed: Share done (below 0: unknown), words, and words about the time left.
        opened: Data has arrived: whether it opened a project of its own.
        failed: Data that was asked for could not be opened.
        left: Somebody cancelled; the old data stands.
    """

    changed = Signal()
    progressed = Signal(float, str, object)
    opened = Signal(bool)
    failed = Signal(object)
    left = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._job: Job | None = None
        self._began = 0.0
        self._proposed: Graph | None = None
        self._asked: tuple[tuple[Any, ...], tuple[Asked, ...]] | None = None
        self._signature: tuple[str, str] | None = None
        self._looking: Job | None = None
        self.notes: tuple[str, ...] = ()
        self.fixes: tuple[Fix[Project], ...] = ()
        self.fresh = self.changed_on_disk = False
        session.dataset_progress.connect(self._progress)
        session.loading_changed.connect(self._loading_changed)
        session.dataset_changed.connect(self._remember)
        session.opened.connect(self._forget)

    def _forget(self) -> None:
        self.notes, self.fixes, self.fresh, self.changed_on_disk = (), (), False, False
        self._proposed = self._asked = self._signature = None
        self.changed.emit()

    @property
    def busy(self) -> bool:
        """Whether data is being opened or prepared."""
        return self.bringing or self._session.dataset_loading or self._session.preparing

    @property
    def bringing(self) -> bool:
        """Whether other data is on its way; the present data stands until it is there."""
        return self._job is not None and self._job.running and not self._job.cancelled

    def _loading_changed(self) -> None:
        if not self.bringing:
            self._began = time.monotonic()
        self.changed.emit()

    def _progress(self, share: float, words: str) -> None:
        self.progressed.emit(share, words, self._left(share))

    def _left(self, share: float) -> float | None:
        """Returns the seconds that are left, as far as the share done says."""
        return (time.monotonic() - self._began) * (1 - share) / share if share > _ENOUGH_SHARE else None

    def take(self, wanted: Source, folder: Path | None = None) -> None:
        """Opens data on a worker thread: for the open project, as one step of its history, or for a new one.

        Args:
            wanted: Which data.
            folder: Where a new project shall be saved; None brings the data into the open one.
        """
        from workbench.project.project import Project

        self._stop()
        session = self._session
        project, base = (Project(), None) if folder is not None else (session.project, session.folder)
        proposed, self._began = self._proposed, time.monotonic()
        self._job = run_job(
            self, lambda progress, cancelled: _opened(project, wanted, base, proposed, folder, progress, cancelled),
            lambda found: self._take(found, project, wanted), self._fail, self._progress,
        )
        self.changed.emit()

    def _take(self, found: Opened, before: Project, wanted: Source) -> None:
        brought, session = found.brought, self._session
        session.hand_over(brought.project.data, brought.dataset)
        if found.folder is not None:
            session.new(brought.project, found.folder, saved=True)
        else:
            self.fresh = True
            session.edit(_label(before, brought.project), _onto(session.project, before, brought))
        session.hand_over(None)
        self._proposed, self.notes, self.fixes = brought.proposed or self._proposed, brought.notes, brought.fixes
        self._asked, self.fresh = (_key(session.project), found.asked), True
        self.changed.emit()
        self.opened.emit(found.folder is not None)

    def _fail(self, error: Exception) -> None:
        _LOG.info("data could not be opened", exc_info=error)
        self._job = None
        self.changed.emit()
        self.failed.emit(error)

    def cancel(self) -> None:
        """Gives up what is under way: other data does not come, or the present data stays unopened until it is asked for again."""
        if self.bringing:
            self._stop()
            self.changed.emit()
            self.left.emit()
        else:
            self._session.stop_loading()

    def _stop(self) -> None:
        job, self._job = self._job, None
        if job is not None and job.running:
            job.cancel()

    def again(self) -> None:
        """Reads the present data again."""
        self.changed_on_disk = False
        self._session.load_dataset()

    def close(self) -> None:
        """Takes note that what is said about the data was read."""
        self.fresh, self.notes, self.fixes = False, (), ()
        self.changed.emit()

    def apply(self, fix: Fix[Project]) -> None:
        """Does one thing that makes the drawing fit, as one step of the history."""
        session = self._session
        session.edit(say(fix.label), fix.apply(session.project))
        self.notes, self.fixes = (), ()
        self.changed.emit()

    @property
    def asked(self) -> tuple[Asked, ...]:
        """What is asked about the present data, with the answers that stand; found out on a worker thread (`changed` follows)."""
        project = self._session.project
        key = _key(project)
        if self._asked is None or self._asked[0] != key:
            self._asked = (key, self._asked[1] if self._asked is not None and self._asked[0][0] == key[0] else ())
            base = self._session.folder
            run_job(self, lambda _progress, _cancelled: _questions(project, base), lambda found: self._take_asked(key, found))
        return self._asked[1]

    @property
    def unsure(self) -> tuple[str, ...]:
        """The questions whose answers cannot be told from the data; empty where the likely format is the only doubt."""
        from workbench.data.asking import FORMAT

        return tuple(item.question.text for item in self.asked if item.question.param != FORMAT)

    def _take_asked(self, key: tuple[Any, ...], found: tuple[Asked, ...]) -> None:
        if self._asked is not None and self._asked[0] == key and self._asked[1] != found:
            self._asked = (key, found)
            self.changed.emit()

    def answer(self, param: str, value: Any) -> None:
        """Reads the present data in another way: one step of the history."""
        from workbench.data.asking import FORMAT
        from workbench.project.bring import Source

        data = self._session.project.data
        if param == FORMAT:
            self.take(Source(data.source, str(value)))
        else:
            self.take(Source(data.source, data.format, _with(data.params, param, value), self._target()))

    def set_type(self, column: str, wanted: str) -> None:
        """Takes a column for something else; "" for what it seems to hold."""
        types = dict(self._session.project.data.params.get("types", {}))
        types.pop(column, None)
        if wanted:
            types[column] = wanted
        self.answer("types", types)

    def learn(self, target: str) -> None:
        """Learns another field of the present data."""
        from workbench.project.bring import Source

        data = self._session.project.data
        self.take(Source(data.source, data.format, data.params, target))

    def _target(self) -> str:
        objectives = self._session.project.objectives
        return objectives[0].target if objectives else ""

    @property
    def told(self) -> str:
        """What the present data was recognised as and what is learned from it, translated; "" without data."""
        from workbench.data.told import recognised
        from workbench.project.feeding import target_fields

        session = self._session
        if session.dataset is None:
            return ""
        targets = target_fields(session.project)
        return say(recognised(session.dataset, session.project.data.split, targets[0] if targets else ""))

    @property
    def lost(self) -> bool:
        """Whether the source of the project is no longer where it was."""
        from workbench.data.signature import is_path, signature

        session, source = self._session, self._session.project.data.source
        wanted = session.dataset is None or self.changed_on_disk
        return wanted and is_path(source) and not session.dataset_loading and signature(source, session.folder) == ""

    def _remember(self) -> None:
        """Keeps what the source looks like, to tell later whether it has changed."""
        session, self.changed_on_disk = self._session, False
        source, base = session.project.data.source, session.folder
        self._signature = None
        if session.dataset is not None and source:
            self._looked(source, base, lambda found: setattr(self, "_signature", (source, found)))
        self.changed.emit()

    def look_again(self) -> None:
        """Looks whether the source has changed since it was read; `changed` follows where it has. Called when the window gets the focus."""
        session, known = self._session, self._signature
        if known is not None and known[0] == session.project.data.source and not self.busy:
            self._looked(known[0], session.folder, lambda found: self._compare(known, found))

    def _looked(self, source: str, base: Path | None, done: Callable[[str], object]) -> None:
        from workbench.data.signature import signature

        if self._looking is not None and self._looking.running:
            self._looking.cancel()
        self._looking = run_job(self, lambda _progress, _cancelled: signature(source, base), done)

    def _compare(self, known: tuple[str, str], found: str) -> None:
        changed = known == self._signature and found != known[1]
        if changed != self.changed_on_disk:
            self.changed_on_disk = changed
            self.changed.emit()

    def move_to(self, path: Path) -> None:
        """Takes the source from where it is now; everything else about it stays."""
        session = self._session
        data = replace(session.project.data, source=str(path))
        session.edit(tr("Choose where the data is now"), replace(session.project, data=data))


def _key(project: Project) -> tuple[Any, ...]:
    return project.data.source, project.data.format, dict(project.data.params)


def _with(params: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    return {**params, name: value}


def _label(before: Project, after: Project) -> str:
    if before.data.source == after.data.source:
        return tr("Read the data in another way")
    return tr("Use the data {name}", name=after.data.source.replace("\\", "/").rstrip("/").rpartition("/")[2])


def _onto(now: Project, before: Project, brought: Brought) -> Project:
    """Returns what came of the data on top of what was changed meanwhile in parts that it does not touch."""
    made = brought.project
    if now is before:
        return made
    graph = made.graph if now.graph is before.graph else now.graph
    return replace(made, graph=graph, name=now.name, notes=now.notes, export=now.export)


def _questions(project: Project, base: Path | None) -> tuple[Asked, ...]:
    from workbench.data.asking import asked
    from workbench.errors import WorkbenchError

    data = project.data
    try:
        return asked(data.source, data.format, data.params, base) if data.source else ()
    except (WorkbenchError, OSError):
        return ()


def _opened(
    project: Project, wanted: Source, base: Path | None, proposed: Graph | None, folder: Path | None, progress: Callable[..., Any],
    cancelled: Callable[[], bool],
) -> Opened:
    from workbench.data.progress import CancelledError, reporting
    from workbench.project.bring import bring
    from workbench.project.file import save

    with reporting(throttled(progress), cancelled):
        brought = bring(project, wanted, base, proposed)
    asked = _questions(brought.project, base)
    if cancelled():
        raise CancelledError
    if folder is not None:
        save(brought.project, folder)
    return Opened(brought, asked, folder)


def throttled(progress: Callable[..., Any]) -> Callable[[float, str], None]:
    """Returns what tells progress in the window's language, no more than twenty times a second."""
    last = [0.0]

    def tell(share: float, words: str) -> None:
        now = time.monotonic()
        if now - last[0] >= TOLD_EVERY_S:
            last[0] = now
            progress(share, say(words))

    return tell
