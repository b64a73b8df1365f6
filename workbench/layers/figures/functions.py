"""The functions of activations on one number, for their curves; the modules of torch are their oracle in tests."""

from __future__ import annotations

from math import erf, exp, log1p, sqrt, tanh
from typing import Any


def sigmoid(x: float, params: Any = None) -> float:
    """1 / (1 + e^-x)."""
    return 1 / (1 + exp(-x))


def elu(x: float, params: Any) -> float:
    """x, or alpha (e^x - 1) below zero."""
    return x if x > 0 else params.alpha * (exp(x) - 1)


def gelu(x: float, params: Any) -> float:
    """x times the normal distribution function."""
    return x * (1 + erf(x / sqrt(2))) / 2


def hardsigmoid(x: float, params: Any) -> float:
    """Three straight pieces between 0 and 1."""
    return min(max(x + 3, 0.0), 6.0) / 6


def hardswish(x: float, params: Any) -> float:
    """x times hardsigmoid."""
    return x * hardsigmoid(x, params)


def leaky_relu(x: float, params: Any) -> float:
    """x, or a small share of it below zero."""
    return x if x > 0 else params.slope * x


def mish(x: float, params: Any) -> float:
    """x tanh(softplus(x))."""
    return x * tanh(log1p(exp(x)))


def prelu(x: float, params: Any) -> float:
    """x, or a learned share of it below zero; 0.25 at the start."""
    return x if x > 0 else 0.25 * x


def relu(x: float, params: Any) -> float:
    """max(0, x)."""
    return max(0.0, x)


def relu6(x: float, params: Any) -> float:
    """min(max(0, x), 6)."""
    return min(max(0.0, x), 6.0)


def selu(x: float, params: Any) -> float:
    """A scaled ELU with fixed factors (Klambauer et al. 2017)."""
    return 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * (exp(x) - 1))


def silu(x: float, params: Any) -> float:
    """x sigmoid(x)."""
    return x * sigmoid(x)


def softplus(x: float, params: Any) -> float:
    """log(1 + e^(beta x)) / beta."""
    return log1p(exp(params.beta * x)) / params.beta if params.beta * x < 30 else x


def softsign(x: float, params: Any) -> float:
    """x / (1 + |x|)."""
    return x / (1 + abs(x))


def hyperbolic(x: float, params: Any) -> float:
    """tanh(x)."""
    return tanh(x)
