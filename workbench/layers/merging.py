"""Layers that join several wires into one."""

from __future__ import annotations

from workbench.catalogue import Params, param
from workbench.graph.dim import Dim
from workbench.graph.graph import Graph
from workbench.graph.problem import Fix
from workbench.graph.shape import Shape
from workbench.layers import checks, fixes
from workbench.layers.base import Call, Context, Family, FromPort, Layer, LayerProblem, Port, Shapes
from workbench.layers.figures.arrange import Joined
from workbench.layers.figures.combine import Numberwise
from workbench.text import Text

_PORTS = (Port("inputs", variadic=True, help="Two or more wires."),)


def _wires(inputs: Shapes) -> list[tuple[str, Shape]]:
    """Returns port and shape of every wire, in order."""
    return [(f"inputs.{index}", inputs[f"inputs.{index}"]) for index in range(len(inputs))]


def _check_several(inputs: Shapes, context: Context) -> None:
    if len(inputs) < 2:
        raise LayerProblem(
            "merge.one-input",
            Text("{node} joins two or more wires, but only {count} ends here.", node=context.name, count=len(inputs)),
            port="inputs",
            fixes=[fixes.remove(context)],
        )
    for port, _ in _wires(inputs):
        checks.numbers(inputs, context, port)


def _check_same_axes(inputs: Shapes, context: Context) -> None:
    (_, first), *others = _wires(inputs)
    for port, shape in others:
        if shape.axes != first.axes:
            raise _axes_differ(first, shape, port, context)


def _axes_differ(first: Shape, shape: Shape, port: str, context: Context) -> LayerProblem:
    repairs: list[Fix[Graph]] = []
    if sorted(shape.axes) == sorted(first.axes):
        order = ", ".join(first.axes[1:])
        repairs.append(fixes.insert(context, port, "permute", Text("Reorder the axes to {order}", order=order), order=order))
    for wire, one in (("inputs.0", first), (port, shape)):
        source = checks.source_name(context, wire)
        if checks.is_image(one) and "feature" in (first if one is shape else shape).axes:
            repairs.append(
                fixes.insert(context, wire, "global_average_pool", Text("Global average after {source}", source=source))
            )
            repairs.append(fixes.insert(context, wire, "flatten", Text("Flatten {source}", source=source)))
        elif checks.is_sequence(one) and (first if one is shape else shape).axes == ("batch", "feature"):
            repairs.append(fixes.insert(context, wire, "mean_over_time", Text("Average {source} over time", source=source)))
    return LayerProblem(
        "merge.axes-differ",
        Text(
            "{node}: {first} gives {left}, but {second} gives {right}.",
            node=context.name,
            first=checks.source_name(context, "inputs.0"),
            left=first.named(),
            second=checks.source_name(context, port),
            right=shape.named(),
        ),
        reason=Text("Only data with the same axes can be joined."),
        port=port,
        fixes=repairs,
    )


def _sizes_differ(axis: str, port: str, inputs: Shapes, context: Context, repairs: list[Fix[Graph]]) -> LayerProblem:
    left, right = inputs["inputs.0"][axis], inputs[port][axis]
    example = checks.differing_length(left, right)
    varying = left.constant is None or right.constant is None
    reason = Text("Numbers are joined place by place.")
    if varying and example is not None:
        reason = Text("Length {length} gives {left} and {right}.", length=example[0], left=example[1], right=example[2])
    plural = {"channel": "channels-differ", "feature": "features-differ"}.get(axis, "sizes-differ")
    return LayerProblem(
        f"merge.{plural}",
        Text(
            "{node}: the {axis} sizes differ: {first} has {left}, {second} has {right}.",
            node=context.name,
            axis=Text(axis),
            first=checks.source_name(context, "inputs.0"),
            left=str(left),
            second=checks.source_name(context, port),
            right=str(right),
        ),
        reason=reason,
        port=port,
        fixes=repairs,
    )


class Add(Layer):
    """Sum of wires with equal shapes; a residual connection."""

    name = "add"
    prominence = 23
    label = "Add"
    family = Family.SHAPE
    summary = "Adds wires number by number; with a wire around some layers, a residual connection."
    aliases = ("Sum", "residual", "skip connection", "shortcut", "tf.add", "相加", "残差", "跳跃连接")
    formula = "y = x₁ + x₂ + …"
    figure = Numberwise("+")
    related = ("subtract", "concatenate", "residual_block")
    paper = "He et al. 2016, Deep Residual Learning for Image Recognition"
    inputs = _PORTS
    keeps_width = True
    bends = False
    usually_next = ("relu", "layer_norm")

    def shape(self, params: Params, inputs: Shapes, context: Context) -> dict[str, Shape]:
        _check_several(inputs, context)
        (_, first), *others = _wires(inputs)
        if all(shape == first for _, shape in others):
            return {"output": first}
        _check_same_axes(inputs, context)
        for port, shape in others:
            for axis in first.axes:
                if shape[axis] != first[axis]:
                    raise _sizes_differ(axis, port, inputs, context, _alignments(axis, port, inputs, context))
        return {"output": first}

    def call(self, params: Params, inputs: Shapes) -> Call:
        return Call("operators.Add", inputs={"inputs": FromPort("inputs")}, expression="{inputs:+}")


