"""The source as text: parsed, never imported and never run."""

from __future__ import annotations

import ast
import pkgutil
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from workbench.errors import GraphError
from workbench.models.reading.prelude import PRELUDE
from workbench.models.reading.values import Definition, Function, Named, Unknown
from workbench.text import Text

MOST_CHARACTERS = 1_000_000
MOST_LINES = 20_000
USUAL = {
    "torch": "torch", "nn": "torch.nn", "F": "torch.nn.functional", "Tensor": "torch.Tensor", "math": "math", "np": "numpy",
    "copy": "copy", "OrderedDict": "collections.OrderedDict", "partial": "functools.partial", "Module": "torch.nn.Module",
}
"""Names that mean the same in every source; a pasted class comes without its imports."""
_CONTAINERS = frozenset({"torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.ModuleDict"})
BUILTINS = frozenset(
    """abs all any bool dict enumerate float getattr hasattr int isinstance len list max min pow print range reversed round setattr
    sorted str sum super tuple type zip""".split()  # noqa: SIM905 (words read better than quotes)
)


class SourceFile:
    """What the top level of a source defines.

    Attributes:
        text: The source.
        definitions: Its classes by name, in order.
        loading: Constants that are being worked out.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        tree = parsed(text)
        self.definitions: dict[str, Definition] = {}
        self.functions: dict[str, ast.FunctionDef] = {}
        self.constants: dict[str, ast.expr] = {}
        self.imports: dict[str, str] = {}
        self.loading: set[str] = set()
        for statement in tree.body:
            self._collect(statement)
        self._tree = tree
        self._inherit()

    @property
    def tree(self) -> ast.Module:
        """The syntax of the whole."""
        return self._tree

    def _collect(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.ClassDef):
            self.definitions[statement.name] = _definition(statement)
        elif isinstance(statement, ast.FunctionDef):
            self.functions[statement.name] = statement
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    self.constants[target.id] = statement.value
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value is not None:
            self.constants[statement.target.id] = statement.value
        elif isinstance(statement, ast.Import):
            for alias in statement.names:
                self.imports[alias.asname or alias.name.split(".")[0]] = alias.name if alias.asname else alias.name.split(".")[0]
        elif isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                self.imports[alias.asname or alias.name] = f"{statement.module}.{alias.name}"

    def _inherit(self) -> None:
        for definition in self.definitions.values():
            _adopt(definition, self, frozenset({definition.name}))

    def modules(self) -> list[Definition]:
        """Returns the classes that come from `nn.Module` and are not ours, in order."""
        return [definition for definition in self.definitions.values() if definition.is_module and not definition.target]

    def name_of(self, node: ast.expr) -> str:
        """Returns the full dotted name of an expression such as `nn.Module`, or ""."""
        if isinstance(node, ast.Name):
            return self.imports.get(node.id) or USUAL.get(node.id, "")
        if isinstance(node, ast.Attribute):
            owner = self.name_of(node.value)
            return f"{owner}.{node.attr}" if owner else ""
        return ""

    def lookup(self, name: str) -> Any:
        """Returns what a top-level name stands for; for a constant, its expression."""
        if name in self.definitions:
            return self.definitions[name]
        if name in self.functions:
            return Function(self.functions[name], {})
        if name in self.constants:
            return self.constants[name]
        if name in self.imports:
            return Named(self.imports[name])
        if name in USUAL:
            return Named(USUAL[name])
        return Named(f"builtins.{name}") if name in BUILTINS else Unknown(name)


def parsed(text: str) -> ast.Module:
    """Parses a source.

    Raises:
        GraphError: It is no Python, or too large.
    """
    lines = text.count("\n") + 1
    if len(text) > MOST_CHARACTERS or lines > MOST_LINES:
        raise GraphError(
            Text("This source is too large to draw: {lines} lines.", lines=f"{lines:,}"), Text("Paste the one class, with the classes it uses.")
        )
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise GraphError(
            Text("This is no Python source: line {line}: {reason}.", line=error.lineno or 1, reason=error.msg), Text("Python 3 is read.")
        ) from None
    except (ValueError, RecursionError, MemoryError) as error:
        nested = isinstance(error, RecursionError | MemoryError)
        raise GraphError(
            Text("This source is nested too deeply to be read.") if nested else Text("This source holds characters that no Python source has.")
        ) from None


def _definition(node: ast.ClassDef) -> Definition:
    found = Definition(node.name, node, own=frozenset(part for part in node.body if isinstance(part, ast.FunctionDef)))
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef):
            found.methods[statement.name] = statement
        elif isinstance(statement, ast.Assign):
            found.constants |= {target.id: statement.value for target in statement.targets if isinstance(target, ast.Name)}
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value is not None:
            found.constants[statement.target.id] = statement.value
    return found


def _adopt(definition: Definition, file: SourceFile, seen: frozenset[str]) -> None:
    """Takes over what parent classes of the same file have, and says whether the class is a module of torch, or one of ours."""
    if definition.line:
        return
    definition.line = (definition,)
    definition.target = own_modules().get(definition.name, {}).get(ast.dump(definition.node), "")
    for base in definition.node.bases:
        parent = file.definitions.get(base.id) if isinstance(base, ast.Name) else None
        if parent is not None and parent.name not in seen:
            _adopt(parent, file, seen | {parent.name})
            definition.line += tuple(one for one in parent.line if one not in definition.line)
            definition.methods = {**parent.methods, **definition.methods}
            definition.constants = {**parent.constants, **definition.constants}
            definition.is_module |= parent.is_module
            definition.container = definition.container or parent.container
        outside = file.name_of(base)
        definition.is_module |= outside.startswith("torch.nn.")
        definition.container = definition.container or (outside.rpartition(".")[2] if outside in _CONTAINERS else "")
    if definition.container == "Sequential" and "forward" not in definition.methods:
        definition.methods["forward"] = prelude().definitions["Chain"].methods["forward"]


@lru_cache(maxsize=1)
def own_modules() -> Mapping[str, Mapping[str, str]]:
    """Returns our own modules: class name -> dumped syntax -> `MODULE.CLASS`."""
    from workbench.layers import modules
    from workbench.models.printing import module_text

    found: dict[str, dict[str, str]] = {}
    for module in pkgutil.iter_modules(modules.__path__):
        for node in ast.parse(module_text(module.name)).body:
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, {})[ast.dump(node)] = f"{module.name}.{node.name}"
    return found


@lru_cache(maxsize=1)
def prelude() -> SourceFile:
    """Returns the classes of torch that are read as if they stood in the file, because they are made of others."""
    return SourceFile(PRELUDE)


@lru_cache(maxsize=1)
def prelude_functions() -> frozenset[ast.AST]:
    """Returns the functions of these classes: their lines are no lines of the source."""
    return frozenset(function for definition in prelude().definitions.values() for function in definition.methods.values())
