"""Modules at work: each call of a module becomes a node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.graph.graph import PortRef
from workbench.graph.shape import Shape
from workbench.models.reading import heads, operations, views
from workbench.models.reading.drawing import Drawing, is_plain, module_path
from workbench.models.reading.inversion import SIZES, Match, invert, normal
from workbench.models.reading.reading import NotDrawableError, WrongSizeError
from workbench.models.reading.values import Attending, Module, Tensor, Unknown
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.models.reading.expressions import Expressions

_POINTWISE = frozenset(
    """nn.Linear nn.LayerNorm nn.RMSNorm nn.Dropout nn.ReLU nn.ReLU6 nn.GELU nn.SiLU nn.Tanh nn.Sigmoid nn.ELU nn.LeakyReLU nn.Mish
    nn.Softplus nn.Hardswish nn.SELU""".split()  # noqa: SIM905 (words read better than quotes)
)
"""What is done to every vector alone, so that the order of the axes before it does not matter."""
MASKS = ("key_padding_mask", "src_key_padding_mask")
"""Arguments that say what of each row is valid."""


@dataclass(frozen=True)
class Twin:
    """The module of the catalogue that computes what one of torch does.

    Attributes:
        target: Its target.
        arguments: Its arguments.
        renames: Our weights that are called differently there.
        order: The order of the axes that it wants, of those that torch's takes; also how its result comes back.
    """

    target: str
    arguments: Mapping[str, Any]
    renames: Mapping[str, str] = field(default_factory=dict)
    order: tuple[int, ...] = ()


def forward(
    reader: Expressions, module: Module, given: Sequence[Any], named: Mapping[str, Any], renames: Mapping[str, str] | None = None
) -> Any:
    """Draws a call of a module and returns what it returns.

    Raises:
        NotDrawableError: It cannot be drawn.
    """
    drawing = operations.drawn(reader)
    values = [operations.as_tensor(value) for value in given if value is not None]
    if values and isinstance(values[0], Attending):
        return heads.through(reader, module, values[0])
    if drawing.probing:
        for mask in ("attn_mask", *MASKS):
            if isinstance(named.get(mask), Tensor):
                drawing.unwired[named[mask].port] = "padding" if mask in MASKS else "mask"
        return _met(drawing, module, values)
    kind = module.target.removeprefix("nn.")
    from workbench.models.reading.kinds import SPECIAL

    special = SPECIAL.get(kind) if module.target.startswith("nn.") else None
    if special is not None:
        return special(reader, module, values, named)
    ours = not module.target.startswith("nn.")
    more = [value for key, value in named.items() if ours and key not in ("input", "lengths") and isinstance(value, Tensor)]
    tensors = tensors_of([*values, *more], named)
    if any(
        value is not None and not (ours and isinstance(value, Tensor)) for key, value in named.items() if key not in ("input", "lengths")
    ):
        raise NotDrawableError(Text("Its arguments by name have no place in the drawing."))
    results = draw(reader, module, Twin(module.target, module.arguments, renames or {}), tensors)
    if module.arguments.get("inplace") is True and len(tensors) == 1:
        tensors[0].become(results[0])
    return results[0] if len(results) == 1 else tuple(results)


def _met(drawing: Drawing, module: Module, values: Sequence[Any]) -> Any:
    """Notes which module an input comes to first."""
    tensors = [value for value in values if isinstance(value, Tensor)]
    for tensor in tensors:
        drawing.met.append((tensor.port, module, tensor.port in drawing.viewed))
    through = module.target.removeprefix("nn.") in ("Identity", "Dropout", "ReLU", "Flatten", "LayerNorm", "BatchNorm1d")
    if through and len(tensors) == 1:
        if module.target == "nn.Flatten":
            drawing.viewed.add(tensors[0].port)
        return tensors[0]
    results = [Tensor(PortRef(f"met{len(drawing.met)}", str(index))) for index in range(3)]
    recurrent = module.target in ("nn.LSTM", "nn.GRU", "nn.RNN", "nn.MultiheadAttention") or module.target.startswith("recurrent.")
    return (results[0], Unknown("states", 0, (results[1],))) if recurrent else results[0]


def tensors_of(values: Sequence[Any], named: Mapping[str, Any]) -> list[Tensor]:
    """Returns what a module is given.

    Raises:
        NotDrawableError: Some of it does not come from the drawing.
    """
    found = [*values, *([named["input"]] if isinstance(named.get("input"), Tensor) else [])]
    if not found or not all(isinstance(value, Tensor) for value in found):
        raise NotDrawableError(Text("What it is given does not come from the drawing."))
    return found


def draw(reader: Expressions, module: Module, twin: Twin, tensors: Sequence[Tensor]) -> list[Tensor]:
    """Draws the node of a module's twin."""
    drawing = operations.drawn(reader)
    first = tensors[0]
    if twin.target in _POINTWISE and len(tensors) == 1 and operations.turned(first) and first.layout is not None and first.layout[0] != (0,):
        last = first.layout[-1] == (len(first.layout) - 1,)
        if last or twin.target not in ("nn.Linear", "nn.LayerNorm", "nn.RMSNorm"):
            return [found.seen(first.layout) for found in draw(reader, module, twin, [operations.unturned(first)])]
    if twin.target in _POINTWISE and len(tensors) == 1 and operations.joins_rows(first):
        return [found.seen(first.layout or ()) for found in draw(reader, module, twin, [operations.unturned(first)])]
    if twin.target == "nn.Linear" and _channels_last(first):
        return [views.permuted(found, (0, 2, 3, 1)) for found in draw(reader, module, _pixelwise(twin), [views.permuted(first, (0, 3, 1, 2))])]
    if twin.target == "nn.Linear" and first.shape is not None and first.shape.rank == 3:
        tensors = [operations.renamed(reader, first)]
    if twin.order:
        tensors = [tensor if tensor.shape is None else views.permuted(tensor, twin.order) for tensor in tensors]
    sources = [operations.settled(reader, tensor) for tensor in tensors]
    match = found(drawing, twin, sources)
    path = module_path(reader.path_of(module)) if module.paths else ""
    if path:
        return drawing.drawn_module(module, match, sources, path, twin.renames)
    return drawing.draw(match, sources)[1]


