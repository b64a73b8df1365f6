"""`train`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.cli.console import Answer, counted, number, progress
from workbench.cli.projects import refuse_errors
from workbench.cli.reading import read_project
from workbench.errors import ProjectError, TrainingError
from workbench.project.events import EpochEnded, Finding, Finished, Started, StateChanged
from workbench.project.overrides import differences, with_settings
from workbench.project.project import Project
from workbench.project.runs import RunFolder, latest_run
from workbench.text import Text

_OWN_SECTIONS = ("model", "data", "objective", "train")


def train(folder: Path, resume: str, start_from: str, device: str, name: str, settings: list[str]) -> Answer:
    """Trains a project, or goes on with a run."""
    from workbench.training.launch import exit_code, find_run, start

    if resume and start_from:
        raise ProjectError(Text("A run either goes on or starts from other weights."), Text("Give --resume or --from, not both."))
    settings = [*settings, *([f'train.device="{device}"'] if device else [])]
    project, folder = read_project(folder, [] if resume else settings)
    before = latest_run(folder)
    try:
        if resume:
            run = find_run(folder, resume)
            outcome = _resumed(run, project, settings)
        else:
            project = _starting(project, start_from)
            refuse_errors(project, folder)
            run, outcome = start(folder, project, say_event, name=name)
    except TrainingError as error:
        return _failed(error, latest_run(folder), before)
    return _answer(run, outcome, exit_code(outcome))


def _starting(project: Project, start_from: str) -> Project:
    """Returns the project with where its weights come from; what lies here is named in full."""
    if not start_from:
        return project
    here = Path(start_from).expanduser()
    return replace(project, recipe=replace(project.recipe, start_from=str(here.absolute()) if here.exists() else start_from))


def _resumed(run: RunFolder, project: Project, settings: list[str]) -> Any:
    """Goes on with a run, from its own snapshot."""
    from workbench.training.launch import resume

    snapshot = run.snapshot()
    if differences(snapshot, with_settings(snapshot, settings)):
        raise ProjectError(
            Text("A run goes on with the settings it began with."), Text("Leave --set and --device away, or begin a new run without --resume.")
        )
    changed = [item["setting"] for item in differences(snapshot, replace(project, name=snapshot.name)) if _matters(item["setting"])]
    if changed:
        progress(f"The project has changed since this run began ({', '.join(changed[:5])}); the run goes on as it was.")
    return resume(run, say_event)


def _matters(setting: str) -> bool:
    return setting.split(".")[0] in _OWN_SECTIONS


def say_event(event: Any) -> None:
    """Says on stderr what happens."""
    if isinstance(event, Started):
        length = f"{counted(event.epochs, 'epoch')} of {counted(event.steps_per_epoch, 'step')}"
        progress(f"{counted(event.rows, 'row')}, {length} on {event.device}, {counted(event.threads, 'thread')}")
    elif isinstance(event, EpochEnded):
        metrics = "  ".join(f"{tag} {number(value)}" for tag, value in event.metrics.items())
        progress(f"epoch {event.epoch + 1:>3}  {metrics}{'  best' if event.best else ''}")
    elif isinstance(event, Finding):
        progress(f"found: {event.message} {event.reason}".rstrip())


def _answer(run: RunFolder, outcome: Finished | StateChanged, status: int) -> Answer:
    info = run.info()
    ended = outcome if isinstance(outcome, Finished) else info
    document = {
        "run": str(run.path), "state": outcome.state.value, "epoch": ended.epoch + 1, "step": outcome.step, "metrics": dict(ended.metrics),
        "seconds": ended.seconds,
    }
    shown = "  ".join(f"{tag} {number(value)}" for tag, value in ended.metrics.items() if tag.endswith(("/test", "/val")))
    moved = run.environment.get("start_from")
    document |= {"start_from": moved} if moved else {}
    found = [event.evidence.get("count", 0) for event in run.events() if isinstance(event, Finding) and event.rule == "unreadable-rows"]
    left_out = max(found, default=0)
    document |= {"left_out": left_out} if left_out else {}
    return Answer(document, [f"{outcome.state.value} after {ended.seconds:.1f} s: {shown}", str(run.path)], status)


def _failed(error: TrainingError, run: RunFolder | None, before: RunFolder | None) -> Answer:
    document: dict[str, Any] = {"error": {"message": str(error.message), "hint": str(error.hint)}}
    if run is not None and (before is None or run.path != before.path):
        document |= {"run": str(run.path), "state": run.state.value}
    return Answer(document, (), 1)
