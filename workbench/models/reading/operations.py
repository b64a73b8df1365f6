"""What is done with tensors: signs, functions, methods, indices; each drawn as a view, a layer or an operator."""

from __future__ import annotations

import ast
import copy
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.graph.graph import PortRef
from workbench.graph.shape import Shape
from workbench.models.reading import formulas, views
from workbench.models.reading.expressing import express, operand
from workbench.models.reading.inversion import invert
from workbench.models.reading.reading import NotDrawableError
from workbench.models.reading.values import Attending, Blank, Bound, Condition, Module, Named, Side, Tensor, Unknown, Weight
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.models.reading.expressions import Expressions

SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.MatMult: "@",
    ast.Pow: "**",
    ast.FloorDiv: "//",
    ast.Mod: "%",
}
_NAMED: dict[str, Any] = {"math.pi": math.pi, "math.e": math.e, "math.inf": math.inf, "torch.pi": math.pi}


def label_of(node: ast.AST) -> str:
    """Returns a short name for what an expression does: the function, the method or the sign."""
    if isinstance(node, ast.Call):
        root: ast.expr = node.func
        while isinstance(root, ast.Attribute):
            root = root.value
        plain = isinstance(root, ast.Name) or not isinstance(node.func, ast.Attribute)
        return ast.unparse(node.func)[:60] if plain else getattr(node.func, "attr", "")
    if isinstance(node, ast.BinOp):
        return type(node.op).__name__.lower()
    return type(node).__name__.lower()


def constant_named(name: str) -> Any:
    """Returns the number that an outside name stands for, or the name."""
    return _NAMED.get(name, Named(name))


def summands(node: ast.BinOp) -> list[ast.expr]:
    """Returns the operands of a chain of the same sign where it is a sum; two otherwise."""
    if not isinstance(node.op, ast.Add):
        return [node.left, node.right]
    parts: list[ast.expr] = [node.right]
    left = node.left
    while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add):
        parts.append(left.right)
        left = left.left
    return [left, *parts[::-1]]


def drawn(reader: Expressions) -> Any:
    """Returns the drawing.

    Raises:
        NotDrawableError: Constructors are being read, where nothing flows.
    """
    if reader.drawing is None:
        raise NotDrawableError(Text("This is no constant."))
    return reader.drawing


def settled(reader: Expressions, tensor: Tensor) -> tuple[PortRef, Shape | None]:
    """Draws what a view does and returns the port that holds its numbers.

    Raises:
        NotDrawableError: No layer does it.
    """
    drawing = drawn(reader)
    if tensor.shape is None or tensor.layout is None:
        return tensor.port, None
    steps = views.steps_to(tensor.shape, tensor.layout)
    if steps is None:
        return _reshaped(reader, tensor)
    port, shape = tensor.port, tensor.shape
    for target, arguments in steps:
        key = (port, target, repr(arguments))
        if key not in drawing.settled:
            match = invert(target, arguments, [shape])
            if (match is None or match.differing) and target == "operators.PermuteAndFlatten":
                return _in_two_steps(reader, tensor)
            if match is None or match.differing:
                raise NotDrawableError(Text("No layer brings the axes into this form."))
            _, (result,) = drawing.draw(match, [(port, shape)])
            drawing.settled[key] = result
        port, shape = drawing.settled[key].port, drawing.settled[key].shape
        if shape is None:
            return port, None
    return port, shape


def _in_two_steps(reader: Expressions, tensor: Tensor) -> tuple[PortRef, Shape | None]:
    """Draws a view that moves axes and joins some as a permute and a reshape."""
    assert tensor.layout is not None
    order = [index for part in tensor.layout for index in part]
    if order == sorted(order):
        return _reshaped(reader, tensor)
    port, shape = settled(reader, tensor.seen(tuple((index,) for index in order)))
    places = iter(range(len(order)))
    return settled(reader, Tensor(port, shape, tuple(tuple(next(places) for _ in part) for part in tensor.layout)))


