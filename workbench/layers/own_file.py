"""One file with a layer of the user's own: read, split into what is needed without torch and what is not, and run.

Such a file is ordinary Python: a `Layer` with its `Params`, and the `torch.nn.Module` that it calls for, one below the other. Only the
statements that do without torch run when the file is loaded. What imports torch, and every class, function and constant that
names it, is set aside and runs when a model is built. So the catalogue stays quick, and the module is printed word for word
into exported source.
"""

from __future__ import annotations

import ast
import hashlib
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from workbench.errors import CatalogueError
from workbench.layers.base import Layer
from workbench.text import Text

PACKAGE = "own"
"""What stands before the name of an own file: the class `Pulse` of `pulse.py` is the target `own.pulse.Pulse`."""
LARGEST_BYTES = 1_000_000
_LOCK = threading.RLock()


class OwnLayerError(CatalogueError):
    """A file of own layers that cannot be used.

    Attributes:
        line: Where, counted from 1; 0 where no line is to blame.
    """

    def __init__(self, message: str, hint: str = "", line: int = 0) -> None:
        super().__init__(message, hint)
        self.line = line


@dataclass(frozen=True, slots=True)
class OwnFile:
    """The text of one file, as it was read; what runs is this text, whatever becomes of the file.

    Attributes:
        path: Where it lies.
        text: Its content.
    """

    path: Path
    text: str

    @property
    def stem(self) -> str:
        """The name of the file without its ending."""
        return self.path.stem

    @property
    def module(self) -> str:
        """The dotted name that its module classes are called for by: `own.STEM`."""
        return f"{PACKAGE}.{self.path.stem}"

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()


