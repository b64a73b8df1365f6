"""Recurrent layers."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from workbench.catalogue import Params, param
from workbench.graph.graph import Graph
from workbench.graph.problem import Fix, Problem, Severity
from workbench.graph.shape import Shape
from workbench.layers import checks, fixes
from workbench.layers.base import Call, Context, Family, FromLengths, FromPort, Layer, LayerProblem, Port, Shapes
from workbench.layers.figures.recurrent import Unrolled
from workbench.text import Text

_SEQUENCE = Port("input", help="The sequence to read.")
_HIDDEN = Port("hidden", optional=True, help="The state that every layer begins with, one vector per row; without it, zeros.")
_CELL = Port("cell", optional=True, help="The cell state that every layer begins with; without it, zeros.")
_OUTPUT = Port("output", help="The hidden state after every step.")
_LAST = Port("hidden", help="The hidden state after the last step, one vector per row.")


class RecurrentParams(Params):
    """What can be set on a recurrent layer."""

    units: int = param(
        64, label="Units", help="How many numbers it remembers per direction.", unit="features", ge=1, le=1_000_000, log=True
    )
    layers: int = param(1, label="Stacked layers", help="How many stand on each other.", ge=1, le=64)
    bidirectional: bool = param(False, label="Both directions", help="A second one reads every row from its end.")
    dropout: float = param(
        0.0, label="Dropout", help="The share of numbers dropped between layers while training.", main=False, ge=0, lt=1
    )

    @property
    def directions(self) -> int:
        """1, or 2 where rows are read from both ends."""
        return 2 if self.bidirectional else 1


_ONEDNN_STATES = 6.2
"""States per step in the workspace of oneDNN's LSTM, measured."""


