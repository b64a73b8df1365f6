"""The run folder: everything one training left behind, and the only channel to one that is under way.

runs/<YYYYmmdd-HHMMSS>-<name>/
  workbench.toml, model.graph.json   the project as it was trained
  run.json          name, parent and what differs from the parent
  process.json      who writes the folder (process id and its start time)
  environment.json  versions and machine
  fitted.json       the state of the preprocessing, fitted on the training split
  metrics.bin       every number; events.jsonl: everything else that happened
  inbox/            commands from outside, one file each
  checkpoints/      last/ and best/
  log.txt
"""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from workbench.errors import ProjectError
from workbench.project import checkpoints, claims, records
from workbench.project.atomic import write_atomically
from workbench.project.checkpoints import Checkpoint
from workbench.project.environment import environment
from workbench.project.events import Command, EpochEnded, Event, Failed, Finished, RunState, StateChanged
from workbench.project.project import Project
from workbench.text import Text

OWN_LAYERS = "own_layers"
RUNS = "runs"
_NO_VALUES: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One line of the list of runs.

    Attributes:
        path: The run folder.
        name: As given.
        state: Where it stands.
        epoch, step: How far it came; -1 and 0 before the first epoch ended.
        metrics: The last value by tag.
        parent: The name of the parent's folder, or "".
        message: What went wrong, for a failed run.
        study: The folder name of the study that it belongs to, or "".
    """

    path: Path
    name: str
    state: RunState
    epoch: int = -1
    step: int = 0
    metrics: Mapping[str, float] = field(default_factory=lambda: _NO_VALUES)
    parent: str = ""
    message: str = ""
    seconds: float = 0.0
    study: str = ""


class RunFolder:
    """One run on disk. Any number of these may look at the same folder; one process writes it.

    Args:
        path: The run folder.

    Raises:
        ProjectError: There is no run in it.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path).expanduser().absolute()
        if not (self.path / "run.json").is_file():
            raise ProjectError(
                Text("{path} is not a run folder.", path=str(self.path)),
                Text("`workbench runs PROJECT` lists the runs of a project."),
            )

    @property
    def name(self) -> str:
        """The name of the run."""
        return str(self._about().get("name", self.path.name))

    @property
    def parent(self) -> str:
        """The folder name of the run that this one came from, or ""."""
        return str(self._about().get("parent") or "")

    @property
    def study(self) -> str:
        """The folder name of the study that it belongs to, or ""."""
        return str(self._about().get("study") or "")

    @property
    def differences(self) -> list[Any]:
        """What was changed against the parent's project."""
        return list(self._about().get("differences", ()))

    @property
    def project_folder(self) -> Path:
        """The folder of the project; relative data sources start there."""
        return self.path.parent.parent

    @property
    def metrics_path(self) -> Path:
        """metrics.bin."""
        return self.path / "metrics.bin"

    @property
    def log_path(self) -> Path:
        """log.txt."""
        return self.path / "log.txt"

    @property
    def checkpoints_path(self) -> Path:
        """The folder of `last` and `best`."""
        return self.path / "checkpoints"

    def _about(self) -> dict[str, Any]:
        return _read_json(self.path / "run.json")

    def snapshot(self) -> Project:
        """Returns the project as it was when the run began.

        Raises:
            ProjectError: The snapshot cannot be read.
        """
        from workbench.project.file import GRAPH_FILE, load

        if not (self.path / GRAPH_FILE).is_file():
            raise ProjectError(
                Text("The run {name} has lost its drawing: {file} is missing.", name=self.name, file=GRAPH_FILE),
                Text("Restore it from a backup, or start a new run."),
            )
        return load(self.path).project

    @property
    def environment(self) -> dict[str, Any]:
        """Versions and machine, and what the engine noted about its choices."""
        return _read_json(self.path / "environment.json")

    def note_environment(self, **values: Any) -> None:
        """Adds the engine's choices (threads, device, fused) to environment.json."""
        write_atomically(self.path / "environment.json", _json({**self.environment, **values}))

    @property
    def fitted(self) -> dict[str, Any] | None:
        """The state of the fitted preprocessing, or None before it was written."""
        return _read_json(self.path / "fitted.json") or None

    def write_fitted(self, state: Mapping[str, Any]) -> None:
        """Keeps the state of the fitted preprocessing."""
        write_atomically(self.path / "fitted.json", _json(state))

    def claim(self) -> None:
        """Notes that this process writes the run from now on."""
        claims.claim(self.path)

    @property
    def alive(self) -> bool:
        """Whether the process that writes the run still exists. A process on another machine counts as alive."""
        return claims.alive(self.path)

    @property
    def state(self) -> RunState:
        """Where the run stands: as it said itself, or `interrupted` where its process is gone."""
        return self.info().state

    def info(self) -> RunInfo:
        """Returns one line for the list of runs; reads the end of the events only."""
        recent = list(self._recent())
        state = next((found for event in reversed(recent) if (found := _state_of(event))), RunState.STARTING)
        last = next((event for event in reversed(recent) if isinstance(event, (Finished, EpochEnded))), None)
        failed = next((event for event in reversed(recent) if isinstance(event, Failed)), None)
        if not state.over and not self.alive:
            state = RunState.INTERRUPTED
        return RunInfo(
            self.path, self.name, state, last.epoch if last else -1, last.step if last else 0,
            last.metrics if last else _NO_VALUES, self.parent,
            failed.message if failed and state is RunState.FAILED else "", last.seconds if last else 0.0, self.study,
        )

    def _recent(self) -> Iterator[Event]:
        """Yields the last events: enough of them to hold the last state and the last metrics."""
        size = self.events_path.stat().st_size if self.events_path.exists() else 0
        window = 1 << 16
        while True:
            events = list(self._events_from(max(0, size - window)))
            known = any(_state_of(event) for event in events) and any(isinstance(event, (Finished, EpochEnded)) for event in events)
            if known or window >= size:
                return iter(events)
            window *= 8

    @property
    def events_path(self) -> Path:
        """events.jsonl."""
        return self.path / "events.jsonl"

    def append_event(self, event: Event) -> None:
        """Appends one event. A torn last line that a killed writer left is ended first, so that it costs itself only."""
        line = (records.to_line(event) + "\n").encode()
        with open(self.events_path, "ab+", buffering=0) as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                line = line if file.read(1) == b"\n" else b"\n" + line
            file.write(line)

    def events(self) -> list[Event]:
        """Returns everything that happened, oldest first. Torn and unknown lines are left out."""
        return list(self._events_from(0))

    def _events_from(self, offset: int) -> Iterator[Event]:
        return EventReader(self.events_path, offset).poll()

    def post(self, command: Command) -> Path:
        """Hands a command to the process that trains.

        Raises:
            ValueError: The command carries a function and cannot travel.
        """
        line = records.to_line(command)
        path = self.path / "inbox" / f"{time.time_ns():020d}-{secrets.token_hex(3)}.json"
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, line)
        return path

    def read_inbox(self) -> list[Command]:
        """Takes the commands that have come, oldest first. What is no command is removed and left out."""
        commands: list[Command] = []
        try:
            names = sorted(name for name in os.listdir(self.path / "inbox") if name.endswith(".json"))
        except FileNotFoundError:
            return commands
        for name in names:
            path = self.path / "inbox" / name
            with suppress(OSError, ProjectError, UnicodeDecodeError):
                command = records.from_line(path.read_text("utf-8"))
                commands += [command] if command is not None else []
            path.unlink(missing_ok=True)
        return commands

    def write_checkpoint(self, kind: str, step: int, files: Mapping[str, bytes]) -> Checkpoint:
        """Writes a checkpoint (`checkpoints.write_checkpoint`)."""
        return checkpoints.write_checkpoint(self.checkpoints_path, kind, step, files)

    def checkpoints(self) -> list[Checkpoint]:
        """Returns the complete checkpoints, one per kind, newest of its kind."""
        return [found[0] for kind in checkpoints.KINDS if (found := checkpoints.candidates(self.checkpoints_path, kind))]

    def last(self) -> Checkpoint | None:
        """Returns the newest sound checkpoint to resume from, or None."""
        return checkpoints.newest(self.checkpoints_path, "last")

    def best(self) -> Checkpoint | None:
        """Returns the best checkpoint; the last one where none was marked; or None."""
        return checkpoints.newest(self.checkpoints_path, "best") or self.last()


