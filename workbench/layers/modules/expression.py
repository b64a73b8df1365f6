"""A formula over tensors as a module: the tree is walked with a closed list of functions of torch, nothing is ever evaluated as Python."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


def valid_places(input: Tensor, lengths: Tensor, axis: int) -> Tensor:
    """Which places along an axis are no padding: (N, 1, ..., T, 1, ...) for lengths (N,)."""
    place = torch.arange(input.shape[axis], device=input.device).view(-1, *[1] * (input.ndim - 1 - axis))
    return place < lengths.clamp(min=1).view(-1, *[1] * (input.ndim - 1))


def masked(input: Tensor, lengths: Tensor | None, axis: int, value: float) -> Tensor:
    """The tensor with another number wherever an axis is padding."""
    return input if lengths is None else input.masked_fill(~valid_places(input, lengths, axis), value)


def masked_mean(input: Tensor, lengths: Tensor | None, axis: int) -> Tensor:
    """Mean of the valid places along an axis, which stays with size 1."""
    if lengths is None:
        return input.mean(axis, keepdim=True)
    count = lengths.clamp(min=1).view(-1, *[1] * (input.ndim - 1))
    return masked(input, lengths, axis, 0.0).sum(axis, keepdim=True) / count


def masked_variance(input: Tensor, lengths: Tensor | None, axis: int, correction: float) -> Tensor:
    """Variance of the valid places along an axis, which stays with size 1."""
    if lengths is None:
        return input.var(axis, correction=correction, keepdim=True)
    count = lengths.clamp(min=1).view(-1, *[1] * (input.ndim - 1))
    away = masked(torch.square(input - masked_mean(input, lengths, axis)), lengths, axis, 0.0)
    return away.sum(axis, keepdim=True) / (count - correction)


FUNCTIONS: dict[str, Any] = {
    **{
        f"torch.{name}": getattr(torch, name)
        for name in """abs amax amin arctan broadcast_to cat clamp cos cumsum einsum erf exp expm1 flatten flip log log1p log_softmax logical_and
        logical_not logical_or logsumexp maximum mean minimum permute reciprocal reshape roll rsqrt sigmoid sign sin softmax sqrt square squeeze
        stack std sum tan tanh transpose unflatten unsqueeze var where""".split()  # noqa: SIM905 (words read better than quotes)
    },
    **{
        f"nn.functional.{name}": getattr(nn.functional, name)
        for name in "elu gelu leaky_relu logsigmoid mish normalize pad relu silu softplus".split()  # noqa: SIM905 (words read better)
    },
    "torch.linalg.vector_norm": torch.linalg.vector_norm,
    "masked": masked,
    "masked_mean": masked_mean,
    "masked_variance": masked_variance,
}
"""Every function that a formula can call, by the name that the source prints."""

SIGNS: dict[str, Any] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "**": lambda left, right: left**right,
    "@": lambda left, right: left @ right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
}

STARTS: dict[str, Any] = {
    "zeros": lambda empty, _: empty.zero_(),
    "ones": lambda empty, _: empty.fill_(1.0),
    "full": lambda empty, number: empty.fill_(number),
    "normal": lambda empty, number: empty.normal_(0.0, number),
    "uniform": lambda empty, number: empty.uniform_(-number, number),
    "xavier": lambda empty, _: nn.init.xavier_uniform_(empty),
    "kaiming": lambda empty, _: nn.init.kaiming_uniform_(empty),
}
"""How the numbers of a learned parameter begin."""


class Expression(nn.Module):
    """A formula of tensors.

    Args:
        inputs: What the tensors of forward are called, in order; row lengths too.
        parameters: Name, sizes, start and number of every learned parameter.
        program: The formula as a tree of tuples: `("name", x)`, `("self", weight)`, `("call", function, arguments, keywords)`,
            `("index", tensor, parts)`, `("neg", part)`, `("tuple", parts)` or `(sign, left, right)`; whatever is no tuple is itself.
    """

    def __init__(self, inputs: tuple[str, ...], parameters: tuple[Any, ...], program: Any) -> None:
        super().__init__()
        self.inputs, self.program = tuple(inputs), program
        for name, sizes, start, number in parameters:
            setattr(self, name, nn.Parameter(STARTS[start](torch.empty(tuple(sizes)), number)))

    def forward(self, *given: Tensor | None, **named: Tensor | None) -> Tensor:
        return self._value(self.program, {**dict(zip(self.inputs, given, strict=False)), **named})

    def _value(self, code: Any, names: dict[str, Any]) -> Any:
        if not isinstance(code, tuple):
            return code
        kind, *parts = code
        if kind == "name":
            return names.get(parts[0])
        if kind == "self":
            return getattr(self, parts[0])
        if kind == "neg":
            return -self._value(parts[0], names)
        if kind == "tuple":
            return tuple(self._value(part, names) for part in parts)
        if kind == "call":
            keywords = {key: self._value(value, names) for key, value in parts[2]}
            return FUNCTIONS[parts[0]](*[self._value(part, names) for part in parts[1]], **keywords)
        if kind == "index":
            return self._value(parts[0], names)[tuple(slice(*part) if isinstance(part, tuple) else part for part in parts[1])]
        return SIGNS[kind](self._value(parts[0], names), self._value(parts[1], names))

    def extra_repr(self) -> str:
        return ", ".join(self.inputs)
