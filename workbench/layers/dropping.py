"""Dropout of whole channels and of whole branches."""

from __future__ import annotations

from workbench.graph.shape import Axis, Shape
from workbench.layers import checks, fixes, windows
from workbench.layers.base import Call, Context, LayerProblem, Shapes
from workbench.layers.figures.standardise import Mask
from workbench.layers.regularising import Dropout, DropoutParams
from workbench.text import Text


class SpatialDropout(Dropout):
    """Dropout of whole channels (Tompson et al. 2015)."""

    name = "spatial_dropout"
    label = "Spatial dropout"
    summary = "Sets whole channels to zero while training: neighbouring pixels cannot stand in for dropped ones."
    aliases = ("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "Dropout2d", "Dropout1d", "Dropout3d", "空间随机失活", "通道丢弃")
    formula = "y_c = x_c · m_c / (1 − p), m_c = 0 with probability p for a whole channel, else 1; y = x after training"
    figure = Mask("channel")
    related = ("dropout", "stochastic_depth", "conv2d")
    paper = "Tompson et al. 2015, Efficient Object Localization Using Convolutional Networks"

    def shape(self, params: DropoutParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.numbers(inputs, context)
        if checks.is_image(shape) or windows.is_volume(shape) or checks.is_sequence(shape):
            return {"output": shape}
        raise LayerProblem(
            "dropout.no-channels",
            Text(
                "{node} drops whole channels, but {source} gives {shape}.",
                node=context.name, source=checks.source_name(context, "input"), shape=shape.named(),
            ),
            port="input",
            fixes=[fixes.become(context, "dropout", Text("Use Dropout instead"), rate=params.rate), fixes.remove(context)],
        )

    def call(self, params: DropoutParams, inputs: Shapes) -> Call:
        shape = inputs["input"]
        target = "gating.FeatureDropout"
        if Axis.CHANNEL in shape.axes:
            target = "nn.Dropout2d" if checks.is_image(shape) else "nn.Dropout3d"
        return Call(target, {"p": params.rate})

    def _drawn(self, shape: Shape, length: int) -> int:
        return int(shape[Axis.CHANNEL if Axis.CHANNEL in shape.axes else Axis.FEATURE])


class StochasticDepth(Dropout):
    """Stochastic depth (Huang et al. 2016)."""

    name = "stochastic_depth"
    label = "Stochastic depth"
    summary = "Drops a whole branch for some rows while training; put it before the Add of a residual connection."
    aliases = ("DropPath", "drop path", "StochasticDepth", "tfa.layers.StochasticDepth", "随机深度", "丢弃路径")
    formula = "y_n = x_n · m_n / (1 − p), m_n = 0 with probability p for a whole row, else 1; y = x after training"
    figure = Mask("row")
    related = ("dropout", "add", "residual_block")
    paper = "Huang et al. 2016, Deep Networks with Stochastic Depth"

    def call(self, params: DropoutParams, inputs: Shapes) -> Call:
        return Call("gating.DropPath", {"p": params.rate})

    def _drawn(self, shape: Shape, length: int) -> int:
        return 1