class RecurrentLayer(Layer):
    """What RNN, GRU and LSTM share.

    Attributes:
        target: The module it becomes.
        gates: How many products of the input each unit needs.
        kept_per_step: Numbers per unit and step that torch keeps on a CPU for the backward pass beside the input: gates, states
            and what they were made from.
    """

    family = Family.RECURRENT
    inputs = (_SEQUENCE, _HIDDEN)
    outputs = (_OUTPUT, _LAST)
    width_param = "units"
    marks_positions = True
    usual_norm = "layer_norm"
    usually_next = ("last_over_time", "mean_over_time")
    causal_by = {"bidirectional": False}
    target: ClassVar[str]
    gates: ClassVar[int]
    kept_per_step: ClassVar[float]

    def shape(self, params: RecurrentParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.sequence(inputs, context)
        checks.known(shape["feature"], "feature", context)
        width = params.units * params.directions
        for port in self.inputs[1:]:
            if port.name in inputs:
                _check_state(params, inputs, context, port.name, width)
        state = shape.with_axes(("batch", "feature"), (shape["batch"], width))
        return {port.name: shape.with_dim("feature", width) if port is _OUTPUT else state for port in self.outputs}

    def call(self, params: RecurrentParams, inputs: Shapes) -> Call:
        arguments: dict[str, Any] = {"input_size": int(inputs["input"]["feature"]), "hidden_size": params.units}
        if params.layers > 1:
            arguments["num_layers"] = params.layers
        if params.bidirectional:
            arguments["bidirectional"] = True
        if params.dropout and params.layers > 1:
            arguments["dropout"] = params.dropout
        wiring = {"input": FromPort("input"), "lengths": FromLengths("input")}
        begun = {port.name: FromPort(port.name) for port in self.inputs[1:]}
        return Call(self.target, arguments, {**wiring, **begun}, tuple(port.name for port in self.outputs))

    def parameters(self, params: RecurrentParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        gates = self.gates * params.units
        found: dict[str, tuple[int, ...]] = {}
        for layer in range(params.layers):
            width = params.units * params.directions if layer else int(inputs["input"]["feature"])
            for suffix in ("", "_reverse")[: params.directions]:
                end = f"_l{layer}{suffix}"
                found |= {f"weight_ih{end}": (gates, width), f"weight_hh{end}": (gates, params.units)}
                found |= {f"bias_ih{end}": (gates,), f"bias_hh{end}": (gates,)}
        return found

    def macs(self, params: RecurrentParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        weights = sum(shape[0] * shape[1] for shape in self.parameters(params, inputs).values() if len(shape) == 2)
        return weights * checks.steps(inputs["input"], length)

    def inside(self, params: RecurrentParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        step = sum(
            self._kept_by_layer(int(inputs["input"]["feature"]) if not layer else params.units * params.directions, layer, params)
            for layer in range(params.layers)
        )
        return round(step * checks.steps(inputs["input"], length)) + params.units * params.directions * params.layers

    def scratch(self, params: RecurrentParams, inputs: Shapes, outputs: Shapes, length: int = 32, training: bool = False) -> int:
        gates = self.gates - 0.5 if training else self.gates + 1
        return round(gates * params.units * params.directions * checks.steps(inputs["input"], length))

    def _kept_by_layer(self, width: int, layer: int, params: RecurrentParams) -> float:
        """Returns the numbers that one layer keeps at every step: each direction its own, its input, and the noise on the input."""
        noise = width if layer and params.dropout else 0
        return params.directions * (self.kept_per_step * params.units + width) + noise

    def summary_line(self, params: RecurrentParams) -> str:
        if params.layers == 1:
            one = Text("{units} units, both ways", units=params.units)
            return one if params.bidirectional else Text("{units} units", units=params.units)
        if params.bidirectional:
            return Text("{units} units, {layers} layers, both ways", units=params.units, layers=params.layers)
        return Text("{units} units, {layers} layers", units=params.units, layers=params.layers)

    def causal(self, params: RecurrentParams) -> bool:
        return not params.bidirectional

    def warnings(self, params: RecurrentParams, inputs: Shapes, context: Context) -> list[Problem[Graph]]:
        if not params.dropout or params.layers > 1:
            return []
        message = Text("{node} has dropout between layers but only one layer, so it does nothing.", node=context.name)
        repairs = (
            fixes.change(context, Text("Use two layers"), layers=2),
            fixes.change(context, Text("Set dropout to 0"), dropout=0.0),
        )
        return [Problem("lstm.dropout-unused", message, context.node, severity=Severity.WARNING, fixes=repairs)]


class LSTM(RecurrentLayer):
    """Long short-term memory (Hochreiter and Schmidhuber 1997)."""

    name = "lstm"
    prominence = 18
    label = "LSTM"
    summary = "Reads a sequence step by step and decides with gates what to remember, forget and show."
    aliases = (
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
    figure = Unrolled("lstm")
    related = ("gru", "rnn", "last_over_time")
    paper = "Hochreiter and Schmidhuber 1997, Long Short-Term Memory; Gers et al. 2000"
    inputs = (_SEQUENCE, _HIDDEN, _CELL)
    outputs = (_OUTPUT, _LAST, Port("cell", help="The cell state after the last step, one vector per row."))
    target = "recurrent.LSTM"
    gates = 4
    kept_per_step = 16.6
    Params = RecurrentParams

    def scratch(self, params: RecurrentParams, inputs: Shapes, outputs: Shapes, length: int = 32, training: bool = False) -> int:
        return self.gates * params.units * checks.steps(inputs["input"], length) * 3 // (3 if training else 2)

    def _kept_by_layer(self, width: int, layer: int, params: RecurrentParams) -> float:
        """oneDNN lays states and inputs out side by side, each as wide as the wider of the two, and reads one copy of the input."""
        wider = _ONEDNN_STATES * max(width - params.units, 0)
        copied = width if not layer or params.directions > 1 or params.dropout else 0
        noise = width if layer and params.dropout else 0
        return params.directions * (self.kept_per_step * params.units + wider) + copied + noise


class GRU(RecurrentLayer):
    """Gated recurrent units (Cho et al. 2014)."""

    name = "gru"
    prominence = 19
    label = "GRU"
    summary = "Reads a sequence step by step; two gates decide what stays and what is new. Lighter than an LSTM."
    aliases = ("recurrent", "gated recurrent unit", "BiGRU", "Bidirectional", "CuDNNGRU", "门控循环单元", "循环神经网络", "循环")
    formula = "rₜ, zₜ = σ(W·xₜ + R·hₜ₋₁ + b); nₜ = tanh(W_n·xₜ + b_n + rₜ∘(R_n·hₜ₋₁ + c_n)); hₜ = zₜ∘hₜ₋₁ + (1 − zₜ)∘nₜ"
    figure = Unrolled("gru")
    related = ("lstm", "rnn", "last_over_time")
    paper = "Cho et al. 2014, Learning Phrase Representations using RNN Encoder-Decoder"
    target = "recurrent.GRU"
    gates = 3
    kept_per_step = 7
    Params = RecurrentParams


class RNNParams(RecurrentParams):
    """What can be set on a plain recurrent layer."""

    activation: Literal["tanh", "relu"] = param(
        "tanh",
        label="Activation",
        help="tanh: states stay between −1 and 1; relu: longer memory, but states can grow without end.",
        main=False,
        choices=("tanh", "relu"),
    )


class RNN(RecurrentLayer):
    """A plain recurrent layer (Elman 1990)."""

    name = "rnn"
    label = "RNN"
    summary = "Reads a sequence step by step with one state and no gates; it forgets soon."
    aliases = ("SimpleRNN", "Elman network", "recurrent", "vanilla RNN", "循环神经网络", "简单循环", "循环")
    formula = "hₜ = tanh(W·xₜ + R·hₜ₋₁ + b), or ReLU"
    figure = Unrolled("rnn")
    related = ("gru", "lstm", "conv1d")
    paper = "Elman 1990, Finding Structure in Time"
    target = "recurrent.RNN"
    gates = 1
    kept_per_step = 1
    Params = RNNParams

    def call(self, params: RecurrentParams, inputs: Shapes) -> Call:
        call = super().call(params, inputs)
        assert isinstance(params, RNNParams)
        if params.activation == "tanh":
            return call
        return Call(call.target, {**call.arguments, "nonlinearity": params.activation}, call.inputs, call.outputs)


def _check_state(params: RecurrentParams, inputs: Shapes, context: Context, port: str, width: int) -> None:
    """Raises where what is wired into a state port is not one vector per row of the right size."""
    shape = checks.numbers(inputs, context, port)
    source = checks.source_name(context, port)
    if shape.axes != ("batch", "feature"):
        repairs = checks.over_time(context, port) if checks.is_sequence(shape) else []
        if checks.is_image(shape):
            repairs = [fixes.insert(context, port, "global_average_pool", Text("Average over the image first"))]
        raise LayerProblem(
            "recurrent.state-axes",
            Text("{node} begins with one vector per row, but {source} gives {shape}.", node=context.name, source=source, shape=shape.named()),
            reason=Text("The state is what it remembers before the first step."),
            port=port,
            fixes=repairs,
        )
    given = checks.known(shape["feature"], "feature", context, port)
    if given != width:
        raise LayerProblem(
            "recurrent.state-size",
            Text(
                "{node} remembers {width} numbers, but the state that {source} gives it to begin with has {given}.",
                node=context.name, width=width, source=source, given=given,
            ),
            port=port,
            fixes=_fitting_states(params, context, port, width, given),
        )


def _fitting_states(params: RecurrentParams, context: Context, port: str, width: int, given: int) -> list[Fix[Graph]]:
    repairs: list[Fix[Graph]] = []
    if given % params.directions == 0:
        units = given // params.directions
        repairs.append(fixes.change(context, Text("Use {units} units", units=units), units=units))
    repairs.append(fixes.insert(context, port, "linear", Text("Project the state to {width} features first", width=width), units=width))
    return repairs
