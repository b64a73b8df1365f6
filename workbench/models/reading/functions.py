"""Functions of torch and methods of tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from workbench.graph.dim import Dim
from workbench.models.reading import formulas, heads, operations, reducing, selecting, views
from workbench.models.reading.expressing import operand
from workbench.models.reading.reading import NotDrawableError
from workbench.models.reading.values import Attending, Blank, Condition, Module, Side, States, Tensor, Unknown, Weight, tensors_in
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.models.reading.expressions import Expressions

Arguments = list[Any]
Named = Mapping[str, Any]
Rule = Callable[["Expressions", Arguments, Named], Any]

MODULES = {
    name: (target, tuple(rest))
    for name, target, *rest in (
        line.split()
        for line in """
        relu ReLU inplace|relu6 ReLU6 inplace|gelu GELU approximate|silu SiLU inplace|mish Mish inplace|tanh Tanh|sigmoid Sigmoid
        leaky_relu LeakyReLU negative_slope inplace|elu ELU alpha inplace|selu SELU inplace|celu CELU alpha inplace|softsign Softsign
        softplus Softplus beta threshold|hardtanh Hardtanh min_val max_val inplace|hardswish Hardswish inplace|logsigmoid LogSigmoid
        hardsigmoid Hardsigmoid inplace|softmax Softmax dim|log_softmax LogSoftmax dim|softmin Softmin dim|tanhshrink Tanhshrink
        dropout Dropout p training inplace|dropout1d Dropout1d p training|dropout2d Dropout2d p training|dropout3d Dropout3d p training
        alpha_dropout AlphaDropout p training|glu GLU dim|pixel_shuffle PixelShuffle upscale_factor
        max_pool1d MaxPool1d kernel_size stride padding dilation ceil_mode|max_pool2d MaxPool2d kernel_size stride padding dilation ceil_mode
        max_pool3d MaxPool3d kernel_size stride padding dilation ceil_mode
        avg_pool1d AvgPool1d kernel_size stride padding ceil_mode count_include_pad
        avg_pool2d AvgPool2d kernel_size stride padding ceil_mode count_include_pad divisor_override
        avg_pool3d AvgPool3d kernel_size stride padding ceil_mode count_include_pad divisor_override
        adaptive_avg_pool1d AdaptiveAvgPool1d output_size|adaptive_avg_pool2d AdaptiveAvgPool2d output_size
        adaptive_max_pool1d AdaptiveMaxPool1d output_size|adaptive_max_pool2d AdaptiveMaxPool2d output_size
        interpolate Upsample size scale_factor mode align_corners|upsample Upsample size scale_factor mode align_corners
        """.strip()
        .replace("\n", "|")
        .split("|")
    )
}
"""Functions that are modules without weights: name -> class and the arguments after the tensor."""

SAME = frozenset("contiguous float to cpu cuda clone type_as double half requires_grad_".split())  # noqa: SIM905 (words read better)
MADE = frozenset(
    """zeros ones empty rand randn arange tensor full eye zeros_like ones_like randn_like rand_like new_zeros new_ones linspace randint
    triu tril""".split()  # noqa: SIM905 (words read better than quotes)
)
JOINED = {
    "add": "+",
    "sub": "-",
    "subtract": "-",
    "mul": "*",
    "multiply": "*",
    "div": "/",
    "divide": "/",
    "matmul": "@",
    "bmm": "@",
    "mm": "@",
}


def call(reader: Expressions, name: str, given: Arguments, named: Named) -> Any:
    """Draws a function; a method is a function whose first argument is its tensor.

    Raises:
        NotDrawableError: It cannot be drawn.
    """
    in_place = name.endswith("_") and not name.startswith("_")
    plain = name.rstrip("_")
    if given and isinstance(given[0], Condition) and plain != "where":
        return selecting.method(reader, plain, given[0])
    if given and isinstance(given[0], Weight) and len(given) == 1 and not named and formulas.is_pointwise(plain):
        return given[0].through(plain)
    if any(isinstance(value, Attending) for value in [*given, *named.values()]):
        return heads.method(reader, plain, given or [named.get("query")], named)
    found = _called(reader, plain, given, named)
    if (in_place or named.get("inplace") is True) and isinstance(found, Tensor) and given and isinstance(given[0], Tensor):
        given[0].become(found)
    return found


def of_blank(owner: Blank, name: str, given: Arguments) -> Any:
    """Returns what a method makes of a tensor that the source makes itself."""
    if name in ("triu", "tril"):
        return Blank("mask")
    if name in ("unsqueeze", "transpose") and owner.kind == "zeros" and owner.sizes is not None:
        return Blank("zeros", _moved(owner.sizes, name, given))
    return owner if owner.masks or name in ("expand", "repeat", "to", "unsqueeze", *SAME, "detach", "zero_") else Unknown(name)


def _moved(sizes: tuple[Any, ...], name: str, given: Arguments) -> tuple[Any, ...] | None:
    """Returns the sizes after one more axis of size 1, or after two axes changed places."""
    found = list(sizes)
    if not given or not all(isinstance(place, int) and -len(found) - 1 <= place <= len(found) for place in given):
        return None
    if name == "unsqueeze":
        found.insert(given[0] if given[0] >= 0 else len(found) + 1 + given[0], 1)
        return tuple(found)
    if len(given) != 2 or not found or max(given) >= len(found):
        return None
    found[given[0]], found[given[1]] = found[given[1]], found[given[0]]
    return tuple(found)


def packed(reader: Expressions, name: str, given: Arguments, named: Named) -> Any:
    """Returns the rows themselves: the lengths of rows travel with the data, so nothing has to be packed."""
    if name == "pad_packed_sequence":
        return given[0], Blank("lengths")
    lengths = named.get("lengths", given[1] if len(given) > 1 else None)
    if reader.drawing is not None and reader.drawing.probing and isinstance(lengths, Tensor):
        reader.drawing.unwired[lengths.port] = "lengths"
    return given[0]


def _called(reader: Expressions, name: str, given: Arguments, named: Named) -> Any:
    if name in MADE:
        return made(name, given, named)
    if name == "scaled_dot_product_attention" or not tensors_in([*given, *named.values()]):
        return _unknown(reader, name, given, named)
    if name in ("split", "chunk"):
        return heads.parts_of(reader, name, given, named) or selecting.parts(reader, name, given, named)
    if name in ("where", "masked_fill") and (held := next((value for value in given if isinstance(value, Condition)), None)) is not None:
        first, second = [value for value in given if value is not held][:: 1 if name == "where" else -1]
        return selecting.chosen(reader, held, first, second)
    if name in ("pad", "max_pool1d") and (found := _simpler(reader, name, given, named)) is not None:
        return found
    if name in MODULES:
        return _module(reader, name, given, named)
    if name in _RULES:
        return _RULES[name](reader, given, named)
    if name in SAME:
        return given[0]
    if name in reducing.KNOWN or name in ("sum", "min", "prod", "std", "var"):
        return reducing.reduced(reader, name, given, named)
    if name in JOINED and len(given) == 2:
        return _joined(reader, name, given)
    return _unknown(reader, name, given, named)


def _joined(reader: Expressions, name: str, given: Arguments) -> Any:
    if not all(isinstance(value, Tensor) for value in given):
        raise NotDrawableError(Text("There is no layer for {function} with these arguments.", function=name))
    texts = [f"_0 {JOINED[name]} _1", f"torch.{name}(_0, _1)"]
    return operations.draw_text(reader, texts, given)


def _unknown(reader: Expressions, name: str, given: Arguments, named: Named) -> Any:
    """Draws a function that some layer may print just so."""
    tensors = [value for value in given if isinstance(value, Tensor)]
    if not tensors:
        return Unknown(name)
    if name == "einsum" and any(isinstance(value, Weight) for value in given):
        return formulas.einsum_with_weight(reader, given)
    names = iter(range(len(tensors)))
    written = [operand(next(names)) if isinstance(value, Tensor) else repr(value) for value in given]
    keywords = [f"{key}={value!r}" for key, value in named.items()]
    texts = [f"torch.{name}({', '.join([*written, *keywords])})", f"_0.{name}({', '.join([*written[1:], *keywords])})"]
    return operations.draw_text(reader, texts, tensors)


def _simpler(reader: Expressions, name: str, given: Arguments, named: Named) -> Any:
    """Returns what padding by nothing and a window over everything come to; None for any other."""
    values = given[1] if len(given) > 1 else named.get("pad", named.get("kernel_size"))
    if name == "pad" and isinstance(values, list | tuple) and values and all(value == 0 for value in values):
        return given[0]
    tensor = given[0]
    if name == "pad" or not isinstance(tensor, Tensor) or tensor.shape is None or len(given) + len(named) != 2:
        return None
    size = views.sizes(tensor)[-1]
    whole = values == size or (isinstance(values, int) and size.constant == values)
    return reducing.reduced(reader, "max", [tensor, -1, True], {})[0] if whole else None


def _module(reader: Expressions, name: str, given: Arguments, named: Named) -> Any:
    target, parameters = MODULES[name]
    arguments = {key: value for key, value in [*zip(parameters, given[1:], strict=False), *named.items()] if key != "training"}
    if name.endswith("softmax") and arguments.get("dim") is None:
        raise NotDrawableError(Text("{function} without dim.", function=name))
    if name == "upsample" or name == "interpolate":
        arguments = scaled({key: value for key, value in arguments.items() if value is not None}, given[0] if given else None)
    if name.startswith("dropout"):
        arguments.setdefault("p", 0.5)
    tensor = named.get("input", given[0] if given else None)
    if not isinstance(tensor, Tensor):
        tensor = operations.as_tensor(tensor)
    return operations.draw_target(reader, f"nn.{target}", arguments, tensor)


def scaled(arguments: dict[str, Any], tensor: Any) -> dict[str, Any]:
    """Returns the arguments of up-sampling with the factor in the place of a size that is a multiple of what arrives."""
    size = arguments.get("size")
    if size is None or not isinstance(tensor, Tensor) or tensor.shape is None:
        return arguments
    given = [dim.constant for dim in views.sizes(tensor)[2:]]
    wanted = list(size) if isinstance(size, list | tuple) else [size] * len(given)
    wanted = [one.constant if isinstance(one, Dim) else one for one in wanted]
    pairs = [(one, side) for one, side in zip(wanted, given, strict=False) if isinstance(one, int) and side]
    if not len(pairs) == len(wanted) == len(given) or any(one % side for one, side in pairs):
        return arguments
    factors = {one // side for one, side in pairs}
    rest = {key: value for key, value in arguments.items() if key != "size"}
    return {**rest, "scale_factor": factors.pop()} if len(factors) == 1 else arguments


def made(name: str, given: Arguments, named: Named) -> Blank:
    """Returns a tensor that the source makes itself."""
    if name in ("triu", "tril"):
        return Blank("mask")
    start = 2 if name == "randint" and len(given) > 2 else 1 if name == "randint" else 0
    limit = given[start - 1] if name == "randint" and len(given) >= start and isinstance(given[start - 1], int) else None
    sizes = named.get("size", given[start] if len(given) > start and isinstance(given[start], list | tuple) else tuple(given[start:]))
    kind = "zeros" if "zeros" in name else name
    if name == "tensor" and given:
        return Blank(kind, (len(given[0]),) if isinstance(given[0], list | tuple) else (), limit)
    return Blank(kind, tuple(sizes) if isinstance(sizes, list | tuple) else None, limit)


def _sizes(given: Arguments) -> list[Any]:
    return list(given[0]) if len(given) == 1 and isinstance(given[0], list | tuple) else given


def _view(reader: Expressions, given: Arguments, named: Named) -> Any:
    wanted = _sizes(given[1:]) or list(named.get("shape", named.get("size", ())))
    tensor = operations.known_tensor(given[0])
    if tensor.shape is None:
        return operations.passed(reader, tensor)
    try:
        return views.reshaped(tensor, wanted)
    except NotDrawableError:
        in_heads = heads.split(tensor, wanted)
        if in_heads is not None and tensor.port in operations.drawn(reader).projections:
            return in_heads
        sizes = [size.constant if isinstance(size, Dim) else size for size in wanted[1:]]
        if not sizes or not all(isinstance(size, int) and size > 0 for size in sizes) or wanted[0] not in (-1, views.sizes(tensor)[0]):
            raise
        return operations.draw_text(reader, [f"_0.reshape(-1, {', '.join(map(str, sizes))})"], [tensor])


def _looked(rule: Callable[..., Tensor], *defaults: Any, names: tuple[str, ...] = ()) -> Rule:
    """Returns the rule of a view with the given names of its arguments."""

    def draw(reader: Expressions, given: Arguments, named: Named) -> Any:
        tensor = operations.known_tensor(given[0])
        if tensor.shape is None:
            return operations.passed(reader, tensor)
        usual = enumerate(zip(names, defaults, strict=True), start=1)
        values = [named.get(key, given[index] if len(given) > index else default) for index, (key, default) in usual]
        return rule(tensor, *values)

    return draw


def _permute(reader: Expressions, given: Arguments, named: Named) -> Any:
    tensor = operations.known_tensor(given[0])
    return operations.passed(reader, tensor) if tensor.shape is None else views.permuted(tensor, _sizes(given[1:]) or named.get("dims", ()))


def _squeeze(reader: Expressions, given: Arguments, named: Named) -> Any:
    at = named.get("dim", given[1] if len(given) > 1 else None)
    if isinstance(given[0], States):
        states = given[0]
        if states.layers * states.directions == 1 and at in (0, None):
            return states.tensor
        raise NotDrawableError(Text("Only the states of the last layer are there."))
    tensor = operations.known_tensor(given[0])
    return operations.passed(reader, tensor) if tensor.shape is None else views.squeezed(tensor, at)


def _size(reader: Expressions, given: Arguments, named: Named) -> Any:
    tensor = operations.known_tensor(given[0])
    sizes = [size if size.constant is None else size.constant for size in views.sizes(tensor)]
    at = named.get("dim", given[1] if len(given) > 1 else None)
    return sizes if at is None else sizes[views.axis(tensor, at)]


def _cat(reader: Expressions, given: Arguments, named: Named, text: str = "torch.cat([{parts}], dim={dim})") -> Any:
    parts = list(given[0]) if given and isinstance(given[0], list | tuple) else list(named.get("tensors", ()))
    dim = named.get("dim", named.get("axis", given[1] if len(given) > 1 else 0))
    if len(parts) == 2 and isinstance(parts[0], Weight) and isinstance(parts[1], Tensor) and dim == 1:
        return _token(reader, parts[0], parts[1])
    sides = [part for part in parts if isinstance(part, Side)]
    if sides and [part.index for part in sides] == list(range(len(parts))) and len(parts) == sides[0].states.directions:
        return sides[0].states.tensor
    tensors = [operations.known_tensor(part) for part in parts]
    if not tensors or not isinstance(dim, int):
        raise NotDrawableError(Text("What is joined here is not known."))
    if len(tensors) == 1 and "cat" in text:
        return tensors[0]
    rank = len(views.sizes(tensors[0])) if tensors[0].shape is not None else 0
    written = [operand(index) for index in range(len(tensors))]
    return operations.draw_text(reader, [text.format(parts=", ".join(written), dim=dim % rank if rank and dim < 0 else dim)], tensors)


def _token(reader: Expressions, weight: Weight, tensor: Tensor) -> Tensor:
    """Draws a learned vector in front of every sequence: `cat([self.cls.expand(n, -1, -1), x], 1)`."""
    from workbench.models.reading.modules import forward

    sizes = [size for size in weight.sizes or () if size != 1]
    if len(sizes) != 1 or not weight.trained or not isinstance(sizes[0], int):
        raise NotDrawableError(Text("A parameter of the class itself has no layer; only one vector can be put in front of a sequence."))
    made = Module("patches.ClassToken", {"features": sizes[0]}, weight.line, list(weight.paths))
    return forward(reader, made, [tensor], {}, {"token": ""})


def _stack(reader: Expressions, given: Arguments, named: Named) -> Any:
    return _cat(reader, given, named, "torch.stack([{parts}], dim={dim})")


def _flip(reader: Expressions, given: Arguments, named: Named) -> Any:
    return _unknown(reader, "flip", given, named)


def _expand_as(reader: Expressions, given: Arguments, named: Named) -> Any:
    """Returns the tensor itself: what it is joined with spreads its axes of size 1."""
    return given[0]


def _expand(reader: Expressions, given: Arguments, named: Named) -> Any:
    if isinstance(given[0], Weight):
        return given[0]
    raise NotDrawableError(Text("There is no layer that repeats numbers along an axis."))


_RULES: dict[str, Rule] = {
    "view": _view,
    "reshape": _view,
    "permute": _permute,
    "squeeze": _squeeze,
    "size": _size,
    "cat": _cat,
    "concat": _cat,
    "stack": _stack,
    "concatenate": _cat,
    "flatten": _looked(views.flattened, 0, -1, names=("start_dim", "end_dim")),
    "transpose": _looked(views.swapped, None, None, names=("dim0", "dim1")),
    "swapaxes": _looked(views.swapped, None, None, names=("axis0", "axis1")),
    "unsqueeze": _looked(views.unsqueezed, None, names=("dim",)),
    "dim": lambda reader, given, named: len(views.sizes(operations.known_tensor(given[0]))),
    "flip": _flip,
    "expand_as": _expand_as,
    "expand": _expand,
    "repeat": _expand,
}

__all__ = ["Dim", "call", "made"]
