"""What usually comes next: the layer that Enter adds after the selected one."""

from __future__ import annotations

from typing import Any

from workbench.app.pages.build.linking import Linking
from workbench.graph.graph import Graph, PortRef
from workbench.graph.order import reaching
from workbench.graph.shape import Axis
from workbench.layers.base import Family

_FALLBACK = ("linear", "conv2d", "flatten", "output")
_SMALL_SIDE = 4


def usual_next(graph: Graph, inferred: Any, layers: Any, node: str, port: str = "output") -> str:
    """Returns the name of the layer that usually follows a node and fits what leaves it; "" where none does."""
    source = PortRef(node, port)
    linking = Linking(graph, inferred, layers)
    for name in (*_candidates(graph, layers, node, inferred.output_shapes(node).get(port)), *_FALLBACK):
        layer = layers.get(name)
        if layer is not None and linking.verdict_for_layer(source, layer).fits:
            return name
    return ""


def _candidates(graph: Graph, layers: Any, node: str, shape: Any) -> tuple[str, ...]:
    layer = layers.get(graph[node].layer)
    if layer is None:
        return ()
    if layer.weighs and layer.family == Family.DENSE and _an_earlier(graph, node):
        return ("output", *layer.usually_next)
    if layer.family == Family.POOLING and _side(shape) <= _SMALL_SIDE:
        return ("flatten", *layer.usually_next)
    return layer.usually_next


def _an_earlier(graph: Graph, node: str) -> bool:
    """Whether the same layer stands somewhere before a node: a second one is most often the last."""
    return any(graph[other].layer == graph[node].layer for other in reaching(graph, (node,)) - {node})


def _side(shape: Any) -> int:
    """Returns the shorter known side of an image, or a large number where none is known."""
    sides = [shape.get(axis) for axis in (Axis.HEIGHT, Axis.WIDTH)] if shape is not None else []
    return min((side.constant for side in sides if side is not None and side.constant is not None), default=1 << 30)
