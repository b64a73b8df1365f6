"""Calls: constructors, functions of the file, modules, methods."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from workbench.graph.dim import Dim
from workbench.models.reading import formulas, functions, modules, operations
from workbench.models.reading.drawing import Drawing, module_path
from workbench.models.reading.expressions import CONSTANT, Expressions, Scope
from workbench.models.reading.file import SourceFile, prelude
from workbench.models.reading.inversion import class_of, signature
from workbench.models.reading.python import container_method, copied, folded, is_a, mathematics, python_method
from workbench.models.reading.reading import NotDrawableError
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
    States,
    Tensor,
    Unknown,
    Weight,
    as_container,
    children,
    tensors_in,
)
from workbench.text import Text

Given = list[Any]
Keywords = dict[str, Any]
_CONTAINERS = ("Sequential", "ModuleList", "ModuleDict")
_RNN = {
    "nn.LSTM": "input_size hidden_size num_layers bias batch_first dropout bidirectional proj_size",
    "nn.GRU": "input_size hidden_size num_layers bias batch_first dropout bidirectional",
    "nn.RNN": "input_size hidden_size num_layers nonlinearity bias batch_first dropout bidirectional",
}
_DEEPEST = 60
_VIEWS = frozenset(
    """view reshape unsqueeze squeeze expand expand_as repeat to type_as contiguous t transpose permute flatten cpu cuda float half double clone
    detach requires_grad_""".split()  # noqa: SIM905 (words read better than quotes)
)
"""Methods that show the numbers of a parameter as they are."""


class Calls(Expressions):
    """Works calls out."""

    depth = 0

    def __init__(self, file: SourceFile, drawing: Drawing | None = None) -> None:
        super().__init__(file, drawing)
        self.running: list[Any] = []
        self.own_file = file

    def _call(self, node: ast.Call, scope: Scope) -> Any:
        if isinstance(node.func, ast.Name) and node.func.id == "super":
            return Bound(scope.get("self"), "super")
        function = self.value(node.func, scope)
        given = self._items(node.args, scope)
        named: Keywords = {}
        for keyword in node.keywords:
            value = self.value(keyword.value, scope)
            named |= {keyword.arg: value} if keyword.arg else value if isinstance(value, dict) else {}
        owner = function.owner if isinstance(function, Bound) else None
        return self.tried(node, [owner, given, named], lambda: self.called(node, function, given, named))

    def called(self, node: ast.Call, function: Any, given: Given, named: Keywords) -> Any:
        """Returns what a call returns.

        Raises:
            NotDrawableError: It cannot be drawn.
        """
        if isinstance(function, Named):
            return self._outside(node, function.name, given, named)
        if isinstance(function, Definition):
            return self.made(function, given, named, node.lineno)
        if isinstance(function, Function):
            return self.run(function, given, named)
        if isinstance(function, Module | Instance | Container):
            return self.forward(function, given, named)
        if isinstance(function, Bound):
            return self._method(node, function, given, named)
        if tensors_in([given, list(named.values())]):
            raise NotDrawableError(Text("{what} is not known.", what=getattr(function, "text", "") or ast.unparse(node.func)[:60]))
        return Unknown(ast.unparse(node)[:80], node.lineno)

    def _outside(self, node: ast.Call, name: str, given: Given, named: Keywords) -> Any:
        place, _, short = name.rpartition(".")
        if place in ("torch.nn", "torch.nn.modules") or place.startswith("torch.nn.modules."):
            return self._constructed(node, short, given, named)
        if name in ("torch.nn.Parameter", "torch.nn.parameter.Parameter"):
            return _parameter(given, node.lineno)
        if place == "builtins":
            return self._builtin(node, short, given, named)
        if place == "math":
            return mathematics(node, short, given)
        if name == "collections.OrderedDict":
            return (
                dict(given[0]) if given and isinstance(given[0], list) else dict(given[0]) if given and isinstance(given[0], dict) else {}
            )
        if name in ("copy.deepcopy", "copy.copy"):
            return copied(given[0])
        if name == "functools.partial" and given:
            return Bound((given[0], given[1:], named), "partial")
        if short == "generate_square_subsequent_mask":
            return Blank("mask")
        if place == "torch.nn.utils.rnn" and short in ("pack_padded_sequence", "pad_packed_sequence") and given:
            return functions.packed(self, short, given, named)
        if place in ("torch", "torch.nn.functional", "torch.special", "torch.Tensor"):
            return functions.call(self, short, given, named)
        if tensors_in([given, list(named.values())]):
            raise NotDrawableError(Text("{what} is no function of torch that can be drawn.", what=name))
        return Unknown(ast.unparse(node)[:80], node.lineno)

    def _constructed(self, node: ast.Call, name: str, given: Given, named: Keywords) -> Any:
        """Returns a module of torch."""
        if name == "Parameter":
            return _parameter(given, node.lineno)
        if name in _CONTAINERS:
            return self._contained(name, given)
        if name == "Module":
            return Instance(None, line=node.lineno)
        if name in prelude().definitions:
            return self._from_prelude(name, given, named, node.lineno)
        return Module(f"nn.{name}", bound(f"nn.{name}", given, named), node.lineno)

    def _from_prelude(self, name: str, given: Given, named: Keywords, line: int) -> Any:
        return self.made(prelude().definitions[name], given, named, line)

    def _contained(self, kind: str, given: Given) -> Container:
        first = given[0] if given else []
        if isinstance(first, dict):
            return Container(kind, {str(key): value for key, value in first.items()})
        parts = given if kind == "Sequential" else self.iterated(first) or []
        return Container(kind, {str(index): part for index, part in enumerate(parts)})

    def made(self, definition: Definition, given: Given, named: Keywords, line: int) -> Any:
        """Returns an object of a class of the file; one of ours is a module of the catalogue."""
        if definition.target:
            return Module(definition.target, bound(definition.target, given, named), line)
        instance = Instance(definition, line=line)
        constructor = definition.methods.get("__init__")
        if constructor is not None:
            self.run(Function(constructor, {}, instance), given, named)
        elif definition.container:
            instance.attributes |= self._contained(definition.container, given).items
        elif not definition.is_module:
            fields = [part.target.id for part in definition.node.body if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)]
            instance.attributes |= {**dict(zip(fields, given, strict=False)), **named}
        return instance

    def forward(self, module: Module | Instance | Container, given: Given, named: Keywords) -> Any:
        """Draws a call of a module."""
        if isinstance(module, Module):
            return self._checked(module, given, named)
        if isinstance(module, Container):
            return self._chained(module, given)
        definition = module.definition
        if definition is None or "forward" not in definition.methods:
            raise NotDrawableError(Text("This class has no forward of its own."))
        formula = formulas.drawn(self, module, given, named)
        if formula is not None:
            return formula
        module.calls += 1
        if self.drawing is None or self.depth > _DEEPEST:
            raise NotDrawableError(
                Text("A module is called while modules are made.") if self.drawing is None else Text("Modules call each other without end.")
            )
        return self._within(module, Function(definition.methods["forward"], {}, module), given, named)

    def _within(self, module: Instance, function: Function, given: Given, named: Keywords) -> Any:
        """Runs forward of an object, its nodes in a group of its own; a second call gets a copy of the group."""
        drawing = self.drawing
        assert drawing is not None
        own = module.paths[0] if module.paths else ""
        before, copies = drawing.group, dict(self.path)
        if own:
            wanted = module_path(self.path_of(module))
            if module.calls > 1:
                self.path[own] = drawing.reserve(wanted)
            drawing.group = self.path.get(own, wanted) if module.calls > 1 else wanted
        try:
            return self.run(function, given, named)
        finally:
            drawing.group, self.path = before, copies

    def _checked(self, module: Module, given: Given, named: Keywords) -> Any:
        """Draws a module of torch; one that cannot be drawn becomes a placeholder with its arguments."""
        try:
            return modules.forward(self, module, given, named)
        except NotDrawableError as error:
            tensors = tensors_in([given, list(named.values())])
            if self.drawing is None or not tensors:
                raise
            name = module_path(self.path_of(module)) if module.paths else ""
            several = 2 if module.target in ("nn.LSTM", "nn.GRU", "nn.RNN", "nn.MultiheadAttention") else 1
            found = self.drawing.placeholder(module.target, module.arguments, tensors, error.reason, several, name.rpartition(".")[2])
            return found[0] if several == 1 else tuple(found)

    def _chained(self, container: Container, given: Given) -> Any:
        if container.kind != "Sequential":
            raise NotDrawableError(Text("A list of modules is not called itself."))
        value: Any = given[0] if len(given) == 1 else tuple(given)
        for part in container.items.values():
            if not isinstance(part, Module | Instance | Container):
                raise NotDrawableError(Text("A step of nn.Sequential is not known."))
            value = self.forward(part, [value], {})
        return value

    def _method(self, node: ast.Call, function: Bound, given: Given, named: Keywords) -> Any:
        owner, name = function.owner, function.name
        if name == "partial" and isinstance(owner, tuple):
            target, first, keywords = owner
            return self.called(node, target, [*first, *given], {**keywords, **named})
        if isinstance(owner, Blank):
            return functions.of_blank(owner, name, given)
        if isinstance(owner, Tensor | States | Weight | Attending | Condition):
            if isinstance(owner, Weight) and not formulas.is_pointwise(name):
                return owner.viewed() if name in _VIEWS else Unknown(ast.unparse(node)[:80], node.lineno)
            return functions.call(self, name, [owner, *given], named)
        if isinstance(owner, list | dict | str):
            return python_method(owner, name, given)
        if isinstance(owner, Container):
            return container_method(owner, name, given)
        if isinstance(owner, Instance):
            return self._instance_method(owner, name, given, named)
        if isinstance(owner, Bound) and owner.name == "super" and isinstance(owner.owner, Instance):
            return self._parents(owner.owner, name, given, named)
        if isinstance(owner, Module) and name == "forward":
            return self.forward(owner, given, named)
        if tensors_in([given, list(named.values())]):
            raise NotDrawableError(Text("{what} is not known.", what=ast.unparse(node.func)[:60]))
        return Unknown(ast.unparse(node)[:80], node.lineno)

    def _parents(self, owner: Instance, name: str, given: Given, named: Keywords) -> Any:
        """Runs a function of a parent class of the class whose function is running."""
        line = owner.definition.line if owner.definition is not None else ()
        running = self.running[-1] if self.running else None
        at = next((index for index, one in enumerate(line) if running in one.own), len(line))
        for parent in line[at + 1 :]:
            found = next((function for function in parent.own if function.name == name), None)
            if found is not None:
                return self.run(Function(found, {}, owner), given, named)
        kind = owner.definition.container if owner.definition is not None else ""
        if name == "__init__" and kind:
            owner.attributes |= self._contained(kind, given).items
        elif name == "forward" and kind == "Sequential":
            return self._chained(as_container(owner), given)
        return None

    def _instance_method(self, owner: Instance, name: str, given: Given, named: Keywords) -> Any:
        if name == "add_module" and len(given) == 2:
            owner.attributes[str(given[0])] = given[1]
        elif name in ("register_buffer", "register_parameter") and len(given) >= 2:
            found = given[1]
            kept = isinstance(found, Blank) and not found.masks
            owner.attributes[str(given[0])] = Weight(found.sizes, 0, trained=False, waves=self._waves()) if kept else found
        elif name in ("children", "items", "keys", "values", "named_children", "append", "extend", "pop"):
            return self._of_children(owner, name, given)
        elif tensors_in([given, list(named.values())]):
            raise NotDrawableError(Text("{what} is not known.", what=name))
        return None

    def _waves(self) -> bool:
        """Whether the constructor that is running works out sines and cosines of positions (Vaswani et al. 2017)."""
        text = ast.unparse(self.running[-1]) if self.running and isinstance(self.running[-1], ast.FunctionDef) else ""
        return all(part in text for part in ("sin(", "cos(", "10000", "0::2", "1::2"))

    def _of_children(self, owner: Instance, name: str, given: Given) -> Any:
        """Answers what lists of modules are asked; what is added becomes an attribute."""
        held = children(owner)
        kind = owner.definition.container if owner.definition is not None else ""
        listed = Container(kind or "ModuleList", dict(held))
        found = container_method(listed, name, given)
        owner.attributes |= {key: part for key, part in listed.items.items() if key not in held}
        return owner if found is listed else found

    def _builtin(self, node: ast.Call, name: str, given: Given, named: Keywords) -> Any:
        if name in ("getattr", "hasattr", "setattr") and given and isinstance(given[0], Instance):
            return self._reflected(name, given)
        plain = [as_container(value.constant if isinstance(value, Dim) and value.constant is not None else value) for value in given]
        if name in ("zip", "enumerate", "list", "tuple", "reversed", "sorted") and plain:
            return self._iterable(name, plain, named)
        if name == "isinstance" and len(plain) == 2:
            found = is_a(plain[0], plain[1])
            return Unknown(ast.unparse(node)[:80], node.lineno) if found is None else found
        if name == "dict":
            first = plain[0] if plain else {}
            pairs = first if isinstance(first, dict) else dict(first) if isinstance(first, list) and _pairs(first) else {}
            return {**pairs, **named}
        if name == "sum" and len(plain) == 1 and isinstance(plain[0], list | tuple) and len(plain[0]) > 1:
            values = list(plain[0])
            if all(isinstance(value, Tensor) for value in values):
                return operations.added(self, values)
        if tensors_in(plain):
            raise NotDrawableError(Text("{what} of a tensor has no layer.", what=name))
        return folded(node, name, plain)

    def _reflected(self, name: str, given: Given) -> Any:
        owner, key = given[0], str(given[1])
        if name == "setattr" and len(given) == 3:
            owner.attributes[key] = given[2]
            return None
        return key in owner.attributes if name == "hasattr" else self.member(owner, key)

    def _iterable(self, name: str, given: Given, named: Keywords) -> Any:
        rows = [self.iterated(value) for value in given]
        if any(row is None for row in rows[: 1 if name != "zip" else None]):
            return Unknown(name)
        first = rows[0] or []
        if name == "enumerate":
            start = given[1] if len(given) > 1 else named.get("start", 0)
            return [(start + index, value) for index, value in enumerate(first)]
        if name == "zip":
            return list(zip(*[row or [] for row in rows], strict=False))
        if name == "reversed":
            return first[::-1]
        if name == "sorted":
            return sorted(first) if all(isinstance(value, CONSTANT) for value in first) else first
        return tuple(first) if name == "tuple" else first


def bound(target: str, given: Given, named: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a constructor's arguments by name; what it does not know keeps a name that says so."""
    names = _RNN[target].split() if target in _RNN else list(found.parameters) if (found := signature(target)) is not None else []
    pairs = [(names[index] if index < len(names) else f"argument{index + 1}", value) for index, value in enumerate(given)]
    plain = {
        key: value.constant if isinstance(value, Dim) and value.constant is not None else value for key, value in [*pairs, *named.items()]
    }
    return {} if target == "nn.Identity" or (class_of(target) is None and not plain) else plain


def _pairs(values: Given) -> bool:
    return all(isinstance(pair, tuple | list) and len(pair) == 2 and isinstance(pair[0], str | int) for pair in values)


def _parameter(given: Given, line: int) -> Any:
    first = given[0] if given else None
    return Weight(first.sizes, line, start=first.kind) if isinstance(first, Blank) else Weight(None, line)
