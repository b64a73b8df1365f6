"""What layers that attend share: sizes of heads, forms of what looks and what is looked at, weights and their costs."""

from __future__ import annotations

from typing import Any, Literal

from workbench.catalogue import param
from workbench.graph.graph import Graph
from workbench.graph.problem import Fix, Problem, Severity
from workbench.graph.shape import Axis, Shape
from workbench.layers import checks, fixes
from workbench.layers.base import Context, LayerProblem, Shapes
from workbench.text import Text

Positions = Literal["none", "rotary", "alibi"]


def heads_param(default: int = 4) -> Any:
    """Returns the parameter that counts heads."""
    return param(
        default, label="Heads", help="How many ways of looking; they share the width evenly.", unit="heads", ge=1, le=1024
    )


def key_heads_param() -> Any:
    """Returns the parameter that groups queries."""
    return param(
        0,
        label="Key heads",
        help="Heads of keys and values, each shared by a group of heads (grouped-query attention); 0: as many as heads.",
        unit="heads",
        main=False,
        ge=0,
        le=1024,
    )


def dropout_param(default: float = 0.0) -> Any:
    """Returns the parameter that drops attention weights."""
    return param(
        default, label="Dropout", help="The share of attention weights dropped while training.", main=False, ge=0, lt=1
    )


def positions_param() -> Any:
    """Returns the parameter that says how attention knows the order."""
    return param(
        "none",
        label="Positions",
        help="none: order must come from elsewhere; rotary: queries and keys are turned by their place (RoPE); "
        "alibi: the further away, the less is seen.",
        main=False,
        choices=("none", "rotary", "alibi"),
    )


def width_of(shape: Shape) -> Axis:
    """Returns the axis that holds the numbers of one position."""
    return Axis.CHANNEL if checks.is_image(shape) else Axis.FEATURE


def looking(inputs: Shapes, context: Context, port: str, vector: bool = True) -> Shape:
    """Returns an input that has positions: a sequence, an image or (where one is allowed) a single vector.

    Raises:
        LayerProblem: It is none of them, or the numbers of a position are not known.
    """
    shape = checks.numbers(inputs, context, port)
    if not checks.is_image(shape) and not (vector and shape.axes == ("batch", "feature")):
        shape = checks.sequence(inputs, context, port)
    checks.known(shape[width_of(shape)], width_of(shape), context, port)
    return shape


def width(shape: Shape) -> int:
    """Returns how many numbers one position has."""
    return int(shape[width_of(shape)])


def places(shape: Shape, length: int) -> int:
    """Returns the number of positions: pixels of an image, steps of a sequence, 1 of a vector."""
    total = 1
    for axis, dim in zip(shape.axes[1:], shape.dims[1:], strict=True):
        if axis != width_of(shape):
            total *= int(dim.evaluate({symbol.name: length for symbol in dim.symbols()}))
    return total


def given(values: Any, **defaults: Any) -> dict[str, Any]:
    """Returns the parameters that differ from the defaults of the module."""
    return {key: getattr(values, key) for key, default in defaults.items() if getattr(values, key) != default}


