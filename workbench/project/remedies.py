"""Remedies by name: what can be done about a finding, as a pure edit of the project and, where a running training can take it, as a command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from workbench.graph import edit
from workbench.graph.bypass import without_bypassed
from workbench.graph.graph import Graph, Node
from workbench.graph.problem import Fix
from workbench.layers import LAYERS
from workbench.layers.base import Family
from workbench.project.check import on_graph
from workbench.project.events import Change
from workbench.project.feeding import is_output
from workbench.project.project import Choice, Project
from workbench.text import Text

_DEFAULT_RATE = {"adamw": 0.002, "sgd": 0.1}
_CLIP = 1.0
_FAR = 20.0

Edit = Callable[[Project, str], Project]
Live = Callable[[Project], tuple[Change, ...]]


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing to try.

    Attributes:
        name: A stable id, as findings name it.
        label: What its button says; a verb first.
        help: What it does and why that may help.
        edit: `(project, node id) -> project`; pure. Gives the same project back where it does not apply.
        live: The commands that do the same to a running training, or None where the run must begin anew.
        page: The page to look at, for a remedy that is no edit.
    """

    name: str
    label: str
    help: str
    edit: Edit = lambda project, node: project
    live: Live | None = None
    page: str = ""

    def fix(self, node: str = "") -> Fix[Project]:
        """Returns it as a fix of the project, at a node."""
        return Fix(self.label, lambda project: self.edit(project, node))

    def applies(self, project: Project, node: str = "") -> bool:
        """Whether it would change anything (or shows a page)."""
        return bool(self.page) or self.edit(project, node) != project


def _times_rate(factor: float) -> tuple[Edit, Live]:
    def change(project: Project, _node: str) -> Project:
        return _with_optimizer(project, learning_rate=learning_rate(project) * factor)

    def live(project: Project) -> tuple[Change, ...]:
        return (Change("recipe.optimizer.learning_rate", learning_rate(project) * factor),)

    return change, live


def _usual_rate(project: Project, _node: str) -> Project:
    """Sets the optimizer's own learning rate, where the present one is far from it."""
    usual = _DEFAULT_RATE.get(project.recipe.optimizer.name, 0.001)
    far = not usual / _FAR <= learning_rate(project) <= usual * _FAR
    return _with_optimizer(project, learning_rate=usual) if far else project


def learning_rate(project: Project) -> float:
    """Returns the full learning rate of a project, the optimizer's default where none is set."""
    optimizer = project.recipe.optimizer
    rate = optimizer.params.get("learning_rate")
    return float(rate) if isinstance(rate, (int, float)) and rate > 0 else _DEFAULT_RATE.get(optimizer.name, 0.001)


def _with_optimizer(project: Project, **params: Any) -> Project:
    return replace(project, recipe=replace(project.recipe, optimizer=project.recipe.optimizer.with_params(**params)))


def _clip(project: Project, _node: str) -> Project:
    norm = project.recipe.clip_norm
    return replace(project, recipe=replace(project.recipe, clip_norm=min(norm, _CLIP) if norm > 0 else _CLIP))


def _warm_up(project: Project, _node: str) -> Project:
    schedule = project.recipe.schedule
    if schedule.name == "one_cycle":
        changed = schedule.with_params(rise=max(float(schedule.params.get("rise", 0.25)), 0.3))
    elif schedule.name in ("cosine", "constant"):
        changed = schedule.with_params(warm_up=max(float(schedule.params.get("warm_up", 0.05 if schedule.name == "cosine" else 0.0)), 0.1))
    else:
        changed = Choice("cosine").with_params(warm_up=0.1)
    return replace(project, recipe=replace(project.recipe, schedule=changed))


def _replace_rectifiers(layer: str) -> Edit:
    def change(graph: Graph, node: str) -> Graph:
        for found in _rectifiers(graph, node):
            graph = edit.replace_layer(graph, found.id, layer)
        return graph

    return lambda project, node: on_graph(lambda graph: change(graph, node))(project)


def _rectifiers(graph: Graph, node: str) -> list[Node]:
    """Returns the rectifier at a node, or the ones right after it; without a node, all."""
    if node not in graph:
        return [found for found in graph if _is(found, "rectifies")]
    near = [graph[node], *(graph[edge.target.node] for edge in graph.outgoing(node) if edge.target.node in graph)]
    return [found for found in near if _is(found, "rectifies")]


def _is(node: Node, what: str) -> bool:
    """Whether the layer of a node says so of itself."""
    return bool(getattr(LAYERS.get(node.layer), what, False))


def _insert_activation(project: Project, node: str) -> Project:
    """Puts a ReLU in front of a node."""
    graph = project.graph
    if node not in graph or not graph.incoming(node):
        return project
    return on_graph(lambda graph: edit.insert_on_edge(graph, graph.incoming(node)[0], "relu")[0])(project)


def _activation_after(project: Project, node: str) -> Project:
    if node not in project.graph or not project.graph.outgoing(node):
        return project
    return on_graph(lambda graph: edit.insert_after(graph, node, "relu")[0])(project)


def _normalise(project: Project, node: str) -> Project:
    """Puts the usual normalisation after a node, or after every convolution and hidden linear layer that has none."""
    graph, built = project.graph, without_bypassed(project.graph)
    nodes = _normalisable(built, node) if node in built else [found for other in built.nodes for found in _normalisable(built, other)]
    for found in dict.fromkeys(nodes):
        graph = edit.insert_after(graph, found, LAYERS[graph[found].layer].usual_norm)[0]
    return project if graph is project.graph else replace(project, graph=graph)


