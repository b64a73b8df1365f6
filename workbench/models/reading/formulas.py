"""Formulas: classes of our own print that are one, and operations of others that no other layer does."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.graph.graph import PortRef, is_name
from workbench.graph.shape import Axis, Shape
from workbench.layers import LAYERS
from workbench.layers.expressions.grammar import FUNCTIONS
from workbench.layers.expressions.resolve import names_of
from workbench.models.reading.drawing import module_path
from workbench.models.reading.inversion import REFUSED, Match, accepts, by_port, said, without_defaults
from workbench.models.reading.reading import NotDrawableError
from workbench.models.reading.values import Definition, Instance, Module, Tensor, Weight
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.models.reading.expressions import Expressions

LETTERS = "xyzuvw"
_SAME = frozenset(name for name in FUNCTIONS if FUNCTIONS[name].positions == ("value",) and not FUNCTIONS[name].options)
_ALONG = {
    "mean": "mean", "sum": "sum", "amax": "max", "amin": "min", "logsumexp": "logsumexp", "std": "std", "var": "var", "softmax": "softmax",
    "log_softmax": "log_softmax", "cumsum": "cumsum", "flip": "flip", "normalize": "normalise",
}
_OTHER = {
    "pow": "power", "matmul": "matmul", "bmm": "matmul", "mm": "matmul", "maximum": "maximum", "minimum": "minimum", "where": "where",
    "clamp": "clamp", "clip": "clamp", "einsum": "einsum", "leaky_relu": "leaky_relu", "elu": "elu", "mul": "*", "add": "+", "sub": "-",
    "div": "/",
}
_ALIASES = {"absolute": "abs", "atan": "arctan"}
_SIGNS: Mapping[str, type[ast.operator]] = {"*": ast.Mult, "+": ast.Add, "-": ast.Sub, "/": ast.Div}
_STARTS = {"zeros": "zeros", "ones": "ones", "randn": "normal(1)", "xavier": "xavier"}


def params_of(definition: Definition) -> dict[str, Any] | None:
    """Returns the parameters of the layer that a class says it is in its docstring, or None where it says no formula."""
    about = ast.get_docstring(definition.node)
    if about is None or definition.target:
        return None
    text, _, parameters = inspect.cleandoc(about).strip().partition("\n\n")
    try:
        names_of(text, parameters)
    except REFUSED:
        return None
    return {"expression": text, "parameters": parameters}


def drawn(reader: Expressions, instance: Instance, given: Sequence[Any], named: Mapping[str, Any]) -> Tensor | None:
    """Draws a call of a class that is a formula of ours, word for word; None where it is none."""
    from workbench.models.reading import operations

    definition, drawing = instance.definition, reader.drawing
    raw = params_of(definition) if definition is not None and drawing is not None and not drawing.probing else None
    if raw is None or definition is None or drawing is None:
        return None
    names = names_of(raw["expression"], raw["parameters"])
    values = [operations.as_tensor(value) for value in (*given, *(named[name] for name in names if name in named))][: len(names)]
    tensors = [value for value in values if isinstance(value, Tensor)]
    if len(tensors) < len(names) or any(tensor.shape is None for tensor in tensors):
        return None
    sources = [operations.settled(reader, tensor) for tensor in tensors]
    match = _match(raw, names, [shape for _, shape in sources if shape is not None])
    if match is None or not _is_word_for_word(match.call.definition, definition):
        return None
    if instance.formula is None:
        instance.formula = Module("expression.Expression", {}, instance.line, instance.paths)
    path = module_path(reader.path_of(instance)) if instance.paths else ""
    results = drawing.drawn_module(instance.formula, match, sources, path, {}) if path else drawing.draw(match, sources)[1]
    return results[0]


def _is_word_for_word(text: str, definition: Definition) -> bool:
    printed = ast.parse(text.replace("{name}", definition.name)).body[0]
    return ast.dump(printed) == ast.dump(definition.node)


def _match(raw: Mapping[str, Any], names: Sequence[str], shapes: Sequence[Shape]) -> Match | None:
    layer, inputs = LAYERS["expression"], dict(zip(names, shapes, strict=True))
    call = said(layer, raw, inputs) if accepts(layer, raw, inputs) else None
    return Match("expression", without_defaults(layer, raw), call, ()) if call is not None else None


def match_of(texts: Sequence[str], shapes: Sequence[Shape], declared: str = "", learned: Sequence[str] = ()) -> Match | None:
    """Returns the formula that computes one of these texts, or None.

    Args:
        texts: Ways to write the same in torch; `_0`, `_1` are the tensors, behind them the learned parameters.
        shapes: The shapes of the tensors.
        declared: The declarations of the learned parameters.
        learned: Their names.
    """
    if len(shapes) > len(LETTERS):
        return None
    letters = [letter for letter in LETTERS if letter not in learned]
    for text in texts:
        for axes in _renamings(shapes):
            names = [*letters[: len(shapes)], *learned]
            written = _Turned(names, axes).text(text)
            if written is None:
                continue
            raw = {"expression": written, "parameters": declared}
            order = _ordered(raw, names[: len(shapes)], shapes)
            found = _match(raw, *order) if order is not None else None
            if found is not None:
                return found
    return None


def _ordered(raw: Mapping[str, Any], names: Sequence[str], shapes: Sequence[Shape]) -> tuple[list[str], list[Shape]] | None:
    """Returns names and shapes, where the formula uses them in the order in which they are wired."""
    try:
        used = list(names_of(raw["expression"], raw["parameters"]))
    except REFUSED:
        return None
    return (used, list(shapes)) if used == list(names) else None


def _renamings(shapes: Sequence[Shape]) -> Iterator[list[dict[str, str]]]:
    """Yields new names of axes for each tensor: none first, then those of the widest, place by place from behind as torch does."""
    none: list[dict[str, str]] = [{} for _ in shapes]
    yield none
    widest = max(shapes, key=lambda shape: shape.rank)
    changed = [
        {own: other for own, other in zip(shape.axes[::-1], widest.axes[::-1], strict=False) if own != other and Axis.BATCH not in (own, other)}
        for shape in shapes
    ]
    if any(changed):
        yield changed


class _Turned:
    """Turns a text of torch into a formula.

    Args:
        names: What each operand is called.
        axes: New names of axes, for the operands that need some.
    """

    def __init__(self, names: Sequence[str], axes: Sequence[Mapping[str, str]]) -> None:
        self.names, self.axes = names, axes

    def text(self, written: str) -> str | None:
        """Returns the formula, or None where there is no word for something in it."""
        try:
            return ast.unparse(self._turned(ast.parse(written, mode="eval").body))
        except (SyntaxError, ValueError, KeyError, IndexError, RecursionError):
            return None

    def _turned(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Name):
            return self._operand(int(node.id.removeprefix("_")))
        if isinstance(node, ast.BinOp):
            return ast.BinOp(self._turned(node.left), node.op, self._turned(node.right))
        if isinstance(node, ast.UnaryOp):
            return ast.UnaryOp(node.op, self._turned(node.operand))
        if isinstance(node, ast.Compare):
            return ast.Compare(self._turned(node.left), node.ops, [self._turned(part) for part in node.comparators])
        if isinstance(node, ast.Subscript):
            return ast.Subscript(self._turned(node.value), node.slice, ast.Load())
        if isinstance(node, ast.Call):
            return self._called(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str):
            return node
        raise ValueError(node)

    def _operand(self, index: int) -> ast.expr:
        name = ast.Name(self.names[index], ast.Load())
        new = self.axes[index] if index < len(self.axes) else {}
        words = [ast.keyword(old, ast.Name(to, ast.Load())) for old, to in new.items()]
        return ast.Call(ast.Name("rename", ast.Load()), [name], words) if new else name

    def _called(self, node: ast.Call) -> ast.expr:
        assert isinstance(node.func, ast.Attribute), node.func
        owner = node.func.value
        method = not (isinstance(owner, ast.Name) and owner.id == "torch")
        given, named = [*([owner] if method else []), *node.args], {item.arg: item.value for item in node.keywords}
        name = _ALIASES.get(node.func.attr, node.func.attr)
        if name in _SAME and len(given) == 1 and not named:
            return self._call(name, given)
        if name in _ALONG:
            return self._along(_ALONG[name], given, named)
        if name == "roll":
            value, shift, axis = (*given, *(named[key] for key in ("shifts", "dims") if key in named))
            return ast.Call(ast.Name("roll", ast.Load()), [self._turned(value), axis, shift], [])
        word = _OTHER[name]
        if word in _SIGNS and len(given) == 2 and not named:
            return ast.BinOp(self._turned(given[0]), _SIGNS[word](), self._turned(given[1]))
        return self._call(word, given, [ast.keyword(key, self._turned(value)) for key, value in named.items()])

    def _call(self, name: str, given: Sequence[ast.expr], named: Sequence[ast.keyword] = ()) -> ast.expr:
        return ast.Call(ast.Name(name, ast.Load()), [self._turned(value) for value in given], list(named))

    def _along(self, name: str, given: Sequence[ast.expr], named: Mapping[str | None, ast.expr]) -> ast.expr:
        dims = named.get("dim", named.get("axis", given[1] if len(given) > 1 else None))
        axes = list(dims.elts) if isinstance(dims, ast.Tuple | ast.List) else [] if dims is None else [dims]
        keep = named.get("keepdim", given[2] if len(given) > 2 else None)
        others = [ast.keyword("keep", keep)] if isinstance(keep, ast.Constant) and keep.value is True else []
        if "unbiased" in named or "correction" in named:
            value = named.get("correction", named.get("unbiased"))
            assert isinstance(value, ast.Constant), value
            others.append(ast.keyword("correction", ast.Constant(int(value.value) if isinstance(value.value, int) else 1)))
        return ast.Call(ast.Name(name, ast.Load()), [self._turned(given[0]), *axes], others)


def with_weight(reader: Expressions, sign: str, tensor: Tensor, weight: Weight, first: bool) -> Tensor | None:
    """Draws a tensor joined with a learned parameter of the class itself; None where its axes are not clear."""
    from workbench.models.reading import operations

    drawing = operations.drawn(reader)
    if tensor.shape is None or not weight.trained or not weight.paths or not _is_known(weight):
        return None
    port, shape = operations.settled(reader, tensor)
    axes = _axes_of(weight, shape, sign, first) if shape is not None else None
    if shape is None or axes is None:
        return None
    name = _name_of(weight)
    declared = f"{name}: {', '.join(f'{axis} {size}' for axis, size in axes)} = {_STARTS.get(weight.start, 'normal(0.02)')}"
    joined = weight.text.format(weight="_1")
    text = f"_0 {sign} {joined}" if first else f"{joined} {sign} _0"
    match = match_of([text], [shape], declared, [name])
    if match is None:
        return None
    node, (result,) = drawing.draw(match, [(port, shape)])
    drawing.formulas.add(node)
    _note(reader, node, name, weight)
    return result


def einsum_with_weight(reader: Expressions, given: Sequence[Any]) -> Tensor:
    """Draws a sum of products of one tensor with a learned parameter of the class itself.

    Raises:
        NotDrawableError: The axes of the parameter are not clear.
    """
    from workbench.models.reading import operations

    drawing = operations.drawn(reader)
    equation, *values = given
    tensors = [operations.settled(reader, value) for value in values if isinstance(value, Tensor)]
    weights = [value for value in values if isinstance(value, Weight)]
    port, shape = tensors[0] if len(tensors) == len(weights) == 1 == len(values) - 1 else (None, None)
    if isinstance(equation, str) and port is not None and shape is not None:
        first = isinstance(values[0], Tensor)
        axes = _letters(equation, shape, weights[0], first)
        name = _name_of(weights[0])
        declared = f"{name}: {axes} = {_STARTS.get(weights[0].start, 'normal(0.02)')}"
        match = match_of([f"torch.einsum({equation!r}, {'_0, _1' if first else '_1, _0'})"], [shape], declared, [name]) if axes else None
        if match is not None:
            node, (result,) = drawing.draw(match, [(port, shape)])
            drawing.formulas.add(node)
            _note(reader, node, name, weights[0])
            return result
    raise NotDrawableError(Text("There is no layer for {function} with these arguments.", function="einsum"))


def _letters(equation: str, shape: Shape, weight: Weight, first: bool) -> str:
    """Returns the axes of a parameter in an einsum: those of the tensor where they share a letter; a new last one is the new last one there."""
    left, _, result = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != 2 or weight.seen or not all(isinstance(size, int) for size in weight.sizes or ("?",)):
        return ""
    own, theirs = (terms[1], terms[0]) if first else (terms[0], terms[1])
    known = dict(zip(theirs, shape.axes, strict=False))
    if result[-1:] in own and result[-1:] not in known and theirs[-1:] not in result:
        known = {letter: axis for letter, axis in known.items() if letter != theirs[-1]} | {theirs[-1]: "inner", result[-1]: shape.axes[-1]}
    names = [known.get(letter, f"axis_{letter}") for letter in own]
    return ", ".join(f"{axis} {size}" for axis, size in zip(names, weight.sizes or (), strict=False))


def _name_of(weight: Weight) -> str:
    own = weight.paths[0].rpartition(".")[2] if weight.paths else ""
    return own if is_name(own) and own not in FUNCTIONS else "weight"


def _note(reader: Expressions, node: str, name: str, weight: Weight) -> None:
    """Writes down where the numbers of a parameter go, and ties it where it is read twice."""
    drawing = reader.drawing
    assert drawing is not None
    for path in weight.paths:
        drawing.names[path] = (*drawing.names.get(path, ()), f"{drawing.node(node).path}.{name}")
    if weight.nodes:
        drawing.tie(node, name, *weight.nodes[0])
    weight.nodes.append((node, name))


def _is_known(weight: Weight) -> bool:
    return weight.sizes is not None and all(isinstance(size, int) for size in weight.sizes)


def is_pointwise(name: str) -> bool:
    """Whether a function of torch changes every number alone and a formula has a word for it."""
    return _ALIASES.get(name, name) in _SAME


def _axes_of(weight: Weight, shape: Shape, sign: str, first: bool) -> list[tuple[str, int]] | None:
    """Returns the axes of a parameter: those of the tensor, counted from behind as torch does."""
    sizes = list(weight.sizes or (1,))
    if sign == "@":
        if not first or len(sizes) != 2 or weight.seen or shape.dims[-1] != sizes[0]:
            return None
        return [("inner", sizes[0]), (shape.axes[-1], sizes[1])]
    if weight.seen:
        fitting = [axis for axis, dim in zip(shape.axes[1:], shape.dims[1:], strict=True) if dim == max(sizes, default=1)]
        return [(fitting[0], sizes[0])] if len(sizes) == 1 and len(fitting) == 1 else None
    if len(sizes) > shape.rank:
        return None
    pairs = list(zip(shape.axes[shape.rank - len(sizes):], shape.dims[shape.rank - len(sizes):], sizes, strict=True))
    fits = all(size == 1 or dim == size for _, dim, size in pairs) and all(size == 1 for axis, _, size in pairs if axis == Axis.BATCH)
    return [(axis, size) for axis, _, size in pairs] if fits else None


def fits(match: Match, shapes: Sequence[Shape]) -> bool:
    """Whether the layer of a match takes these shapes; most join equal shapes only, where torch spreads sizes of 1."""
    inputs = by_port(LAYERS[match.layer], tuple(shapes))
    return inputs is None or accepts(LAYERS[match.layer], match.params, inputs)


def fallback(texts: Sequence[str], sources: Sequence[tuple[PortRef, Shape | None]]) -> Match | None:
    """Returns the formula for an operation that no layer prints, where all shapes are known."""
    shapes = [shape for _, shape in sources if shape is not None]
    return match_of(texts, shapes) if len(shapes) == len(sources) else None
