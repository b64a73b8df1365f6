"""The rules about learning: objectives and outputs, what stands before a loss, memory, and the recipe."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from workbench.data.base import Field, FieldKind
from workbench.graph import edit
from workbench.graph.graph import Graph, Node
from workbench.graph.problem import Fix, Problem, Severity
from workbench.graph.shape import Shape, listed
from workbench.layers.base import Family, Layer
from workbench.models.cost import costs, training_bytes
from workbench.models.cost import total as total_cost
from workbench.models.memory import forecast
from workbench.objectives import OBJECTIVES
from workbench.project.check import Found, Subject, graph_fix, recipe_fix
from workbench.project.feeding import (
    OBJECTIVE_OF,
    field_of,
    fields_of_kind,
    find_field,
    input_fields,
    input_nodes,
    likely_target,
    objective_for,
    output_nodes,
    width_setter,
    width_wanted,
    with_width,
)
from workbench.project.memory import available_bytes, needs, readable
from workbench.project.project import ObjectiveChoice, Project
from workbench.project.standing import layer_of, of_family, upwards
from workbench.text import Text

_HIGHEST_RATE = {"adamw": 0.1, "sgd": 10.0}


def objectives_there(subject: Subject) -> list[Found]:
    """Something must be learned, and every output should be learned by something."""
    project, outputs = subject.project, output_nodes(subject.graph)
    if not project.objectives:
        fixes = tuple(fix for node in outputs[:2] for fix in _learn(subject, node))
        reason = Text("An objective says what the output is compared with.")
        severity = Severity.ERROR if project.data.source else Severity.WARNING
        return [Problem("objective.missing", Text("Nothing is to be learned yet."), reason=reason, severity=severity, fixes=fixes)]
    learned = {objective.output for objective in project.objectives}
    found: list[Found] = []
    for node in outputs:
        if node.name not in learned and len(outputs) > 1:
            message = Text("No objective reads the output {node}.", node=node.path)
            remove = graph_fix(Text("Remove {node}", node=node.path), lambda graph, node=node: edit.remove_nodes(graph, [node.id]))
            found.append(Problem(
                "objective.output-unlearned", message, node.id, Text("It would not be trained."), severity=Severity.WARNING,
                fixes=(*_learn(subject, node), remove),
            ))
    return found


def _learn(subject: Subject, node: Node) -> tuple[Fix[Project], ...]:
    if subject.dataset is None:
        return ()
    taken = [*input_fields(subject.project), *(objective.target for objective in subject.project.objectives)]
    field = likely_target(subject.dataset, taken)
    objective = objective_for(field, node.name) if field else None
    if field is None or objective is None:
        return ()
    label = Text("Learn {field} at {node}", field=field.name, node=node.path)
    return (Fix(label, lambda project: replace(project, objectives=(*project.objectives, objective))),)


def objectives_fit(subject: Subject) -> list[Found]:
    """Each objective must exist, read an output that exists, and learn a field of the right kind."""
    found: list[Found] = []
    for index, objective in enumerate(subject.project.objectives):
        if objective.name not in OBJECTIVES:
            message = Text("There is no objective called {name}.", name=repr(objective.name))
            found.append(Problem("objective.unknown", message, fixes=_other_objectives(subject, index)))
        else:
            found += _output_there(subject, index, objective)
            found += _target_fits(subject, index, objective)
    return found


def _other_objectives(subject: Subject, index: int) -> tuple[Fix[Project], ...]:
    objective = subject.project.objectives[index]
    field = find_field(subject.dataset, objective.target) if subject.dataset else None
    fitting = OBJECTIVE_OF.get(field.kind) if field else None
    names = [fitting] if fitting else OBJECTIVES.names()[:3]
    return tuple(_change(index, Text("Use {name}", name=Text(OBJECTIVES[name].label)), name=name, params={}) for name in names)


def _change(index: int, label: str, **changes: Any) -> Fix[Project]:
    def apply(project: Project) -> Project:
        objectives = list(project.objectives)
        objectives[index] = replace(objectives[index], **changes)
        return replace(project, objectives=tuple(objectives))

    return Fix(label, apply)


def _output_there(subject: Subject, index: int, objective: ObjectiveChoice) -> list[Found]:
    names = [node.name for node in output_nodes(subject.graph)]
    if objective.output in names or not names:
        return []
    message = Text("{objective} reads the output {output}, which is not in the drawing.", objective=Text(OBJECTIVES[objective.name].label),
                   output=repr(objective.output))
    fixes = tuple(_change(index, Text("Read {name}", name=name), output=name) for name in names[:3])
    return [Problem("objective.output-missing", message, fixes=fixes)]


def _target_fits(subject: Subject, index: int, objective: ObjectiveChoice) -> list[Found]:
    if subject.dataset is None:
        return []
    entry, field = OBJECTIVES[objective.name], find_field(subject.dataset, objective.target)
    if field is None:
        fields = [item for kind in entry.targets for item in fields_of_kind(subject.dataset, kind, input_fields(subject.project))]
        fixes = tuple(_change(index, Text("Learn {field}", field=item.name), target=item.name) for item in fields[:3])
        message = Text("{objective} learns {field}, which the data does not have.", objective=Text(entry.label), field=repr(objective.target))
        known = ", ".join(item.name for item in subject.dataset.fields)
        return [Problem("objective.target-missing", message, reason=Text("It has {names}.", names=known), fixes=fixes)]
    if field.kind in entry.targets:
        return _leak(subject, objective)
    message = Text("{objective} cannot learn {field}: it holds {kind} values.", objective=Text(entry.label), field=field.name,
                   kind=Text(str(field.kind)))
    return [Problem("objective.target-kind", message, fixes=_other_objectives(subject, index))]


def _leak(subject: Subject, objective: ObjectiveChoice) -> list[Found]:
    entry = OBJECTIVES[objective.name]
    read = [node for node in input_nodes(subject.graph) if field_of(node) == objective.target]
    if not read or entry.reads_target or (entry.writes and all(node.params.get("decoder") for node in read)):
        return []
    if entry.writes:
        return [_unmarked(objective, node) for node in read if not node.params.get("decoder")]
    message = Text("{field} is both read and learned.", field=objective.target)
    return [Problem("objective.target-read", message, reason=Text("The model could copy the answer."), severity=Severity.WARNING)]


def _unmarked(objective: ObjectiveChoice, node: Node) -> Found:
    """An input gives the very text that is to be written, all of it at once."""
    message = Text("{node} reads {field}, which {output} shall write, but is not marked as written by the model.", node=node.path,
                   field=objective.target, output=objective.output)
    reason = Text("It would be given the answer; marked, it is given the text one token late, and afterwards what the model wrote.")
    fix = graph_fix(Text("Mark {node} as written by the model", node=node.path), lambda graph: edit.set_params(graph, node.id, decoder=True))
    return Problem("decoder.not-marked", message, node.id, reason, fixes=(fix,))


def output_widths(subject: Subject) -> list[Found]:
    """Each output must be as wide as its objective asks."""
    found: list[Found] = []
    for objective, node, field in _learned(subject):
        shape = subject.inferred.output_shapes(node.id).get("output")
        if shape is None:
            continue
        wanted = OBJECTIVES[objective.name].expected_output(field)
        if OBJECTIVES[objective.name].output_axes != ("batch", "feature"):
            found += _form(subject, objective, node, field, shape)
        elif shape.sequence_axis is None and shape.axes != ("batch", "feature"):
            message = Text("{node} gives {shape}, but {objective} needs {wanted}.", node=node.path, shape=shape.named(),
                           objective=Text(OBJECTIVES[objective.name].label), wanted=wanted.description)
            found.append(Problem("output.not-a-vector", message, node.id, fixes=(_flatten(node, wanted.width, shape.rank),)))
        elif wanted.width and shape.axes[-1] == "feature" and shape["feature"] != wanted.width:
            found.append(_width(subject, node, int(shape["feature"]), wanted.width, wanted.description))
    return found


def _form(subject: Subject, objective: ObjectiveChoice, node: Node, field: Field, shape: Shape) -> list[Found]:
    """Says where an output that is an image or a written text has another form than what it learns."""
    entry, known = OBJECTIVES[objective.name], subject.shapes.get(field.name)
    wanted, width = entry.expected_output(field), width_wanted(objective, field, known)
    if shape.axes != entry.output_axes:
        message = Text("{node} gives {shape}, but {objective} needs {wanted}.", node=node.path, shape=shape.named(),
                       objective=Text(entry.label), wanted=wanted.description)
        return [Problem("output.form", message, node.id, Text("Its axes must be {axes}.", axes=listed(entry.output_axes)))]
    axis = "channel" if "channel" in entry.output_axes else "feature"
    if width and shape[axis] != width:
        return [_width(subject, node, int(shape[axis]), width, wanted.description)]
    sizes = {side: size for side, size in _sides(subject, field).items() if side in entry.output_axes}
    if all(sizes.values()) and any(shape[side] != size for side, size in sizes.items()):
        message = Text("{node} gives {shape}, but {field} is {height} × {width} pixels.", node=node.path, shape=shape.named(), field=field.name,
                       **sizes)
        return [Problem("output.size", message, node.id, Text("There must be an answer for every pixel."))]
    return []


def _sides(subject: Subject, field: Field) -> dict[str, int]:
    """Returns height and width of an image or mask as the model gets it: as it was prepared, or as it is going to be; 0 where unknown."""
    shape, chosen = subject.shapes.get(field.name), subject.project.data.preprocessing
    if shape is not None and "height" in shape.axes:
        return {side: int(shape[side]) for side in ("height", "width")}
    given = chosen.get(field.name, {})
    if field.kind == FieldKind.MASK and subject.dataset is not None and not given.get("height") and not given.get("width"):
        below = (item for item in subject.dataset.fields if item.kind == FieldKind.IMAGE and item.name in input_fields(subject.project))
        image = next((item for item in below if (item.height, item.width) == (field.height, field.width)), None)
        given = chosen.get(image.name, {}) if image is not None else given
    return {side: int(given.get(side) or getattr(field, side)) for side in ("height", "width")}


def _learned(subject: Subject) -> list[tuple[ObjectiveChoice, Node, Field]]:
    """Returns each objective with its output node and its target, where all three exist and fit."""
    found: list[tuple[ObjectiveChoice, Node, Field]] = []
    outputs = {node.name: node for node in output_nodes(subject.graph)}
    for objective in subject.project.objectives:
        field = find_field(subject.dataset, objective.target) if subject.dataset else None
        known = objective.name in OBJECTIVES and objective.output in outputs
        if field is not None and known and field.kind in OBJECTIVES[objective.name].targets:
            found.append((objective, outputs[objective.output], field))
    return found


def _flatten(node: Node, width: int, rank: int) -> Fix[Project]:
    def change(graph: Graph) -> Graph:
        layer = "flatten" if rank > 2 else "linear"
        graph, added = edit.insert_before(graph, node.id, "input", layer, {} if layer == "flatten" else {"units": width or 1})
        return graph if layer == "linear" else edit.insert_after(graph, added, "linear", {"units": width or 1})[0]

    return graph_fix(Text("Flatten it and add a linear layer of {width} units", width=width or 1), change)


def _width(subject: Subject, node: Node, has: int, width: int, description: str) -> Found:
    setter = width_setter(subject.graph, node.id)
    name = subject.graph[setter[0]].path if setter else ""
    label = Text("Set {node} to {width}", node=name, width=width) if setter else Text("Add a linear layer of {width} units", width=width)
    message = Text("{node} gives {has} numbers, but its objective needs {wanted}.", node=node.path, has=has, wanted=description)
    fixes = [graph_fix(label, lambda graph: with_width(graph, node.id, width))]
    if setter:
        extra = Text("Add a linear layer of {width} units", width=width)
        fixes.append(graph_fix(extra, lambda graph: edit.insert_before(graph, node.id, "input", "linear", {"units": width})[0]))
    return Problem("output.width", message, node.id, fixes=tuple(fixes))


def squashed_scores(subject: Subject) -> list[Found]:
    """Losses take raw scores: a softmax before cross entropy is applied twice, and a number may be anything."""
    found: list[Found] = []
    kinds = {objective.output: objective.name for objective in subject.project.objectives}
    for node in output_nodes(subject.graph):
        for source in upwards(subject.graph, node.id, lambda layer: layer.family == Family.REGULARISING):
            layer = layer_of(source)
            if layer is not None and layer.family == Family.ACTIVATION and node.name in kinds:
                found += _squashed(subject, node, source, layer, kinds[node.name])
    return found


def _squashed(subject: Subject, node: Node, source: Node, layer: Layer, objective: str) -> list[Found]:
    remove = graph_fix(Text("Remove {node}", node=source.path), lambda graph: edit.remove_nodes(graph, [source.id], reconnect=True))
    entry = OBJECTIVES.get(objective)
    if entry is not None and entry.class_axis is not None:
        message = Text("{source} stands before the loss of {node}.", source=source.path, node=node.path)
        reason = Text("Cross entropy applies the softmax itself; {layer} before it squeezes the scores and slows learning.", layer=Text(layer.label))
        return [Problem("output.squashed", message, source.id, reason, severity=Severity.WARNING, fixes=(remove,))]
    if entry is None or FieldKind.NUMBER not in entry.targets:
        return []
    shape = subject.inferred.input_shapes(source.id).get("input")
    if layer.shares_one and shape is not None and shape.dims[-1] == 1:
        message = Text("{source} shares 1 among the feature axis of {node}, which is 1: the answer is always the same.",
                       source=source.path, node=node.path)
        return [Problem("output.constant", message, source.id, Text("No gradient comes through, so nothing is learned."), fixes=(remove,))]
    message = Text("{source} bounds the answers of {node}.", source=source.path, node=node.path)
    reason = Text("The numbers to be learned are standardised: half of them lie below 0, and some far from it.")
    return [Problem("output.bounded", message, source.id, reason, severity=Severity.WARNING, fixes=(remove,))]


def memory(subject: Subject) -> list[Found]:
    """A training that cannot fit into memory is refused before the first tensor is made."""
    stays, limit = training_bytes(total_cost(costs(subject.inferred)), subject.project.recipe.batch_size), available_bytes()
    if stays <= limit // 2:  # gradients of activations never double what stays
        return []
    found = needs(subject.inferred, subject.project.recipe.batch_size)
    total = forecast(subject.inferred, subject.project.recipe.batch_size).training
    if total <= limit:
        return []
    worst = found[0]
    node, size_param = _widest(subject, worst.node)
    made = sum(need.total_bytes for need in found if need.node in (worst.node, node.id))
    message = Text("Training would take {total}, {share} of it for {node}, but this machine has {limit}.", total=readable(total),
                   share=f"{made / stays:.0%}", node=node.path, limit=readable(limit))
    fixes: list[Fix[Project]] = []
    if size_param:
        label = Text("Set {name} of {node} to 64", name=size_param, node=node.path)
        fixes.append(graph_fix(label, lambda graph: edit.set_params(graph, node.id, **{size_param: 64})))
    weights, batch = sum(need.weights_bytes for need in found), subject.project.recipe.batch_size
    size = int(batch * (limit - weights) * 0.9 / max(total - weights, 1))
    if size >= 1:
        fixes.append(recipe_fix(Text("Use batches of {size}", size=size), batch_size=size))
    reason = Text("Weights with gradients and optimizer state, and what one batch keeps for the backward pass.")
    return [Problem("memory.too-much", message, node.id, reason, fixes=tuple(fixes))]


def _widest(subject: Subject, id: str) -> tuple[Node, str]:
    """Returns the node that makes a node large, itself or the one that feeds it, with the parameter to turn; "" where none is far above 64."""
    found: list[tuple[int, Node, str]] = []
    for near in (id, *(edge.source.node for edge in subject.inferred.graph.incoming(id)), *_weighing_before(subject, id)):
        node = subject.inferred.graph[near]
        layer, params = layer_of(node), subject.inferred.params(near)
        names = (layer.width_param, *layer.inner_widths) if layer is not None and params is not None else ()
        found += [(int(getattr(params, name)), node, name) for name in names if name and getattr(params, name) > 64]
    _, node, name = max(found, key=lambda item: item[0], default=(0, subject.inferred.graph[id], ""))
    return node, name


def _weighing_before(subject: Subject, id: str) -> list[str]:
    """Returns the nearest node before a node, past layers that keep the width, that sets the width of what it reads."""
    return [node.id for node in upwards(subject.graph, id, lambda layer: layer.keeps_width)][-1:]


def recipe(subject: Subject) -> list[Found]:
    """Settings that run but are hardly meant."""
    return [*_epochs(subject.project), *_rate(subject.project), *_watch(subject.project), *_small_batch(subject)]


def _epochs(project: Project) -> list[Found]:
    """Without an epoch nothing is learned: that only makes sense for weights that are there already."""
    if project.recipe.epochs > 0 or project.recipe.start_from:
        return []
    message = Text("A run of 0 epochs learns nothing.")
    reason = Text("It only makes sense with weights to start from, which it then keeps as they are.")
    return [Problem("recipe.no-epochs", message, reason=reason, fixes=(recipe_fix(Text("Train 20 epochs"), epochs=20),))]


def _rate(project: Project) -> list[Found]:
    optimizer = project.recipe.optimizer
    rate, limit = optimizer.params.get("learning_rate"), _HIGHEST_RATE.get(optimizer.name)
    if limit is None or not isinstance(rate, (int, float)) or rate <= limit:
        return []
    usual = 0.002 if optimizer.name == "adamw" else 0.1
    message = Text("A learning rate of {rate} is far above what {optimizer} can use.", rate=rate, optimizer=optimizer.name)
    fix = recipe_fix(Text("Set it to {rate}", rate=usual), optimizer=optimizer.with_params(learning_rate=usual))
    reason = Text("Steps that are too long overshoot, and the loss runs away.")
    return [Problem("recipe.rate-too-high", message, reason=reason, severity=Severity.WARNING, fixes=(fix,))]


def _watch(project: Project) -> list[Found]:
    watch = project.recipe.watch
    names = {metric for objective in project.objectives if objective.name in OBJECTIVES for metric in _metrics(objective.name)}
    if not watch or not names or watch.split("/")[0].split(".")[-1] in names | {"loss"}:
        return []
    message = Text("{watch} is to be watched, but there is no such metric.", watch=watch)
    reason = Text("There are {names}.", names=", ".join(sorted(f"{name}/val" for name in names | {"loss"})))
    return [Problem("recipe.watch-unknown", message, reason=reason, fixes=(recipe_fix(Text("Watch the usual metric"), watch=""),))]


def _metrics(objective: str) -> list[str]:
    return [OBJECTIVES[objective].main_metric, *OBJECTIVES[objective].accumulators()]


def _small_batch(subject: Subject) -> list[Found]:
    size = subject.project.recipe.batch_size
    node = next((node for node in subject.graph if (layer := layer_of(node)) is not None and layer.mixes_rows), None)
    if node is None or size >= 8:
        return []
    message = Text("{node} averages over batches of {size} rows only.", node=node.path, size=size)
    fixes = [recipe_fix(Text("Use batches of 32"), batch_size=32)]
    if of_family(node, Family.NORMALISATION):
        fixes.append(graph_fix(Text("Use LayerNorm instead"), lambda graph: edit.replace_layer(graph, node.id, "layer_norm")))
    reason = Text("Mean and deviation of so few rows are mostly noise; with one row batch normalisation cannot work at all.")
    severity = Severity.ERROR if size == 1 else Severity.WARNING
    return [Problem("recipe.batch-small", message, node.id, reason, severity=severity, fixes=tuple(fixes))]


def one_class(subject: Subject) -> list[Found]:
    """A category with fewer than two classes teaches nothing."""
    found: list[Found] = []
    for _, _, field in _learned(subject):
        if field.kind == FieldKind.CATEGORY and len(field.categories) < 2:
            message = Text("{field} has only {count} class.", field=field.name, count=len(field.categories))
            found.append(Problem("data.one-class", message, reason=Text("There is nothing to tell apart.")))
    return found


RULES = (objectives_there, objectives_fit, output_widths, squashed_scores, memory, recipe, one_class)
