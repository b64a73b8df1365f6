"""What Python itself does with constants, lists and containers of modules, within bounds."""

from __future__ import annotations

import ast
import math
import re
from typing import Any

from workbench.models.reading.values import (
    Blank,
    Container,
    Definition,
    Instance,
    Module,
    Named,
    Side,
    States,
    Tensor,
    Unknown,
    Weight,
)

CONSTANT = (bool, int, float, str, type(None))
"""What a plain constant may be."""
Given = list[Any]


def is_a(value: Any, kind: Any) -> bool | None:
    """Returns what `isinstance` says, or None where that is not known."""
    if isinstance(kind, tuple | list):
        found = [is_a(value, one) for one in kind]
        return True if True in found else None if None in found else False
    if isinstance(value, Unknown) or not isinstance(kind, Named | Definition):
        return None
    if isinstance(kind, Definition):
        return isinstance(value, Instance) and value.definition is not None and kind in value.definition.line
    if kind.name.startswith("builtins."):
        plain = {"int": int, "float": float, "str": str, "bool": bool, "list": list, "tuple": tuple, "dict": dict}
        wanted = plain.get(kind.name.removeprefix("builtins."))
        return None if wanted is None else isinstance(value, wanted)
    if kind.name == "torch.Tensor":
        return isinstance(value, Tensor | Weight | Blank | States | Side)
    if kind.name == "torch.nn.Module":
        return isinstance(value, Module | Instance | Container)
    return isinstance(value, Module) and value.target == kind.name.removeprefix("torch.")


def copied(value: Any) -> Any:
    """Returns modules of their own, as `copy.deepcopy` does."""
    if isinstance(value, Module):
        return Module(value.target, value.arguments, value.line)
    if isinstance(value, Instance):
        return Instance(value.definition, {key: copied(part) for key, part in value.attributes.items()}, value.line)
    if isinstance(value, Container):
        return Container(value.kind, {key: copied(part) for key, part in value.items.items()})
    if isinstance(value, Weight):
        return Weight(value.sizes, value.line, trained=value.trained)
    return [copied(part) for part in value] if isinstance(value, list) else value


def python_method(owner: Any, name: str, given: Given) -> Any:
    if isinstance(owner, list) and name in ("append", "extend", "insert") and len(owner) < 10_000:
        if name == "extend":
            owner.extend(given[0] if isinstance(given[0], list | tuple) else [])
        else:
            owner.insert(len(owner) if name == "append" else given[0], given[-1])
        return None
    if isinstance(owner, dict) and name in ("items", "keys", "values"):
        return [tuple(pair) for pair in owner.items()] if name == "items" else list(getattr(owner, name)())
    if isinstance(owner, dict) and name == "get":
        return owner.get(given[0], given[1] if len(given) > 1 else None)
    if isinstance(owner, str) and name in ("lower", "upper", "strip") and not given:
        return getattr(owner, name)()
    if isinstance(owner, str) and name == "format":
        return _formatted(owner, given)
    if isinstance(owner, list) and name == "pop" and owner:
        return owner.pop()
    return Unknown(name)


def _formatted(text: str, given: Given) -> Any:
    """Returns a text with plain values in its braces; anything more than `{}` or `{0}` is not worked out."""
    plain = all(isinstance(value, str | int | float) and len(str(value)) < 100 for value in given)
    if not plain or len(text) > 1_000 or re.sub(r"\{\d{0,2}\}", "", text).strip("{}") != re.sub(r"\{\d{0,2}\}", "", text):
        return Unknown("format")
    return text.format(*given) if "{{" not in text and "{:" not in text and "{!" not in text else Unknown("format")


def container_method(owner: Container, name: str, given: Given) -> Any:
    if name == "append" and given:
        owner.items[str(len(owner.items))] = given[0]
    elif name == "extend" and given and isinstance(given[0], list | tuple):
        for part in given[0]:
            owner.items[str(len(owner.items))] = part
    elif name in ("add_module", "insert") and len(given) == 2:
        owner.items[str(given[0])] = given[1]
    elif name in ("values", "children"):
        return list(owner.items.values())
    elif name in ("items", "named_children"):
        return [tuple(pair) for pair in owner.items.items()]
    elif name == "keys":
        return list(owner.items)
    else:
        return Unknown(name)
    return owner


def mathematics(node: ast.Call, name: str, given: Given) -> Any:
    found = getattr(math, name, None)
    numbers = [value for value in given if isinstance(value, int | float) and abs(value) < 1e15]
    if name not in ("sqrt", "ceil", "floor", "log", "log2", "log10", "exp", "prod", "pow") or len(numbers) != len(given) or found is None:
        return Unknown(ast.unparse(node)[:80], node.lineno)
    try:
        return found(*numbers)
    except (ValueError, OverflowError, TypeError):
        return Unknown(ast.unparse(node)[:80], node.lineno)


def folded(node: ast.Call, name: str, given: Given) -> Any:
    """Works out a built-in function of constants."""
    unknown = Unknown(ast.unparse(node)[:80], node.lineno)
    flat = [item for value in given for item in (value if isinstance(value, list | tuple) else [value])]
    if name == "len" and given:
        sized = given[0].items if isinstance(given[0], Container) else given[0]
        return len(sized) if isinstance(sized, list | tuple | dict | str) else unknown
    if not all(isinstance(value, CONSTANT) for value in flat):
        return unknown
    if name == "round" and len(given) > 1 and not (isinstance(given[1], int) and abs(given[1]) < 30):
        return unknown
    try:
        if name == "range":
            return range(*given) if len(range(*given)) <= 10_000 else unknown
        folding = {"int": int, "float": float, "bool": bool, "str": str, "abs": abs, "round": round, "max": max, "min": min, "sum": sum}
        return folding[name](*given) if name in folding else None if name == "print" else unknown
    except (TypeError, ValueError, ArithmeticError):
        return unknown