def _channels_last(tensor: Tensor) -> bool:
    """Whether a tensor is seen as an image whose channels are its last axis."""
    shape, layout = tensor.shape, tensor.layout
    if shape is None or layout is None or len(layout) != 4 or not all(len(part) == 1 for part in layout):
        return False
    return [shape.axes[part[0]] for part in layout] == ["batch", "height", "width", "channel"]


def _pixelwise(twin: Twin) -> Twin:
    """Returns the convolution by one pixel that computes what a linear layer computes of every pixel."""
    sizes = {"in_channels": twin.arguments.get("in_features"), "out_channels": twin.arguments.get("out_features"), "kernel_size": 1}
    bias = {"bias": twin.arguments["bias"]} if "bias" in twin.arguments else {}
    return Twin("nn.Conv2d", {**sizes, **bias}, twin.renames)


def found(drawing: Drawing, twin: Twin, sources: Sequence[tuple[PortRef, Shape | None]]) -> Match:
    """Returns the layer of a call, and says where it was made for another size.

    Raises:
        NotDrawableError: There is no layer for it.
        WrongSizeError: It was made for another size, and sizes are being tried.
    """
    unclear = next((value for value in twin.arguments.values() if not is_plain(value)), None)
    if unclear is not None:
        raise NotDrawableError(
            Text("Its argument {what} is not known.", what=getattr(unclear, "text", "") or type(unclear).__name__.lower())
        )
    shapes = [shape for _, shape in sources if shape is not None]
    best = invert(twin.target, twin.arguments, shapes) if len(shapes) == len(sources) else None
    if best is None or best.differing:
        for stand_in in stand_ins(twin.target, twin.arguments):
            other = invert(twin.target, twin.arguments, [stand_in] * len(sources))
            if other is not None and (best is None or len(other.differing) < len(best.differing)):
                if shapes and drawing.strict:
                    raise WrongSizeError
                best = _with_sizes(other, best)
    if best is None:
        raise NotDrawableError(Text("There is no such layer in the catalogue."))
    other = [key for key in best.differing if key not in SIZES]
    if other:
        wanted = normal(twin.target, twin.arguments)
        raise NotDrawableError(
            Text("The catalogue's layer does not know {arguments}.", arguments=", ".join(f"{key}={wanted[key]!r}" for key in other))
        )
    if best.differing and shapes:
        _say_size(drawing, twin, best)
    return best


def _with_sizes(found: Match, best: Match | None) -> Match:
    return (
        found
        if best is None or best.layer != found.layer
        else Match(found.layer, found.params, best.call, best.differing if set(best.differing) <= SIZES else found.differing)
    )


def _say_size(drawing: Drawing, twin: Twin, best: Match) -> None:
    if drawing.strict:
        raise WrongSizeError
    key = best.differing[0]
    wanted, reached = normal(twin.target, twin.arguments)[key], normal(twin.target, best.call.arguments).get(key)
    drawing.say(
        "source.size",
        Text(
            "Line {line}: {layer} is made for {wanted}, but {reached} arrive.",
            line=drawing.line,
            layer=twin.target,
            wanted=str(wanted),
            reached=str(reached),
        ),
        Text("The drawing takes the size that arrives; weights of the other size cannot be loaded."),
        error=False,
    )


def stand_ins(target: str, arguments: Mapping[str, Any]) -> list[Shape]:
    """Returns shapes that may arrive at a module, from its own arguments."""
    width = next((value for key, value in arguments.items() if key in SIZES and isinstance(value, int)), 8)
    sizes = arguments.get("normalized_shape")
    if isinstance(sizes, list | tuple) and sizes and all(isinstance(size, int) for size in sizes):
        width = sizes[-1]
        if len(sizes) == 3:
            return [Shape.of(channel=sizes[0], height=sizes[1], width=sizes[2])]
    if "num_embeddings" in arguments:
        return [Shape.of("int64", width, time=16), Shape.of("int64", width)]
    vector, sequence, image = Shape.of(feature=width), Shape.of(time=16, feature=width), Shape.of(channel=width, height=64, width=64)
    return [vector, sequence, image]