def _normalisable(graph: Graph, id: str) -> list[str]:
    """Returns the weighted layer at a node (or the one an activation follows), unless a normalisation or the output comes next."""
    node = graph[id]
    wires = graph.incoming(id)
    if _family(node) == Family.ACTIVATION and wires:
        node = graph.nodes.get(wires[0].source.node, node)
    following = [graph[edge.target.node] for edge in graph.outgoing(node.id) if edge.target.node in graph]
    settled = any(_family(other) == Family.NORMALISATION or is_output(other) for other in following)
    return [node.id] if _is(node, "weighs") and _is(node, "usual_norm") and following and not settled else []


def _family(node: Node) -> Family | None:
    return getattr(LAYERS.get(node.layer), "family", None)


def _more_epochs(project: Project, _node: str) -> Project:
    return replace(project, recipe=replace(project.recipe, epochs=project.recipe.epochs * 2))


def _early_stopping(project: Project, _node: str) -> Project:
    return project if project.recipe.patience else replace(project, recipe=replace(project.recipe, patience=5))


def _more_dropout(project: Project, _node: str) -> Project:
    """Raises every dropout by 0.1, or puts one before the last linear layer."""
    graph, built = project.graph, list(without_bypassed(project.graph))
    drops = [node for node in built if _family(node) == Family.REGULARISING]
    for node in drops:
        graph = edit.set_params(graph, node.id, rate=round(min(float(node.params.get("rate", 0.2)) + 0.1, 0.6), 2))
    if not drops:
        last = next((node for node in reversed(built) if _family(node) == Family.DENSE and _is(node, "weighs") and graph.incoming(node.id)), None)
        graph = edit.insert_before(graph, last.id, "input", "dropout", {"rate": 0.2})[0] if last else graph
    return project if graph is project.graph else replace(project, graph=graph)


def _other_seed(project: Project, _node: str) -> Project:
    return replace(project, recipe=replace(project.recipe, seed=project.recipe.seed + 1))


def _catalogue() -> dict[str, Remedy]:
    lower, live_lower = _times_rate(0.3)
    halve, live_halve = _times_rate(0.5)
    higher, live_higher = _times_rate(3.0)
    remedies = (
        Remedy(
            "usual-learning-rate", Text("Usual learning rate"), Text("The present one is far from what this optimizer works with."), _usual_rate,
            lambda project: (Change("recipe.optimizer.learning_rate", learning_rate(_usual_rate(project, ""))),),
        ),
        Remedy("lower-learning-rate", Text("Learning rate ÷ 3"), Text("Shorter steps do not overshoot."), lower, live_lower),
        Remedy("halve-learning-rate", Text("Halve the learning rate"), Text("Shorter steps do not overshoot."), halve, live_halve),
        Remedy("raise-learning-rate", Text("Learning rate × 3"), Text("Longer steps leave a plateau."), higher, live_higher),
        Remedy(
            "clip-gradients", Text("Clip gradients at 1"), Text("One wild batch can no longer throw the weights far away."), _clip,
            lambda project: (Change("recipe.clip_norm", _clip(project, "").recipe.clip_norm),),
        ),
        Remedy("add-warm-up", Text("Add a warm-up"), Text("The first steps, which are the most reckless, become short."), _warm_up),
        Remedy("insert-activation", Text("Insert a ReLU"), Text("Something must bend between two linear layers."), _insert_activation),
        Remedy("add-activation-after", Text("Add a ReLU after it"), Text("Something must bend between two linear layers."), _activation_after),
        Remedy("add-normalisation", Text("Add normalisation"), Text("Keeps the size of activations where gradients are healthy."), _normalise),
        Remedy(
            "replace-relu", Text("Replace ReLU by GELU"), Text("GELU passes a little gradient below zero, so units can come back."),
            _replace_rectifiers("gelu"),
        ),
        Remedy(
            "replace-relu-by-silu", Text("Replace ReLU by SiLU"), Text("SiLU passes a little gradient below zero, so units can come back."),
            _replace_rectifiers("silu"),
        ),
        Remedy(
            "more-epochs", Text("Train twice as long"), Text("The curve was still falling."), _more_epochs,
            lambda project: (Change("recipe.epochs", project.recipe.epochs * 2),),
        ),
        Remedy("early-stopping", Text("Stop early"), Text("Ends when five epochs brought nothing; the best one is kept."), _early_stopping),
        Remedy("more-dropout", Text("More dropout"), Text("Makes it harder to memorise single rows."), _more_dropout),
        Remedy("other-seed", Text("Try another seed"), Text("Starts from other weights and another order."), _other_seed),
        Remedy("check-labels", Text("Look at the labels"), Text("Labels that do not match the rows cannot be learned."), page="data"),
    )
    return {remedy.name: remedy for remedy in remedies} | {
        "replace-relu-by-gelu": replace(remedies[9], name="replace-relu-by-gelu"),
    }


REMEDIES: dict[str, Remedy] = _catalogue()
"""Every remedy by name."""


def remedies_for(names: tuple[str, ...], project: Project, node: str = "") -> list[Remedy]:
    """Returns the remedies of a finding that would change something, in the order of the names; unknown names are left out."""
    return [REMEDIES[name] for name in names if name in REMEDIES and REMEDIES[name].applies(project, node)]


def finding_fixes(names: tuple[str, ...], project: Project, node: str = "") -> tuple[Fix[Project], ...]:
    """Returns the remedies of a finding as fixes of the project."""
    return tuple(remedy.fix(node) for remedy in remedies_for(names, project, node) if not remedy.page)
