"""What usually comes next: the layer that Enter adds after the selected one."""

from __future__ import annotations

from typing import Any

from workbench.app.pages.build.linking import Linking
from workbench.graph.graph import Graph, PortRef
from workbench.graph.order import reaching
from workbench.graph.shape import Axis

_USUAL: dict[str, tuple[str, ...]] = {
    "image_input": ("conv2d",),
    "text_input": ("embedding",),
    "number_input": ("linear",),
    "conv2d": ("relu",),
    "batch_norm2d": ("relu",),
    "layer_norm": ("linear",),
    "max_pool2d": ("conv2d",),
    "average_pool2d": ("conv2d",),
    "min_pool2d": ("conv2d",),
    "global_average_pool": ("linear",),
    "global_max_pool": ("linear",),
    "flatten": ("linear",),
    "linear": ("relu",),
    "dropout": ("linear",),
    "add": ("relu",),
    "concatenate": ("conv2d", "linear"),
    "embedding": ("positional_encoding", "lstm"),
    "positional_encoding": ("transformer_encoder", "self_attention"),
    "lstm": ("last_over_time", "mean_over_time"),
    "self_attention": ("layer_norm", "mean_over_time"),
    "transformer_encoder": ("mean_over_time",),
    "mean_over_time": ("linear",),
    "last_over_time": ("linear",),
}
_ACTIVATIONS = {"relu", "gelu", "silu", "tanh", "sigmoid"}
_FALLBACK = ("linear", "conv2d", "flatten", "output")
_SMALL_SIDE = 4


def usual_next(graph: Graph, inferred: Any, layers: Any, node: str, port: str = "output") -> str:
    """Returns the name of the layer that usually follows a node and fits what leaves it; "" where none does."""
    source = PortRef(node, port)
    linking = Linking(graph, inferred, layers)
    shape = inferred.output_shapes(node).get(port)
    for name in (*_candidates(graph, node, shape), *_FALLBACK):
        layer = layers.get(name)
        if layer is not None and linking.verdict_for_layer(source, layer).fits:
            return name
    return ""


def _candidates(graph: Graph, node: str, shape: Any) -> tuple[str, ...]:
    layer = graph[node].layer
    if layer in _ACTIVATIONS:
        return _after_activation(graph, node, shape)
    if layer == "linear" and any(graph[other].layer == "linear" for other in reaching(graph, (node,)) - {node}):
        return ("output",)
    if layer.endswith("pool2d") and _side(shape) <= _SMALL_SIDE:
        return ("flatten",)
    return _USUAL.get(layer, ())


def _after_activation(graph: Graph, node: str, shape: Any) -> tuple[str, ...]:
    if shape is None or Axis.HEIGHT not in shape.axes:
        return ("linear",)
    return ("max_pool2d", "conv2d") if _side(shape) >= 2 else ("flatten",)


def _side(shape: Any) -> int:
    """Returns the shorter known side of an image, or a large number where none is known."""
    sides = [shape.get(axis) for axis in (Axis.HEIGHT, Axis.WIDTH)] if shape is not None else []
    return min((side.constant for side in sides if side is not None and side.constant is not None), default=1 << 30)
