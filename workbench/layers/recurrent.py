"""Recurrent layers."""

from __future__ import annotations

from typing import Any

from workbench.catalogue import Params, param
from workbench.graph.graph import Graph
from workbench.graph.problem import Problem, Severity
from workbench.graph.shape import Shape
from workbench.layers import checks, fixes
from workbench.layers.base import Call, Context, Cost, Family, FromLengths, FromPort, Layer, Port, Shapes
from workbench.text import Text

_KEPT_PER_STEP = 16  # numbers per unit and step that torch keeps on a CPU: gates, states and what they were made from


class LSTMParams(Params):
    """What can be set on an LSTM."""

    units: int = param(
        64, label="Units", help="How many numbers it remembers per direction.", unit="features", ge=1, le=1_000_000, log=True
    )
    layers: int = param(1, label="Stacked layers", help="How many LSTMs stand on each other.", ge=1, le=64)
    bidirectional: bool = param(False, label="Both directions", help="A second LSTM reads every row from its end.")
    dropout: float = param(
        0.0, label="Dropout", help="The share of numbers dropped between layers while training.", main=False, ge=0, lt=1
    )

    @property
    def directions(self) -> int:
        """1, or 2 where rows are read from both ends."""
        return 2 if self.bidirectional else 1


class LSTM(Layer):
    """Long short-term memory (Hochreiter and Schmidhuber 1997)."""

    name = "lstm"
    label = "LSTM"
    family = Family.RECURRENT
    summary = "Reads a sequence step by step and decides with gates what to remember, forget and show."
    aliases = (
        "RNN",
        "recurrent",
        "long short-term memory",
        "Bidirectional",
        "BiLSTM",
        "CuDNNLSTM",
        "长短期记忆",
        "循环神经网络",
        "循环",
    )
    formula = "iₜ, fₜ, oₜ = σ(W·xₜ + R·hₜ₋₁ + b); gₜ = tanh(W_g·xₜ + R_g·hₜ₋₁ + b_g); cₜ = fₜ∘cₜ₋₁ + iₜ∘gₜ; hₜ = oₜ∘tanh(cₜ)"
    outputs = (
        Port("output", help="The hidden state after every step."),
        Port("hidden", help="The hidden state after the last step, one vector per row."),
        Port("cell", help="The cell state after the last step, one vector per row."),
    )
    Params = LSTMParams

    def shape(self, params: LSTMParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.sequence(inputs, context)
        checks.known(shape["feature"], "feature", context)
        width = params.units * params.directions
        state = shape.with_axes(("batch", "feature"), (shape["batch"], width))
        return {"output": shape.with_dim("feature", width), "hidden": state, "cell": state}

    def call(self, params: LSTMParams, inputs: Shapes) -> Call:
        arguments: dict[str, Any] = {"input_size": int(inputs["input"]["feature"]), "hidden_size": params.units}
        if params.layers > 1:
            arguments["num_layers"] = params.layers
        if params.bidirectional:
            arguments["bidirectional"] = True
        if params.dropout and params.layers > 1:
            arguments["dropout"] = params.dropout
        wiring = {"input": FromPort("input"), "lengths": FromLengths("input")}
        return Call("recurrent.LSTM", arguments, wiring, ("output", "hidden", "cell"))

    def parameters(self, params: LSTMParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        gates = 4 * params.units
        found: dict[str, tuple[int, ...]] = {}
        for layer in range(params.layers):
            width = params.units * params.directions if layer else int(inputs["input"]["feature"])
            for suffix in ("", "_reverse")[: params.directions]:
                end = f"_l{layer}{suffix}"
                found |= {f"weight_ih{end}": (gates, width), f"weight_hh{end}": (gates, params.units)}
                found |= {f"bias_ih{end}": (gates,), f"bias_hh{end}": (gates,)}
        return found

    def macs(self, params: LSTMParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        weights = sum(shape[0] * shape[1] for shape in self.parameters(params, inputs).values() if len(shape) == 2)
        return weights * checks.steps(inputs["input"], length)

    def cost(self, params: LSTMParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> Cost:
        cost = super().cost(params, inputs, outputs, length)
        units = params.units * params.directions * params.layers
        return Cost(cost.parameters, cost.macs, _KEPT_PER_STEP * units * checks.steps(inputs["input"], length))

    def summary_line(self, params: LSTMParams) -> str:
        if params.layers == 1:
            one = Text("{units} units, both ways", units=params.units)
            return one if params.bidirectional else Text("{units} units", units=params.units)
        if params.bidirectional:
            return Text("{units} units, {layers} layers, both ways", units=params.units, layers=params.layers)
        return Text("{units} units, {layers} layers", units=params.units, layers=params.layers)

    def causal(self, params: LSTMParams) -> bool:
        return not params.bidirectional

    def warnings(self, params: LSTMParams, inputs: Shapes, context: Context) -> list[Problem[Graph]]:
        if not params.dropout or params.layers > 1:
            return []
        message = Text("{node} has dropout between layers but only one layer, so it does nothing.", node=context.name)
        repairs = (
            fixes.change(context, Text("Use two layers"), layers=2),
            fixes.change(context, Text("Set dropout to 0"), dropout=0.0),
        )
        return [Problem("lstm.dropout-unused", message, context.node, severity=Severity.WARNING, fixes=repairs)]
