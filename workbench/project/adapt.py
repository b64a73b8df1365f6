"""Fits a project to its data: which fields are read and learned, sizes of inputs, width of outputs, and how long to train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.data.base import Dataset, Field, FieldKind, Split
from workbench.data.summary import image_size
from workbench.errors import DataError
from workbench.graph import edit
from workbench.graph.graph import Graph, Node
from workbench.graph.infer import infer
from workbench.graph.shape import Axis, Shape
from workbench.layers import LAYERS
from workbench.objectives import OBJECTIVES
from workbench.project.feeding import (
    OBJECTIVE_OF,
    field_of,
    fields_of_kind,
    find_field,
    input_fields,
    input_nodes,
    kind_read,
    likely_target,
    output_nodes,
    target_fields,
    width_setter,
    width_wanted,
    with_preprocessing,
    with_width,
)
from workbench.project.project import ObjectiveChoice, Project
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.data.prepare import Prepared

LARGEST_SIDE_PX = 64
LONGEST_TEXT_TOKENS = 256
MANY_ROWS = 20_000
_SAMPLED_TEXTS = 2000
_LONGEST_TRANSCRIPT = 512
_ENOUGH_KNOWN = 0.8
_FEW_LETTERS = 64


def adapt(project: Project, dataset: Dataset) -> Project:
    """Returns the project fitted to `dataset`, with nothing changed that already fits.

    Args:
        project: The project; its `data.source` already names the data.
        dataset: The opened data.

    Raises:
        DataError: The data does not hold what the drawing reads, or nothing that could be learned.
    """
    project = _with_inputs(project, dataset)
    project = _with_targets(project, dataset)
    project = _with_preprocessing(project, dataset)
    prepared = prepared_for(project, dataset)
    graph = project.graph
    for node in input_nodes(graph):
        graph = _sized(graph, node, prepared.shapes()[field_of(node)])
    graph = _with_positions(graph)
    for objective in project.objectives:
        graph = _widened(graph, objective, dataset, prepared.shapes()[objective.target])
    return _with_recipe(replace(project, graph=graph), prepared.count(Split.TRAIN))


def prepared_for(project: Project, dataset: Dataset, fitted: Any = None) -> Prepared:
    """Returns the data as the project asks for it.

    Raises:
        DataError: A field is missing, or there are too few rows.
    """
    from workbench.data.prepare import prepare

    return prepare(dataset, project.data, input_fields(project), target_fields(project), fitted)


def _with_inputs(project: Project, dataset: Dataset) -> Project:
    """Lets every input read a field of its kind; a field that is already named stays."""
    taken: list[str] = []
    graph = project.graph
    for node in input_nodes(graph):
        kind, field = kind_read(node), find_field(dataset, field_of(node))
        if field is None or field.kind != kind:
            target = likely_target(dataset, taken)
            free = [*fields_of_kind(dataset, kind, [*taken, target.name] if target else taken), *fields_of_kind(dataset, kind, taken)]
            if not free:
                raise _nothing_to_read(node, dataset)
            field = free[0]
            graph = edit.set_params(graph, node.id, field=field.name)
        taken.append(field.name)
    return project if graph is project.graph else replace(project, graph=graph)


def _nothing_to_read(node: Node, dataset: Dataset) -> DataError:
    kind = kind_read(node)
    return DataError(
        Text("The drawing reads {kind} data, but there is none in {source}.", kind=Text(kind), source=dataset.source),
        Text("Choose another template; `auto` proposes one for the data."),
    )


def _with_targets(project: Project, dataset: Dataset) -> Project:
    """Lets every objective learn a field that exists, in the way that suits its kind."""
    taken = input_fields(project)
    objectives: list[ObjectiveChoice] = []
    for objective in project.objectives:
        field = find_field(dataset, objective.target)
        if field is not None and _suits(objective, field, taken):
            objectives.append(objective)
            continue
        written = _written_field(project, objective)
        if written:
            objectives.append(replace(objective, target=written))
            continue
        texts = fields_of_kind(dataset, FieldKind.TEXT, taken) if _writes_down(objective) else []
        if texts:
            objectives.append(replace(objective, target=texts[0].name))
            continue
        if field is None or field.kind not in OBJECTIVE_OF or field.name in taken:
            field = likely_target(dataset, taken)
        if field is None:
            raise DataError(
                Text("There is nothing to learn in {source}: no categories and no numbers.", source=dataset.source),
                Text("Add a column with the answers, or sort images into one folder per class."),
            )
        name = objective.name if objective.name in OBJECTIVES and field.kind in OBJECTIVES[objective.name].targets else OBJECTIVE_OF[field.kind]
        params = objective.params if name == objective.name else {}
        objectives.append(replace(objective, name=name, target=field.name, params=params))
    return project if tuple(objectives) == project.objectives else replace(project, objectives=tuple(objectives))


def _written_field(project: Project, objective: ObjectiveChoice) -> str:
    """Returns the field that feeds the input which the model writes; "" where the objective writes nothing."""
    entry = OBJECTIVES.get(objective.name)
    written = [field_of(node) for node in input_nodes(project.graph) if node.params.get("decoder")]
    return written[0] if written and entry is not None and entry.writes else ""


def _writes_down(objective: ObjectiveChoice) -> bool:
    """Whether an objective learns nothing but texts that the drawing does not read."""
    entry = OBJECTIVES.get(objective.name)
    return entry is not None and tuple(entry.targets) == (FieldKind.TEXT,) and not entry.reads_target and not entry.writes


def _suits(objective: ObjectiveChoice, field: Field, taken: list[str]) -> bool:
    """Whether an objective learns this kind of field, and may although the drawing reads it."""
    entry = OBJECTIVES.get(objective.name)
    return entry is not None and field.kind in entry.targets and (field.name not in taken or entry.reads_target or entry.writes)


def _with_preprocessing(project: Project, dataset: Dataset) -> Project:
    """Makes large images smaller and texts as long as most of them are, where nothing was chosen yet."""
    for name in input_fields(project):
        field, chosen = find_field(dataset, name), project.data.preprocessing.get(name, {})
        if field is None:
            continue
        if field.kind == FieldKind.IMAGE and not chosen.get("height"):
            height, width = image_size(dataset, name)[1:]
            if max(height, width) > LARGEST_SIDE_PX:
                project = with_preprocessing(project, name, _smaller(height, width))
        if field.kind == FieldKind.TEXT and "maximum_length" not in chosen:
            project = with_preprocessing(project, name, _for_texts(project, dataset, field, chosen))
    for objective in project.objectives:
        if _writes_down(objective) and not project.data.preprocessing.get(objective.target):
            longest = max(map(len, dataset.column(objective.target)), default=1)
            letters = {"tokenizer": "character", "maximum_length": min(max(longest, 1), _LONGEST_TRANSCRIPT)}
            project = with_preprocessing(project, objective.target, letters)
    return project


def _smaller(height: int, width: int) -> dict[str, int]:
    scale = LARGEST_SIDE_PX / max(height, width)
    return {"height": max(8, round(height * scale)), "width": max(8, round(width * scale))}


def _for_texts(project: Project, dataset: Dataset, field: Field, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Returns how texts are cut. A model that writes gets characters or pieces where most words are new: it could not write them."""
    writes = any(node.params.get("decoder") for node in input_nodes(project.graph))
    if not writes or "tokenizer" in chosen or _known_words(_sample(dataset, field)) >= _ENOUGH_KNOWN:
        return {"maximum_length": usual_length(dataset, field)}
    texts = _sample(dataset, field)
    letters = float(np.percentile([len(text) for text in texts], 99)) if texts else 16.0
    if letters <= _FEW_LETTERS:
        return {"tokenizer": "character", "maximum_length": _in_steps(letters)}
    return {"tokenizer": "bpe", "maximum_length": min(2 * usual_length(dataset, field), LONGEST_TEXT_TOKENS)}