def read_own_file(path: Path) -> OwnFile:
    """Reads a file without running anything of it.

    Raises:
        OwnLayerError: It cannot be read, is far too large, or its name is no Python name.
    """
    if not path.stem.isidentifier() or not path.stem.isascii():
        raise OwnLayerError(
            Text("{file}: the name of the file is no Python name.", file=path.name), Text("Use letters, digits and underscores.")
        )
    try:
        if not path.is_file():
            raise OwnLayerError(Text("There is no file {file}.", file=str(path)), Text("Check the path."))
        if path.stat().st_size > LARGEST_BYTES:
            raise OwnLayerError(
                Text("{file} is too large for a layer.", file=path.name), Text("One file holds one layer; keep data somewhere else.")
            )
        return OwnFile(path.absolute(), path.read_bytes().decode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise OwnLayerError(Text("{file} cannot be read: {reason}.", file=path.name, reason=reason), Text("Save it as text in UTF-8.")) from error


def parsed(file: OwnFile) -> ast.Module:
    """Returns the syntax of a file.

    Raises:
        OwnLayerError: It is no Python; the message names the line.
    """
    try:
        return ast.parse(file.text, str(file.path))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 0
        reason = getattr(error, "msg", None) or str(error) or type(error).__name__
        raise OwnLayerError(
            Text("{file}, line {line}: this is not Python: {reason}.", file=file.path.name, line=line, reason=reason),
            Text("Mend the line and save the file."), line,
        ) from error


def described_layers(file: OwnFile) -> dict[str, int]:
    """Returns the names of the layers that a file describes and their lines, found in its text: nothing runs."""
    try:
        tree = parsed(file)
    except OwnLayerError:
        return {}
    return {
        str(part.value.value): node.lineno
        for node in _layer_classes(tree)
        for part in node.body
        if isinstance(part, ast.Assign) and isinstance(part.value, ast.Constant) and isinstance(part.value.value, str)
        and any(isinstance(target, ast.Name) and target.id == "name" for target in part.targets)
    }


def _layer_classes(tree: ast.Module) -> Iterator[ast.ClassDef]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and any(isinstance(base, ast.Name) and base.id == "Layer" for base in node.bases):
            yield node


def split(file: OwnFile) -> tuple[ast.Module, ast.Module]:
    """Returns what runs at once and what waits for torch.

    Raises:
        OwnLayerError: It is no Python, or the layer itself names torch.
    """
    tree = parsed(file)
    late = _late_statements(tree)
    for node in _layer_classes(tree):
        if node in late:
            raise OwnLayerError(
                Text("{file}, line {line}: the layer {name} names torch itself.", file=file.path.name, line=node.lineno, name=node.name),
                Text("Keep torch inside the module class, or import it inside the method that needs it."), node.lineno,
            )
    early = [node for node in tree.body if node not in late or _is_future(node)]
    return ast.Module(early, []), ast.Module([node for node in tree.body if node in late or _is_future(node)], [])


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _late_statements(tree: ast.Module) -> set[ast.stmt]:
    """Returns the statements that import torch or name what does."""
    names: set[str] = set()
    late: set[ast.stmt] = set()
    grown = True
    while grown:
        grown = False
        for node in tree.body:
            if node not in late and (_imports_torch(node) or names & _used(node)):
                late.add(node)
                names |= set(_bound(node))
                grown = True
    return late


def _imports_torch(node: ast.stmt) -> bool:
    modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
    return any(name.partition(".")[0] == "torch" or name.startswith("workbench.layers.modules") for name in modules)


def _used(node: ast.stmt) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _bound(node: ast.stmt) -> Iterable[str]:
    """Returns the names that a statement gives to the rest of the file."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return [node.name]
    return [part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)]


class LoadedFile:
    """A file that was run, and its layers.

    Attributes:
        file: What was run.
        layers: Its layers, ready to use.
    """

    def __init__(self, file: OwnFile) -> None:
        """Runs the part of a file that does without torch.

        Raises:
            OwnLayerError: It fails; the message names the line. Nothing that the file raises gets past this.
        """
        early, self._late = split(file)
        self.file = file
        self._module = ModuleType(file.module)
        self._module.__file__ = str(file.path)
        before = sys.modules.get(file.module)
        sys.modules[file.module] = self._module  # pydantic looks names up where a class says that it comes from
        try:
            _run(file, early, self._module)
            self.layers = _layers_of(file, self._module)
        except OwnLayerError:
            if before is None:
                del sys.modules[file.module]
            else:
                sys.modules[file.module] = before
            raise
        self._whole = False

    def module_class(self, name: str) -> Any:
        """Returns a class of the file that needs torch; the rest of the file runs with the first one asked for.

        Raises:
            OwnLayerError: The rest fails, or there is no such class.
        """
        with _LOCK:
            if not self._whole:
                _run(self.file, self._late, self._module)
                self._whole = True
        found = vars(self._module).get(name)
        if not isinstance(found, type):
            raise OwnLayerError(
                Text("{file} has no module class {name}.", file=self.file.path.name, name=name),
                Text("`call` must name a class of the file: Call(\"{module}.CLASS\", ...).", module=self.file.module),
            )
        return found


def _run(file: OwnFile, part: ast.Module, module: ModuleType) -> None:
    try:
        exec(compile(part, str(file.path), "exec", dont_inherit=True), vars(module))
    except BaseException as error:  # a file may raise what it likes, SystemExit too: the program goes on without it
        raise failed(file, error) from error


def failed(file: OwnFile, error: BaseException) -> OwnLayerError:
    """Returns an error that says what a file raised, and at which of its lines."""
    if isinstance(error, OwnLayerError):
        return error
    line = _line_in(str(file.path), error.__traceback__)
    if isinstance(error, SyntaxError) and error.filename == str(file.path):
        line = error.lineno or line
    kind = type(error).__name__
    reason = str(error).strip().splitlines()
    said = f"{kind}: {reason[0][:300].rstrip('.')}" if reason else kind
    return OwnLayerError(
        Text("{file}, line {line}: {reason}.", file=file.path.name, line=line, reason=said), Text("Mend the line and save the file."), line
    )


def _line_in(path: str, trace: TracebackType | None) -> int:
    line = 0
    while trace is not None:
        line = trace.tb_lineno if trace.tb_frame.f_code.co_filename == path else line
        trace = trace.tb_next
    return line


def _layers_of(file: OwnFile, module: ModuleType) -> tuple[Layer, ...]:
    try:
        found = tuple(_made(value, file) for value in vars(module).values() if _is_layer(value, file.module))
    except BaseException as error:  # as above: making a layer runs the file's code
        raise failed(file, error) from error
    if not found:
        raise OwnLayerError(
            Text("{file} describes no layer.", file=file.path.name),
            Text("It needs a class that derives from Layer and has a name; `workbench check-layer --new NAME` writes one."),
        )
    return found


def _is_layer(value: Any, module: str) -> bool:
    return isinstance(value, type) and issubclass(value, Layer) and value.__module__ == module and bool(vars(value).get("name"))


def _made(kind: type[Layer], file: OwnFile) -> Layer:
    """Returns the layer, once its words and parameters were tried: what is broken must show now, not in the palette."""
    kind.origin = str(file.path)
    kind.Params.model_rebuild()
    layer = kind()
    params = layer.parse({})
    words: tuple[object, ...] = (layer.name, layer.label, layer.summary, layer.formula, layer.category, layer.summary_line(params), *layer.aliases)
    if {type(word) for word in words} - {str, Text} or not layer.category:
        raise TypeError(f"{kind.__name__} needs a family, and text for name, label, summary, formula and aliases")
    if layer.role:
        raise TypeError(f"{kind.__name__}.role must be empty: an own layer stands between inputs and outputs")
    if not layer.output_ports(params) or not layer.input_ports(params):
        raise TypeError(f"{kind.__name__} needs an input and an output port")
    return layer
