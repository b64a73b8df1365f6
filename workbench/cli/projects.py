"""`new`, `check`, `code` and `runs`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.cli.console import Answer, number, progress, table
from workbench.cli.reading import open_data, read_project
from workbench.errors import DataError, WorkbenchError
from workbench.graph.graph import Graph
from workbench.graph.problem import Fix, Problem, Severity
from workbench.project.check import Checked
from workbench.project.check import check as check_project
from workbench.project.file import project_folder
from workbench.project.project import Project
from workbench.project.runs import list_runs
from workbench.text import Text


def new(template: str, folder: Path, data: str, weights: Path | None = None) -> Answer:
    """Makes a project."""
    from workbench.project.from_source import source_of
    from workbench.project.new import new_project

    folder = folder.expanduser().absolute()
    unused: tuple[str, ...] = ()
    if weights is None:
        project = new_project(template, folder, data)
    else:
        from workbench.project.new import new_project_with_weights

        project, unused = new_project_with_weights(template, folder, weights, data)
    document: dict[str, Any] = {"project": str(folder), "template": template, "data": project.data.source}
    lines = [f"Made {folder}.", f"Train it with: workbench train {folder}"]
    given = source_of(template)
    if given is not None:
        document["problems"], said = _not_drawn(*given, sized=bool(data))
        document |= {"weights": project.recipe.start_from, "not_used": list(unused)} if weights is not None else {}
        said += [f"Not used: {', '.join(unused)}"] if unused else []
        lines = [lines[0], *said, f"Look at it with: workbench check {folder}"]
    return Answer(document, lines)


def _not_drawn(path: Path, class_name: str, sized: bool) -> tuple[list[dict[str, Any]], list[str]]:
    """Returns what of a source file could not be drawn, as documents and as lines; data that was given has settled the sizes."""
    from workbench.project.from_source import read_file

    reading = read_file(path, class_name)
    problems = [problem for problem in reading.problems if not (sized and problem.kind == "source.input")]
    found = [
        {
            "node": reading.graph[problem.node].path if problem.node in reading.graph else "", "message": problem.message, "fixes": [],
            "kind": problem.kind, "severity": problem.severity.value, "reason": problem.reason,
        }
        for problem in problems
    ]
    return found, [f"{problem.severity.value}: {problem.message} {problem.reason}".rstrip() for problem in problems]


def check(folder: Path, settings: list[str]) -> Answer:
    """Shows shapes, problems and cost; the exit status is 1 where the project cannot be trained."""
    from workbench.graph.repeat import counts
    from workbench.models.cost import costs, total
    from workbench.models.memory import forecast
    from workbench.training.optimizers import OPTIMIZERS

    project, folder = read_project(folder, settings)
    checked = checked_project(project, folder)
    inferred = checked.inferred
    by_node = costs(inferred)
    whole = total(by_node)
    optimizer = OPTIMIZERS.get(project.recipe.optimizer.name)
    moments = optimizer.moments(optimizer.parse(dict(project.recipe.optimizer.params))) if optimizer and checked.ok else 2
    memory = forecast(inferred, project.recipe.batch_size, moments=moments)
    document = {
        "ok": checked.ok, "parameters": whole.parameters, "macs": whole.macs,
        "memory": {"batch_size": project.recipe.batch_size, "training_bytes": memory.training, "predicting_bytes": memory.predicting},
        "problems": [_problem(project, problem) for problem in checked.problems],
        "silenced": [_problem(project, problem) for problem in checked.silenced],
        "nodes": [
            {
                "name": node.path, "layer": node.layer, "parameters": by_node[node.id].parameters if node.id in by_node else 0,
                "outputs": [_shape(shape) for shape in inferred.output_shapes(node.id).values()],
                **({"times": runs} if (runs := counts(project.graph, node.group)[0]) > 1 else {}),
            }
            for node in project.graph
        ],
    }
    return Answer(document, _check_lines(document), 0 if checked.ok else 1)


def checked_project(project: Project, folder: Path) -> Checked:
    """Returns what is wrong with a project; data that cannot be opened is one of the problems."""
    trouble: list[Problem[Project]] = []
    dataset, shapes, rows = None, None, 0
    if project.data.source:
        try:
            dataset = open_data(project, folder)
        except WorkbenchError as error:
            trouble.append(Problem("data.unreadable", error.message, reason=error.hint))
    checked = check_project(project, dataset)
    if dataset is not None and checked.ok:
        from workbench.project.adapt import prepared_for

        try:
            prepared = prepared_for(project, dataset)
            shapes, rows = prepared.shapes(), prepared.count("train")
        except DataError as error:
            trouble.append(Problem("data.unusable", error.message, reason=error.hint))
    trouble += _recipe_problems(project)
    checked = check_project(project, dataset, shapes=shapes, rows=rows, previous=checked.inferred)
    return replace(checked, problems=(*trouble, *checked.problems), ok=checked.ok and not trouble)


def _recipe_problems(project: Project) -> list[Problem[Project]]:
    """Returns what the catalogues of optimizers and schedules say about the recipe."""
    from workbench.training.optimizers import OPTIMIZERS
    from workbench.training.schedules import SCHEDULES

    found: list[Problem[Project]] = []
    for kind, catalogue, choice in (
        ("optimizer", OPTIMIZERS, project.recipe.optimizer), ("schedule", SCHEDULES, project.recipe.schedule),
    ):
        try:
            catalogue[choice.name].parse(dict(choice.params))
        except WorkbenchError as error:
            found.append(Problem(f"recipe.{kind}", error.message, reason=error.hint))
    return [*found, *_device_problems(project)]


def _device_problems(project: Project) -> list[Problem[Project]]:
    """Returns what is wrong with the device, with the one there is as the fix."""
    from workbench.training.devices import choose_device

    try:
        choose_device(project.recipe.device)
    except WorkbenchError as error:
        best = Fix(Text("Set the device to auto"), lambda value: replace(value, recipe=replace(value.recipe, device="auto")))
        return [Problem("recipe.device", error.message, reason=error.hint, fixes=(best,))]
    return []


def _problem(project: Project, problem: Problem[Project]) -> dict[str, Any]:
    node = project.graph.nodes.get(problem.node)
    return {
        "node": node.path if node else "", "message": problem.message, "fixes": [{"label": fix.label} for fix in problem.fixes],
        "kind": problem.kind, "severity": problem.severity.value, "reason": problem.reason,
    }


def _shape(shape: Any) -> dict[str, Any]:
    return {"axes": list(shape.axes), "dims": [dim.constant if dim.constant is not None else str(dim) for dim in shape.dims], "dtype": shape.dtype}


def _check_lines(document: dict[str, Any]) -> list[str]:
    rows = [
        (node["name"] + (f" ×{node['times']}" if "times" in node else ""), node["layer"], f"{node['parameters']:,}",
         ", ".join(" × ".join(map(str, shape["dims"])) for shape in node["outputs"]))
        for node in document["nodes"]
    ]
    lines = table([("node", "layer", "parameters", "output"), *rows]) if rows else []
    lines.append(f"{document['parameters']:,} parameters, {document['macs']:,} multiply-accumulates per row")
    from workbench.project.memory import readable

    memory = document["memory"]
    lines.append(
        f"{readable(memory['training_bytes'])} while training, {readable(memory['predicting_bytes'])} while predicting, "
        f"{memory['batch_size']} rows at a time"
    )
    for problem in document["problems"]:
        lines.append(f"{problem['severity']}: {problem['message']} {problem['reason']}".rstrip())
        lines += [f"  fix: {fix['label']}" for fix in problem["fixes"]]
    lines += [f"ignored: {problem['message']}" for problem in document["silenced"]]
    return [*lines, "It can be trained." if document["ok"] else "It cannot be trained yet."]


def refuse_errors(project: Project, folder: Path) -> Checked:
    """Returns the checked project if it can be trained.

    Raises:
        WorkbenchError: The first error, with its first fix as the hint.
    """
    from workbench.errors import GraphError

    checked = checked_project(project, folder)
    if not checked.ok:
        first = next(problem for problem in checked.problems if problem.severity == Severity.ERROR)
        hint = Text("Fix: {label}.", label=first.fixes[0].label) if first.fixes else first.reason
        raise GraphError(first.message, hint or Text("`workbench check` lists all problems."))
    for problem in checked.problems:
        progress(f"warning: {problem.message}")
    return checked


def code(folder: Path, output: Path | None, settings: list[str], form: str = "") -> Answer:
    """Writes the source of the model, or the table of its layers."""
    from workbench.models.source import source
    from workbench.project.atomic import write_atomically

    project, folder = read_project(folder, settings)
    ending, text = ("py", source(project.graph)) if not form else _layer_table(project.graph, form)
    path = (output or folder / f"model.{ending}").expanduser().absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, text)
    if form:
        return Answer({"path": str(path), "table": form}, [f"Wrote {path}."])
    return Answer({"path": str(path), "class": "Network"}, [f"Wrote {path}; its last class, Network, is the model."])


def _layer_table(graph: Graph, form: str) -> tuple[str, str]:
    """Returns file ending and text of the table of layers."""
    from workbench.graph.infer import infer
    from workbench.layers import LAYERS
    from workbench.models.table import latex, markdown

    forms = {"md": ("md", markdown), "latex": ("tex", latex)}
    if form not in forms:
        raise WorkbenchError(Text("There is no table format {name}.", name=form), Text("Use md or latex."))
    ending, write = forms[form]
    return ending, write(infer(graph, LAYERS))


def runs(folder: Path) -> Answer:
    """Lists the runs of a project."""
    infos = list_runs(project_folder(folder))
    document = [
        {
            "run": str(info.path), "name": info.name, "state": info.state.value, "epoch": info.epoch + 1, "metrics": dict(info.metrics),
            "parent": info.parent, "study": info.study,
        }
        for info in infos
    ]
    rows = [(info.path.name, info.state.value, info.epoch + 1, _headline(info.metrics), info.parent or info.study) for info in infos]
    return Answer(document, table([("run", "state", "epoch", "metrics", "part of"), *rows]) if rows else ["There are no runs yet."])


def _headline(metrics: Any) -> str:
    """Returns the metrics that a person looks at first."""
    chosen = [tag for tag in metrics if tag.endswith("/test") and not tag.startswith("loss")] or [tag for tag in metrics if tag.endswith("/val")]
    return ", ".join(f"{tag} {number(metrics[tag])}" for tag in chosen[:3])
