"""Starting and resuming runs in the thread that calls, as the command line does; following them from anywhere."""

from __future__ import annotations

import gc
import logging
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import ProjectError, Text, TrainingError
from workbench.training.events import Event, Failed, Finished, Interrupt, RunState, StateChanged
from workbench.training.inbox import FolderInbox, Inbox

if TYPE_CHECKING:
    from workbench.project.project import Project
    from workbench.project.runs import RunFolder

INTERRUPTED_EXIT = 130
Emit = Callable[[Event], None]
log = logging.getLogger(__name__)


def start(
    folder: Path | str, project: Project, emit: Emit | None = None, *, name: str = "", parent: RunFolder | None = None,
    differences: tuple[Any, ...] = (),
) -> tuple[RunFolder, Finished | StateChanged]:
    """Begins a new run and trains it here, until its end.

    Args:
        folder: The project folder.
        project: What to train.
        emit: Is told every event.
        name: What the run is called; "" takes the project's name.
        parent: The run this one came from.
        differences: What was changed against the parent.

    Returns:
        The run and how it ended: `Finished`, or `StateChanged` to `interrupted` (exit 130; it can be resumed).

    Raises:
        TrainingError: There is no such device here; or the run failed, and its folder says so too.
        ProjectError: The run folder cannot be written.
    """
    from workbench.project.runs import create_run
    from workbench.training.devices import choose_device
    from workbench.training.starting import place_of

    choose_device(project.recipe.device)  # one that is missing leaves no run behind
    if project.recipe.start_from:
        place_of(project.recipe.start_from, Path(folder))
    run = create_run(folder, name, project, parent, differences)
    return run, train(run, project, emit)


def resume(run: RunFolder, emit: Emit | None = None) -> Finished | StateChanged:
    """Goes on with a run where its last checkpoint stands, from its own snapshot of the project.

    Raises:
        TrainingError: The run failed, or another process is training it.
    """
    if run.alive and not run.state.over:
        raise TrainingError(Text("The run {name} is being trained right now.", name=run.name), Text("Wait for it, or stop it there."))
    return train(run, run.snapshot(), emit, resumed=True)


def find_run(folder: Path | str, which: str) -> RunFolder:
    """Returns a run by what `--resume` was given: `last`, a path, or the name of a folder under `runs/`.

    Raises:
        ProjectError: There is no such run.
    """
    from workbench.project.runs import RUNS, RunFolder, latest_run

    if which == "last":
        found = latest_run(folder)
        if found is None:
            raise ProjectError(Text("{folder} has no run yet.", folder=str(folder)), Text("`workbench train` begins one."))
        return found
    inside = Path(folder) / RUNS / which
    return RunFolder(inside if inside.is_dir() else which)


def train(run: RunFolder, project: Project, emit: Emit | None = None, *, resumed: bool = False) -> Finished | StateChanged:
    """Runs the engine in this thread; Ctrl-C and SIGTERM end it after the step in progress, with a checkpoint.

    Raises:
        TrainingError: The run failed.
    """
    from workbench.training.engine import Engine

    inbox = FolderInbox(run)
    engine = Engine(project, run, emit or _ignore, inbox, resume="last" if resumed else None)
    gc.collect()
    gc.freeze()  # what has been imported stays; looking through it again and again would cost 100 ms each time
    with _signals(inbox):
        outcome = engine.run()
    if isinstance(outcome, Failed):
        raise TrainingError(outcome.message, outcome.hint)
    return outcome


def _ignore(_event: Event) -> None:
    return


@contextmanager
def _signals(inbox: Inbox) -> Generator[None, None, None]:
    """While entered, the first SIGINT or SIGTERM asks the engine to end; a second one does what it always did."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def interrupt(number: int, _frame: Any) -> None:
        signal.signal(number, before[signal.Signals(number)])
        inbox.put(Interrupt())

    for number in before:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def follow(run: RunFolder, seconds: float = 0.2, cancelled: Callable[[], bool] = lambda: False) -> Iterator[Event]:
    """Yields the events of a run, those so far and those that come, until it is over.

    Args:
        run: The run, trained by whichever process.
        seconds: How often the folder is looked at.
        cancelled: Asked between looks; true ends the following.
    """
    from workbench.project.runs import EventReader

    reader = EventReader(run.events_path)
    while not cancelled():
        over = run.state.over
        yield from reader.poll()
        if over:
            return
        time.sleep(seconds)


def exit_code(outcome: Finished | StateChanged) -> int:
    """Returns 0 for a run that came to its end or was stopped, 130 for one that was interrupted."""
    return INTERRUPTED_EXIT if outcome.state is RunState.INTERRUPTED else 0
