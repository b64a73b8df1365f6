"""Operations that no layer does are read as formulas: the same numbers, the same weights, and there and back the same drawing."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from tests.layers.cases import drawing
from tests.layers.cases_formulas import FORMULAS
from workbench.graph.graph import Graph
from workbench.models.build import build
from workbench.models.reading import read_source
from workbench.models.source import source

HEAD = "import math\nimport torch\nfrom torch import nn\nimport torch.nn.functional as F\n\n\nclass Network(nn.Module):\n"


def written(init: str, forward: str) -> str:
    """A class with a convolution in front."""
    lines = ["super().__init__()", "self.conv = nn.Conv2d(3, 8, 3, padding=1)", *init.split("\n")]
    body = "\n".join(f"        {line}" for line in lines if line)
    steps = "\n".join(f"        {line}" for line in ["x = self.conv(x)", *forward.split("\n"), "return x"])
    return f"{HEAD}    def __init__(self):\n{body}\n\n    def forward(self, x):\n{steps}\n"


def made(text: str) -> nn.Module:
    names: dict[str, Any] = {"__name__": "foreign"}
    exec(compile(text, "foreign.py", "exec"), names)
    return names["Network"]().eval()


def formulas(graph: Graph) -> list[tuple[str, str]]:
    return [(str(node.params.get("expression", "")), str(node.params.get("parameters", ""))) for node in graph if node.layer == "expression"]


FOREIGN = {
    "a scale per channel": (
        "self.gamma = nn.Parameter(torch.rand(8))", "x = self.gamma.view(1, -1, 1, 1) * x", [("gamma * x", "gamma: channel 8 = normal(0.02)")],
    ),
    "a scale with axes of size 1": (
        "self.scale = nn.Parameter(torch.ones(8, 1, 1))", "x = x * self.scale", [("x * scale", "scale: channel 8, height 1, width 1 = ones")],
    ),
    "a chain": ("", "x = torch.exp(-x ** 2 / math.sqrt(4))", [("exp(-x ** 2 / 2.0)", "")]),
    "a value that is used twice": ("", "y = x ** 3\nx = y / (1 + y.abs())", None),
    "one wire twice": ("", "x = x / (1 + x.abs())", [("x / (1 + abs(x))", "")]),
    "a weight": (
        "self.w = nn.Parameter(torch.randn(8, 6))", "x = x.mean((2, 3)) @ self.w", [("x @ w", "w: inner 8, feature 6 = normal(1)")],
    ),
    "einsum": (
        "self.mix = nn.Parameter(torch.randn(8, 5))", "x = torch.einsum('nchw,cd->ndhw', x, self.mix)\nx = x * 2", None,
    ),
    "einsum of features": (
        "self.w = nn.Parameter(torch.randn(8, 6))\nself.fc = nn.Linear(6, 3)",
        "x = torch.einsum('nf,fg->ng', x.mean((2, 3)), self.w)\nx = self.fc(x)",
        [('einsum(\'nf,fg->ng\', x, w)', "w: inner 8, feature 6 = normal(1)")],
    ),
    "clamp and cumsum": ("", "x = torch.cumsum(x.clamp(0, 6), 1)", None),
    "a parameter that is used twice": (
        "self.s = nn.Parameter(torch.ones(8, 1, 1))\nself.other = nn.Conv2d(8, 8, 1)", "x = x * self.s\nx = self.other(x)\nx = x - self.s", None,
    ),
    "variance": ("", "x = (x - x.mean(1, keepdim=True)) / torch.sqrt(x.var(1, keepdim=True, unbiased=False) + 1e-5)", None),
    "rolled": ("", "x = torch.roll(x, 1, 2) + x", None),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_operations_are_read_as_formulas(name: str) -> None:
    init, forward, expected = FOREIGN[name]
    text = written(init, forward)
    reading = read_source(text)
    assert {problem.kind for problem in reading.problems} <= {"source.input"}, [problem.message for problem in reading.problems]
    assert formulas(reading.graph)
    assert expected is None or formulas(reading.graph) == expected
    foreign, ours = made(text), build(reading.graph).eval()
    state = {own: value for key, value in foreign.state_dict().items() for own in reading.names[key]}
    ours.load_state_dict(state)
    x = torch.randn(2, 3, *[int(size) for size in ours.plan.inputs[0].shape.dims[2:]])
    torch.testing.assert_close(ours(x), foreign(x))


@pytest.mark.parametrize("text", [text for text, _, _ in FORMULAS])
def test_formulas_come_back_word_for_word(text: str) -> None:
    ((parameters, inputs),) = [(parameters, inputs) for one, parameters, inputs in FORMULAS if one == text]
    graph = drawing("expression", {"expression": text, "parameters": parameters}, dict(inputs))
    reading = read_source(source(graph))
    assert not reading.problems
    (node,) = [node for node in reading.graph if node.layer == "expression"]
    raw = {"expression": "input * sigmoid(input)", "parameters": "", **node.params}
    assert node.path == "subject" and (raw["expression"], raw["parameters"]) == (text, parameters)
    wires = {edge.target.port: reading.graph[edge.source.node].name for edge in reading.graph.incoming(node.id)}
    assert len(wires) == len(inputs)
    assert source(reading.graph) == source(graph)


@pytest.mark.parametrize("line", ["x = self.s.softmax(0) * x", "x = torch.cumsum(self.s, 0) * x", "x = self.s.mean() * x", "x = x @ self.s.t()"])
def test_what_is_done_with_a_parameter_is_not_left_out(line: str) -> None:
    reading = read_source(written("self.s = nn.Parameter(torch.rand(8, 1, 1))", line))
    assert any(problem.kind == "source.placeholder" for problem in reading.problems)


def test_a_class_that_was_changed_by_hand_is_read_as_what_it_does() -> None:
    graph = drawing("expression", {"expression": "x * 2 + y"}, {"x": FORMULAS[1][2]["x"], "y": FORMULAS[1][2]["x"]})
    text = source(graph)
    assert "return x * 2 + y" in text
    reading = read_source(text.replace("return x * 2 + y", "return x * 3 + y"))
    assert any("3" in formula for formula, _ in formulas(reading.graph))
