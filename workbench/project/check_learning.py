"""The rules about learning: objectives and outputs, what stands before a loss, memory, and the recipe."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from workbench.data.base import Field, FieldKind
from workbench.graph import edit
from workbench.graph.graph import Graph, Node
from workbench.graph.problem import Fix, Problem, Severity
from workbench.objectives import OBJECTIVES
from workbench.project.check import Found, Subject, graph_fix, recipe_fix
from workbench.project.feeding import (
    OBJECTIVE_OF,
    fields_of_kind,
    find_field,
    input_fields,
    likely_target,
    objective_for,
    output_nodes,
    width_setter,
    with_width,
)
from workbench.project.memory import available_bytes, needs, readable
from workbench.project.project import ObjectiveChoice, Project
from workbench.text import Text

_BENDS_NOTHING = frozenset({"dropout", "flatten", "permute", "reshape", "global_average_pool", "mean_over_time", "last_over_time"})
_SQUASHES = {"softmax": "Softmax", "sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "ReLU"}
_BATCH_NORMS = ("batch_norm1d", "batch_norm2d")
_HIGHEST_RATE = {"adamw": 0.1, "sgd": 10.0}


def objectives_there(subject: Subject) -> list[Found]:
    """Something must be learned, and every output should be learned by something."""
    project, outputs = subject.project, output_nodes(subject.graph)
    if not project.objectives:
        fixes = tuple(fix for node in outputs[:2] for fix in _learn(subject, node))
        reason = Text("An objective says what the output is compared with.")
        return [Problem("objective.missing", Text("Nothing is to be learned yet."), reason=reason, fixes=fixes)]
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
    if objective.target not in input_fields(subject.project):
        return []
    message = Text("{field} is both read and learned.", field=objective.target)
    return [Problem("objective.target-read", message, reason=Text("The model could copy the answer."), severity=Severity.WARNING)]


def output_widths(subject: Subject) -> list[Found]:
    """Each output must be as wide as its objective asks."""
    found: list[Found] = []
    for objective, node, field in _learned(subject):
        shape = subject.inferred.output_shapes(node.id).get("output")
        if shape is None:
            continue
        wanted = OBJECTIVES[objective.name].expected_output(field)
        if shape.sequence_axis is None and shape.axes != ("batch", "feature"):
            message = Text("{node} gives {shape}, but {objective} needs {wanted}.", node=node.path, shape=shape.named(),
                           objective=Text(OBJECTIVES[objective.name].label), wanted=wanted.description)
            found.append(Problem("output.not-a-vector", message, node.id, fixes=(_flatten(node, wanted.width, shape.rank),)))
        elif wanted.width and shape.axes[-1] == "feature" and shape["feature"] != wanted.width:
            found.append(_width(subject, node, int(shape["feature"]), wanted.width, wanted.description))
    return found


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
    """Cross entropy takes raw scores; a softmax before it is applied twice and flattens every gradient."""
    found: list[Found] = []
    kinds = {objective.output: objective.name for objective in subject.project.objectives}
    for node in output_nodes(subject.graph):
        wires = subject.graph.incoming(node.id)
        source = subject.graph.nodes.get(wires[0].source.node) if wires else None
        if source is None or source.layer not in _SQUASHES or kinds.get(node.name) != "classification":
            continue
        message = Text("{source} stands before the loss of {node}.", source=source.path, node=node.path)
        reason = Text(
            "Cross entropy applies the softmax itself; {layer} before it squeezes the scores and slows learning.", layer=_SQUASHES[source.layer]
        )
        remove = graph_fix(
            Text("Remove {node}", node=source.path), lambda graph, source=source: edit.remove_nodes(graph, [source.id], reconnect=True)
        )
        found.append(Problem("output.squashed", message, source.id, reason, severity=Severity.WARNING, fixes=(remove,)))
    return found


def bends_between(subject: Subject) -> list[Found]:
    """Two linear layers with only layers between them that bend nothing can do no more than one."""
    found: list[Found] = []
    for node in subject.graph:
        if node.layer != "linear":
            continue
        before, between = _before(subject.graph, node)
        if before is None or not between:
            continue
        message = Text("There is no activation between {first} and {second}.", first=before.path, second=node.path)
        fixes = tuple(
            graph_fix(Text("Add {label}", label=label), lambda graph, place=before.id, layer=layer: edit.insert_after(graph, place, layer)[0])
            for layer, label in (("relu", "ReLU"), ("gelu", "GELU"))
        )
        reason = Text("Two linear layers in a row compute no more than one.")
        found.append(Problem("activation.missing", message, node.id, reason, severity=Severity.WARNING, fixes=fixes))
    return found


def _before(graph: Graph, node: Node) -> tuple[Node | None, int]:
    """Returns the linear or convolution layer before a node, and how many layers that bend nothing lie between; None where one bends."""
    between, seen = 0, set[str]()
    while node.id not in seen:
        seen.add(node.id)
        wires = graph.incoming(node.id)
        if len(wires) != 1 or wires[0].source.node not in graph:
            break
        node = graph[wires[0].source.node]
        if node.layer in ("linear", "conv2d"):
            return node, between
        if node.layer not in _BENDS_NOTHING:
            break
        between += 1
    return None, 0


def memory(subject: Subject) -> list[Found]:
    """A training that cannot fit into memory is refused before the first tensor is made."""
    found = needs(subject.inferred, subject.project.recipe.batch_size)
    total, limit = sum(need.total_bytes for need in found), available_bytes()
    if total <= limit or not found:
        return []
    worst = found[0]
    node = subject.graph[worst.node]
    message = Text("Training would take {total}, {share} of it for {node}, but this machine has {limit}.", total=readable(total),
                   share=f"{worst.total_bytes / total:.0%}", node=node.path, limit=readable(limit))
    fixes: list[Fix[Project]] = []
    for name in ("filters", "units", "width", "feed_forward"):
        if isinstance(node.params.get(name), int) and node.params[name] > 64:
            fixes.append(graph_fix(
                Text("Set {name} of {node} to 64", name=name, node=node.path), lambda graph, name=name: edit.set_params(graph, node.id, **{name: 64})
            ))
    weights, batch = sum(need.weights_bytes for need in found), subject.project.recipe.batch_size
    size = int(batch * (limit - weights) * 0.9 / max(total - weights, 1))
    if size >= 1:
        fixes.append(recipe_fix(Text("Use batches of {size}", size=size), batch_size=size))
    reason = Text("Weights with gradients and optimizer state, and what one batch keeps for the backward pass.")
    return [Problem("memory.too-much", message, node.id, reason, fixes=tuple(fixes))]


def recipe(subject: Subject) -> list[Found]:
    """Settings that run but are hardly meant."""
    return [*_rate(subject.project), *_watch(subject.project), *_small_batch(subject)]


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
    node = next((node for node in subject.graph if node.layer in _BATCH_NORMS), None)
    if node is None or size >= 8:
        return []
    message = Text("{node} averages over batches of {size} rows only.", node=node.path, size=size)
    fixes = (
        recipe_fix(Text("Use batches of 32"), batch_size=32),
        graph_fix(Text("Use LayerNorm instead"), lambda graph: edit.replace_layer(graph, node.id, "layer_norm")),
    )
    reason = Text("Mean and deviation of so few rows are mostly noise; with one row batch normalisation cannot work at all.")
    severity = Severity.ERROR if size == 1 else Severity.WARNING
    return [Problem("recipe.batch-small", message, node.id, reason, severity=severity, fixes=fixes)]


def one_class(subject: Subject) -> list[Found]:
    """A category with fewer than two classes teaches nothing."""
    found: list[Found] = []
    for _, _, field in _learned(subject):
        if field.kind == FieldKind.CATEGORY and len(field.categories) < 2:
            message = Text("{field} has only {count} class.", field=field.name, count=len(field.categories))
            found.append(Problem("data.one-class", message, reason=Text("There is nothing to tell apart.")))
    return found


RULES = (objectives_there, objectives_fit, output_widths, squashed_scores, bends_between, memory, recipe, one_class)