def _reshaped(reader: Expressions, tensor: Tensor) -> tuple[PortRef, Shape | None]:
    """Draws a view that adds axes of size 1, or joins several groups of axes, as a reshape."""
    shape, layout = tensor.shape, tensor.layout
    assert shape is not None and layout is not None
    sizes = [size.constant for size in views.sizes(tensor)[1:]]
    straight = [index for part in layout for index in part] == list(range(shape.rank))
    if not straight or layout[0] != (0,) or None in sizes:
        raise NotDrawableError(Text("No layer brings the axes into this form."))
    key = (tensor.port, "reshape", repr(layout))
    settled_before = drawn(reader).settled
    if key not in settled_before:
        plain = Tensor.plain(tensor.port, shape)
        settled_before[key] = draw_text(reader, [f"_0.reshape(-1, {', '.join(map(str, sizes))})"], [plain])
    return settled_before[key].port, settled_before[key].shape


def draw_text(reader: Expressions, texts: Sequence[str], tensors: Sequence[Tensor]) -> Tensor:
    """Draws an operator, written in one of several ways with `_0`, `_1` for the tensors.

    Raises:
        NotDrawableError: There is no layer for it.
    """
    drawing = drawn(reader)
    sources = [settled(reader, tensor) for tensor in tensors]
    shapes = [shape for _, shape in sources if shape is not None]
    if len(shapes) < len(sources):
        shapes = [next(iter(shapes), Shape.of(feature=8))] * len(sources)
    match = express(texts, shapes)
    if match is None or not formulas.fits(match, shapes):
        match = formulas.fallback(texts, sources) or match
    if match is None:
        written = texts[0]
        for index in range(len(tensors)):
            written = written.replace(operand(index), "xyzuvw"[index] if index < 6 else f"x{index}")
        raise NotDrawableError(Text("There is no layer that computes {expression}.", expression=written))
    node, results = drawing.draw(match, sources)
    if match.layer == "expression":
        drawing.formulas.add(node)
    return results[0]


def draw_target(reader: Expressions, target: str, arguments: Mapping[str, Any], tensor: Tensor) -> Tensor:
    """Draws a layer without weights.

    Raises:
        NotDrawableError: There is none for this target and these arguments.
    """
    from workbench.models.reading.modules import forward

    made = Module(target, arguments, drawn(reader).line)
    return forward(reader, made, [tensor], {})


def _gated(reader: Expressions, whole: Tensor, gate: Tensor) -> Tensor | None:
    """Draws a product with one number per channel, or per place, as squeeze-and-excitation weighs an image; None where it is another."""
    shape, layout = whole.shape, gate.layout
    if shape is None or gate.shape is None or layout is None or len(layout) != shape.rank or shape.rank < 3 or turned(whole):
        return None
    if whole.layout != unturned(whole).layout:
        return None
    sizes = views.sizes(gate)
    spread = [index for index, size in enumerate(sizes) if size.constant == 1 and shape.dims[index].constant != 1]
    if not spread or any(size != shape.dims[index] for index, size in enumerate(sizes) if index not in spread):
        return None
    letters = "nchwd"[: shape.rank]
    kept = "".join(letter for index, letter in enumerate(letters) if index not in spread)
    part = gate.seen(tuple(part for index, part in enumerate(layout) if index not in spread))
    return draw_text(reader, [f"torch.einsum('{letters},{kept}->{letters}', _0, _1)"], [whole, part])


def turned(tensor: Tensor) -> bool:
    """Whether a view shows all axes in another order, none of them joined."""
    shape, layout = tensor.shape, tensor.layout
    if shape is None or layout is None or not all(len(part) == 1 for part in layout):
        return False
    order = [index for part in layout for index in part]
    return order != sorted(order) and sorted(order) == list(range(shape.rank))


def joins_rows(tensor: Tensor) -> bool:
    """Whether a view joins rows with positions, as `x.view(N * T, F)` does, and leaves the features alone."""
    shape, layout = tensor.shape, tensor.layout
    if shape is None or not layout or layout[-1] != (shape.rank - 1,) or not any(0 in part and len(part) > 1 for part in layout):
        return False
    return sorted(index for part in layout for index in part) == list(range(shape.rank))


def unturned(tensor: Tensor) -> Tensor:
    """Returns a tensor as it is, without the view."""
    return Tensor.plain(tensor.port, tensor.shape)