def _sample(dataset: Dataset, field: Field) -> list[str]:
    rows = np.unique(np.linspace(0, len(dataset) - 1, min(len(dataset), _SAMPLED_TEXTS)).astype(np.int64))
    return list(dataset.column(field.name, rows))


def _known_words(texts: Sequence[str]) -> float:
    """Returns the share of the words in one half of the texts that stand in the other, too."""
    known = {word for text in texts[::2] for word in text.casefold().split()}
    asked = [word for text in texts[1::2] for word in text.casefold().split()]
    return sum(word in known for word in asked) / len(asked) if asked else 1.0


def _in_steps(wanted: float) -> int:
    return int(min(max(8 * -(-wanted // 8), 16), LONGEST_TEXT_TOKENS))


def usual_length(dataset: Dataset, field: Field) -> int:
    """Returns a number of tokens that 99 of 100 texts do not exceed, in steps of 8, at most 256. Estimated from words and characters."""
    counts = [_estimated_tokens(text) for text in _sample(dataset, field)]
    wanted = float(np.percentile(counts, 99)) if counts else 16.0
    return _in_steps(wanted)


def _estimated_tokens(text: str) -> int:
    """Returns words and punctuation marks; of scripts without spaces every character."""
    marks = sum(not character.isalnum() and not character.isspace() for character in text)
    wide = sum("\u2e80" <= character <= "\uffef" for character in text)
    return len(text.split()) + marks + wide


def _sized(graph: Graph, node: Node, shape: Shape) -> Graph:
    """Sets the size of an input to that of what it is given."""
    sizes = dict(LAYERS[node.layer].sized(shape))
    if node.params.get("decoder") and "maximum_length" in sizes:
        sizes["maximum_length"] += 1  # what is written begins with a token of its own
    return edit.set_params(graph, node.id, **sizes)


def _with_positions(graph: Graph) -> Graph:
    """Lets layers that know too few positions for the texts know as many as these have."""
    for problem in infer(graph, LAYERS).problems:
        if problem.kind == "positions.too-few" and problem.fixes:
            graph = problem.fixes[0].apply(graph)
    return graph


def _widened(graph: Graph, objective: ObjectiveChoice, dataset: Dataset, shape: Shape) -> Graph:
    """Makes an output as wide as its objective asks, and names it after a new target where it was named after the old one."""
    node = next((node for node in output_nodes(graph) if node.name == objective.output), None)
    field = find_field(dataset, objective.target)
    if node is None or field is None:
        return graph
    width = width_wanted(objective, field, shape)
    fits = width_setter(graph, node.id) is not None or Axis.HEIGHT not in OBJECTIVES[objective.name].output_axes
    return with_width(graph, node.id, width) if width and fits else graph


def _with_recipe(project: Project, rows: int) -> Project:
    """Trains long on little data and short on much, and never with batches that are most of the data."""
    recipe = project.recipe
    if rows >= MANY_ROWS:
        recipe = replace(recipe, epochs=min(recipe.epochs, 5), batch_size=max(recipe.batch_size, 128))
    while recipe.batch_size > 8 and recipe.batch_size * 4 > rows:
        recipe = replace(recipe, batch_size=recipe.batch_size // 2)
    return project if recipe == project.recipe else replace(project, recipe=recipe)
