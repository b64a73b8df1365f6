"""A network of 1,000 layers: shapes, costs, plan, module, source. CPU seconds of one thread, the best of several runs; the module against
plain nn.Sequential of the same layers, interleaved."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

LAYERS_IN_ALL = 1000


def run() -> list[dict[str, Any]]:
    """Returns one row per step from the drawing to the module."""
    import torch

    from workbench.graph import edit
    from workbench.graph.infer import infer
    from workbench.layers import LAYERS
    from workbench.models.build import build
    from workbench.models.cost import costs
    from workbench.models.memory import forecast
    from workbench.models.source import source

    torch.set_num_threads(1)
    graph = _network()
    inferred = infer(graph, LAYERS)
    ids = list(graph.nodes)
    middle, early = ids[len(ids) // 2], ids[-102]
    renamed, wider = edit.rename(graph, middle, "other"), _wider(graph, early)
    inserted = edit.insert_after(graph, middle, "relu")[0]
    ours, theirs = _paired(lambda: build(graph), _sequential)
    return [
        _row("shapes from scratch", 0.010, lambda: infer(graph, LAYERS)),
        _row("shapes after 100 changed", 0.002, lambda: infer(wider, LAYERS, previous=inferred)),
        _row("shapes after a layer was put in", 0.002, lambda: infer(inserted, LAYERS, previous=inferred)),
        _row("shapes after a new name", 0.002, lambda: infer(renamed, LAYERS, previous=inferred)),
        _row("costs of every layer, from shapes that are new", 0.05, lambda: costs(infer(graph, LAYERS))),
        _row("forecast of the memory", 0.1, lambda: forecast(inferred, 32)),
        _row("source", 0.5, lambda: source(graph)),
        {"name": "module against nn.Sequential, ratio", "value": round(ours / theirs, 2), "hold": "<= 4", "ok": ours / theirs <= 4},
        {"name": "module, CPU s", "value": round(ours, 3), "hold": "<= 1", "ok": ours <= 1},
    ]


def _network() -> Any:
    """Returns a chain of linear layers with activations, cheap to build and long."""
    from workbench.graph import edit
    from workbench.graph.graph import Edge, Graph

    graph, last = edit.add_node(Graph(), "series_input", params={"features": 8, "length": 4}, name="series")
    for index in range(LAYERS_IN_ALL):
        layer, params = ("linear", {"units": 8}) if index % 2 == 0 else ("tanh", {})
        graph, node = edit.add_node(graph, layer, params=params, name=f"layer{index}")
        graph, last = edit.connect(graph, Edge.between(last, node)), node
    graph, node = edit.add_node(graph, "output", name="result")
    return edit.connect(graph, Edge.between(last, node))


def _wider(graph: Any, node: str) -> Any:
    """Returns the drawing with another width near its end, so that about a hundred shapes differ."""
    from workbench.graph import edit

    changed = graph
    for drawn in list(graph)[list(graph.nodes).index(node) :]:
        if drawn.layer == "linear":
            changed = edit.set_params(changed, drawn.id, units=16)
    return changed


def _sequential() -> Any:
    from torch import nn

    return nn.Sequential(*(nn.Linear(8, 8) if index % 2 == 0 else nn.Tanh() for index in range(LAYERS_IN_ALL)))


def _seconds(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _paired(ours: Callable[[], Any], theirs: Callable[[], Any]) -> tuple[float, float]:
    """Returns the best of five turns of each, taken in turns."""
    pairs = [(_seconds(ours), _seconds(theirs)) for _ in range(6)][1:]
    return min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)


def _row(name: str, hold: float, work: Callable[[], Any]) -> dict[str, Any]:
    work()
    seconds = min(_seconds(work) for _ in range(7))
    return {"name": f"1,000 layers: {name}, CPU s", "value": round(seconds, 4), "hold": f"<= {hold}", "ok": seconds <= hold}