def renamed(reader: Expressions, tensor: Tensor) -> Tensor:
    """Returns a sequence whose positions and features have changed places, with the names that their places have now.

    Raises:
        NotDrawableError: Rows differ in length.
    """
    sizes = [size.constant for size in views.sizes(tensor)[1:]]
    if not turned(tensor) or tensor.layout != ((0,), (2,), (1,)) or None in sizes:
        return tensor
    plain = Tensor.plain(*settled(reader, tensor))
    return draw_text(reader, [f"_0.reshape(-1, {', '.join(map(str, sizes))})"], [plain])


def added(reader: Expressions, values: Sequence[Any]) -> Tensor:
    """Draws a sum of several tensors."""
    if len({value.layout for value in values}) > 1 and all(value.layout is not None and len(value.layout) == 3 for value in values):
        values = [renamed(reader, value) for value in values]
    first = values[0]
    if all(turned(value) and value.layout == first.layout for value in values):
        return added(reader, [unturned(value) for value in values]).seen(first.layout)
    return draw_text(reader, [" + ".join(operand(index) for index in range(len(values)))], values)


def compared(left: Any, right: Any) -> Blank | None:
    """Returns the mask that a comparison makes: of a mask with a number, of ids with the padding, of places with lengths; else None."""
    masks = [value for value in (left, right) if isinstance(value, Blank) and value.masks]
    if masks:
        return Blank("mask" if any(mask.kind == "mask" for mask in masks) else "padding")
    ids = next((value for value in (left, right) if isinstance(value, Tensor)), None)
    known = ids is not None and ids.shape is not None and ids.shape.vocabulary is not None
    return Blank("padding") if known and 0 in (left if left is not ids else right,) else None


def binary(reader: Expressions, node: ast.BinOp, left: Any, right: Any) -> Any:
    """Draws two values joined by a sign."""
    left, right = (numbers_of(reader, as_tensor(value)) for value in (left, right))
    if isinstance(left, Attending) or isinstance(right, Attending):
        from workbench.models.reading import heads

        return heads.joined(SIGNS.get(type(node.op), "?"), left, right)
    mask = None if isinstance(left, Tensor) or isinstance(right, Tensor) else compared(left, right)
    if mask is not None:
        return mask
    sign = SIGNS.get(type(node.op), "?")
    both = isinstance(left, Tensor) and isinstance(right, Tensor)
    if both and sign == "*" and (gate := _gated(reader, left, right) or _gated(reader, right, left)) is not None:
        return gate
    if both and sign == "+" and left.layout != right.layout:
        return added(reader, [left, right])
    if both and sign != "@" and left.layout is not None and turned(left) and left.layout == right.layout:
        plain = draw_text(reader, [f"_0 {sign} _1"], [unturned(left), unturned(right)])
        return plain.seen(left.layout)
    if both:
        return draw_text(reader, [f"_0 {sign} _1", *(["torch.matmul(_0, _1)"] if sign == "@" else [])], [left, right])
    tensor, other = (left, right) if isinstance(left, Tensor) else (right, left)
    made = [value for value in (left, right) if isinstance(value, Blank)]
    if made and not isinstance(tensor, Tensor):
        return Blank("made", made[0].sizes)
    if not isinstance(tensor, Tensor):
        return Unknown(ast.unparse(node)[:80], node.lineno)
    if isinstance(other, Weight) and not _is_positions(sign, other):
        joined = formulas.with_weight(reader, sign, tensor, other, tensor is left)
        if joined is not None:
            return joined
    if isinstance(other, Weight) and sign == "+":
        return _positions(reader, tensor, other)
    if isinstance(other, Blank) and other.kind == "zeros" and sign in "+-":
        return tensor
    if isinstance(other, int | float):
        text = f"_0 {sign} {other!r}" if tensor is left else f"{other!r} {sign} _0"
        return tensor if (sign, float(other)) in (("*", 1.0), ("+", 0.0)) else draw_text(reader, [text], [tensor])
    raise NotDrawableError(Text("{what} is not known here.", what=ast.unparse(node.right if tensor is left else node.left)[:60]))


