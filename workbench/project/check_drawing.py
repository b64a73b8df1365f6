"""The rules about how layers stand together: what runs, but is hardly meant. Each can be silenced at its node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.graph import edit
from workbench.graph.graph import Graph, Node
from workbench.graph.problem import Fix, Problem, Severity
from workbench.graph.repetitions import drawn_id, with_seams
from workbench.graph.shape import Axis, Shape
from workbench.layers.base import Family
from workbench.project.check import Found, Subject, graph_fix
from workbench.project.feeding import output_nodes
from workbench.project.project import Project
from workbench.project.standing import collapsing, is_fixed_sum, layer_of, of_family, only_source, targets, upwards
from workbench.text import Text

_WASTEFUL_RATE = 0.8
_DEEP = 4


def taste(kind: str, message: str, node: Node, reason: str, *fixes: Fix[Project]) -> Found:
    """Returns a warning at a node."""
    return Problem(kind, message, node.id, reason, severity=Severity.WARNING, fixes=fixes[:3])


def removing(node: Node) -> Fix[Project]:
    """Returns the fix that takes a node out and closes the gap."""
    return graph_fix(Text("Remove {node}", node=node.path), lambda graph: edit.remove_nodes(graph, [node.id], reconnect=True))


def setting(node: Node, label: str, **params: Any) -> Fix[Project]:
    """Returns the fix that sets parameters of a node."""
    return graph_fix(label, lambda graph: edit.set_params(graph, node.id, **params))


def becoming(node: Node, layer: str, label: str, **params: Any) -> Fix[Project]:
    """Returns the fix that makes a node another layer."""
    return graph_fix(label, lambda graph: edit.replace_layer(graph, node.id, layer, params))


def bends_between(subject: Subject) -> list[Found]:
    """Two linear layers with only layers between them that bend nothing can do no more than one."""
    found: list[Found] = []
    said = {problem.node for problem in subject.inferred.problems if problem.kind == "activation.missing"}
    pairs = {(drawn_id(subject.graph, one.id), drawn_id(subject.graph, other.id)): None for one, other in collapsing(with_seams(subject.graph))}
    for first, second in ((subject.graph[one], subject.graph[other]) for one, other in pairs if one in subject.graph and other in subject.graph):
        if _meant(subject, second) or second.id in said:
            continue
        message = Text("There is no activation between {first} and {second}.", first=first.path, second=second.path)
        fixes = (
            graph_fix(Text("Add {label}", label=label), lambda graph, place=first.id, layer=layer: edit.insert_after(graph, place, layer)[0])
            for layer, label in (("relu", "ReLU"), ("gelu", "GELU"))
        )
        found.append(taste("activation.missing", message, second, Text("Two linear layers in a row compute no more than one."), *fixes))
    return found


def _meant(subject: Subject, node: Node) -> bool:
    """Whether a convolution only mixes channels, or only places: people put such ones after another on purpose."""
    params = subject.inferred.params(node.id)
    return of_family(node, Family.CONVOLUTION) and (getattr(params, "kernel", 0) == 1 or getattr(params, "groups", 1) > 1)


def shared_weights(subject: Subject) -> list[Found]:
    """Weights can be shared where they are equally large."""
    found: list[Found] = []
    for node in subject.graph:
        for tie in node.ties:
            owner = subject.graph.nodes.get(tie.node)
            own, theirs = _weights(subject, node), _weights(subject, owner) if owner is not None else None
            if own is None or theirs is None or own.get(tie.parameter) == theirs.get(tie.other) is not None:
                continue
            sizes = ("×".join(map(str, shape or ())) or Text("none") for shape in (own.get(tie.parameter), theirs.get(tie.other)))
            message = Text("{node} cannot share {parameter} {own} with {other} {theirs} of {owner}.", node=node.path, parameter=tie.parameter,
                           own=next(sizes), other=tie.other, theirs=next(sizes), owner=owner.path if owner is not None else "")
            reason = Text("Shared weights must exist in both nodes and have the same shape.")
            label = Text("Give it its own {parameter}", parameter=tie.parameter)
            fix = graph_fix(label, lambda graph, node=node, name=tie.parameter: edit.untie(graph, node.id, name))
            found.append(Problem("tie.sizes-differ", message, node.id, reason, fixes=(fix,)))
    return found


def _weights(subject: Subject, node: Node) -> Mapping[str, tuple[int, ...]] | None:
    """Returns the shapes of the parameters of a node, or None where they are not known."""
    layer, params = layer_of(node), subject.inferred.params(node.id)
    if layer is None or params is None or not subject.inferred.output_shapes(node.id):
        return None
    return layer.parameters(params, subject.inferred.input_shapes(node.id))


def dropped_answers(subject: Subject) -> list[Found]:
    """Dropout after the last layer wipes out answers."""
    found: list[Found] = []
    for output in output_nodes(subject.graph):
        before = list(upwards(subject.graph, output.id, lambda layer: layer.family in (Family.REGULARISING, Family.ACTIVATION)))
        last = before[-1] if before else None
        for node in before:
            if not of_family(node, Family.REGULARISING) or last is None or not (entry := layer_of(last)) or not entry.weighs:
                continue
            label = Text("Move it before {node}", node=last.path)
            move = graph_fix(label, lambda graph, node=node, last=last: _moved_before(graph, node, last.id))
            names = {"node": node.path, "output": output.path, "last": last.path}
            message = Text("{node} drops answers of {output}: it stands after the last layer, {last}.", **names)
            reason = Text("A dropped answer counts as 0, so the loss punishes what the network did not say.")
            found.append(taste("dropout.after-output", message, node, reason, move, removing(node)))
    return found


def _moved_before(graph: Graph, node: Node, place: str) -> Graph:
    graph = edit.remove_nodes(graph, [node.id], reconnect=True)
    graph, added = edit.insert_before(graph, place, "input", node.layer, dict(node.params))
    return edit.rename(graph, added, node.name)


def normalised_twice(subject: Subject) -> list[Found]:
    """A normalisation right after another undoes and repeats it."""
    found: list[Found] = []
    for node in subject.graph:
        before = only_source(subject.graph, node.id)
        if before is None or not of_family(node, Family.NORMALISATION) or not of_family(before, Family.NORMALISATION):
            continue
        message = Text("{node} normalises what {source} has normalised already.", node=node.path, source=before.path)
        reason = Text("The second one undoes the scale that the first one learned.")
        alone = len(subject.graph.outgoing(before.id)) == 1
        found.append(taste("norm.twice", message, node, reason, removing(node), *([removing(before)] if alone else [])))
    return found


def normalised_answers(subject: Subject) -> list[Found]:
    """A normalisation right before an output ties the answers of a row, or of a batch, to each other."""
    found: list[Found] = []
    for output in output_nodes(subject.graph):
        node = only_source(subject.graph, output.id)
        if node is None or not of_family(node, Family.NORMALISATION) or not _learned(subject, output):
            continue
        message = Text("{node} stands right before {output}, so answers always have the same mean and spread.", node=node.path, output=output.path)
        reason = Text("A network must be free to be sure of one row and unsure of another.")
        found.append(taste("output.normalised", message, node, reason, removing(node)))
    return found


def _learned(subject: Subject, output: Node) -> bool:
    return any(objective.output == output.name for objective in subject.project.objectives)


def dropped_before_batch_norm(subject: Subject) -> list[Found]:
    """Dropout changes the spread while training, so a batch normalisation after it learns the wrong one."""
    found: list[Found] = []
    for node in subject.graph:
        before = only_source(subject.graph, node.id)
        layer = layer_of(node)
        if before is None or layer is None or not layer.mixes_rows or not of_family(node, Family.NORMALISATION):
            continue
        if of_family(before, Family.REGULARISING):
            message = Text("{node} stands right before {norm}.", node=before.path, norm=node.path)
            reason = Text("Dropout widens the spread while training and not afterwards, so the one that {norm} has learned is wrong.", norm=node.path)
            move = graph_fix(Text("Move it after {node}", node=node.path), lambda graph, node=node, drop=before: _moved_after(graph, drop, node.id))
            found.append(taste("dropout.before-norm", message, before, reason, move, removing(before)))
    return found


def _moved_after(graph: Graph, node: Node, place: str) -> Graph:
    graph = edit.remove_nodes(graph, [node.id], reconnect=True)
    graph, added = edit.insert_after(graph, place, node.layer, dict(node.params))
    return edit.rename(graph, added, node.name)


def wasteful_dropout(subject: Subject) -> list[Found]:
    """A layer that loses nearly everything learns nearly nothing."""
    found: list[Found] = []
    for node in subject.graph:
        params = subject.inferred.params(node.id)
        rate = float(getattr(params, "rate", 0.0)) if of_family(node, Family.REGULARISING) else 0.0
        if rate < _WASTEFUL_RATE:
            continue
        message = Text("{node} drops {share} of what it is given.", node=node.path, share=f"{rate:.0%}")
        reason = Text("So little is left in each step that the layers after it hardly learn; 10 % to 50 % is usual.")
        fixes = (setting(node, Text("Set {name} to {value}", name="rate", value=value), rate=value) for value in (0.5, 0.2))
        found.append(taste("dropout.wasteful", message, node, reason, *fixes))
    return found


def one_pixel(subject: Subject) -> list[Found]:
    """A convolution over a single place sees its own padding."""
    found: list[Found] = []
    for node in subject.graph:
        params, shape = subject.inferred.params(node.id), subject.inferred.input_shapes(node.id).get("input")
        kernel = getattr(params, "kernel", 1) if of_family(node, Family.CONVOLUTION) else 1
        sides = [shape[axis].constant for axis in (Axis.DEPTH, Axis.HEIGHT, Axis.WIDTH) if axis in shape.axes] if shape is not None else []
        source = only_source(subject.graph, node.id)
        if kernel <= 1 or not sides or any(side != 1 for side in sides) or source is None:
            continue
        message = Text("{node} slides a window of {kernel} over an image of one pixel: height and width are 1 after {source}.",
                       node=node.path, kernel=kernel, source=source.path)
        fixes = [setting(node, Text("Use a {size}×{size} kernel", size=1), kernel=1)]
        if of_family(source, Family.POOLING) and len(subject.graph.outgoing(source.id)) == 1:
            fixes.append(removing(source))
        found.append(taste("conv.one-pixel", message, node, Text("All but the middle of every filter sees padding only."), *fixes))
    return found


def skipped_pixels(subject: Subject) -> list[Found]:
    """A stride longer than the window leaves places that nothing reads; on the way around a block that is usual."""
    found: list[Found] = []
    for node in subject.graph:
        params = subject.inferred.params(node.id)
        kernel, stride = getattr(params, "kernel", 0), getattr(params, "stride", 0)
        if not of_family(node, Family.CONVOLUTION, Family.POOLING) or kernel * getattr(params, "dilation", 1) >= stride:
            continue
        if not kernel or _goes_around(subject.graph, node):
            continue
        message = Text("{node} moves {stride} places at a time with a window of {kernel}, so some places are never read.",
                       node=node.path, stride=stride, kernel=kernel)
        fixes = (
            setting(node, Text("Set {name} to {value}", name="kernel", value=stride), kernel=stride),
            setting(node, Text("Set {name} to {value}", name="stride", value=kernel), stride=kernel),
        )
        found.append(taste("conv.skips-places", message, node, Text("What lies between the windows is lost."), *fixes))
    return found


def _goes_around(graph: Graph, node: Node) -> bool:
    """Whether a node leads, past layers that bend nothing, to a place where wires meet: the shortcut of a residual block."""
    seen = set[str]()
    while node.id not in seen:
        seen.add(node.id)
        following = targets(graph, node.id)
        if len(following) != 1:
            return False
        node = following[0]
        if len(graph.incoming(node.id)) > 1:
            return True
        layer = layer_of(node)
        if layer is None or not is_fixed_sum(layer):
            return False
    return False


def one_number(subject: Subject) -> list[Found]:
    """A normalisation over one number always gives the same, and a hidden layer of one unit hands on one number only."""
    found: list[Found] = []
    for node in subject.graph:
        shape = subject.inferred.input_shapes(node.id).get("input")
        if shape is not None and of_family(node, Family.NORMALISATION) and _only_features(node, shape) == 1:
            message = Text("{node} normalises a single number: its feature axis is 1, so everything becomes the same.", node=node.path)
            found.append(taste("norm.one-number", message, node, Text("The mean of one number is that number."), removing(node)))
        found += _narrow(subject, node)
    return found


def _only_features(node: Node, shape: Shape) -> int | None:
    """Returns the size of the feature axis where a layer normalises over that alone."""
    layer = layer_of(node)
    rows = layer is None or layer.mixes_rows or shape.axes[-1] != Axis.FEATURE
    return None if rows else shape[Axis.FEATURE].constant


def _narrow(subject: Subject, node: Node) -> list[Found]:
    layer, params = layer_of(node), subject.inferred.params(node.id)
    if layer is None or params is None or not layer.weighs or getattr(params, layer.width_param, 0) != 1:
        return []
    behind = [other for other in _beyond(subject.graph, node) if (entry := layer_of(other)) is not None and entry.weighs]
    if not behind or len(subject.graph.incoming(behind[0].id)) > 1:
        return []
    message = Text("{node} hands on one number only: its width is 1, and {next} has to work with that.", node=node.path, next=behind[0].path)
    reason = Text("Everything that the network knows of a row must pass through it.")
    label = Text("Set {name} to {value}", name=layer.width_param, value=32)
    return [taste("width.one", message, node, reason, setting(node, label, **{layer.width_param: 32}))]


def _beyond(graph: Graph, node: Node) -> list[Node]:
    """Returns the chain of nodes after a node, as long as each feeds one."""
    chain: list[Node] = []
    while len(following := targets(graph, node.id)) == 1 and following[0] not in chain and len(graph.incoming(following[0].id)) == 1:
        node = following[0]
        chain.append(node)
    return chain


def fading_gradients(subject: Subject) -> list[Found]:
    """Sigmoid or tanh in a deep stack lets gradients fade on their way back."""
    saturating = [node for node in subject.graph if (layer := layer_of(node)) is not None and layer.saturates]
    squeezing = [node for node in saturating if _between_weights(subject.graph, node)]
    steadied = any(of_family(node, Family.NORMALISATION) or len(subject.graph.incoming(node.id)) > 1 for node in subject.graph)
    if len(squeezing) < _DEEP or steadied:
        return []
    first = squeezing[0]
    message = Text("{node} is the first of {count} activations in a row that level off at both ends.", node=first.path, count=len(squeezing))
    reason = Text("Each makes gradients smaller on their way back, so the first layers hardly learn.")

    def changed(layer: str, label: str) -> Fix[Project]:
        def change(graph: Graph) -> Graph:
            for node in squeezing:
                graph = edit.replace_layer(graph, node.id, layer) if node.id in graph else graph
            return graph

        return graph_fix(Text("Make all of them {label}", label=label), change)

    return [taste("activation.fading", message, first, reason, changed("relu", "ReLU"), changed("gelu", "GELU"))]


def _between_weights(graph: Graph, node: Node) -> bool:
    """Whether a node stands right between two layers with weights."""
    before, after = only_source(graph, node.id), targets(graph, node.id)
    around = [layer_of(other) for other in ([before] if before else []) + after[:1]]
    return len(around) == 2 and all(layer is not None and layer.weighs for layer in around)


RULES = (
    shared_weights, bends_between, dropped_answers, normalised_twice, normalised_answers, dropped_before_batch_norm, wasteful_dropout, one_pixel,
    skipped_pixels, one_number, fading_gradients,
)
