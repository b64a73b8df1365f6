"""Sound as pictures: how strong each pitch is at each moment."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

from workbench.catalogue import Params, param
from workbench.graph.graph import Graph
from workbench.graph.problem import Problem, Severity
from workbench.graph.shape import Axis, Shape
from workbench.layers import checks, fixes, windows
from workbench.layers.base import Call, Context, Family, FromLengths, FromPort, Layer, LayerProblem, Shapes
from workbench.layers.figures.sound import Spectrum
from workbench.text import Text


class SpectrogramParams(Params):
    """How the sound is cut and measured."""

    window: int = param(
        400, label="Window", help="How many samples each measurement covers: more tell pitches apart better, fewer tell moments apart better.",
        unit="samples", ge=2, le=65536,
    )
    hop: int = param(160, label="Hop", help="How many samples lie between two measurements.", unit="samples", ge=1, le=65536)
    scale: Literal["log", "magnitude", "power"] = param(
        "log", label="Scale", choices=("log", "magnitude", "power"),
        help="log: as loudness is heard; magnitude: as strong as the tone; power: its square.",
    )

    @property
    def bins(self) -> int:
        """How many pitches are measured."""
        return self.window // 2 + 1


class Spectrogram(Layer):
    """Short-time Fourier transform with a Hann window, as a fixed convolution."""

    name = "spectrogram"
    label = "Spectrogram"
    family = Family.CONVOLUTION
    summary = "Turns a sound into steps that say how strong each pitch is at that moment; nothing is learned."
    aliases = ("STFT", "tf.signal.stft", "torchaudio Spectrogram", "Fourier", "audio", "sound", "频谱图", "声谱图", "短时傅里叶变换")
    formula = "y[t, k] = |Σ_n h[n] · x[t·s + n] · e^(−2πi·k·n/W)|, squared for power, its logarithm for log"
    figure = Spectrum()
    related = ("mel_spectrogram", "conv1d")
    paper = "Allen 1977, Short Term Spectral Analysis, Synthesis, and Modification by Discrete Fourier Transform"
    Params = SpectrogramParams
    usually_next = ("conv1d", "gru")

    def shape(self, params: SpectrogramParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.sequence(inputs, context)
        if shape["feature"] != 1:
            raise _several_channels(shape, context)
        steps = windows.slid(shape.dims[1], params.window, params.hop, params.window // 2 * 2)
        if windows.shortest(steps) < 1:
            even = params.window + params.window % 2
            repairs = [fixes.change(context, Text("Use a window of {size}", size=even), window=even)]
            raise windows.too_large([params.window], shape, shape.axes[1:2], context, repairs)
        return {"output": shape.with_axes(shape.axes, (shape.dims[0], steps, self.features(params)))}

    def features(self, params: SpectrogramParams) -> int:
        """Returns how many numbers describe a moment."""
        return params.bins

    def call(self, params: SpectrogramParams, inputs: Shapes) -> Call:
        arguments: dict[str, Any] = {"window": params.window, "hop": params.hop, "scale": params.scale}
        return Call("audio.Spectrogram", arguments, {"input": FromPort("input"), "lengths": FromLengths("input")})

    def macs(self, params: SpectrogramParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        return checks.steps(outputs["output"], length) * 2 * params.bins * params.window

    def inside(self, params: SpectrogramParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        between = self.features(params) if params.scale == "log" else 0
        copied = checks.steps(inputs["input"], length) * 5 // 4 if inputs["input"].ragged else 0
        return copied + checks.steps(outputs["output"], length) * (2 * params.bins + between)

    def keeps(self, params: SpectrogramParams, inputs: Shapes) -> tuple[str, ...]:
        read = () if inputs["input"].ragged else ("input",)
        return (*read, "output") if params.scale == "magnitude" else read

    def summary_line(self, params: SpectrogramParams) -> str:
        return Text("{count} pitches, every {hop} samples", count=self.features(params), hop=params.hop)

    def causal(self, params: SpectrogramParams) -> bool:
        return False

    def warnings(self, params: SpectrogramParams, inputs: Shapes, context: Context) -> list[Problem[Graph]]:
        if params.hop <= params.window:
            return []
        message = Text("{node} skips {count} samples between two windows.", node=context.name, count=params.hop - params.window)
        reason = Text("What sounds there is not heard.")
        repairs = (fixes.change(context, Text("Use a hop of {size}", size=params.window // 2), hop=params.window // 2),)
        return [Problem("spectrogram.gaps", message, context.node, reason, severity=Severity.WARNING, fixes=repairs)]


def _several_channels(shape: Shape, context: Context) -> LayerProblem:
    return LayerProblem(
        "spectrogram.channels",
        Text(
            "{node} listens to one channel, but {source} gives {shape}.",
            node=context.name, source=checks.source_name(context, "input"), shape=shape.named(),
        ),
        reason=Text("A sound is one number per sample."),
        port="input",
        fixes=[
            fixes.insert(context, "input", "slice", Text("Take the first channel"), axis=Axis.FEATURE.value, start=0, stop=1),
            fixes.insert(context, "input", "linear", Text("Mix the channels into one"), units=1),
        ],
    )


class MelSpectrogramParams(SpectrogramParams):
    """How the sound is cut and measured, and how pitches are gathered."""

    bands: int = param(40, label="Bands", help="How many bands of pitches there are, spaced as they are heard.", unit="bands", ge=1, le=4096)
    rate: int = param(16000, label="Sample rate", help="Samples per second of the sound.", unit="Hz", ge=2, le=1_000_000)
    lowest: float = param(0.0, label="Lowest pitch", help="Where the first band begins.", unit="Hz", main=False, ge=0, le=500_000)
    highest: float = param(
        0.0, label="Highest pitch", help="Where the last band ends; 0: half the sample rate.", unit="Hz", main=False, ge=0, le=500_000
    )

    @property
    def top(self) -> float:
        """Where the last band ends, in Hz."""
        return self.highest or self.rate / 2

    @model_validator(mode="after")
    def _in_order(self) -> MelSpectrogramParams:
        if not self.lowest < self.top <= self.rate / 2:
            raise ValueError("the highest pitch must be above the lowest and at most half the sample rate")
        return self


class MelSpectrogram(Spectrogram):
    """Spectrogram in bands as the ear spaces them (Stevens, Volkmann and Newman 1937)."""

    name = "mel_spectrogram"
    label = "Mel spectrogram"
    summary = "A spectrogram whose pitches are gathered in bands as the ear spaces them; the usual way into speech and music."
    aliases = ("MelSpectrogram", "MFCC", "tf.signal.linear_to_mel_weight_matrix", "MelWeightMatrix", "audio", "speech", "梅尔频谱", "梅尔声谱图")
    formula = "y[t, m] = Σ_k F[m, k] · S[t, k], S the power spectrum, F triangles on the mel scale 2595 · log₁₀(1 + f/700)"
    figure = Spectrum(mel=True)
    related = ("spectrogram", "conv2d")
    paper = "Davis and Mermelstein 1980, Comparison of Parametric Representations for Monosyllabic Word Recognition"
    Params = MelSpectrogramParams

    def features(self, params: SpectrogramParams) -> int:
        assert isinstance(params, MelSpectrogramParams)
        return params.bands

    def call(self, params: SpectrogramParams, inputs: Shapes) -> Call:
        assert isinstance(params, MelSpectrogramParams)
        plain = super().call(params, inputs)
        bands = {"bands": params.bands, "rate": params.rate, "lowest": params.lowest, "highest": params.top}
        return Call("audio.MelSpectrogram", {**plain.arguments, **bands}, plain.inputs)

    def macs(self, params: SpectrogramParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        steps = checks.steps(outputs["output"], length)
        return super().macs(params, inputs, outputs, length) + steps * params.bins * self.features(params)

    def warnings(self, params: SpectrogramParams, inputs: Shapes, context: Context) -> list[Problem[Graph]]:
        found = super().warnings(params, inputs, context)
        if self.features(params) > params.bins:
            message = Text(
                "{node} gathers {bins} pitches in {bands} bands, so that bands stay empty.",
                node=context.name, bins=params.bins, bands=self.features(params),
            )
            repairs = (fixes.change(context, Text("Use {count} bands", count=max(1, params.bins // 2)), bands=max(1, params.bins // 2)),)
            found.append(Problem("spectrogram.empty-bands", message, context.node, severity=Severity.WARNING, fixes=repairs))
        return found