def self_parameters(width: int, heads: int, key_heads: int = 0, bias: bool = True) -> dict[str, tuple[int, ...]]:
    """Returns the weights of a self-attention."""
    rows = width + 2 * (key_heads or heads) * (width // heads)
    return _with_biases({"qkv": (rows, width), "out": (width, width)}, bias)


def cross_parameters(width: int, memory: int, heads: int, key_heads: int = 0, bias: bool = True) -> dict[str, tuple[int, ...]]:
    """Returns the weights of a cross-attention."""
    rows = 2 * (key_heads or heads) * (width // heads)
    return _with_biases({"query": (width, width), "kv": (rows, memory), "out": (width, width)}, bias)


def _with_biases(weights: dict[str, tuple[int, int]], bias: bool) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for name, shape in weights.items():
        found[f"{name}.weight"] = shape
        if bias:
            found[f"{name}.bias"] = shape[:1]
    return found


def self_macs(width: int, steps: int, heads: int, key_heads: int = 0) -> int:
    """Returns the projections, and the two products of every position with every other."""
    projected = 2 * width + 2 * (key_heads or heads) * (width // heads)
    return steps * width * projected + 2 * steps * steps * width


def cross_macs(width: int, memory: int, steps: int, seen: int, heads: int, key_heads: int = 0) -> int:
    """Returns the projections, and the two products of every position with every position of the memory."""
    keys_and_values = 2 * (key_heads or heads) * (width // heads)
    return 2 * steps * width * width + seen * memory * keys_and_values + 2 * steps * seen * width


def self_kept(width: int, steps: int, heads: int, key_heads: int = 0, dropout: float = 0.0, positions: str = "none") -> int:
    """Returns the numbers that torch keeps on a CPU for the backward pass of a self-attention, beside its input and result."""
    if dropout:
        return _kept_with_dropout(width, steps, steps, heads) + (2 * width * steps if positions == "rotary" else 0)
    slopes = heads * steps * steps if positions == "alibi" else 0
    projected, repeated = steps * (width + 2 * (key_heads or heads) * (width // heads)), 1 < (key_heads or heads) < heads
    turned = positions == "rotary"
    copies = (3 if turned else 2 if repeated else 0) * width * steps
    if turned and repeated:  # nothing looks into the projections themselves
        projected, copies = 0, 4 * width * steps
    return projected + copies + width * steps + heads * steps + slopes


def cross_kept(width: int, steps: int, seen: int, heads: int, key_heads: int = 0, dropout: float = 0.0) -> int:
    """Returns the numbers that torch keeps on a CPU for the backward pass of a cross-attention, beside its inputs and result."""
    if dropout:
        return _kept_with_dropout(width, steps, seen, heads)
    shared = key_heads or heads
    keys_and_values = 2 * seen * (width if 1 < shared < heads else shared * (width // heads))
    return 2 * width * steps + keys_and_values + heads * steps


def _kept_with_dropout(width: int, steps: int, seen: int, heads: int) -> int:
    """With dropout there is no fused way: the weights, their noise and both together are kept."""
    return 2 * width * (steps + seen) + 3 * heads * steps * seen


def rows_kept(shape: Shape, length: int) -> int:
    """Returns what reading an image position by position keeps: a copy; a sequence needs none."""
    return width(shape) * places(shape, length) if checks.is_image(shape) else 0


def check_heads(heads: int, width: int, context: Context, port: str = "input", key_heads: int = 0, rotary: bool = False) -> None:
    """Raises where heads do not divide the width, key heads the heads, or where a head cannot be turned in pairs."""
    if width % heads:
        raise _heads_do_not_divide(heads, width, context, port)
    if key_heads and heads % key_heads:
        fitting = _near(heads, key_heads)
        raise LayerProblem(
            "attention.key-heads",
            Text("{node}: {count} key heads do not divide {heads} heads evenly.", node=context.name, count=key_heads, heads=heads),
            reason=Text("Every key head serves a group of heads, all of one size."),
            port=port,
            fixes=[fixes.change(context, Text("Use {count} key heads", count=count), key_heads=count) for count in fitting[:2]],
        )
    if rotary and (width // heads) % 2:
        even = [count for count in _near(width, heads) if (width // count) % 2 == 0]
        raise LayerProblem(
            "attention.rotary-odd",
            Text(
                "{node}: a head has {size} features, but rotary positions turn features in pairs.",
                node=context.name, size=width // heads,
            ),
            port=port,
            fixes=[
                *(fixes.change(context, _use_heads(count), heads=count, key_heads=0) for count in even[:1]),
                fixes.change(context, Text("Use ALiBi positions instead"), positions="alibi"),
            ],
        )


def _heads_do_not_divide(heads: int, width: int, context: Context, port: str) -> LayerProblem:
    wider = -(-width // heads) * heads
    repairs: list[Fix[Graph]] = [fixes.change(context, _use_heads(count), heads=count) for count in _near(width, heads)[:2]]
    repairs.append(fixes.insert(context, port, "linear", Text("Project to {width} features first", width=wider), units=wider))
    return LayerProblem(
        "attention.heads",
        Text("{node}: {heads} heads do not divide the feature size {width} evenly.", node=context.name, heads=heads, width=width),
        reason=Text("Every head takes the same share of the features."),
        port=port,
        fixes=repairs,
    )


def _near(whole: int, count: int) -> list[int]:
    """Returns the divisors of `whole`, nearest to `count` first."""
    return sorted((part for part in range(1, whole + 1) if whole % part == 0), key=lambda part: (abs(part - count), part))


def _use_heads(count: int) -> Text:
    return Text("Use {count} heads", count=count) if count > 1 else Text("Use 1 head")


def positions_twice(positions: str, context: Context) -> list[Problem[Graph]]:
    """Returns the warning that the order comes in twice."""
    from workbench.layers import LAYERS

    source = LAYERS.get(context.source_layers.get("input", ""))
    if positions == "none" or source is None or not source.marks_positions or not source.keeps_width:
        return []
    message = Text("{node} knows the order by itself, but {source} has added positions already.", node=context.name, source=context.sources["input"])
    fix = fixes.change(context, Text("Set its positions to none"), positions="none")
    return [Problem("positions.twice", message, context.node, severity=Severity.WARNING, fixes=(fix,))]