def as_tensor(value: Any) -> Any:
    return value.states.tensor if isinstance(value, Side) and value.states.directions == 1 else value


def numbers_of(reader: Expressions, value: Any) -> Any:
    """Returns 1 and 0 for a comparison that is computed with; any other value as it is."""
    from workbench.models.reading.selecting import numbers

    return numbers(reader, value) if isinstance(value, Condition) else value


def _is_positions(sign: str, weight: Weight) -> bool:
    return sign == "+" and (weight.waves or sum(size != 1 for size in weight.sizes or ()) == 2)


def _positions(reader: Expressions, tensor: Tensor, weight: Weight) -> Tensor:
    """Draws a learned vector per position that is added: `x + self.positions[:, :T]`."""
    from workbench.models.reading.modules import forward

    sizes = [size for size in weight.sizes or () if size != 1]
    if weight.waves and len(sizes) == 2:
        drawn(reader).names |= dict.fromkeys(weight.paths, ())
        made = Module("positions.SinusoidalPositions", {"width": sizes[1], "maximum_length": sizes[0]}, weight.line)
        return forward(reader, made, [tensor], {})
    if len(sizes) != 2 or not weight.trained or not all(isinstance(size, int) for size in sizes):
        raise NotDrawableError(Text("A parameter of the class itself has no layer; only one vector per position can be added."))
    made = Module("positions.LearnedPositions", {"width": sizes[1], "maximum_length": sizes[0]}, weight.line)
    made.paths = [path.removesuffix(".weight") for path in weight.paths]
    within = any(path.endswith(".weight") for path in weight.paths)
    return forward(reader, made, [tensor], {}, {} if within else {"weight": ""})


def expression(reader: Expressions, node: ast.expr, leaves: Mapping[int, Any]) -> Tensor:
    """Draws an expression over tensors as it is written."""
    tensors = [leaf for leaf in leaves.values() if isinstance(leaf, Tensor)]
    if not tensors:
        raise NotDrawableError(Text("This is no constant."))
    numbers = {key: operand(tensors.index(leaf)) for key, leaf in leaves.items() if isinstance(leaf, Tensor)}

    kept = copy.copy(node)
    for field, value in ast.iter_fields(node):
        if isinstance(value, ast.AST) and id(value) in numbers:
            setattr(kept, field, ast.Name(numbers[id(value)]))
    return draw_text(reader, [ast.unparse(kept)], tensors)


def module_attribute(module: Module, name: str) -> Any:
    """Returns what a module says of itself: a constructor's argument, or one of its weights."""
    if name in module.arguments:
        return module.arguments[name]
    return Bound(module, name)


def tensor_attribute(reader: Expressions, tensor: Tensor, name: str) -> Any:
    """Returns an attribute of a tensor."""
    if name == "shape":
        return [size if size.constant is None else size.constant for size in views.sizes(tensor)]
    if name in ("T", "mT"):
        return views.swapped(tensor, -2, -1)
    if name in ("ndim",):
        return len(views.sizes(tensor))
    if name in ("device", "dtype", "is_cuda", "requires_grad"):
        return Named(f"torch.{name}")
    return tensor if name == "data" else Bound(tensor, name)


def parts_of(tensor: Tensor, count: int) -> list[Any]:
    """Returns the results of something that is not known and is bound to several names."""
    ports = ["output", *(f"output{index}" for index in range(2, count + 1))]
    return [Tensor(PortRef(tensor.port.node, port)) for port in ports]


def known_tensor(value: Any) -> Tensor:
    """Returns a tensor of the drawing.

    Raises:
        NotDrawableError: It is none.
    """
    found = as_tensor(value)
    if not isinstance(found, Tensor):
        raise NotDrawableError(Text("This is no tensor that the drawing knows."))
    return found


def passed(reader: Expressions, value: Any) -> Any:
    """Returns a tensor of unknown shape as it is while the input is looked for."""
    if reader.drawing is not None and reader.drawing.probing:
        reader.drawing.viewed.add(value.port)
        return value
    raise NotDrawableError(Text("The shape that arrives here is not known."))
