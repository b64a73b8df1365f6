"""Where a run takes its first weights from: a run, a file, or a folder that holds one of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import ProjectError, Text, TrainingError
from workbench.models.moving import ENDINGS, Moved, Weights, move, nodes_of, opened

if TYPE_CHECKING:
    from workbench.graph.graph import Graph
    from workbench.project.runs import RunFolder


def place_of(start_from: str, folder: Path, before: RunFolder | None = None) -> Path:
    """Returns the run, or the file, that `start_from` names.

    Args:
        start_from: A run folder or the name of a run, `last`, a safetensors or npz file, or a folder with one of them; relative to the
            project folder or to the current one.
        folder: The project folder.
        before: The run that begins: it is not the last one itself.

    Raises:
        ProjectError: There is no such thing.
    """
    from workbench.project.runs import RUNS

    if start_from == "last":
        found = _newest(folder, before)
        if found is None:
            raise ProjectError(Text("{folder} has no finished run yet.", folder=str(folder)), Text("`workbench train` begins one."))
        return found
    given = Path(start_from).expanduser()
    tried = [given] if given.is_absolute() else [folder / given, folder / RUNS / given, Path.cwd() / given]
    place = next((path for path in tried if path.exists()), None)
    if place is None:
        raise ProjectError(
            Text("There is no {path} to start from.", path=str(tried[0])), Text("Give a run, a safetensors or npz file, or a folder that holds one.")
        )
    return place if place.is_file() or _is_run(place) else _within(place, before)


def _newest(folder: Path, before: RunFolder | None) -> Path | None:
    """Returns the newest run of a project that ended well, other than the one that begins; one of a study only where there is no other."""
    from workbench.project.events import RunState
    from workbench.project.runs import list_runs

    own = before.path if before is not None else None
    ended = [run for run in list_runs(folder) if run.state in (RunState.FINISHED, RunState.STOPPED) and run.path != own]
    return next((run.path for run in [*(run for run in ended if not run.study), *ended]), None)


def _is_run(path: Path) -> bool:
    return (path / "run.json").is_file()


def _within(folder: Path, before: RunFolder | None) -> Path:
    """Returns the one thing in a folder to start from: the newest run of a project that ended well, or its only file of weights."""
    run = _newest(folder, before)
    if run is not None:
        return run
    files = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in ENDINGS]
    whole = next((path for path in files if path.name == "model.safetensors"), None)
    if whole is None and len(files) != 1:
        raise ProjectError(
            Text("{path} holds {count} files of weights, and one is needed.", path=str(folder), count=len(files)), Text("Name the file itself.")
        )
    return whole or files[0]


def weights_at(place: Path) -> Weights:
    """Returns the weights of a run (its best checkpoint) or of a file.

    Raises:
        ProjectError: There are none, or they cannot be read.
    """
    if not _is_run(place):
        return opened(place)
    from workbench.project.runs import RunFolder
    from workbench.training.snapshots import read_snapshot

    run = RunFolder(place)
    checkpoint = run.best()
    if checkpoint is None:
        raise ProjectError(Text("The run {name} has no checkpoint yet.", name=run.name), Text("Let it train a little, or choose another run."))
    return Weights(read_snapshot(checkpoint).model, nodes_of(run.snapshot().graph))


def begin(model: Any, graph: Graph, start_from: str, run: RunFolder) -> Moved:
    """Moves the first weights of a run into its model, and notes in the run what moved.

    Raises:
        ProjectError: What the recipe names cannot be read.
        TrainingError: Nothing of it fits the drawing.
    """
    from workbench.models.moving import as_document

    place = place_of(start_from, run.project_folder, run)
    moved = move(model, graph, weights_at(place))
    if not moved.moved:
        raise TrainingError(
            Text("None of the weights in {path} fits the drawing.", path=str(place)),
            Text("Weights move by node, then by name, where layer and shape agree; begin from new weights, or choose another file."),
        )
    run.note_environment(start_from=as_document(moved, str(place)))
    return moved
