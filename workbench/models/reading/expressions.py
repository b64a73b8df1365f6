"""Works expressions out: constants as Python would, tensors by drawing what is done with them."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from workbench.graph.dim import Dim
from workbench.models.reading import heads, indexing, operations, selecting
from workbench.models.reading.constants import LONGEST, computed, plain, short
from workbench.models.reading.drawing import Drawing
from workbench.models.reading.file import SourceFile, prelude
from workbench.models.reading.python import CONSTANT
from workbench.models.reading.reading import BROKEN, NotDrawableError, WrongSizeError
from workbench.models.reading.values import (
    Attending,
    Blank,
    Bound,
    Condition,
    Container,
    Definition,
    Function,
    Instance,
    Module,
    Named,
    Side,
    States,
    Tensor,
    Unknown,
    Weight,
    as_container,
    tensors_in,
)
from workbench.text import Text

Scope = dict[str, Any]
_MOST_STEPS = 400_000
TRAINING = "self.training"
_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.In: lambda left, right: left in right, ast.NotIn: lambda left, right: left not in right,
}
_OPAQUE = (Attending, Condition, Tensor, Module, Instance, Container, Unknown, Weight, Blank, States, Side, Bound, Named)


class Expressions:
    """Works out one expression at a time.

    Args:
        file: The source.
        drawing: What forward draws into; None while constructors are read.
    """

    def __init__(self, file: SourceFile, drawing: Drawing | None = None) -> None:
        self.file, self.drawing = file, drawing
        self.steps = 0
        self.path: dict[str, str] = {}

    def value(self, node: ast.AST, scope: Scope) -> Any:
        """Returns what an expression stands for; what is not known is `Unknown`."""
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise RecursionError
        found: Callable[[Any, Scope], Any] | None = getattr(self, f"_{type(node).__name__.lower()}", None)
        if found is None:
            return Unknown(ast.unparse(node), getattr(node, "lineno", 0))
        return found(node, scope)

    def path_of(self, value: Module | Instance | Container) -> str:
        """Returns the path of a module in the drawing: where it is read again, that of the copy of its group."""
        path = value.paths[0] if value.paths else ""
        parts = path.split(".")
        for count in range(len(parts), 0, -1):
            start = ".".join(parts[:count])
            if start in self.path:
                return ".".join([self.path[start], *parts[count:]])
        return path

    def at(self, node: ast.expr | ast.stmt) -> None:
        """Notes the line that is read; what a class of torch is made of stands in the line that calls it."""
        if self.drawing is not None and self.file is not prelude():
            self.drawing.line = node.lineno

    def opaque(self, node: ast.expr, values: Any, reason: str) -> Any:
        """Returns a placeholder for an expression that cannot be drawn."""
        tensors, text = tensors_in(values), short(node)
        if self.drawing is None or not tensors:
            return Unknown(text, node.lineno)
        self.at(node)
        return self.drawing.placeholder(operations.label_of(node), {"source": text}, tensors, reason)[0]

    def _constant(self, node: ast.Constant, scope: Scope) -> Any:
        return node.value if isinstance(node.value, CONSTANT) or node.value is Ellipsis else Unknown(short(node), node.lineno)

    def _name(self, node: ast.Name, scope: Scope) -> Any:
        if node.id in scope:
            return scope[node.id]
        found = self.file.lookup(node.id)
        if not isinstance(found, ast.expr):
            return found
        if node.id in self.file.loading:
            return Unknown(node.id, node.lineno)
        self.file.loading.add(node.id)
        try:
            return self.value(found, {})
        finally:
            self.file.loading.discard(node.id)

    def _tuple(self, node: ast.Tuple, scope: Scope) -> Any:
        return tuple(self._items(node.elts, scope))

    def _list(self, node: ast.List, scope: Scope) -> Any:
        return self._items(node.elts, scope)

    def _items(self, nodes: list[ast.expr], scope: Scope) -> list[Any]:
        found: list[Any] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                found += self.iterated(self.value(node.value, scope)) or []
            else:
                found.append(self.value(node, scope))
        return found

    def _dict(self, node: ast.Dict, scope: Scope) -> Any:
        found: dict[Any, Any] = {}
        for key, item in zip(node.keys, node.values, strict=True):
            given = self.value(item, scope)
            if key is None:
                found |= given if isinstance(given, dict) else {}
                continue
            name = self.value(key, scope)
            found[name if isinstance(name, CONSTANT) else short(key)] = given
        return found

    def _joinedstr(self, node: ast.JoinedStr, scope: Scope) -> Any:
        parts = [part.value if isinstance(part, ast.FormattedValue) else part for part in node.values]
        values = [self.value(part, scope) for part in parts]
        plain = all(isinstance(value, CONSTANT) for value in values)
        text = "".join(map(str, values)) if plain and all(len(value) < LONGEST for value in values if isinstance(value, str)) else None
        return Unknown(short(node), node.lineno) if text is None or len(text) > LONGEST else text

    def _slice(self, node: ast.Slice, scope: Scope) -> Any:
        parts = [None if part is None else self.value(part, scope) for part in (node.lower, node.upper, node.step)]
        return slice(*parts)

    def _lambda(self, node: ast.Lambda, scope: Scope) -> Any:
        return Function(node, dict(scope))

    def _ifexp(self, node: ast.IfExp, scope: Scope) -> Any:
        decides = self.value(node.test, scope)
        test = True if isinstance(decides, Unknown) and decides.text == TRAINING else self.truth(decides)
        if test is None:
            return self.opaque(node, [self.value(node.body, scope), self.value(node.orelse, scope)], Text("The condition is not a constant."))
        return self.value(node.body if test else node.orelse, scope)

    def _boolop(self, node: ast.BoolOp, scope: Scope) -> Any:
        stop = isinstance(node.op, ast.Or)
        found: Any = None
        for part in node.values:
            found = self.value(part, scope)
            test = self.truth(found)
            if test is None:
                return Unknown(short(node), node.lineno)
            if test == stop:
                return found
        return found

    def _compare(self, node: ast.Compare, scope: Scope) -> Any:
        left = self.value(node.left, scope)
        for sign, part in zip(node.ops, node.comparators, strict=True):
            right = self.value(part, scope)
            found = _compared(sign, plain(left), plain(right))
            if found is None and (mask := operations.compared(left, right)) is not None:
                return mask
            if found is None and len(node.ops) == 1 and self.drawing is not None and (held := selecting.condition(sign, left, right)) is not None:
                return held
            if found is None:
                return self.opaque(node, [left, right], Text("A comparison of tensors has no layer."))
            if not found:
                return False
            left = right
        return True

    def truth(self, value: Any) -> bool | None:
        """Returns whether a value counts as true, or None where that is not known."""
        value = plain(value)
        if isinstance(value, (*_OPAQUE, Dim)):
            return True if isinstance(value, Module | Instance | Named) else bool(value.items) if isinstance(value, Container) else None
        return bool(value)

    def _unaryop(self, node: ast.UnaryOp, scope: Scope) -> Any:
        value = plain(self.value(node.operand, scope))
        if isinstance(node.op, ast.Not):
            test = self.truth(value)
            return Unknown(short(node), node.lineno) if test is None else not test
        if isinstance(value, Blank) and value.masks:
            return value
        if isinstance(value, int | float | Dim):
            return -value if isinstance(node.op, ast.USub) else value
        return self.tried(node, [value], lambda: operations.expression(self, node, {id(node.operand): value}))

    def _binop(self, node: ast.BinOp, scope: Scope) -> Any:
        parts = operations.summands(node)
        values = [self.value(part, scope) for part in parts]
        if len(values) > 2 and all(isinstance(value, Tensor) for value in values):
            return self.tried(node, values, lambda: operations.added(self, values))
        while len(values) > 1:
            values = [self._binary(node, values[0], values[1]), *values[2:]]
        return values[0]

    def _binary(self, node: ast.BinOp, left: Any, right: Any) -> Any:
        one, two = plain(left), plain(right)
        if isinstance(one, str | int | float | list | tuple | Dim) and isinstance(two, str | int | float | list | tuple | Dim):
            return computed(node, one, two)
        return self.tried(node, [left, right], lambda: operations.binary(self, node, one, two))

    def tried(self, node: ast.expr, values: Any, draw: Callable[[], Any]) -> Any:
        """Draws something, or a placeholder where it cannot be drawn."""
        self.at(node)
        try:
            return draw()
        except NotDrawableError as error:
            return self.opaque(node, values, error.reason)
        except WrongSizeError:
            if self.drawing is None or self.drawing.strict:
                raise
            return self.opaque(node, values, Text("Its sizes do not hold as many numbers as arrive."))
        except BROKEN:
            return self.opaque(node, values, Text("It is given something that it does not take."))

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Any:
        owner = self.value(node.value, scope)
        return self.tried(node, [owner], lambda: self.member(owner, node.attr, node.lineno))

    def member(self, owner: Any, name: str, line: int = 0) -> Any:
        """Returns an attribute of a value."""
        if isinstance(owner, Named):
            return operations.constant_named(f"{owner.name}.{name}")
        if isinstance(owner, Instance):
            return self._member_of(owner, name, line)
        if isinstance(owner, Definition) and name in owner.constants:
            return self.value(owner.constants[name], {})
        if isinstance(owner, Definition) and name in owner.methods:
            return Function(owner.methods[name], {})
        if isinstance(owner, Module):
            return operations.module_attribute(owner, name)
        if isinstance(owner, Tensor):
            return operations.tensor_attribute(self, owner, name)
        if isinstance(owner, Attending) and (found := heads.attribute(owner, name)) is not None:
            return found
        if isinstance(owner, Unknown):
            return Unknown(f"{owner.text}.{name}", line, owner.tensors)
        if isinstance(owner, Container) and name in owner.items:
            return owner.items[name]
        if isinstance(owner, tuple) and len(owner) == 2 and name in ("values", "indices"):
            return owner[name == "indices"]
        return Bound(owner, name)

    def _member_of(self, owner: Instance, name: str, line: int) -> Any:
        if name in owner.attributes:
            return owner.attributes[name]
        definition = owner.definition
        if name == "training":
            return Unknown(TRAINING, line)
        if definition is not None and name in definition.methods:
            function = Function(definition.methods[name], {}, owner)
            return self.run(function, [], {}) if _is_property(function.node) else function
        if definition is not None and name in definition.constants:
            return self.value(definition.constants[name], {})
        return Bound(owner, name)

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Any:
        owner, index = self.value(node.value, scope), self.value(node.slice, scope)
        return self.tried(node, [owner, index], lambda: self._item(node, owner, index))

    def run(self, function: Function, given: list[Any], named: dict[str, Any]) -> Any:
        """Returns what a function of the file returns; statements say how."""
        raise AssertionError(function.node)

    def _item(self, node: ast.Subscript, owner: Any, index: Any) -> Any:
        index, owner = plain(index), as_container(owner)
        if isinstance(owner, Blank) and owner.masks:
            return owner
        if isinstance(owner, Attending):
            return heads.item(owner, index)
        if isinstance(owner, Tensor | States | Weight):
            return indexing.item(self, node, owner, index)
        if isinstance(owner, Container):
            keys = list(owner.items)
            if isinstance(index, slice):
                return Container(owner.kind, dict(list(owner.items.items())[index]), list(owner.paths))
            return owner.items[keys[index] if isinstance(index, int) else index]
        if (isinstance(owner, list | tuple | str) and isinstance(index, int | slice)) or (isinstance(owner, dict) and isinstance(index, CONSTANT)):
            try:
                return owner[index]  # type: ignore[index]
            except (IndexError, KeyError, TypeError) as error:
                raise NotDrawableError(Text("{expression} does not exist.", expression=short(node))) from error
        return Unknown(short(node), node.lineno)

    def _listcomp(self, node: ast.ListComp, scope: Scope) -> Any:
        return self._comprehended(node, scope)

    def _generatorexp(self, node: ast.GeneratorExp, scope: Scope) -> Any:
        return self._comprehended(node, scope)

    def _comprehended(self, node: ast.ListComp | ast.GeneratorExp, scope: Scope) -> Any:
        found: list[Any] = []
        for inner in self._rounds(node.generators, dict(scope)):
            found.append(self.value(node.elt, inner))
        return found

    def _dictcomp(self, node: ast.DictComp, scope: Scope) -> Any:
        return {self.value(node.key, inner): self.value(node.value, inner) for inner in self._rounds(node.generators, dict(scope))}

    def _rounds(self, generators: list[ast.comprehension], scope: Scope) -> list[Scope]:
        first, *others = generators
        rounds: list[Scope] = []
        for item in self.iterated(self.value(first.iter, scope)) or []:
            inner = dict(scope)
            self.assign(first.target, item, inner)
            if all(self.truth(self.value(test, inner)) for test in first.ifs):
                rounds += self._rounds(others, inner) if others else [inner]
        return rounds

    def iterated(self, value: Any) -> list[Any] | None:
        """Returns what a loop over a value sees, or None where that is not known."""
        value = as_container(value)
        if isinstance(value, Container):
            return list(value.items) if value.kind == "ModuleDict" else list(value.items.values())
        if isinstance(value, list | tuple | range | str):
            if len(value) > LONGEST:
                raise NotDrawableError(Text("A loop of more than {count} rounds.", count=LONGEST))
            return list(value)
        return list(value) if isinstance(value, dict) else None

    def assign(self, target: ast.expr, value: Any, scope: Scope) -> None:
        """Binds a name; statements know more kinds of targets."""
        if isinstance(target, ast.Name):
            scope[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            for part, item in zip(target.elts, self.unpacked(value, len(target.elts)), strict=False):
                self.assign(part, item, scope)

    def unpacked(self, value: Any, count: int) -> list[Any]:
        """Returns the parts of a value that is bound to several names."""
        if isinstance(value, heads.Heads):
            return [heads.item(value, index) for index in range(count)]
        if isinstance(value, list | tuple):
            return [*value, *[Unknown("")] * (count - len(value))]
        if isinstance(value, Tensor) and value.shape is None and self.drawing is not None:
            return operations.parts_of(value, count)
        return [Unknown("", 0, tuple(tensors_in(value)))] * count


def _is_property(node: ast.AST) -> bool:
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
    return any(isinstance(one, ast.Name | ast.Attribute) and ast.unparse(one).endswith("property") for one in decorators)


def _compared(sign: ast.cmpop, left: Any, right: Any) -> bool | None:
    if isinstance(sign, ast.Is | ast.IsNot):
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            return None
        same = left is right or (isinstance(left, CONSTANT) and isinstance(right, CONSTANT) and left == right)
        return same == isinstance(sign, ast.Is)
    if isinstance(sign, ast.Eq | ast.NotEq) and isinstance(left, Named | Module | Instance) and isinstance(right, CONSTANT):
        return isinstance(sign, ast.NotEq)
    if isinstance(left, (*_OPAQUE, Dim)) or isinstance(right, (*_OPAQUE, Dim, Definition)):
        return None
    try:
        return bool(_COMPARED[type(sign)](left, right))
    except TypeError:
        return None
