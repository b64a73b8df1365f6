"""Brings data into a project: opens it, draws a network where there is none yet, and says what becomes of a drawing that is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from workbench.data.base import Dataset, Field, FieldKind
from workbench.data.edits import NO_EDITS
from workbench.data.formats import FORMATS
from workbench.data.open import open_dataset
from workbench.data.preprocessing.params import PARAMS
from workbench.data.progress import report
from workbench.errors import DataError, Text
from workbench.graph import edit
from workbench.graph.graph import Graph
from workbench.graph.problem import Fix
from workbench.layers import LAYERS
from workbench.objectives import OBJECTIVES
from workbench.project.adapt import adapt
from workbench.project.feeding import field_of, find_field, input_nodes, is_output, kind_read, likely_target, target_fields, with_preprocessing
from workbench.project.project import DataChoice, Project
from workbench.project.propose import propose

_SMALLEST_PX = 16
"""A drawing for smaller images takes larger ones as they are: hardly anything would be left of photos."""

_EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Source:
    """Which data, and how it is to be read.

    Attributes:
        source: A path, `sample:NAME`, `generated:NAME` or `hf:NAME`.
        format: The name of its format; "" to recognise it.
        params: Answers and other parameters of the format.
        target: The field to learn, where somebody said so.
    """

    source: str
    format: str = ""
    params: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
    target: str = ""


@dataclass(frozen=True, slots=True)
class Brought:
    """A project with data in it.

    Attributes:
        project: The project.
        dataset: The opened data, with no edits.
        proposed: The drawing, where it was drawn for this data; else None.
        notes: What became of a drawing that was there, and what is still wrong with it.
        fixes: What makes the drawing fit by one click, the best first; empty where it fits.
    """

    project: Project
    dataset: Dataset
    proposed: Graph | None = None
    notes: tuple[Text, ...] = ()
    fixes: tuple[Fix[Project], ...] = ()


def bring(project: Project, wanted: Source, base: Path | None = None, proposed: Graph | None = None) -> Brought:
    """Returns the project with this data; nothing of the given one is lost that still makes sense.

    Args:
        project: The open project, or an empty one.
        wanted: The data.
        base: The folder that a relative path is relative to.
        proposed: The drawing that was proposed for the former data, where one was: as long as nobody changed it, another is proposed.

    Raises:
        DataError: The data cannot be read, or there is nothing in it to learn.
    """
    dataset = open_dataset(wanted.source, wanted.format, dict(wanted.params) or None, base)
    if find_field(dataset, wanted.target) is None:
        wanted = replace(wanted, target="")
    wanted, dataset = _with_classes(wanted, dataset, base)
    report(-1, Text("looking at {count} rows", count=f"{len(dataset):,}"))
    choice = replace(_kept(project, wanted, dataset), source=wanted.source, format=wanted.format, params=MappingProxyType(dict(wanted.params)))
    same = project.data.source == wanted.source
    changed = replace(project, data=choice, edits=project.edits if same else NO_EDITS)
    if not len(project.graph) or project.graph == proposed:
        return _drawn(changed, dataset, wanted.target)
    return _fitted(changed, dataset, wanted.target)


def _with_classes(wanted: Source, dataset: Dataset, base: Path | None) -> tuple[Source, Dataset]:
    """Reads a column of two whole numbers as two classes where it is what will be learned; nobody wants the number between them."""
    target = find_field(dataset, wanted.target) if wanted.target else likely_target(dataset)
    entry = FORMATS.get(dataset.format)
    if target is None or target.kind != FieldKind.NUMBER or target.type or entry is None or "types" not in entry.Params.model_fields:
        return wanted, dataset
    types = dict(wanted.params.get("types", {}))
    if target.name in types or str(target.label) in types or not _is_two_valued(dataset, target):
        return wanted, dataset
    wanted = replace(wanted, params={**wanted.params, "types": {**types, target.name: "category"}}, target=target.name)
    return wanted, open_dataset(wanted.source, wanted.format, dict(wanted.params), base)


def _is_two_valued(dataset: Dataset, target: Field) -> bool:
    values = np.asarray(dataset.column(target.name))
    finite = np.unique(values[np.isfinite(values)])
    return len(finite) == 2 and bool((finite == np.round(finite)).all()) and len(values) >= 10


def _kept(project: Project, wanted: Source, dataset: Dataset) -> DataChoice:
    """Returns the choice of data with what was chosen for fields that are still of the same kind."""
    old = project.data
    if old.source == wanted.source:
        kinds = {item.name: item.kind for item in dataset.fields}
        kept = {name: params for name, params in old.preprocessing.items() if name in kinds and set(params) <= set(PARAMS[kinds[name]].model_fields)}
        return old if len(kept) == len(old.preprocessing) else replace(old, preprocessing=MappingProxyType(kept))
    read = {field_of(node): kind_read(node) for node in input_nodes(project.graph)}
    there = {item.name: item.kind for item in dataset.fields}
    kept = old.augmentation if read and set(read.values()) <= set(there.values()) else ()
    split = replace(old.split, group="", time="", stratify="")
    return replace(old, preprocessing=_EMPTY, limit=0, made=(), augmentation=kept, split=split)


def _drawn(project: Project, dataset: Dataset, target: str) -> Brought:
    """Returns the project with a network drawn for the data."""
    made = propose(dataset, target)
    prepared = MappingProxyType({**made.data.preprocessing, **project.data.preprocessing})
    data = replace(project.data, augmentation=project.data.augmentation or made.data.augmentation, preprocessing=prepared)
    made = replace(made, name=project.name or made.name, data=data, notes=project.notes, export=project.export, edits=project.edits,
                   extra=project.extra)
    made = adapt(made, dataset)
    return Brought(made, dataset, made.graph)


def _fitted(project: Project, dataset: Dataset, target: str) -> Brought:
    """Returns the project with inputs and target set to the data, and a fix for the rest of the drawing where it does not fit."""
    if target and target not in target_fields(project):
        freed = _unread(project, dataset, target)
        if freed is None:
            note = Text("The drawing reads {field}, so it cannot learn it as well.", field=target)
            return Brought(project, dataset, None, (note,), (_anew(dataset, target),))
        project = replace(freed, objectives=tuple(replace(objective, target=target) for objective in project.objectives[:1]))
    try:
        wanted = adapt(_resized(project, dataset), dataset)
    except DataError as error:
        if _is_undrawn(project.graph):
            return _drawn(project, dataset, target)
        return Brought(project, dataset, None, (_own(error),), (_anew(dataset, target),))
    graph = project.graph
    for node in input_nodes(wanted.graph):
        graph = edit.set_params(graph, node.id, **node.params)
    here = replace(wanted, graph=graph)
    changes = _changes(graph, wanted)
    if not changes:
        return _told(here, dataset, target)
    label = changes[0] if len(changes) == 1 else Text("Make the drawing fit")
    fix: Fix[Project] = Fix(label, lambda now: replace(now, graph=wanted.graph) if now.graph == graph else adapt(now, dataset))
    return Brought(here, dataset, None, (Text("The drawing does not fit the new data yet."),), (fix, _anew(dataset, target)))


def _is_undrawn(graph: Graph) -> bool:
    """Whether there is nothing between inputs and outputs that could learn."""
    return all(node in input_nodes(graph) or is_output(node) for node in graph)


def _told(project: Project, dataset: Dataset, target: str) -> Brought:
    """Says that a drawing fits, and what it costs: a drawing for small images has larger ones made small."""
    if _is_undrawn(project.graph):
        return Brought(project, dataset, None, (Text("No network is drawn yet."),), (_anew(dataset, target),))
    for node in input_nodes(project.graph):
        read, size = find_field(dataset, field_of(node)), project.data.preprocessing.get(field_of(node), {})
        if read is not None and read.kind == FieldKind.IMAGE and 0 < 2 * size.get("height", read.height) <= read.height:
            small = Text("The drawing takes {new} px, so the images of {old} px are made smaller: much of what they show is lost.",
                         old=f"{read.width} × {read.height}", new=f"{size.get('width', read.width)} × {size['height']}")
            return Brought(project, dataset, None, (small,), (_unshrunk(dataset, read), _anew(dataset, target)))
    return Brought(project, dataset, None, (Text("The drawing fits the new data."),))


def _unshrunk(dataset: Dataset, read: Field) -> Fix[Project]:
    """Returns what lets images come in their own size, and the drawing follow."""

    def whole(now: Project) -> Project:
        kept = {name: params for name, params in now.data.preprocessing.items() if name != read.name}
        return adapt(replace(now, data=replace(now.data, preprocessing=MappingProxyType(kept))), dataset)

    return Fix(Text("Take them as they are"), whole)


def _unread(project: Project, dataset: Dataset, target: str) -> Project | None:
    """Returns the project with what read the new answer reading the former one; None where that is of another kind."""
    readers = [node for node in input_nodes(project.graph) if field_of(node) == target]
    former, graph = target_fields(project)[:1], project.graph
    if not readers or not former or (OBJECTIVES[project.objectives[0].name].reads_target or OBJECTIVES[project.objectives[0].name].writes):
        return project
    old, new = find_field(dataset, former[0]), find_field(dataset, target)
    if old is None or new is None or old.kind != new.kind:
        return None
    for node in readers:
        graph = edit.set_params(graph, node.id, field=former[0])
    return replace(project, graph=graph)


def _own(error: DataError) -> Text:
    return error.message if isinstance(error.message, Text) else Text("{reason}", reason=str(error.message))


def _anew(dataset: Dataset, target: str) -> Fix[Project]:
    def drawn(now: Project) -> Project:
        return _drawn(replace(now, data=replace(now.data, preprocessing=_EMPTY)), dataset, target).project

    return Fix(Text("Draw a new network for it"), drawn)


def _resized(project: Project, dataset: Dataset) -> Project:
    """Lets images come in the size that the drawing takes, where that can be read from it."""
    for node in input_nodes(project.graph):
        name = field_of(node)
        read = find_field(dataset, name) or next((item for item in dataset.fields if item.kind == kind_read(node)), None)
        size = {key: int(node.params[key]) for key in ("channels", "height", "width") if isinstance(node.params.get(key), int)}
        if read is None or read.kind != FieldKind.IMAGE or kind_read(node) != FieldKind.IMAGE or len(size) != 3:
            continue
        tiny = min(size["height"], size["width"]) < _SMALLEST_PX and not 0 < max(read.height, read.width) <= 2 * _SMALLEST_PX
        if (read.channels, read.height, read.width) != tuple(size.values()) and not tiny and not project.data.preprocessing.get(read.name):
            project = with_preprocessing(project, read.name, size)
    return project


def _changes(before: Graph, after: Project) -> list[Text]:
    """Returns what would be changed about the layers of a drawing, each as what a button says."""
    found: list[Text] = []
    classes = any(objective.name == "classification" for objective in after.objectives)
    for node in after.graph:
        if node.id not in before:
            found.append(Text("Add a layer {name}", name=node.path))
            continue
        old = before[node.id].params
        for name, value in node.params.items():
            if old.get(name) != value:
                found.append(_change(node.path, node.layer, name, value, classes))
    return found


def _change(path: str, layer: str, name: str, value: Any, classes: bool) -> Text:
    if name == LAYERS[layer].width_param and classes:
        return Text("Make {node} give {count} classes", node=path, count=value)
    if name == LAYERS[layer].width_param:
        return Text("Make {node} give {count}", node=path, count=value)
    info = LAYERS[layer].Params.model_fields.get(name)
    label = Text(info.title) if info is not None and info.title else name
    return Text("Set {name} of {node} to {value}", name=label, node=path, value=value)
