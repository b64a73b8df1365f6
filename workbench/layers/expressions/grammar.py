"""From the text of a formula to a checked syntax tree. Python's own parser reads it, a closed list says what may stand there."""

from __future__ import annotations

import ast
import difflib
import keyword
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from workbench.graph.graph import is_name
from workbench.layers.expressions.function import Function
from workbench.layers.expressions.pointwise import POINTWISE
from workbench.layers.expressions.products import PRODUCTS
from workbench.layers.expressions.rearranging import REARRANGING
from workbench.layers.expressions.reductions import REDUCTIONS
from workbench.layers.expressions.value import ExpressionError
from workbench.text import Text

LONGEST = 2_000
MOST_PARTS = 250
DEEPEST = 40
_STRANGE = re.compile(r"[^A-Za-z0-9_\s+\-*/@<>=!()\[\],.:\"']")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LENGTHS = re.compile(r"lengths(_of_.*)?\Z")

FUNCTIONS: dict[str, Function] = {function.name: function for function in (*POINTWISE, *REDUCTIONS, *PRODUCTS, *REARRANGING)}
"""Every function by name."""

SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.MatMult: "@",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}
CONSTANTS = {"pi": 3.141592653589793}
_JOINTS = (ast.operator, ast.cmpop, ast.unaryop, ast.boolop, ast.expr_context)
_ALLOWED = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.Call, ast.Name, ast.Constant, ast.Subscript, ast.Slice, ast.Tuple,
    ast.keyword,
)


@dataclass(frozen=True)
class Parsed:
    """A formula that is well formed.

    Attributes:
        tree: Its syntax.
        names: The names that stand for tensors, in the order of first use.
    """

    tree: ast.expr
    names: tuple[str, ...]


