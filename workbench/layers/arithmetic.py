"""Layers that combine wires number by number or row by column: multiply, subtract, stack, matrix product, bilinear."""

from __future__ import annotations

from typing import Any

from workbench.catalogue import Params, param
from workbench.graph.graph import Graph
from workbench.graph.problem import Fix
from workbench.graph.shape import Axis, Shape
from workbench.layers import checks, fixes, windows
from workbench.layers.base import Call, Context, Family, FromLengths, FromPort, Layer, LayerProblem, Port, Shapes
from workbench.layers.figures.arrange import Joined
from workbench.layers.figures.combine import Numberwise, Pairs, Product
from workbench.layers.merging import Add
from workbench.text import Text

_PAIR = (Port("left", help="The first of the two."), Port("right", help="The second of the two."))


class Multiply(Add):
    """Product of wires with equal shapes; a gate."""

    name = "multiply"
    kept = ("inputs",)
    label = "Multiply"
    summary = "Multiplies wires number by number; with a sigmoid on one of them, a gate that lets parts of the other pass."
    aliases = ("Mul", "tf.multiply", "product", "gate", "Hadamard", "相乘", "逐元素乘", "门控")
    formula = "y = x₁ · x₂ · …"
    figure = Numberwise("×")
    related = ("add", "matmul", "glu")
    bends = True
    usually_next = ("add", "linear", "conv2d")

    def call(self, params: Params, inputs: Shapes) -> Call:
        return Call("arithmetic.Multiply", inputs={"inputs": FromPort("inputs")}, expression="{inputs:*}")

    def inside(self, params: Params, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        return max(len(inputs) - 2, 0) * outputs["output"].elements_per_row(length)


class Subtract(Layer):
    """Difference of two wires with equal shapes."""

    name = "subtract"
    label = "Subtract"
    family = Family.SHAPE
    summary = "Takes the second wire from the first, number by number: what changed, or what is left."
    aliases = ("Sub", "tf.subtract", "difference", "minus", "相减", "差")
    formula = "y = left − right"
    figure = Numberwise("−")
    related = ("add", "multiply")
    inputs = _PAIR
    keeps_width = True
    bends = False
    usually_next = ("linear", "conv2d")

    def shape(self, params: Params, inputs: Shapes, context: Context) -> dict[str, Shape]:
        left, right = (checks.numbers(inputs, context, port) for port in ("left", "right"))
        if left == right:
            return {"output": left}
        raise LayerProblem(
            "merge.shapes-differ",
            Text(
                "{node}: {first} gives {left}, but {second} gives {right}.",
                node=context.name, first=checks.source_name(context, "left"), left=left.named(),
                second=checks.source_name(context, "right"), right=right.named(),
            ),
            reason=Text("Numbers are joined place by place."),
            port="right",
            fixes=_aligned(left, right, context),
        )

    def call(self, params: Params, inputs: Shapes) -> Call:
        ports = {"left": FromPort("left"), "right": FromPort("right")}
        return Call("arithmetic.Subtract", inputs=ports, expression="{left} - {right}")


def _aligned(left: Shape, right: Shape, context: Context) -> list[Fix[Graph]]:
    """Offers to bring the right wire to the shape of the left one."""
    if left.axes != right.axes:
        if sorted(left.axes) != sorted(right.axes):
            return []
        order = ", ".join(left.axes[1:])
        return [fixes.insert(context, "right", "permute", Text("Reorder the axes to {order}", order=order), order=order)]
    differing = [axis for axis in left.axes if left[axis] != right[axis]]
    source = checks.source_name(context, "right")
    if differing == [Axis.CHANNEL]:
        size = int(left[Axis.CHANNEL])
        label = Text("Project {source} to {size} channels", source=source, size=size)
        return [fixes.insert(context, "right", "conv2d", label, filters=size, kernel=1)] if checks.is_image(left) else []
    if differing == [Axis.FEATURE]:
        size = int(left[Axis.FEATURE])
        label = Text("Project {source} to {size} features", source=source, size=size)
        return [fixes.insert(context, "right", "linear", label, units=size)]
    return []


class StackParams(Params):
    """The name of the new axis."""

    axis: str = param(
        "", label="New axis", pattern=r"^[A-Za-z]?[A-Za-z0-9_]*$", max_length=40,
        help="The name of the new axis (time, depth, channel); empty: time for vectors, depth for images, channel otherwise.",
    )

    def named(self, shape: Shape) -> str:
        """Returns the name of the new axis for this shape."""
        if self.axis:
            return self.axis
        return Axis.DEPTH if checks.is_image(shape) else Axis.TIME if shape.axes == (Axis.BATCH, Axis.FEATURE) else Axis.CHANNEL

    def place(self, shape: Shape) -> int:
        """Returns where the new axis stands: behind the channels of an image, else behind the batch."""
        return 2 if checks.is_image(shape) else 1


class Stack(Layer):
    """Wires side by side along a new axis."""

    name = "stack"
    label = "Stack"
    family = Family.SHAPE
    summary = "Lays wires of equal shape side by side along a new axis: vectors become a sequence, images a volume."
    aliases = ("tf.stack", "pack", "Unsqueeze", "ConcatFromSequence", "new axis", "堆叠", "叠放")
    formula = "y[k, …] = x_k[…]"
    figure = Joined(new_axis=True)
    related = ("concatenate", "select")
    inputs = Add.inputs
    Params = StackParams
    bends = False
    usually_next = ("mean_over_time", "flatten")

    def shape(self, params: StackParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = Add().shape(Params(), inputs, context)["output"]
        name, place = params.named(shape), params.place(shape)
        if name in shape.axes:
            others = [axis for axis in (Axis.TIME, Axis.DEPTH, Axis.CHANNEL) if axis not in shape.axes]
            raise LayerProblem(
                "stack.axis",
                Text("{node}: there is an axis {axis} already in {shape}.", node=context.name, axis=Text(name), shape=shape.named()),
                reason=Text("Every axis has a name of its own."),
                port="inputs",
                fixes=[
                    *(fixes.change(context, Text("Call it {axis}", axis=Text(axis)), axis=axis) for axis in others),
                    fixes.become(context, "concatenate", Text("Concatenate along {axis} instead", axis=Text(name)), axis=name),
                ],
            )
        axes = (*shape.axes[:place], name, *shape.axes[place:])
        return {"output": shape.with_axes(axes, (*shape.dims[:place], len(inputs), *shape.dims[place:]))}

    def call(self, params: StackParams, inputs: Shapes) -> Call:
        place = params.place(inputs["inputs.0"])
        return Call("arithmetic.Stack", {"axis": place}, {"inputs": FromPort("inputs")}, expression=f"torch.stack({{inputs}}, dim={place})")

    def summary_line(self, params: StackParams) -> str:
        return params.axis


class MatrixProduct(Layer):
    """Matrix product of the last two axes."""

    name = "matmul"
    kept = ("left", "right")
    label = "Matrix product"
    family = Family.SHAPE
    summary = "Multiplies rows of the first wire by columns of the second: scores between queries and keys, weighted sums."
    aliases = ("MatMul", "tf.matmul", "bmm", "Dot", "batch_dot", "einsum", "矩阵乘法", "矩阵相乘")
    formula = "y[…, i, k] = Σ_j left[…, i, j] · right[…, j, k]"
    figure = Product()
    related = ("multiply", "bilinear", "dot_product_attention")
    inputs = _PAIR
    usually_next = ("softmax",)

    def shape(self, params: Params, inputs: Shapes, context: Context) -> dict[str, Shape]:
        left, right = (checks.numbers(inputs, context, port) for port in ("left", "right"))
        if left.rank < 3 or left.rank != right.rank or left.dims[:-2] != right.dims[:-2]:
            raise _no_matrices(left, right, context)
        if left.dims[-1] != right.dims[-2]:
            raise _inner_sizes(left, right, context)
        last = right.axes[-1]
        name = f"{last}_2" if last in left.axes[:-1] else last
        return {"output": left.with_axes((*left.axes[:-1], name), (*left.dims[:-1], right.dims[-1]))}

    def call(self, params: Params, inputs: Shapes) -> Call:
        ports = {"left": FromPort("left"), "right": FromPort("right")}
        right = inputs["right"]
        if not right.ragged:
            return Call("arithmetic.MatrixProduct", inputs=ports, expression="{left} @ {right}")
        arguments = {"axis": right.sequence_axis}
        return Call("arithmetic.RaggedMatrixProduct", arguments, {**ports, "lengths": FromLengths("right")})

    def macs(self, params: Params, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        inner = inputs["left"].dims[-1]
        size = int(inner.evaluate({symbol.name: length for symbol in inner.symbols()}))
        return outputs["output"].elements_per_row(length) * size

    def causal(self, params: Params) -> bool:
        return False


def _no_matrices(left: Shape, right: Shape, context: Context) -> LayerProblem:
    same = left == right
    return LayerProblem(
        "matmul.no-matrices",
        Text("{node} needs two matrices per row, but it is given {left} and {right}.", node=context.name, left=left.named(), right=right.named()),
        reason=Text("All axes but the last two must be equal, and there must be two of them."),
        port="right",
        fixes=[fixes.become(context, "bilinear", Text("Use a Bilinear layer"))] if same and left.rank == 2 else [],
    )


def _inner_sizes(left: Shape, right: Shape, context: Context) -> LayerProblem:
    repairs: list[Fix[Graph]] = []
    if left.dims[-1] == right.dims[-1]:
        order = ", ".join((*right.axes[1:-2], right.axes[-1], right.axes[-2]))
        repairs.append(fixes.insert(context, "right", "permute", Text("Swap the last two axes of the second"), order=order))
    if left.dims[-2] == right.dims[-2]:
        order = ", ".join((*left.axes[1:-2], left.axes[-1], left.axes[-2]))
        repairs.append(fixes.insert(context, "left", "permute", Text("Swap the last two axes of the first"), order=order))
    wanted = right.dims[-2].constant
    if left.axes[-1] == Axis.FEATURE and wanted is not None:
        label = Text("Project {source} to {size} features", source=checks.source_name(context, "left"), size=wanted)
        repairs.append(fixes.insert(context, "left", "linear", label, units=wanted))
    return LayerProblem(
        "matmul.inner-sizes",
        Text(
            "{node}: the last axis of {first} has {left} places, the last but one of {second} has {right}.",
            node=context.name, first=checks.source_name(context, "left"), left=str(left.dims[-1]),
            second=checks.source_name(context, "right"), right=str(right.dims[-2]),
        ),
        reason=Text("Each row of the first meets each column of the second number by number."),
        port="right",
        fixes=repairs,
    )


class BilinearParams(Params):
    """What can be set on a bilinear layer."""

    units: int = param(32, label="Units", help="How many numbers it gives.", unit="features", ge=1, le=1_000_000, log=True)
    bias: bool = param(True, label="Bias", help="Add a learned number per unit.", main=False)


class Bilinear(Layer):
    """Every unit weighs all products of two vectors, as `torch.nn.Bilinear`."""

    name = "bilinear"
    kept = ("left", "right")
    label = "Bilinear"
    family = Family.DENSE
    summary = "Every unit weighs all products of a feature of one wire with a feature of the other: how two things go together."
    aliases = ("nn.Bilinear", "tensor layer", "Einsum", "pairwise", "interaction", "双线性", "双线性层")
    formula = "y_o = Σ_i Σ_j left_i · W[o, i, j] · right_j + b_o"
    figure = Pairs()
    related = ("multiply", "matmul", "linear")
    paper = "Tenenbaum and Freeman 2000, Separating Style and Content with Bilinear Models"
    inputs = _PAIR
    Params = BilinearParams
    width_param = "units"
    usual_norm = "layer_norm"
    usually_next = ("relu",)

    def shape(self, params: BilinearParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        left, right = (checks.numbers(inputs, context, port) for port in ("left", "right"))
        for port, shape in (("left", left), ("right", right)):
            if shape.axes[-1] != Axis.FEATURE:
                raise _no_vector(port, shape, context)
            checks.known(shape[Axis.FEATURE], Axis.FEATURE, context, port)
        if left.axes != right.axes or left.dims[:-1] != right.dims[:-1]:
            raise LayerProblem(
                "bilinear.places-differ",
                Text("{node}: the two wires differ in more than their features: {left} and {right}.",
                     node=context.name, left=left.named(), right=right.named()),
                port="right",
                fixes=[
                    fixes.insert(context, port, "mean_over_time", Text("Average {source} over time", source=checks.source_name(context, port)))
                    for port, shape in (("left", left), ("right", right)) if checks.is_sequence(shape)
                ],
            )
        return {"output": left.with_dim(Axis.FEATURE, params.units)}

    def call(self, params: BilinearParams, inputs: Shapes) -> Call:
        arguments: dict[str, Any] = {
            "in1_features": int(inputs["left"]["feature"]), "in2_features": int(inputs["right"]["feature"]), "out_features": params.units
        }
        if not params.bias:
            arguments["bias"] = False
        return Call("arithmetic.PairwiseBilinear", arguments, {"input1": FromPort("left"), "input2": FromPort("right")})

    def parameters(self, params: BilinearParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        weight = (params.units, int(inputs["left"]["feature"]), int(inputs["right"]["feature"]))
        return {"weight": weight, "bias": (params.units,)} if params.bias else {"weight": weight}

    def macs(self, params: BilinearParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        made = outputs["output"].elements_per_row(length)
        return made * int(inputs["right"]["feature"]) * (int(inputs["left"]["feature"]) + 1)

    def inside(self, params: BilinearParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        return outputs["output"].elements_per_row(length) * int(inputs["right"]["feature"])

    def summary_line(self, params: BilinearParams) -> str:
        return Text("{units} units", units=params.units)


def _no_vector(port: str, shape: Shape, context: Context) -> LayerProblem:
    repairs = []
    if checks.is_image(shape) or windows.is_volume(shape):
        repairs = [fixes.insert(context, port, "flatten", Text("Flatten first"))]
    return LayerProblem(
        "linear.needs-feature",
        Text(
            "{node} needs a feature axis at the end, but {source} gives {shape}.",
            node=context.name, source=checks.source_name(context, port), shape=shape.named(),
        ),
        reason=Text("It weighs features; time and position are no features."),
        port=port,
        fixes=[*repairs, fixes.remove(context)],
    )
