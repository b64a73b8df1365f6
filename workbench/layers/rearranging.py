"""Layers that give the data another form or take a part of it: reshape, slice, select, split."""

from __future__ import annotations

import re
from types import MappingProxyType

from workbench.catalogue import Params, param
from workbench.graph.dim import Dim
from workbench.graph.graph import Graph
from workbench.graph.problem import Fix, Problem, Severity
from workbench.graph.shape import SEQUENCE_AXES, Axis, Shape
from workbench.layers import checks, fixes, windows
from workbench.layers.base import Call, Context, Family, Layer, LayerProblem, Port, Shapes
from workbench.layers.figures import collapse
from workbench.layers.figures.arrange import Reshaped, Taken
from workbench.text import Text

_PART = re.compile(r"^([A-Za-z][A-Za-z0-9_]*)[ =:]+(\d{1,9}|\?)$")
_AXIS_HELP = "The axis that is cut (channel, height, width, time, feature); empty: channel or the last one."


def chosen(axis: str, shape: Shape) -> str:
    """Returns an axis by name; for an empty one, the channels or the last axis."""
    return axis or (Axis.CHANNEL if Axis.CHANNEL in shape.axes else shape.axes[-1])


def steady_axis(axis: str, shape: Shape, context: Context) -> int:
    """Returns the size of an axis that is the same in every row.

    Raises:
        LayerProblem: There is no such axis, or rows differ in it.
    """
    others: list[Fix[Graph]] = [
        fixes.change(context, Text("Use the {axis} axis", axis=Text(name)), axis=name)
        for name in reversed(shape.axes[1:])
        if not shape[name].ragged and name != axis
    ]
    if axis not in shape.axes[1:]:
        raise checks.no_axis(axis, shape, context, others)
    if shape[axis].constant is None:
        raise LayerProblem(
            "axis.padded",
            Text("{node} cannot cut along {axis}: rows differ in length.", node=context.name, axis=Text(axis)),
            reason=Text("The same place is the middle of one row and the padding of another."),
            port="input",
            fixes=[*others, fixes.remove(context)],
        )
    return int(shape[axis])


def without(shape: Shape, axis: str, context: Context) -> Shape:
    """Returns a shape without one axis; channels that are left alone are the features of a vector.

    Raises:
        LayerProblem: No axis but the batch would be left.
    """
    kept = [(name, dim) for name, dim in zip(shape.axes, shape.dims, strict=True) if name != axis]
    names = [name for name, _ in kept]
    if len(names) == 1:
        raise LayerProblem(
            "axis.last-one",
            Text("{node} would take the only axis of {shape} away.", node=context.name, shape=shape.named()),
            reason=Text("A row keeps at least one axis, if only of size 1."),
            port="input",
            fixes=[
                fixes.become(context, "slice", Text("Keep one place of it instead"), axis=axis, start=0, stop=1),
                fixes.become(context, "linear", Text("Weigh all of it into one number"), units=1),
                fixes.remove(context),
            ],
        )
    if names == [Axis.BATCH, Axis.CHANNEL]:
        names = [Axis.BATCH, Axis.FEATURE]
    return Shape(tuple(names), tuple(dim for _, dim in kept), shape.dtype, shape.vocabulary)


class ReshapeParams(Params):
    """The new axes."""

    form: str = param(
        "feature ?", label="Form",
        help="The new axes with their sizes, such as `channel 1, height 8, width ?`; the size of one ? is worked out.",
        min_length=1, max_length=400,
    )

    def parts(self) -> list[tuple[str, int | None]] | None:
        """Returns names and sizes, None for the one to be worked out; None where the form cannot be read."""
        found = [_PART.match(part.strip()) for part in self.form.split(",")]
        if any(match is None for match in found):
            return None
        parts = [(match[1], None if match[2] == "?" else int(match[2])) for match in found if match is not None]
        names = [name for name, _ in parts]
        fine = len(set(names)) == len(names) and Axis.BATCH not in names and [size for _, size in parts].count(None) <= 1
        return parts if fine and 0 not in [size for _, size in parts] else None