@lru_cache(maxsize=512)
def parsed(text: str) -> Parsed:
    """Reads a formula.

    Raises:
        ExpressionError: It is none.
    """
    _check_characters(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(re.sub(r"\s", " ", text).strip() or " ", mode="eval")
    except SyntaxError as error:
        raise _unreadable(text, error) from None
    except (ValueError, RecursionError, MemoryError, OverflowError):
        raise ExpressionError(Text("the formula is nested too deeply"), kind="expression.too-large") from None
    _check_size(text, tree)
    names: list[str] = []
    for name in tensors(tree.body):
        if name.id not in names:
            names.append(_checked_name(name))
    return Parsed(tree.body, tuple(names))


def _check_characters(text: str) -> None:
    if not text.strip():
        raise ExpressionError(Text("there is no formula yet: write one, such as {example}", example="x * sigmoid(x)"), 0, "expression.empty")
    if len(text) > LONGEST:
        message = Text("the formula has {count} characters, {most} are allowed", count=len(text), most=LONGEST)
        raise ExpressionError(message, kind="expression.too-large")
    found = _STRANGE.search(text)
    if found:
        raise ExpressionError(Text("{character} has no meaning in a formula", character=repr(found.group())), found.start(), "expression.syntax")
    if '"""' in text or "'''" in text:
        raise ExpressionError(Text("three quotes in a row have no meaning in a formula"), kind="expression.syntax")
    depth = deepest = 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        deepest = max(deepest, depth)
    if deepest > DEEPEST:
        raise ExpressionError(Text("the formula is nested too deeply"), kind="expression.too-large")


def _unreadable(text: str, error: SyntaxError) -> ExpressionError:
    place, kind = min(max((error.offset or 1) - 1, 0), len(text) - 1), "expression.syntax"
    if text.count("(") != text.count(")"):
        missing = ")" if text.count("(") > text.count(")") else "("
        return ExpressionError(Text("a bracket {bracket} is missing", bracket=missing), place, kind)
    if re.search(r"[-+*/@<>=,]\s*\Z", text):
        return ExpressionError(Text("something is missing at the end"), len(text.rstrip()) - 1, kind)
    if re.search(r"(?<![=<>!])=(?!=)", text) and "(" not in text:
        return ExpressionError(Text("a formula has no equals sign; it is what stands behind it"), text.index("="), kind)
    return ExpressionError(Text("this is no formula: {reason}", reason=error.msg or "?"), place, kind)


def _check_size(text: str, tree: ast.AST) -> None:
    """Raises where the tree is too large, too deep, or holds something that has no meaning here."""
    count, layer = 0, [tree]
    for depth in range(2 * DEEPEST):
        if not layer:
            return
        for node in layer:
            if not isinstance(node, (*_ALLOWED, *_JOINTS)):
                raise ExpressionError(Text("{what} has no meaning in a formula", what=_quoted(text, node)), place_of(node), "expression.syntax")
        count += sum(not isinstance(node, _JOINTS) for node in layer)
        if count > MOST_PARTS or depth >= 2 * DEEPEST - 1:
            break
        layer = [child for node in layer for child in ast.iter_child_nodes(node)]
    raise ExpressionError(Text("the formula has too many parts; make two layers of it"), kind="expression.too-large")


def _quoted(text: str, node: ast.AST) -> str:
    start, end = place_of(node), getattr(node, "end_col_offset", None)
    return text[start:end][:40] if start >= 0 else type(node).__name__.lower()


def place_of(node: ast.AST) -> int:
    """Returns where a part of the formula begins."""
    return getattr(node, "col_offset", -1)


def function_of(node: ast.Call) -> Function:
    """Returns the function of a call.

    Raises:
        ExpressionError: There is none of that name; near ones are named.
    """
    if not isinstance(node.func, ast.Name):
        raise ExpressionError(Text("only functions of the list can be called"), place_of(node), "expression.function")
    name = node.func.id
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    near = [_USUAL[name]] if name in _USUAL else difflib.get_close_matches(name, FUNCTIONS, 3, 0.6)
    if not near:
        raise ExpressionError(Text("there is no function {name}", name=name), place_of(node), "expression.function")
    raise ExpressionError(
        Text("there is no function {name}; near: {near}", name=name, near=", ".join(near)), place_of(node), "expression.function",
        {word: len(name) for word in near},
    )


_USUAL = {
    "cat": "concatenate", "concat": "concatenate", "normalize": "normalise", "pow": "power", "swish": "silu", "amax": "max", "amin": "min",
    "dot": "einsum", "mm": "matmul", "bmm": "matmul", "view": "reshape", "l2norm": "norm", "ln": "log", "clip": "clamp", "average": "mean",
    "moveaxis": "permute", "swapaxes": "transpose", "repeat": "expand", "chunk": "slice", "split": "slice", "atan": "arctan",
}


def argument_kinds(node: ast.Call) -> tuple[Function, list[tuple[str, ast.expr]], list[tuple[str, str, ast.expr]]]:
    """Returns the function of a call, its arguments by position with their kinds, and those by keyword with name and kind.

    Raises:
        ExpressionError: It takes others.
    """
    function = function_of(node)
    kinds = function.kinds(len(node.args))
    refusal = Text("{function} takes ({takes})", function=function.name, takes=function.takes)
    if kinds is None:
        raise ExpressionError(refusal, place_of(node), "expression.arguments")
    named: list[tuple[str, str, ast.expr]] = []
    for item in node.keywords:
        name = "keep" if item.arg == "keepdim" else item.arg or ""
        kind = function.options.get(name, function.options.get("*", ""))
        if not kind or not name:
            raise ExpressionError(refusal, place_of(node), "expression.arguments")
        named.append((name, kind, item.value))
    return function, list(zip(kinds, node.args, strict=True)), named


def tensors(node: ast.expr) -> Iterator[ast.Name]:
    """Yields the names that stand for tensors, from left to right."""
    if isinstance(node, ast.Name):
        if node.id not in CONSTANTS:
            yield node
    elif isinstance(node, ast.Call):
        _, given, named = argument_kinds(node)
        for kind, argument in [*given, *((kind, value) for _, kind, value in named)]:
            if kind in ("value", "number", "size"):
                yield from tensors(argument)
    elif isinstance(node, ast.BinOp):
        yield from tensors(node.left)
        yield from tensors(node.right)
    elif isinstance(node, ast.UnaryOp):
        yield from tensors(node.operand)
    elif isinstance(node, ast.BoolOp):
        for part in node.values:
            yield from tensors(part)
    elif isinstance(node, ast.Compare):
        for part in (node.left, *node.comparators):
            yield from tensors(part)
    elif isinstance(node, ast.Subscript):
        yield from tensors(node.value)


def _checked_name(node: ast.Name) -> str:
    if node.id in FUNCTIONS:
        raise ExpressionError(Text("{name} is a function: {name}({takes})", name=node.id, takes=FUNCTIONS[node.id].takes), place_of(node),
                              "expression.function")
    if not is_name(node.id) or _LENGTHS.match(node.id):
        raise ExpressionError(Text("{name} cannot be the name of an input", name=node.id), place_of(node), "expression.name")
    return node.id


def likely_names(text: str) -> tuple[str, ...]:
    """Returns the words of a formula that cannot be read that may stand for tensors, so that wires keep their place while it is mended."""
    found: list[str] = []
    for match in list(_WORD.finditer(text[:LONGEST]))[:MOST_PARTS]:
        word, behind = match.group(), text[match.end():match.end() + 1]
        if is_name(word) and not keyword.iskeyword(word) and word not in FUNCTIONS and word not in CONSTANTS and behind not in ("(", "="):
            found.append(word)
    return tuple(dict.fromkeys(found))
