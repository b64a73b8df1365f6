"""The definitions of our own modules, cut out of their files word for word."""

from __future__ import annotations

import ast
import importlib.abc
import importlib.util
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources

from workbench.errors import GraphError
from workbench.layers.own import OWN, is_own
from workbench.text import Text

_PACKAGE = "workbench.layers.modules"


def module_text(name: str) -> str:
    """Returns the source of a file of ours, or of the user's own (`own.pulse`).

    Raises:
        FileNotFoundError: The program was packed without its sources.
        OwnLayerError: No such own file is loaded.
    """
    return OWN.module_text(name) if is_own(name) else _our_text(name)


@lru_cache(maxsize=64)
def _our_text(name: str) -> str:
    """Returns the source of a file of `workbench/layers/modules`, also where the program is frozen.

    Raises:
        FileNotFoundError: The program was packed without its sources.
    """
    spec = importlib.util.find_spec(f"{_PACKAGE}.{name}")
    loader = spec.loader if spec is not None else None
    text = loader.get_source(f"{_PACKAGE}.{name}") if isinstance(loader, importlib.abc.InspectLoader) else None
    return text if text is not None else resources.files(_PACKAGE).joinpath(f"{name}.py").read_text(encoding="utf-8")


def definitions(targets: Iterable[str]) -> tuple[list[str], list[str]]:
    """Returns what exported source needs of our modules.

    Args:
        targets: `MODULE.CLASS` (or `own.FILE.CLASS`), in the order of first use.

    Returns:
        The import lines, sorted, and the definitions, each once, those that others build on first.
    """
    imports: set[str] = set()
    printed: dict[str, tuple[str, str]] = {}
    for target in targets:
        module, _, name = target.rpartition(".")
        _collect(module, name, imports, printed)
    return sorted(imports), [text for _, text in printed.values()]


def _collect(module: str, name: str, imports: set[str], printed: dict[str, tuple[str, str]]) -> None:
    """Adds one definition, after everything of our own that it names.

    Raises:
        GraphError: Two files define the same name; only files of the user's own can.
    """
    if name in printed:
        if printed[name][0] != module:
            raise GraphError(
                Text("{name} stands in {first} and in {second}; one file cannot hold both.", name=name, first=printed[name][0], second=module),
                Text("Give it another name in your own layer."),
            )
        return
    text = module_text(module)
    tree = ast.parse(text)
    bodies = {key: node for node in tree.body for key in _defined(node)}
    used = {node.id for node in ast.walk(bodies[name]) if isinstance(node, ast.Name)}
    for other in bodies:
        if other in used and other != name:
            _collect(module, other, imports, printed)
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            for other in sorted(used & set(_of_ours(node))):
                _collect(str(node.module).rpartition(".")[2], other, imports, printed)
    imports |= {line for node in tree.body for key, line in _imported(node) if key in used}
    printed[name] = (module, _cut(text, bodies[name]))


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _imported(node: ast.stmt) -> list[tuple[str, str]]:
    if isinstance(node, ast.Import):
        return [(alias.name, f"import {alias.name}") for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module != "__future__" and not _of_ours(node):
        return [(alias.name, f"from {node.module} import {alias.name}") for alias in node.names]
    return []


def _of_ours(node: ast.ImportFrom) -> list[str]:
    """Returns the names that a line takes from another file of ours."""
    return [alias.name for alias in node.names] if str(node.module).startswith(_PACKAGE + ".") else []


def _cut(text: str, node: ast.stmt) -> str:
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    return "\n".join(text.splitlines()[first - 1 : node.end_lineno])
