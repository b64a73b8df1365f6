"""Whether a formula lets a place of a sequence see later ones, as far as its text alone says."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from workbench.graph.shape import SEQUENCE_AXES
from workbench.layers.expressions.grammar import argument_kinds, tensors

_TURNING = frozenset({"transpose", "permute"})


@dataclass(frozen=True)
class _Seen:
    """What a part of the formula does with one input.

    Attributes:
        there: Whether it stands in it.
        later: Whether a place of the part depends on later places of it.
        turned: Whether its sequence may stand last.
    """

    there: bool = False
    later: bool = False
    turned: bool = False


def looks_ahead(tree: ast.expr, name: str, learned: frozenset[str]) -> bool:
    """Whether a place of the result may depend on later places of an input.

    Args:
        tree: The formula.
        name: The input.
        learned: Names of parameters that have no sequence axis.
    """
    return _seen(tree, name, learned).later


def _seen(node: ast.expr, name: str, learned: frozenset[str]) -> _Seen:
    if isinstance(node, ast.Name):
        return _Seen(node.id == name)
    parts = [(part, _seen(part, name, learned)) for part in _operands(node)]
    found = [seen for _, seen in parts if seen.there]
    joined = _Seen(bool(found), any(seen.later for seen in found), any(seen.turned for seen in found))
    if not joined.there or joined.later:
        return joined
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        return _product(parts[0][1], parts[1][1], joined)
    if isinstance(node, ast.Subscript):
        return replace(joined, later=joined.turned or not _cuts_last(node))
    return _called(node, name, learned, joined) if isinstance(node, ast.Call) else joined


def _operands(node: ast.expr) -> list[ast.expr]:
    """Returns the parts that are tensors."""
    if isinstance(node, ast.Call):
        return [argument for kind, argument in argument_kinds(node)[1] if kind == "value"]
    if isinstance(node, ast.Subscript):
        return [node.value]
    return [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]


def _product(left: _Seen, right: _Seen, joined: _Seen) -> _Seen:
    """A matrix product sums over the last axis of the first and over the rows of the second."""
    return replace(joined, later=right.there or left.turned)


def _cuts_last(node: ast.Subscript) -> bool:
    """Whether an index is `[..., part]`."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return len(parts) == 2 and isinstance(parts[0], ast.Constant) and parts[0].value is Ellipsis


def _called(node: ast.Call, name: str, learned: frozenset[str], joined: _Seen) -> _Seen:
    function, given, named = argument_kinds(node)
    if function.name == "matmul":
        left, right = (_seen(argument, name, learned) for argument in node.args)
        return _product(left, right, joined)
    if function.name == "einsum":
        return replace(joined, later=joined.turned or _einsum_looks(node, name, learned))
    axes = [argument for kind, argument in given if kind == "axis"] + [value for _, kind, value in named if kind == "axis"]
    words = {axis.id for axis in axes if isinstance(axis, ast.Name)} | {word for word, kind, _ in named if kind in ("axis", "size")}
    counted = [axis for axis in axes if not isinstance(axis, ast.Name)]
    sequence = bool(words & SEQUENCE_AXES)
    if function.name in _TURNING:
        return replace(joined, turned=joined.turned or sequence or bool(counted))
    unclear = any(joined.turned or not _is_last(axis) for axis in counted)
    return replace(joined, later=function.mixes and (sequence or unclear))


def _is_last(axis: ast.expr) -> bool:
    operand = axis.operand if isinstance(axis, ast.UnaryOp) and isinstance(axis.op, ast.USub) else None
    return isinstance(operand, ast.Constant) and operand.value == 1


def _einsum_looks(node: ast.Call, name: str, learned: frozenset[str]) -> bool:
    """Whether a letter of an input is summed over that is neither its last nor one of a learned tensor."""
    equation = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
    if not isinstance(equation, str):
        return True
    left, _, result = equation.replace(" ", "").partition("->")
    pairs = list(zip(left.split(","), node.args[1:], strict=False))
    known = {letter for term, argument in pairs if _is_among(argument, learned) for letter in term}
    for term, argument in pairs:
        if any(one.id == name for one in tensors(argument)):
            summed = set(term) - set(result) - known - set(term[-1:])
            if summed or result[1:2] not in term:
                return True
    return False


def _is_among(node: ast.expr, names: frozenset[str]) -> bool:
    found = list(tensors(node))
    return bool(found) and all(name.id in names for name in found)