class Reshape(Layer):
    """The numbers of a row under other axes."""

    name = "reshape"
    view = True
    label = "Reshape"
    family = Family.SHAPE
    summary = "Arranges the numbers of a row under other axes, in the same order; each new axis gets a name."
    aliases = ("Reshape", "tf.reshape", "view", "unflatten", "Unsqueeze", "ExpandDims", "重塑", "变形", "改变形状")
    formula = "(N, a·b·c) → (N, a, b, c), the last axis running fastest"
    figure = Reshaped()
    example = MappingProxyType({"form": "channel 4, height 16, width ?"})
    related = ("flatten", "permute")
    Params = ReshapeParams
    bends = False
    usually_next = ("linear", "conv2d", "conv1d")

    def shape(self, params: ReshapeParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = inputs["input"]
        for axis in shape.axes[1:]:
            if shape[axis].constant is None:
                raise LayerProblem(
                    "reshape.unknown-size",
                    Text("{node} cannot rearrange {axis} {size}: rows differ in length.", node=context.name, axis=Text(axis), size=str(shape[axis])),
                    reason=Text("Padding would come to stand between the numbers of a row."),
                    port="input",
                    fixes=checks.over_time(context),
                )
        total = shape.elements_per_row()
        parts = params.parts()
        if parts is None:
            raise _unreadable(params, total, context)
        known = 1
        for _, size in parts:
            known *= size or 1
        if total % known or (known != total and all(size is not None for _, size in parts)):
            raise _does_not_fit(parts, total, known, context)
        sizes = [size or total // known for _, size in parts]
        return {"output": Shape((Axis.BATCH, *(name for name, _ in parts)), (shape.dims[0], *map(Dim.of, sizes)), shape.dtype, shape.vocabulary)}

    def call(self, params: ReshapeParams, inputs: Shapes) -> Call:
        context = Context("", "")
        sizes = tuple(int(dim) for dim in self.shape(params, inputs, context)["output"].dims[1:])
        return Call("rearranging.Reshape", {"sizes": sizes}, expression=f"{{input}}.reshape(-1, {', '.join(map(str, sizes))})")

    def summary_line(self, params: ReshapeParams) -> str:
        return params.form

    def causal(self, params: ReshapeParams) -> bool:
        return False


def _unreadable(params: ReshapeParams, total: int, context: Context) -> LayerProblem:
    label = Text("Make it one vector of {size}", size=total)
    return LayerProblem(
        "reshape.form",
        Text("{node}: {form} does not name each new axis once with its size.", node=context.name, form=repr(params.form)),
        reason=Text("Write names and sizes, with one ? at most: channel 1, height 8, width ?."),
        port="input",
        fixes=[fixes.change(context, label, form=f"feature {total}")],
    )


def _does_not_fit(parts: list[tuple[str, int | None]], total: int, known: int, context: Context) -> LayerProblem:
    repairs: list[Fix[Graph]] = []
    for place in reversed(range(len(parts))):
        others = known // (parts[place][1] or 1)
        if total % others == 0 and all(size is not None for index, (_, size) in enumerate(parts) if index != place):
            form = ", ".join(f"{name} {total // others if index == place else size}" for index, (name, size) in enumerate(parts))
            repairs.append(fixes.change(context, Text("Use {form}", form=form), form=form))
    label = Text("Make it one vector of {size}", size=total)
    return LayerProblem(
        "reshape.count",
        Text("{node}: a row has {total} numbers, but the form holds {known}.", node=context.name, total=total, known=known),
        reason=Text("Reshaping neither adds nor drops numbers."),
        port="input",
        fixes=[*repairs[:2], fixes.change(context, label, form=f"feature {total}")],
    )


class SliceParams(Params):
    """Which part."""

    axis: str = param("", label="Axis", help=_AXIS_HELP)
    start: int = param(0, label="From", help="The first place that is kept; negative: counted from the end.", ge=-1_000_000, le=1_000_000)
    stop: int = param(
        0, label="Up to", help="The first place that is left out; 0: keep all to the end; negative: counted from the end.",
        ge=-1_000_000, le=1_000_000,
    )
    step: int = param(1, label="Every", help="2 keeps every second place.", main=False, ge=1, le=1_000_000)

    def bounds(self, size: int) -> tuple[int, int]:
        """Returns first and last-but-one place within an axis of this size."""
        stop = self.stop if self.stop > 0 else size + self.stop
        return max(0, self.start if self.start >= 0 else size + self.start), min(size, stop)


class Slice(Layer):
    """A part of an axis."""

    name = "slice"
    view = True
    label = "Slice"
    family = Family.SHAPE
    summary = "Keeps a part of one axis: some channels, the middle of an image, the first features."
    aliases = ("Slice", "tf.slice", "Cropping2D", "Cropping1D", "crop", "narrow", "strided_slice", "切片", "裁剪")
    formula = "y[i] = x[start + i·step], start + i·step < stop"
    figure = Taken()
    example = MappingProxyType({"axis": "channel", "start": 2, "stop": 6})
    related = ("select", "split")
    Params = SliceParams
    bends = False
    usually_next = ("linear", "conv2d", "conv1d")

    def shape(self, params: SliceParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = inputs["input"]
        axis = chosen(params.axis, shape)
        size = steady_axis(axis, shape, context)
        first, stop = params.bounds(size)
        if stop <= first:
            raise LayerProblem(
                "slice.empty",
                Text("{node} keeps nothing: the {axis} axis has {size} places.", node=context.name, axis=Text(axis), size=size),
                port="input",
                fixes=[
                    fixes.change(context, Text("Keep the first half"), start=0, stop=max(1, size // 2)),
                    fixes.change(context, Text("Keep everything"), start=0, stop=0),
                ],
            )
        return {"output": shape.with_dim(axis, (stop - first + params.step - 1) // params.step)}

    def call(self, params: SliceParams, inputs: Shapes) -> Call:
        shape = inputs["input"]
        axis = chosen(params.axis, shape)
        place = shape.index(axis)
        first, stop = params.bounds(int(shape[axis]))
        cut = f"{first}:{stop}" + (f":{params.step}" if params.step > 1 else "")
        arguments = {"axis": place, "start": first, "stop": stop, "step": params.step}
        return Call("rearranging.Slice", arguments, expression=f"{{input}}[{':, ' * place}{cut}]")

    def summary_line(self, params: SliceParams) -> str:
        cut = f"{params.start}:{params.stop or ''}" + (f":{params.step}" if params.step > 1 else "")
        return f"{params.axis} {cut}".strip()

    def causal(self, params: SliceParams) -> bool:
        return params.axis not in SEQUENCE_AXES


class SelectParams(Params):
    """Which place."""

    axis: str = param("", label="Axis", help="The axis that goes away (time, channel, height); empty: time or the first one after batch.")
    index: int = param(0, label="Place", help="Which place is taken, from 0; negative: counted from the end.", ge=-1_000_000, le=1_000_000)

    def along(self, shape: Shape) -> str:
        """Returns the axis for this shape."""
        found = shape.sequence_axis
        return self.axis or shape.axes[1 if found is None else found]


class Select(Layer):
    """One place of an axis."""

    name = "select"
    view = True
    label = "Select"
    family = Family.SHAPE
    summary = "Takes one place of an axis, such as the class token of a sequence or one channel of an image; the axis goes away."
    aliases = ("Gather", "tf.gather", "index", "first token", "CLS", "squeeze", "选取", "索引")
    formula = "y = x[…, i, …]"
    figure = Taken(one=True)
    related = ("slice", "class_token", "last_over_time")
    Params = SelectParams
    bends = False
    usually_next = ("linear", "conv2d", "conv1d")

    def shape(self, params: SelectParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = inputs["input"]
        axis = params.along(shape) if shape.rank > 1 else params.axis
        if axis in shape.axes[1:] and shape[axis].ragged and params.index == 0:
            return {"output": without(shape, axis, context)}
        if axis in shape.axes and shape[axis].ragged and params.index == -1:
            raise LayerProblem(
                "axis.padded",
                Text("{node} cannot count from the end along {axis}: rows differ in length.", node=context.name, axis=Text(axis)),
                reason=Text("The last place of the tensor is padding in all rows but the longest."),
                port="input",
                fixes=[fixes.become(context, "last_over_time", Text("Take the last position of each row"))],
            )
        size = steady_axis(axis, shape, context)
        if not -size <= params.index < size:
            raise LayerProblem(
                "select.outside",
                Text("{node}: there is no place {index} on the {axis} axis of {size}.",
                     node=context.name, index=params.index, axis=Text(axis), size=size),
                port="input",
                fixes=[fixes.change(context, Text("Take the last place"), index=-1), fixes.change(context, Text("Take the first place"), index=0)],
            )
        return {"output": without(shape, axis, context)}

    def call(self, params: SelectParams, inputs: Shapes) -> Call:
        shape = inputs["input"]
        place = shape.index(params.along(shape))
        arguments = {"axis": place, "index": params.index}
        return Call("rearranging.Select", arguments, expression=f"{{input}}[{':, ' * place}{params.index}]")

    def summary_line(self, params: SelectParams) -> str:
        return f"{params.axis} {params.index}".strip()

    def causal(self, params: SelectParams) -> bool:
        return params.index == 0 or (params.axis != "" and params.axis not in SEQUENCE_AXES)


class SplitParams(Params):
    """Into how many parts."""

    parts: int = param(2, label="Parts", help="How many equal parts there are, each with an output of its own.", ge=2, le=16)
    axis: str = param("", label="Axis", help=_AXIS_HELP)


class Split(Layer):
    """Equal parts of an axis, each on a wire of its own."""

    name = "split"
    view = True
    label = "Split"
    family = Family.SHAPE
    summary = "Cuts one axis into equal parts, each with an output of its own: for branches that see different channels."
    aliases = ("Split", "tf.split", "chunk", "unstack", "channel split", "拆分", "分割")
    formula = "[y₁; y₂; …] = x"
    figure = collapse.Split()
    related = ("concatenate", "slice", "glu")
    outputs = (Port("part1", help="The first part."), Port("part2", help="The second part."))
    Params = SplitParams
    bends = False
    usually_next = ("linear", "conv2d", "conv1d")

    def output_ports(self, params: SplitParams) -> tuple[Port, ...]:
        more = tuple(Port(f"part{number}", help="A later part.") for number in range(3, params.parts + 1))
        return (*self.outputs, *more)

    def shape(self, params: SplitParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = inputs["input"]
        axis = chosen(params.axis, shape)
        size = steady_axis(axis, shape, context)
        if size % params.parts:
            fitting = [count for count in windows.divisors(size, 16) if count > 1]
            repairs = [fixes.change(context, Text("Cut into {count} parts", count=count), parts=count)
                       for count in sorted(fitting, key=lambda count: abs(count - params.parts))[:2]]
            raise LayerProblem(
                "split.uneven",
                Text("{node}: the {axis} axis of {size} does not divide into {count} equal parts.",
                     node=context.name, axis=Text(axis), size=size, count=params.parts),
                port="input",
                fixes=[*repairs, fixes.remove(context)],
            )
        part = shape.with_dim(axis, size // params.parts)
        return {port.name: part for port in self.output_ports(params)}

    def call(self, params: SplitParams, inputs: Shapes) -> Call:
        shape = inputs["input"]
        place = shape.index(chosen(params.axis, shape))
        return Call(
            "rearranging.Split",
            {"parts": params.parts, "axis": place},
            outputs=tuple(port.name for port in self.output_ports(params)),
            expression=f"{{input}}.chunk({params.parts}, dim={place})",
        )

    def summary_line(self, params: SplitParams) -> str:
        return Text("{count} parts", count=params.parts)

    def causal(self, params: SplitParams) -> bool:
        return params.axis not in SEQUENCE_AXES

    def warnings(self, params: SplitParams, inputs: Shapes, context: Context) -> list[Problem[Graph]]:
        shape = inputs["input"]
        if int(shape[chosen(params.axis, shape)]) > params.parts or shape.rank < 3:
            return []
        message = Text("{node} leaves a single place in every part.", node=context.name)
        repairs = (fixes.become(context, "select", Text("Select one place instead"), axis=chosen(params.axis, shape)),)
        return [Problem("split.single", message, context.node, severity=Severity.WARNING, fixes=repairs)]