def _alignments(axis: str, port: str, inputs: Shapes, context: Context) -> list[Fix[Graph]]:
    """Offers to bring two wires to the same size, or to concatenate them."""
    repairs: list[Fix[Graph]] = []
    for wire, other in ((port, "inputs.0"), ("inputs.0", port)):
        size, wanted = inputs[wire][axis].constant, inputs[other][axis].constant
        if size is None or wanted is None:
            continue
        source = checks.source_name(context, wire)
        if axis == "channel":
            label = Text("Project {source} to {size} channels", source=source, size=wanted)
            repairs.append(fixes.insert(context, wire, "conv2d", label, filters=wanted, kernel=1))
        elif axis == "feature":
            label = Text("Project {source} to {size} features", source=source, size=wanted)
            repairs.append(fixes.insert(context, wire, "linear", label, units=wanted))
        elif axis in ("height", "width") and size > wanted and size // wanted > 1:
            label = Text("Pool {source} by {factor}", source=source, factor=size // wanted)
            repairs.append(fixes.insert(context, wire, "max_pool2d", label, kernel=size // wanted))
    if axis in ("channel", "feature"):
        repairs.append(fixes.become(context, "concatenate", Text("Concatenate instead")))
    return repairs


class ConcatenateParams(Params):
    """Along which axis."""

    axis: str = param(
        "", label="Axis", help="The axis along which they are laid one after the other; empty: channel or feature.", main=False
    )

    def along(self, shape: Shape) -> str:
        """Returns the axis for this shape."""
        return self.axis or ("channel" if "channel" in shape.axes else shape.axes[-1])


class Concatenate(Layer):
    """Wires laid one after the other along a named axis."""

    name = "concatenate"
    prominence = 24
    label = "Concatenate"
    family = Family.SHAPE
    summary = "Lays wires one after the other along an axis, so that later layers see all of them."
    aliases = ("Concat", "tf.concat", "join", "cat", "skip connection", "拼接", "连接", "合并")
    formula = "y = [x₁; x₂; …]"
    figure = Joined()
    related = ("stack", "add", "split")
    paper = "Huang et al. 2017, Densely Connected Convolutional Networks; Ronneberger et al. 2015, U-Net"
    inputs = _PORTS
    Params = ConcatenateParams
    bends = False
    usually_next = ("conv2d", "linear", "conv1d", "conv3d")

    def shape(self, params: ConcatenateParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        _check_several(inputs, context)
        _check_same_axes(inputs, context)
        (_, first), *others = _wires(inputs)
        along = params.along(first)
        _check_along(along, inputs, context)
        size = first[along]
        for port, shape in others:
            for axis in first.axes:
                if axis != along and shape[axis] != first[axis]:
                    raise _sizes_differ(axis, port, inputs, context, _alignments_across(axis, port, inputs, context))
            size = size + shape[along]
        return {"output": first.with_dim(along, size)}

    def call(self, params: ConcatenateParams, inputs: Shapes) -> Call:
        first = inputs["inputs.0"]
        axis = first.index(params.along(first))
        return Call(
            "operators.Concatenate",
            {"axis": axis},
            {"inputs": FromPort("inputs")},
            expression=f"torch.cat({{inputs}}, dim={axis})",
        )

    def summary_line(self, params: ConcatenateParams) -> str:
        return params.axis


def _alignments_across(axis: str, port: str, inputs: Shapes, context: Context) -> list[Fix[Graph]]:
    repairs = _alignments(axis, port, inputs, context)
    return repairs[:-1] if axis in ("channel", "feature") else repairs


def _check_along(along: str, inputs: Shapes, context: Context) -> None:
    first = inputs["inputs.0"]
    others = [
        fixes.change(context, Text("Use the {axis} axis", axis=Text(axis)), axis=axis)
        for axis in reversed(first.axes[1:])
        if not first[axis].ragged and axis != along
    ]
    if along not in first.axes[1:]:
        raise checks.no_axis(along, first, context, others, "inputs")
    if any(_is_ragged(shape[along]) for _, shape in _wires(inputs)):
        raise LayerProblem(
            "axis.padded",
            Text("{node} cannot join along {axis}: rows differ in length.", node=context.name, axis=Text(along)),
            reason=Text("The padding of the first would stand in the middle of the row."),
            port="inputs",
            fixes=others,
        )


def _is_ragged(size: Dim) -> bool:
    return size.ragged
