"""Formulas for the expression layer, with inputs that they take."""

from __future__ import annotations

from random import Random
from typing import Any

from workbench.graph.dim import Symbol
from workbench.graph.shape import Shape

LONGEST = 9
IMAGE = Shape.of(channel=4, height=6, width=5)
WORDS = Shape.of(token=Symbol("T", maximum=LONGEST, ragged=True), feature=8)
STEPS = Shape.of(time=5, feature=8)
VECTOR = Shape.of(feature=8)

FORMULAS: tuple[tuple[str, str, dict[str, Shape]], ...] = (
    ("input * sigmoid(input)", "", {"input": VECTOR}),
    ("x * sigmoid(gate) + 0.1 * bias", "bias: channel = normal(0.1)", {"x": IMAGE, "gate": IMAGE}),
    ('einsum("nchw,cd->ndhw", x, weight)', "weight: channel, unit 3 = xavier", {"x": IMAGE}),
    ('einsum("nchw->nhc", x)', "", {"x": IMAGE}),
    ('einsum("ntf,nsf->nts", q, k)', "", {"q": STEPS, "k": STEPS}),
    ('einsum("nf,nf->nf", x, y)', "", {"x": VECTOR, "y": VECTOR}),
    ('einsum("ntf,fu->ntu", x, weight) + bias', "weight: feature, unit 5 = kaiming\nbias: unit 5 = uniform(0.5)", {"x": WORDS}),
    ('einsum("ntf,ntg->nfg", x, y)', "", {"x": WORDS, "y": WORDS}),
    ('einsum("ntf,f->nt", x, weight)[..., :] + 0.0', "weight: feature = normal(1)", {"x": STEPS}),
    ("softmax(q @ transpose(k, token, feature) / sqrt(size(q, feature)), -1)", "", {"q": WORDS, "k": WORDS}),
    ("softmax(q @ transpose(k, token, feature) / sqrt(8), -1) @ v", "", {"q": WORDS, "k": WORDS, "v": WORDS}),
    ("log_softmax(x @ weight, unit)", "weight: feature, unit 8 = xavier", {"x": VECTOR}),
    ("softmax(x @ weight, unit)", "weight: feature, unit 6 = xavier", {"x": WORDS}),
    ("softmax(x, token) * y", "", {"x": WORDS, "y": WORDS}),
    ("mean(x, token)", "", {"x": WORDS}),
    ("mean(x, token, keep=True) * scale + x", "scale: feature = ones", {"x": WORDS}),
    ("sum(x * softmax(scores, token), token)", "", {"x": WORDS, "scores": WORDS}),
    ("concatenate(max(x, token), min(x, token), feature)", "", {"x": WORDS}),
    ("(x - mean(x, token, keep=True)) / (std(x, token, keep=True, correction=0) + 0.1)", "", {"x": WORDS}),
    ("var(x, feature, keep=True) * y", "", {"x": STEPS, "y": STEPS}),
    ("norm(x, token, keep=True) * x", "", {"x": WORDS}),
    ("normalise(x, token) + normalise(x, feature)", "", {"x": WORDS}),
    ("logsumexp(x, token) + logsumexp(x, token)", "", {"x": WORDS}),
    ("cumsum(x, token)", "", {"x": WORDS}),
    ("x[..., :4] * sigmoid(x[..., 4:])", "", {"x": WORDS}),
    ("x[:, 1:, ::2]", "", {"x": STEPS}),
    ("select(x, time, -1) + x[:, 0]", "", {"x": STEPS}),
    ("slice(x, height, 1, 5, 2)", "", {"x": IMAGE}),
    ("where(x > 0, x, slope * x)", "slope: channel = 0.25", {"x": IMAGE}),
    ("where(x > 0 and not x > 1, square(x), tanh(x))", "", {"x": VECTOR}),
    ("clamp(x, -1, 1) + clamp(y, max=0.5)", "", {"x": VECTOR, "y": VECTOR}),
    ("maximum(x, y) - minimum(x, 0.5 * y)", "", {"x": IMAGE, "y": IMAGE}),
    ("x ** 2 / (1 + abs(x)) - -x", "", {"x": IMAGE}),
    ("2 ** x + (x ** 2 + 1) ** y", "", {"x": VECTOR, "y": VECTOR}),
    ("scale * (x - mean(x, channel, keep=True)) * rsqrt(var(x, channel, keep=True, correction=0) + 1e-5) + shift",
     "scale: channel = ones\nshift: channel", {"x": IMAGE}),
    ("x * sigmoid(relu(mean(x, height, width) @ down) @ up)", "down: channel, hidden 3 = normal(1)\nup: hidden 3, channel = normal(1)", {"x": IMAGE}),
    ("flatten(permute(x, height, width, channel), height, width, to=token)", "", {"x": IMAGE}),
    ("flatten(x, channel, height, width)", "", {"x": IMAGE}),
    ("permute(unflatten(x, feature, head=2, part=4), head, time, part)", "", {"x": STEPS}),
    ("reshape(x, channel=2, height=2, width=2)", "", {"x": VECTOR}),
    ("stack(x, y, time)", "", {"x": VECTOR, "y": VECTOR}),
    ("expand(unsqueeze(x, time, 1), time=4) * rename(y, time=time)", "", {"x": VECTOR, "y": Shape.of(time=4, feature=8)}),
    ("squeeze(mean(x, height, width, keep=True), height)", "", {"x": IMAGE}),
    ("roll(x, width, 1) - flip(x, height, width)", "", {"x": IMAGE}),
    ("pad(x, width, 1, 2) + pad(x, width, 2, 1, value=0.5)", "", {"x": IMAGE}),
    ("rename(x, time=place) * position", "position: place 5, feature = normal(1)", {"x": STEPS}),
    ("exp(0.1 * x) + expm1(0.1 * x) + log(1 + square(x)) + log1p(abs(x)) + sqrt(1 + x * x) + reciprocal(2 + x ** 2)", "", {"x": VECTOR}),
    ("cos(x) + tan(0.3 * tanh(x)) + arctan(x) + erf(x) + sign(x) * x + power(x, 3)", "", {"x": WORDS}),
    ("relu(x) + gelu(x) + silu(x) + mish(x) + softplus(x) + logsigmoid(x) + leaky_relu(x, 0.2) + elu(x) + elu(x, alpha=0.5)", "", {"x": IMAGE}),
    ("matmul(x, weight)", "weight: feature, unit 4 = xavier", {"x": STEPS}),
    ("x + gain * sin(x * pi) + one", "gain: = 0.5\none: batch 1, feature = normal(1)", {"x": VECTOR}),
)
"""Formula, what it learns, and inputs."""


def formulas(rng: Random) -> tuple[dict[str, Any], dict[str, Shape]]:
    """Returns one of the formulas."""
    text, parameters, inputs = rng.choice(FORMULAS)
    return {"expression": text, "parameters": parameters}, dict(inputs)
