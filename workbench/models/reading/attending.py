"""Draws an attention that was written out: the projections that stood alone become one layer, and their weights keep their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.graph.graph import PortRef
from workbench.graph.shape import Shape
from workbench.models.reading import operations
from workbench.models.reading.reading import NotDrawableError
from workbench.models.reading.values import Module, Tensor
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.models.reading.expressions import Expressions
    from workbench.models.reading.heads import Gathered, Heads

Source = tuple[PortRef, Shape | None]


@dataclass(frozen=True)
class Projection:
    """One of query, key and value.

    Attributes:
        module: The nn.Linear that makes it.
        source: What it is made of.
        start: The first of its rows in the weight.
    """

    module: Module
    source: Source
    start: int


def draw(reader: Expressions, last: Module, found: Gathered) -> Tensor:
    """Draws the attention whose heads `last` brings together.

    Raises:
        NotDrawableError: The catalogue's attention is another.
    """
    from workbench.models.reading.modules import Twin
    from workbench.models.reading.modules import found as layer_of

    drawing = operations.drawn(reader)
    query, key, value = (_projection(drawing, one) for one in (found.scores.query, found.scores.key, found.value))
    width, heads = _checked(found, query, last)
    biased = any(_biased(module) for module in (query.module, key.module, value.module, last))
    arguments: dict[str, Any] = {"width": width, "heads": heads} | ({} if biased else {"bias": False})
    arguments |= {"dropout": found.scores.dropout} if found.scores.dropout else {}
    alone = query.source == key.source == value.source
    if not alone and (key.source != value.source or found.scores.causal):
        raise NotDrawableError(Text("Attention whose keys are not its values, or that is causal between two sequences, has no layer."))
    arguments |= {"causal": True} if found.scores.causal else {}
    for port in {one.port for one in found.tensors}:
        _take_away(drawing, port)
    sources = [query.source] if alone else [query.source, key.source]
    twin = Twin("attention.SelfAttention" if alone else "attention.CrossAttention", arguments)
    made = drawing.attentions.setdefault((query.module, key.module, value.module, last), Module(twin.target, arguments, last.line))
    results = drawing.drawn_module(made, layer_of(drawing, twin, sources), sources, ".".join(filter(None, (drawing.group, "attention"))), {})
    own = drawing.node(made.nodes[-1]).path
    into = ("qkv", "qkv", "qkv") if alone else ("query", "kv", "kv")
    rows = (0, width, 2 * width) if alone else (0, 0, width)
    for projection, name, row in zip((query, key, value), into, rows, strict=True):
        _name(drawing, projection.module, f"{own}.{name}", (row, row + width), (projection.start, projection.start + width), biased)
    _name(drawing, last, f"{own}.out", None, None, biased)
    return results[0]


def _projection(drawing: Any, heads: Heads) -> Projection:
    tensor = heads.tensors[0]
    if tensor.port not in drawing.projections:
        raise NotDrawableError(Text("Queries, keys and values that no nn.Linear makes have no layer."))
    module, source = drawing.projections[tensor.port]
    return Projection(module, source, heads.start)


def _checked(found: Gathered, query: Projection, last: Module) -> tuple[int, int]:
    """Returns width and heads."""
    sizes = [one.sizes for one in (found.scores.query, found.scores.key, found.value)]
    shape = query.source[1]
    width = shape.dims[-1].constant if shape is not None else None
    inner = sizes[0].get("h", 1) * sizes[0]["d"]
    if width is None or not sizes[0] == sizes[1] == sizes[2] or not inner == width == last.arguments.get("out_features"):
        raise NotDrawableError(Text("The heads together are not as wide as what arrives."))
    return width, sizes[0].get("h", 1)


def _biased(module: Module) -> bool:
    return module.arguments.get("bias", True) is not False


def _take_away(drawing: Any, port: PortRef) -> None:
    """Removes the node of a projection that has become part of the attention."""
    if port in drawing.projections and not drawing.remove(port.node):
        raise NotDrawableError(Text("A projection of the attention is used for something else, too."))


def _name(
    drawing: Any, module: Module, own: str, rows: tuple[int, int] | None, taken: tuple[int, int] | None, biased: bool
) -> None:
    """Writes down where the weights of a projection go; a bias that it does not have is 0 in ours."""
    place = "" if rows is None else f"[{rows[0]}:{rows[1]}]"
    part = "" if taken is None or module.arguments.get("out_features") == taken[1] - taken[0] else f"<{taken[0]}:{taken[1]}"
    for path in module.paths:
        for kind in ("weight", "bias") if _biased(module) else ("weight",):
            key = f"{path}.{kind}"
            drawing.names[key] = (*drawing.names.get(key, ()), f"{own}.{kind}{place}{part}")
    if biased and not _biased(module):
        drawing.zeros.append(f"{own}.bias{place}")
        drawing.say(
            "source.bias",
            Text("{node} has a bias in every projection, which the source has in some only.", node=own.rpartition(".")[0]),
            Text("Loaded weights set the others to 0; training may move them."),
            error=False,
        )
