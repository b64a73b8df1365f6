"""Runs the statements of constructors and of forward, on values that stand for modules and tensors."""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass
from typing import Any

from workbench.models.reading.calls import Calls, Given, Keywords
from workbench.models.reading.drawing import module_path
from workbench.models.reading.expressing import express, operand
from workbench.models.reading.expressions import Scope
from workbench.models.reading.file import prelude, prelude_functions
from workbench.models.reading.operations import settled
from workbench.models.reading.reading import BROKEN, NotDrawableError
from workbench.models.reading.values import Bound, Container, Function, Instance, Module, Tensor, Unknown, Weight, tensors_in
from workbench.text import Text

_IGNORED = (ast.Pass, ast.Assert, ast.Raise, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.Delete)


class _Renamed(ast.NodeTransformer):
    """Puts numbered operands in the place of variables."""

    def __init__(self, names: dict[str, ast.Name]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return self.names.get(node.id, node)


@dataclass
class Left:
    """A body was left before its end: `return` with a value, `break` or `continue`."""

    kind: str
    value: Any = None


class Reader(Calls):
    """Reads one class.

    Attributes:
        printed: Whether the class is our own print, whose variables are the names of the nodes.
    """

    printed = False

    def run(self, function: Function, given: Given, named: Keywords) -> Any:
        """Returns what a function of the file returns."""
        self.depth += 1
        self.running.append(function.node)
        file, self.file = self.file, prelude() if function.node in prelude_functions() else self.own_file
        try:
            scope = self._bound(function, given, named)
            if isinstance(function.node, ast.Lambda):
                return self.value(function.node.body, scope)
            left = self.body(function.node.body, scope)
            return left.value if left is not None else None
        finally:
            self.depth -= 1
            self.running.pop()
            self.file = file

    def _bound(self, function: Function, given: Given, named: Keywords) -> Scope:
        """Returns the variables that a function starts with."""
        arguments, node = function.node.args, function.node
        static = isinstance(node, ast.FunctionDef) and any(
            isinstance(one, ast.Name) and one.id == "staticmethod" for one in node.decorator_list
        )
        values = [function.owner, *given] if function.owner is not None and not static else list(given)
        names = [argument.arg for argument in [*arguments.posonlyargs, *arguments.args]]
        scope: Scope = dict(function.scope)
        for name, default in zip(names[len(names) - len(arguments.defaults) :], arguments.defaults, strict=True):
            scope[name] = self.value(default, function.scope)
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            scope[argument.arg] = None if default is None else self.value(default, function.scope)
        scope |= dict(zip(names, values, strict=False))
        if arguments.vararg is not None:
            scope[arguments.vararg.arg] = tuple(values[len(names) :])
        known = {*names, *(argument.arg for argument in arguments.kwonlyargs)}
        scope |= {key: value for key, value in named.items() if key in known}
        if arguments.kwarg is not None:
            scope[arguments.kwarg.arg] = {key: value for key, value in named.items() if key not in known}
        for name in known - scope.keys():
            scope[name] = Unknown(name, node.lineno)
        return scope

    def body(self, statements: list[ast.stmt], scope: Scope) -> Left | None:
        """Runs statements one after the other."""
        for statement in statements:
            self.steps += 1
            try:
                left = self._statement(statement, scope)
            except BROKEN:
                left = self._refused(statement, scope, Text("It is given something that it does not take."))
            if left is not None:
                return left
        return None

    def _statement(self, statement: ast.stmt, scope: Scope) -> Left | None:
        if self.depth:
            self.at(statement)
        if isinstance(statement, ast.Return):
            return Left("return", None if statement.value is None else self.value(statement.value, scope))
        if isinstance(statement, ast.Break | ast.Continue):
            return Left("break" if isinstance(statement, ast.Break) else "continue")
        if isinstance(statement, ast.If):
            return self._if(statement, scope)
        if isinstance(statement, ast.For):
            return self._for(statement, scope)
        if isinstance(statement, ast.With):
            return self.body(statement.body, scope)
        if isinstance(statement, ast.FunctionDef):
            scope[statement.name] = Function(statement, dict(scope))
            return None
        return self._simple(statement, scope)

    def _simple(self, statement: ast.stmt, scope: Scope) -> Left | None:
        if isinstance(statement, ast.Assign):
            value = self._named(statement, scope)
            for target in statement.targets:
                self.assign(target, value, scope)
        elif isinstance(statement, ast.AnnAssign):
            if statement.value is not None:
                self.assign(statement.target, self.value(statement.value, scope), scope)
        elif isinstance(statement, ast.AugAssign):
            value = self.value(ast.copy_location(ast.BinOp(_loaded(statement.target), statement.op, statement.value), statement), scope)
            self.assign(statement.target, value, scope)
        elif isinstance(statement, ast.Expr):
            self.value(statement.value, scope)
        elif not isinstance(statement, _IGNORED):
            self._refused(statement, scope, Text("Only straight lines of calls can be drawn."))
        return None

    def _named(self, statement: ast.Assign, scope: Scope) -> Any:
        """Works an assignment out; in our own print the variable is the name of the node."""
        drawing = self.drawing
        target = statement.targets[0]
        first = target.elts[0] if isinstance(target, ast.Tuple) and target.elts else target
        if not self.printed or drawing is None or not isinstance(first, ast.Name) or _is_handed_on(statement.value, scope):
            return self.value(statement.value, scope)
        group, drawing.hint = drawing.group, first.id
        prefix = next((path for path in self._groups_within(group) if first.id.startswith(path.replace(".", "_") + "_")), "")
        if prefix:
            drawing.group, drawing.hint = f"{group}.{prefix}".lstrip("."), first.id[len(prefix) + 1 :]
        try:
            value = self._operator(statement, scope) or self.value(statement.value, scope)
            if isinstance(value, Tensor) and value.shape is not None and value.layout != tuple((axis,) for axis in range(value.shape.rank)):
                value = Tensor.plain(*settled(self, value))
        finally:
            drawing.group, drawing.hint = group, ""
        return value

    def _operator(self, statement: ast.Assign, scope: Scope) -> Any:
        """Draws an expression of our own print as the one layer that prints it; None where no layer does."""
        found = [part for part in ast.walk(statement.value) if isinstance(part, ast.Name)]
        names = dict.fromkeys(part.id for part in sorted(found, key=lambda part: (part.lineno, part.col_offset)))
        tensors = {name: value for name in names if isinstance(value := scope.get(name), Tensor)}
        whole = all(value.shape is not None and len(value.layout or ()) == value.shape.rank for value in tensors.values())
        if not tensors or "self" in names or not whole:
            return None
        numbers = {name: ast.Name(operand(index)) for index, name in enumerate(tensors)}
        text = ast.unparse(_Renamed(numbers).visit(copy.deepcopy(statement.value)))
        line = self.file.text.splitlines()[statement.lineno - 1]
        axes = line.rpartition(") as ")[2].split(", ")[1:] if ") as " in line else []
        match = express([text], [value.shape for value in tensors.values() if value.shape is not None], axes)
        if match is None or self.drawing is None:
            return None
        results = self.drawing.draw(match, [(value.port, value.shape) for value in tensors.values()])[1]
        return results[0] if len(results) == 1 else tuple(results)

    def _groups_within(self, group: str) -> list[str]:
        """Returns the paths of the groups within one, as seen from there."""
        paths = [module_path(path) for path in self.groups()] if group else self.groups()
        return [path[len(group) + 1 :] for path in paths if path.startswith(f"{group}.")] if group else paths

    def groups(self) -> list[str]:
        """Returns the paths of the groups, the longest first."""
        return []

    def _if(self, statement: ast.If, scope: Scope) -> Left | None:
        test = self.truth(self.value(statement.test, scope))
        if test is not None:
            return self.body(statement.body if test else statement.orelse, scope)
        if all(isinstance(part, ast.Raise | ast.Pass | ast.Expr) for part in statement.body) and not statement.orelse:
            return None
        return self._refused(statement, scope, Text("The condition is not a constant."))

    def _for(self, statement: ast.For, scope: Scope) -> Left | None:
        value = self.value(statement.iter, scope)
        try:
            rounds = self.iterated(value)
        except NotDrawableError as error:
            return self._refused(statement, scope, error.reason)
        if rounds is None:
            return self._refused(statement, scope, Text("How often the loop runs is not a constant."))
        for item in rounds:
            self.assign(statement.target, item, scope)
            left = self.body(statement.body, scope)
            if left is not None and left.kind != "continue":
                return left if left.kind == "return" else None
        return self.body(statement.orelse, scope)

    def _refused(self, statement: ast.stmt, scope: Scope, reason: str) -> Left | None:
        """Draws a placeholder for a statement: what it reads goes in, what it assigns comes out."""
        names = [part for part in ast.walk(statement) if isinstance(part, ast.Name)]
        stored = list(dict.fromkeys(part.id for part in names if isinstance(part.ctx, ast.Store)))
        read = [scope[part.id] for part in names if isinstance(part.ctx, ast.Load) and part.id in scope]
        tensors = tensors_in(read)
        returned = any(isinstance(part, ast.Return) for part in ast.walk(statement))
        if self.drawing is None or not tensors:
            scope |= {name: Unknown(name, statement.lineno) for name in stored}
            return None
        self.at(statement)
        label = type(statement).__name__.lower()
        results = self.drawing.placeholder(label, {"source": ast.unparse(statement)[:400]}, tensors, reason, max(len(stored), 1))
        scope |= dict(zip(stored, results, strict=False))
        return Left("return", results[0]) if returned and not stored else None

    def assign(self, target: ast.expr, value: Any, scope: Scope) -> None:
        """Binds names, attributes and items."""
        if isinstance(target, ast.Attribute):
            self._assign_attribute(self.value(target.value, scope), target.attr, value)
        elif isinstance(target, ast.Subscript):
            self._assign_item(target, value, scope)
        else:
            super().assign(target, value, scope)

    def _assign_attribute(self, owner: Any, name: str, value: Any) -> None:
        if isinstance(owner, Instance):
            owner.attributes[name] = value
            return
        given_up, taken = _weight_of(Bound(owner, name)), _weight_of(value)
        if given_up is not None and taken is not None:
            given_up[0].ties[given_up[1]] = taken

    def _assign_item(self, target: ast.Subscript, value: Any, scope: Scope) -> None:
        owner, key = self.value(target.value, scope), self.value(target.slice, scope)
        if isinstance(owner, Container):
            owner.items[str(key)] = value
        elif isinstance(owner, dict | list) and isinstance(key, int | str):
            try:
                owner[key] = value  # type: ignore[index,call-overload]
            except (IndexError, TypeError):
                return
        elif isinstance(owner, Tensor):
            self._refused(ast.copy_location(ast.Expr(target), target), scope, Text("Numbers are overwritten in place."))


def _is_handed_on(value: ast.expr, scope: Scope) -> bool:
    """Whether our own print hands a value on as it is, or calls a block: neither names a node."""
    called = value.func if isinstance(value, ast.Call) else None
    return isinstance(value, ast.Name) or (isinstance(called, ast.Name) and isinstance(scope.get(called.id), Instance))


def _weight_of(value: Any) -> tuple[Module, str] | None:
    """Returns the module and the name within it that an expression such as `attention.qkv.weight` stands for."""
    steps: list[str] = []
    while isinstance(value, Bound):
        steps.insert(0, value.name)
        value = value.owner
    return (value, ".".join(steps)) if isinstance(value, Module) and steps else None


def _loaded(target: ast.expr) -> Any:
    """Returns the target of `+=` as something that is read."""
    found = copy.copy(target)
    if isinstance(found, ast.Name | ast.Attribute | ast.Subscript):
        found.ctx = ast.Load()
    return found


__all__ = ["Left", "Reader", "Weight"]
