"""Where data enters the model and where results leave it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from workbench.catalogue import Params, param
from workbench.graph.dim import Symbol
from workbench.graph.problem import Problem, Severity
from workbench.graph.shape import Axis, Shape
from workbench.layers import checks
from workbench.layers.base import Call, Context, Cost, Family, FromInput, FromPort, Layer, Shapes
from workbench.layers.figures.ends import Column, ImageRows, Result, TokenRows, Wave
from workbench.text import Text


class InputParams(Params):
    """What every input has."""

    field: str = param("", label="Field", help="The dataset field that feeds this input; empty: the field named like the node.")


class InputLayer(Layer):
    """What all inputs share: no input ports, and a value that the model is given."""

    family = Family.INPUT_OUTPUT
    role = "input"
    inputs = ()

    @abstractmethod
    def input_shape(self, params: Any) -> Shape: ...

    def shape(self, params: Any, inputs: Shapes, context: Context) -> dict[str, Shape]:
        return {"output": self.input_shape(params)}

    def call(self, params: Any, inputs: Shapes) -> Call:
        return Call("nn.Identity", inputs={"input": FromInput()}, expression="{input}")

    def cost(self, params: Any, inputs: Shapes, outputs: Shapes, length: int = 32) -> Cost:
        return Cost()


class ImageInputParams(InputParams):
    """Size of the images after preprocessing."""

    channels: int = param(1, label="Channels", help="1 for grey, 3 for colour.", unit="channels", ge=1, le=4096)
    height: int = param(28, label="Height", help="Rows of pixels.", unit="px", ge=1, le=16384)
    width: int = param(28, label="Width", help="Columns of pixels.", unit="px", ge=1, le=16384)


class ImageInput(InputLayer):
    """Images of one common size."""

    name = "image_input"
    prominence = 1
    label = "Image input"
    summary = "Images enter here, one channel per colour, scaled and standardised by the data page."
    aliases = ("Input", "InputLayer", "Placeholder", "picture", "图像输入", "输入")
    formula = "x ∈ ℝ^(N × C × H × W)"
    figure = ImageRows()
    related = ("conv2d", "patch_embedding")
    Params = ImageInputParams
    reads = "image"
    usually_next = ("conv2d", "patch_embedding")

    def input_shape(self, params: ImageInputParams) -> Shape:
        return Shape.of(channel=params.channels, height=params.height, width=params.width)

    def sized(self, shape: Shape) -> Mapping[str, Any]:
        return {"channels": int(shape["channel"]), "height": int(shape["height"]), "width": int(shape["width"])}

    def summary_line(self, params: ImageInputParams) -> str:
        return f"{params.channels}×{params.height}×{params.width}"


class TextInputParams(InputParams):
    """Size of the tokenised texts."""

    vocabulary: int = param(
        2000, label="Vocabulary", help="How many different tokens there are.", unit="tokens", ge=2, le=10_000_000
    )
    maximum_length: int = param(64, label="Longest text", help="Longer texts are cut.", unit="tokens", ge=1, le=1_000_000)
    symbol: str = param(
        "T",
        label="Length symbol",
        help="The letter of its length in shapes; inputs with the same letter have the same length in every row.",
        main=False,
        pattern=r"^[A-Za-z][A-Za-z0-9_]*$",
    )
    decoder: bool = param(
        False, label="Written by the model",
        help="In training it is given the right text, one token late; afterwards what the model itself has written so far.", main=False,
    )


class TextInput(InputLayer):
    """Texts as token ids, right-padded to the longest of the batch."""

    name = "text_input"
    prominence = 2
    label = "Text input"
    summary = "Texts enter here as token ids; each row has its own length."
    aliases = ("Input", "InputLayer", "tokens", "token ids", "TextVectorization", "文本输入", "输入")
    formula = "x ∈ {0, …, V−1}^(N × T)"
    figure = TokenRows()
    related = ("embedding",)
    differentiable = False
    Params = TextInputParams
    reads = "text"
    usually_next = ("embedding",)

    def input_shape(self, params: TextInputParams) -> Shape:
        length = Symbol(params.symbol, maximum=params.maximum_length, ragged=True)
        return Shape.of("int64", params.vocabulary, token=length)

    def sized(self, shape: Shape) -> Mapping[str, Any]:
        longest = next((symbol.maximum for symbol in shape["token"].symbols() if symbol.maximum), None)
        return {name: size for name, size in (("vocabulary", shape.vocabulary), ("maximum_length", longest)) if size}

    def summary_line(self, params: TextInputParams) -> str:
        if params.decoder:
            return Text("written, up to {count} tokens", count=params.maximum_length)
        return Text("up to {count} tokens", count=params.maximum_length)


class SeriesInputParams(InputParams):
    """Size of the series."""

    features: int = param(1, label="Features", help="How many numbers are measured at each moment.", unit="numbers", ge=1, le=65536)
    length: int = param(64, label="Length", help="How many moments a row has, or the most where rows differ.", unit="steps", ge=1, le=1_000_000)
    symbol: str = param(
        "", label="Length symbol", help="Empty: every row is this long. A letter: rows differ in length, and shapes show it as this letter.",
        main=False, pattern=r"^([A-Za-z][A-Za-z0-9_]*)?$",
    )


class SeriesInput(InputLayer):
    """Measurements over time."""

    name = "series_input"
    label = "Series input"
    summary = "Measurements over time enter here, one or several numbers at each moment, standardised."
    aliases = ("Input", "InputLayer", "time series", "sensor", "signal", "sequence", "时间序列", "序列输入", "传感器", "输入")
    formula = "x ∈ ℝ^(N × T × F)"
    figure = Wave()
    related = ("conv1d", "gru", "lstm")
    Params = SeriesInputParams
    reads = "series"
    usually_next = ("gru", "conv1d")

    def input_shape(self, params: SeriesInputParams) -> Shape:
        length = Symbol(params.symbol, maximum=params.length, ragged=True) if params.symbol else params.length
        return Shape.of(time=length, feature=params.features)

    def sized(self, shape: Shape) -> Mapping[str, Any]:
        symbol = next(iter(shape["time"].symbols()), None)
        length = {"length": int(shape["time"])} if symbol is None else {"length": symbol.maximum} if symbol.maximum else {}
        return {**length, "features": int(shape["feature"]), **({"symbol": symbol.name} if symbol is not None else {})}

    def summary_line(self, params: SeriesInputParams) -> str:
        return Text("{count} steps of {width}", count=params.length, width=params.features)


class AudioInputParams(InputParams):
    """Length and rate of the sounds."""

    samples: int = param(
        8000, label="Samples", help="How many samples a sound has, or the most where rows differ.", unit="samples", ge=1, le=100_000_000,
    )
    rate: int = param(
        8000, label="Sample rate", help="Samples per second; it turns lengths into seconds and pitches into hertz.", unit="Hz", ge=1, le=768_000,
    )
    symbol: str = param(
        "", label="Length symbol", help="Empty: every row is this long. A letter: rows differ in length, and shapes show it as this letter.",
        main=False, pattern=r"^([A-Za-z][A-Za-z0-9_]*)?$",
    )


class AudioInput(InputLayer):
    """Sounds of one length, or each of its own."""

    name = "audio_input"
    label = "Audio input"
    summary = "Sounds enter here as samples between −1 and 1; follow it with a Spectrogram, a Mel spectrogram or a Conv1d."
    aliases = ("Input", "InputLayer", "sound", "waveform", "wav", "speech", "音频输入", "声音", "波形", "输入")
    formula = "x ∈ [−1, 1]^(N × T)"
    figure = Wave()
    related = ("spectrogram", "mel_spectrogram", "conv1d")
    Params = AudioInputParams
    reads = "audio"
    usually_next = ("mel_spectrogram", "conv1d")

    def input_shape(self, params: AudioInputParams) -> Shape:
        return Shape.of(time=Symbol(params.symbol, maximum=params.samples, ragged=True) if params.symbol else params.samples)

    def sized(self, shape: Shape) -> Mapping[str, Any]:
        symbol = next(iter(shape["time"].symbols()), None)
        length = {"samples": int(shape["time"])} if symbol is None else {"samples": symbol.maximum} if symbol.maximum else {}
        return {**length, **({"symbol": symbol.name} if symbol is not None else {})}

    def shape(self, params: AudioInputParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        return {"output": Shape.of(time=self.input_shape(params)["time"], feature=1)}

    def call(self, params: AudioInputParams, inputs: Shapes) -> Call:
        return Call("operators.OneFeature", inputs={"input": FromInput()}, expression="{input}.unsqueeze(2)")

    def summary_line(self, params: AudioInputParams) -> str:
        return Text("{seconds} s at {rate} Hz", seconds=f"{params.samples / params.rate:.3g}", rate=params.rate)


class NumberInput(InputLayer):
    """One number per row."""

    name = "number_input"
    prominence = 3
    label = "Number input"
    summary = "One number per row enters here, standardised; join several with Concatenate."
    aliases = ("Input", "InputLayer", "numeric", "table column", "tabular", "数值输入", "表格", "输入")
    formula = "x ∈ ℝ^(N × 1)"
    figure = Column()
    related = ("category_input", "concatenate", "linear")
    Params = InputParams
    reads = "number"
    usually_next = ("linear",)

    def input_shape(self, params: InputParams) -> Shape:
        return Shape.of()

    def shape(self, params: InputParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        return {"output": Shape.of(feature=1)}

    def call(self, params: InputParams, inputs: Shapes) -> Call:
        return Call("operators.Column", inputs={"input": FromInput()}, expression="{input}.unsqueeze(1)")


class CategoryInputParams(InputParams):
    """How many values there are."""

    categories: int = param(
        2, label="Categories", help="How many different values the field has.", unit="values", ge=1, le=10_000_000
    )


class CategoryInput(InputLayer):
    """One category per row, as an id."""

    name = "category_input"
    label = "Category input"
    summary = "One category per row enters here as an id; follow it with an Embedding."
    aliases = ("Input", "InputLayer", "StringLookup", "factor", "table column", "tabular", "类别输入", "表格", "输入")
    formula = "x ∈ {0, …, K−1}^N"
    figure = Column(category=True)
    related = ("embedding", "number_input", "concatenate")
    differentiable = False
    Params = CategoryInputParams
    reads = "category"
    usually_next = ("embedding",)

    def input_shape(self, params: CategoryInputParams) -> Shape:
        return Shape.of("int64", params.categories)

    def sized(self, shape: Shape) -> Mapping[str, Any]:
        return {"categories": shape.vocabulary} if shape.vocabulary else {}

    def summary_line(self, params: CategoryInputParams) -> str:
        return Text("{count} values", count=params.categories)


class Output(Layer):
    """One result of the model; the name of the node is the name of the result."""

    name = "output"
    prominence = 4
    view = True
    label = "Output"
    family = Family.INPUT_OUTPUT
    role = "output"
    summary = "A result leaves the model here, under the name of this node; an objective of the project learns it."
    aliases = ("result", "logits", "head", "输出")
    formula = "y = x"
    figure = Result()
    related = ("linear", "softmax")
    outputs = ()

    def shape(self, params: Params, inputs: Shapes, context: Context) -> dict[str, Shape]:
        return {"output": inputs["input"]}

    def call(self, params: Params, inputs: Shapes) -> Call:
        return Call("nn.Identity", inputs={"input": FromPort("input")}, expression="{input}")

    def cost(self, params: Params, inputs: Shapes, outputs: Shapes, length: int = 32) -> Cost:
        return Cost()

    def warnings(self, params: Params, inputs: Shapes, context: Context) -> list[Problem[Any]]:
        shape = inputs["input"]
        if shape.sequence_axis is None or Axis.FEATURE not in shape.axes:
            return []
        message = Text(
            "{node} gives one answer for every position of the sequence ({shape}).", node=context.name, shape=shape.named()
        )
        reason = Text("One answer for the whole row needs one vector for the whole row.")
        return [
            Problem("output.sequence", message, context.node, reason, "input", Severity.WARNING, tuple(checks.over_time(context)))
        ]
