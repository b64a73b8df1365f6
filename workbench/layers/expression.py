"""A layer written as a formula: arithmetic, einsum, a closed list of functions and learned parameters, over named axes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import field_validator

from workbench.catalogue import Params, param
from workbench.graph.dim import Dim
from workbench.graph.graph import Graph
from workbench.graph.problem import Fix
from workbench.graph.shape import SEQUENCE_AXES, Shape
from workbench.layers import checks, fixes
from workbench.layers.base import Call, Context, Family, FromLengths, FromPort, Layer, LayerProblem, Port, Shapes
from workbench.layers.expressions.causality import looks_ahead
from workbench.layers.expressions.declarations import EXAMPLE, MOST, declared
from workbench.layers.expressions.grammar import FUNCTIONS, LONGEST, likely_names, parsed
from workbench.layers.expressions.printing import class_text, helpers_of
from workbench.layers.expressions.resolve import Resolved, names_of, resolved
from workbench.layers.expressions.value import ExpressionError
from workbench.layers.figures.tree import Tree
from workbench.text import Text

_SHOWN = 26


class ExpressionParams(Params):
    """The formula and what it learns."""

    expression: str = param(
        "input * sigmoid(input)", label="Expression", max_length=LONGEST, code=True,
        help="Names are inputs. Signs + - * / ** @, comparisons, x[..., 1:], and functions such as softmax(x, token) or mean(x, height, width).",
    )
    parameters: str = param(
        "", label="Learned", max_length=MOST * 120, code=True,
        help="One line each: weight: channel, unit 64 = normal(0.02). An axis without a number takes the size of that axis of an input.",
    )

    @field_validator("expression", "parameters", mode="after")
    @classmethod
    def _in_lines(cls, text: str) -> str:
        return "\n".join(line.strip() for line in text.split("\n") if line.strip())

    def complaints(self) -> dict[str, Text]:
        """Returns what cannot be read, by field, before any shapes are known."""
        found: dict[str, Text] = {}
        for field, read in (("parameters", lambda: declared(self.parameters)), ("expression", lambda: parsed(self.expression))):
            try:
                read()
            except ExpressionError as error:
                found[field] = _placed(error, getattr(self, field))
        return found


def _placed(error: ExpressionError, text: str) -> Text:
    """Returns the sentence of an error with the place where it is."""
    rest = text[max(error.place, 0):].split("\n")[0][:_SHOWN]
    if error.place < 0 or not rest.strip():
        return Text("{reason}.", reason=error.message)
    return Text("{reason}: at character {place}, {part}", reason=error.message, place=error.place + 1, part=repr(rest))


class Expression(Layer):
    """A formula over tensors with named axes."""

    name = "expression"
    label = "Formula"
    family = Family.SHAPE
    summary = "Computes a formula of your own: arithmetic, einsum, functions along named axes, and parameters that are learned."
    aliases = ("Expression", "Lambda", "tf.keras.layers.Lambda", "einsum", "EinsumDense", "custom", "math", "Scale", "Parameter", "表达式", "公式",
               "自定义运算", "爱因斯坦求和")
    formula = "y = f(x₁, x₂, …)"
    figure = Tree()
    related = ("multiply", "matmul", "reduce")
    Params = ExpressionParams
    usually_next = ("linear", "relu", "conv2d")

    def input_ports(self, params: ExpressionParams) -> tuple[Port, ...]:
        try:
            names = names_of(params.expression, params.parameters)
        except ExpressionError:
            return tuple(Port(name, optional=True) for name in _likely(params)) or (Port("input", optional=True),)
        return tuple(Port(name) for name in names) or (Port("input", optional=True),)

    def shape(self, params: ExpressionParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        for port in inputs:
            checks.numbers(inputs, context, port)
        try:
            missing = next((name for name in names_of(params.expression, params.parameters) if name not in inputs), None)
            if missing is not None:
                raise ExpressionError(Text("nothing is wired to {name}", name=missing))
            return {"output": resolved(params.expression, params.parameters, inputs).shape}
        except ExpressionError as error:
            raise _problem(error, params, inputs, context) from error

    def call(self, params: ExpressionParams, inputs: Shapes) -> Call:
        found = resolved(params.expression, params.parameters, inputs)
        arguments: dict[str, Any] = {
            "inputs": (*found.names, *found.lengths),
            "parameters": tuple((one.name, sizes, one.start, one.number) for one, sizes in found.parameters),
            "program": found.program,
        }
        ports = {name: FromPort(name) for name in found.names} | {name: FromLengths(port) for name, port in found.lengths.items()}
        helpers = tuple(f"expression.{name}" for name in dict.fromkeys(helpers_of(found.program)))
        return Call("expression.Expression", arguments, ports, definition=class_text(params.expression, params.parameters, found), needs=helpers)

    def parameters(self, params: ExpressionParams, inputs: Shapes) -> Mapping[str, tuple[int, ...]]:
        return {one.name: one.shape(inputs) for one in declared(params.parameters)}

    def macs(self, params: ExpressionParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        return sum(_at(size, length) for size in _resolved(params, inputs).macs)

    def inside(self, params: ExpressionParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        return sum(_at(size, length) for size in _resolved(params, inputs).kept)

    def keeps(self, params: ExpressionParams, inputs: Shapes) -> tuple[str, ...]:
        return _resolved(params, inputs).reads

    def vocabulary(self) -> list[tuple[str, str]]:
        signs: list[tuple[str, str]] = [
            ("+ - * / **", Text("Arithmetic, number by number; axes meet by name, an axis that one lacks is as if it had size 1.")),
            ("a @ b", FUNCTIONS["matmul"].summary),
            ("< <= > >= == !=, and or not", Text("Comparisons, for where.")),
            ("x[..., 1:]", Text("A part of the last axes, as Python cuts; the batch stays whole.")),
            ("pi", Text("The number 3.14159.")),
            (
                EXAMPLE,
                Text("A learned parameter: axes, then how it begins: zeros, ones, a number, normal(deviation), uniform(bound), xavier, kaiming."),
            ),
        ]
        return signs + [(f"{one.name}({one.takes})", one.summary) for one in FUNCTIONS.values()]

    def summary_line(self, params: ExpressionParams) -> str:
        text = " ".join(params.expression.split())
        return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"

    def causal(self, params: ExpressionParams) -> bool:
        return all(self.causal_from(params, port.name) for port in self.input_ports(params))

    def causal_from(self, params: ExpressionParams, port: str) -> bool:
        try:
            steady = frozenset(one.name for one in declared(params.parameters) if not SEQUENCE_AXES & {axis for axis, _ in one.axes})
            return not looks_ahead(parsed(params.expression).tree, port, steady)
        except ExpressionError:
            return True


def _resolved(params: ExpressionParams, inputs: Shapes) -> Resolved:
    return resolved(params.expression, params.parameters, inputs)


def _at(size: Dim, length: int) -> int:
    return int(size.evaluate({symbol.name: length for symbol in size.symbols()}))


def _likely(params: ExpressionParams) -> list[str]:
    """Returns the likely inputs of a formula that cannot be read."""
    learned = {line.partition(":")[0].strip() for line in re.split(r"[\n;]", params.parameters)}
    return [name for name in likely_names(params.expression) if name not in learned]


def _corrections(error: ExpressionError, text: str, context: Context) -> list[Fix[Graph]]:
    """Offers the words that may have been meant."""
    found: list[Fix[Graph]] = []
    for word, count in error.near.items():
        meant = text[: error.place] + word + text[error.place + count :]
        found.append(fixes.change(context, Text("Write {word}", word=word), expression=meant))
    return found


def _problem(error: ExpressionError, params: ExpressionParams, inputs: Shapes, context: Context) -> LayerProblem:
    repairs = _corrections(error, params.expression, context)
    ragged = next((port for port, shape in inputs.items() if shape.ragged), None)
    if error.kind == "axis.padded" and ragged is not None and checks.is_sequence(inputs[ragged]):
        repairs += checks.over_time(context, ragged)
    if error.kind == "expression.unused":
        kept = "\n".join(one for one in params.parameters.split("\n") if one.partition(":")[0].strip() in parsed(params.expression).names)
        repairs.append(fixes.change(context, Text("Remove the unused parameter"), parameters=kept))
    reason = _placed(error, params.expression) if error.place >= 0 else Text("")
    return LayerProblem(error.kind, Text("{node}: {reason}.", node=context.name, reason=error.message), reason=reason, fixes=repairs)