class EventReader:
    """Follows events.jsonl while it grows.

    Args:
        path: The file; it may not exist yet.
        offset: Where to begin; a line that begins earlier is left out.
    """

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.path = path
        self._offset = offset
        self._skip_first = offset > 0

    def poll(self) -> Iterator[Event]:
        """Yields the events of all lines that were completed since the last call."""
        try:
            with open(self.path, "rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return
        end = data.rfind(b"\n") + 1
        self._offset += end
        lines = data[:end].splitlines()
        if self._skip_first and end:
            self._skip_first = False
            lines = lines[1:]
        for line in lines:
            with suppress(ProjectError, UnicodeDecodeError):
                event = records.from_line(line.decode()) if line.strip() else None
                if event is not None:
                    yield event


def create_run(
    folder: Path | str, name: str, project: Project, parent: RunFolder | None = None, differences: tuple[Any, ...] = (),
    study: str = "",
) -> RunFolder:
    """Makes a new run folder with the snapshot of the project; this process is its first writer.

    Args:
        folder: The project folder.
        name: What the run is called; "" takes the project's name.
        project: What will be trained.
        parent: The run this one came from.
        differences: What was changed against the parent's project, as JSON values.
        study: The folder name of the study that it belongs to.

    Raises:
        ProjectError: The folder cannot be written.
    """
    from workbench.project.file import save

    name = name or project.name or "run"
    path = _fresh_folder(Path(folder).absolute() / RUNS, f"{datetime.now():%Y%m%d-%H%M%S}-{slug(name)}")
    try:
        save(project, path)
        (path / "inbox").mkdir()
        write_atomically(path / "environment.json", _json(environment()))
        _keep_own_layers(path, project)
        about = {"schema_version": 1, "name": name, "parent": parent.path.name if parent else "", "differences": list(differences)}
        about |= {"study": study} if study else {}
        write_atomically(path / "run.json", _json(about))
    except OSError as error:
        raise _unwritable(path, error) from error
    run = RunFolder(path)
    run.claim()
    return run


def _keep_own_layers(path: Path, project: Project) -> None:
    """Keeps the text of every own layer that the drawing asks for, for the record: nothing ever runs what stands there."""
    from workbench.layers import LAYERS
    from workbench.layers.own import OWN

    used = {node.layer for node in project.graph}
    for file in {file for layer in LAYERS.own() if layer.name in used and (file := OWN.source_of(layer.name)) is not None}:
        (path / OWN_LAYERS).mkdir(exist_ok=True)
        write_atomically(path / OWN_LAYERS / file.path.name, file.text)


def _fresh_folder(runs: Path, name: str) -> Path:
    try:
        runs.mkdir(parents=True, exist_ok=True)
        for number in range(1, 10_000):
            path = runs / (name if number == 1 else f"{name}-{number}")
            with suppress(FileExistsError):
                path.mkdir()
                return path
    except OSError as error:
        raise _unwritable(runs, error) from error
    raise ProjectError(Text("There are too many runs called {name}.", name=name))


def _unwritable(path: Path, error: OSError) -> ProjectError:
    return ProjectError(
        Text("The run folder {path} cannot be written: {reason}.", path=str(path), reason=error.strerror or str(error)),
        Text("Check the free space and the permissions of the project folder."),
    )


def slug(name: str) -> str:
    """Returns a name that is safe as part of a folder's."""
    return re.sub(r"[^A-Za-z0-9_.]+", "-", name).strip("-.")[:40] or "run"


def list_runs(folder: Path | str) -> list[RunInfo]:
    """Returns the runs of a project, newest first. Folders that are no runs are left out."""
    runs = Path(folder).absolute() / RUNS
    if not runs.is_dir():
        return []
    found = sorted((path for path in runs.iterdir() if (path / "run.json").is_file()), key=_age, reverse=True)
    return [RunFolder(path).info() for path in found]


def latest_run(folder: Path | str) -> RunFolder | None:
    """Returns the newest run of a project, or None; one of a study only where there is no other."""
    runs = list_runs(folder)
    chosen = next((info for info in runs if not info.study), runs[0] if runs else None)
    return RunFolder(chosen.path) if chosen else None


def _age(path: Path) -> tuple[str, float]:
    return path.name[:15], path.stat().st_ctime


def _state_of(event: Event) -> RunState | None:
    if isinstance(event, (StateChanged, Finished)):
        return event.state
    return RunState.FAILED if isinstance(event, Failed) else None


def _json(value: Any) -> str:
    return json.dumps(records.plain(value), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _read_json(path: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        value = json.loads(path.read_bytes())
        return value if isinstance(value, dict) else {}
    return {}
