"""Reading source: the way there and back, what cannot be drawn, and sources that mean harm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.layers.cases import CASES, drawing, generated
from tests.models.foreign import HEAD
from workbench.errors import GraphError
from workbench.graph import edit
from workbench.graph.graph import Edge, Graph, Tie
from workbench.graph.repeat import repeats
from workbench.layers import LAYERS
from workbench.models.plan import plan
from workbench.models.reading import read_source
from workbench.models.source import source
from workbench.project.starters import STARTERS

WRITTEN_OUT = {"field", "axis", "maximum_length"}
"""Parameters that may be written out or taken from what is wired; what they come to is compared by `form`."""


def form(graph: Graph) -> tuple[dict[str, Any], list[Any]]:
    """Returns a drawing without ids, positions, frames and notes: what every node computes under its path, and the wires by path.

    What a node computes is what its layer says: a length that is written out is the same as one that is taken from the input.
    """
    planned = plan(graph)
    paths = {node.id: node.path for node in graph}
    fields = {spec.node: (spec.name, spec.field, spec.shape) for spec in planned.inputs}
    nodes = {
        step.path: (step.layer, step.call.target, dict(step.call.arguments), step.call.expression, fields.get(step.node), step.outputs)
        for step in planned.steps
    }
    wires = [
        (paths[node], edge.target.port, [(paths[each.source.node], each.source.port) for each in graph.incoming(node) if each.target == edge.target])
        for node in planned.paths for edge in graph.incoming(node)
    ]
    ties = [(shared.path, shared.owner) for shared in planned.shared]
    return nodes, [sorted(wires), sorted(ties)]


@pytest.mark.parametrize("name", STARTERS.names())
def test_starters_come_back(name: str) -> None:
    graph = STARTERS[name].make().graph
    if not len(graph):
        return
    reading = read_source(source(graph))
    assert not reading.problems
    assert form(reading.graph) == form(graph)
    assert all(ours == (theirs,) for theirs, ours in reading.names.items())
    assert repeats(reading.graph) == repeats(graph)
    again = {node.path: node for node in reading.graph}
    for node in graph:
        one, other = (LAYERS[node.layer].parse(dict(each.params)).model_dump() for each in (node, again[node.path]))
        assert {key for key in one if one[key] != other[key]} <= WRITTEN_OUT


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_layer_comes_back(name: str) -> None:
    for layer, params, inputs in generated(name, 2):
        if layer.role or name not in LAYERS:
            continue
        graph = drawing(name, params.model_dump(), inputs)
        reading = read_source(source(graph))
        assert not [problem.message for problem in reading.problems]
        assert form(reading.graph)[0].keys() == form(graph)[0].keys()
        subject, original = form(reading.graph)[0]["subject"], form(graph)[0]["subject"]
        assert subject[1:] == original[1:]


def test_groups_and_shared_weights_come_back() -> None:
    graph, given = edit.add_node(Graph(), "image_input", name="picture", params={"height": 9, "width": 7, "field": "image"})
    ends = []
    for group in ("left", "right.deep"):
        graph, conv = edit.add_node(graph, "conv2d", name="conv", group=group, params={"filters": 3})
        graph, act = edit.add_node(graph, "relu", name="act", group=group)
        graph, both = edit.add_node(graph, "add", name="both", group=group)
        graph = edit.connect(graph, Edge.between(given, conv))
        graph = edit.connect(graph, Edge.between(conv, act))
        for source_node in (conv, act):
            graph = edit.connect(graph, Edge.between(source_node, both, target_port="inputs"))
        ends.append((conv, both))
    graph = edit.change_node(graph, ends[1][0], ties=(Tie("weight", ends[0][0], "weight"),))
    graph, joined = edit.add_node(graph, "concatenate", name="joined", params={"axis": "height"})
    graph, out = edit.add_node(graph, "output", name="result")
    for _, both in ends:
        graph = edit.connect(graph, Edge.between(both, joined, target_port="inputs"))
    graph = edit.connect(graph, Edge.between(joined, out))
    reading = read_source(source(graph))
    assert not reading.problems
    assert form(reading.graph) == form(graph)


def body(init: str, forward: str) -> str:
    """Returns a class; the lines that matter are 8 in the constructor and 12 in forward."""
    return (
        f"{HEAD}\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        {init}\n"
        f"        self.conv = nn.Conv2d(3, 8, 3)\n\n    def forward(self, x):\n        {forward}\n        return x\n"
    )


UNDRAWN = {
    "unknown layer": ("self.a = nn.FractionalMaxPool2d(3, output_ratio=0.5)", "x = self.a(x)", "nn.FractionalMaxPool2d"),
    "reflect padding": ("self.a = nn.Conv2d(3, 8, 3, padding=1, padding_mode='reflect')", "x = self.a(x)", "nn.Conv2d"),
    "lazy": ("self.a = nn.LazyConv2d(8, 3)", "x = self.a(x)", "nn.LazyConv2d"),
    "other library": ("import timm; self.a = timm.create_model('x')", "x = self.a(x)", "self.a"),
    "missing attribute": ("pass", "x = self.missing(x)", "self.missing"),
    "unknown function": ("pass", "x = helper(x)", "helper"),
    "fft": ("pass", "x = torch.fft.fft2(x)", "torch.fft.fft2"),
    "condition": ("pass", "x = self.conv(x) if x.sum() > 0 else x", "ifexp"),
    "if": ("pass", "if x.mean() > 0: x = self.conv(x)", "if"),
    "while": ("pass", "while x.max() > 1: x = x / 2", "while"),
    "try": ("pass", "try: x = self.conv(x)\n        except ValueError: x = x", "try"),
    "loop over rows": ("pass", "for row in x: x = self.conv(row)", "for"),
    "loop over a size": ("pass", "for i in range(x.size(0)): x = self.conv(x)", "for"),
    "rolled rows": ("pass", "x = torch.roll(x, 1, 0)", "torch.roll"),
    "unfold": ("pass", "x = F.unfold(x, 3)", "F.unfold"),
    "grid sample": ("pass", "x = F.grid_sample(x, x)", "F.grid_sample"),
    "where": ("pass", "x = torch.where(x > 0)[1]", "torch.where"),
    "sort": ("pass", "x = torch.sort(x, 1)[0]", "torch.sort"),
    "argmax": ("pass", "x = x.argmax(1)", "x.argmax"),
    "cummax": ("pass", "x = torch.cummax(x, 1)[0]", "torch.cummax"),
    "mean of everything": ("pass", "x = x.mean()", "x.mean"),
    "batch joined": ("pass", "x = F.max_pool2d(x.permute(1, 0, 2, 3), 2)", "F.max_pool2d"),
    "numpy": ("import numpy", "x = numpy.abs(x)", "numpy.abs"),
    "own parameter of another size": ("self.a = nn.Parameter(torch.ones(5, 1, 1))", "x = x * self.a", "mult"),
    "detach": ("pass", "x = x.detach()", "x.detach"),
    "softmax without dim": ("pass", "x = F.softmax(x)", "F.softmax"),
    "instance call": ("self.a = nn.ModuleList([nn.ReLU()])", "x = self.a(x)", "self.a"),
}


@pytest.mark.parametrize("name", UNDRAWN)
def test_what_cannot_be_drawn_is_a_named_placeholder(name: str) -> None:
    init, forward, label = UNDRAWN[name]
    reading = read_source(body(init, forward))
    found = [problem for problem in reading.problems if problem.kind == "source.placeholder"]
    problem = next(problem for problem in found if reading.graph[problem.node].layer == f"torch:{label}")
    node = reading.graph[problem.node]
    assert problem.message.startswith("Line 12: ") and node.path in problem.message and problem.reason
    assert node.params["line"] == 12
    assert reading.graph.incoming(node.id)


def test_arguments_of_an_unknown_layer_are_kept() -> None:
    reading = read_source(body("self.a = nn.Fold((4, 5), kernel_size=2)", "x = self.a(x)"))
    node = next(node for node in reading.graph if node.layer == "torch:nn.Fold")
    assert node.name == "a"
    assert node.params["output_size"] == (4, 5) and node.params["kernel_size"] == 2


def test_a_wrong_size_is_named() -> None:
    text = body("self.fc = nn.Linear(7, 2)", "x = self.fc(self.conv(x).mean((2, 3)))")
    kinds = {problem.kind: problem.message for problem in read_source(text).problems}
    assert "Line 12" in kinds["source.size"] and "7" in kinds["source.size"] and "8" in kinds["source.size"]


def test_a_class_is_chosen() -> None:
    text = HEAD + "class A(nn.Module):\n    def forward(self, x):\n        return x\nclass B(A):\n    pass\nclass C:\n    pass\n"
    assert read_source(text).class_name == "B"
    assert read_source(text, "A").class_name == "A"
    with pytest.raises(GraphError, match="There is no class C"):
        read_source(text, "C")


LINEAR = """class A(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
    def forward(self, x):
        return self.a(x)
"""
LOOPS = "        for i in range(9999):\n            for j in range(9999):\n                y = i + j\n        return"
REFUSED = {
    "many lines": "x = 1\n" * 1_000_000,
    "parentheses": "(" * 100_000 + ")" * 100_000,
    "signs": "x = " + "-" * 100_000 + "1",
    "sum": "x = " + " + ".join(["1"] * 200_000),
    "attributes": "x = a" + ".b" * 200_000,
    "syntax": "class A(:\n",
    "null byte": "x = 1\0",
    "surrogate": "x = '\ud800'",
    "empty": "",
    "no class": "x = 1",
    "no forward": HEAD + "class A(nn.Module):\n    pass\n",
    "rounds": HEAD + LINEAR.replace("        return", LOOPS),
    "calls itself": HEAD + LINEAR.replace("nn.Linear(4, 4)", "A()"),
    "endless function": HEAD + "def f(x):\n    return f(x)\nclass A(nn.Module):\n    def forward(self, x):\n        return f(x)\n",
    "comprehension": HEAD + LINEAR.replace("nn.Linear(4, 4)", "[[[0 for i in range(9999)] for j in range(9999)] for k in range(9999)]"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_source_is_refused_in_one_sentence(name: str) -> None:
    with pytest.raises(GraphError) as caught:
        read_source(REFUSED[name])
    assert caught.value.message.endswith(".") and caught.value.message.count("\n") == 0


@pytest.mark.parametrize("value", ["10 ** 10 ** 10", "'a' * 10 ** 12", "[0] * 10 ** 12", "1 << 10 ** 10", "list(range(10 ** 12))"])
def test_constants_cannot_fill_the_memory(value: str) -> None:
    reading = read_source(HEAD + LINEAR.replace("super().__init__()", f"self.n = {value}"))
    assert [node.layer for node in reading.graph if node.name == "a"] == ["linear"]


def test_nothing_is_run(tmp_path: Path) -> None:
    trap = f"__import__('pathlib').Path({str(tmp_path / 'sprung')!r}).touch()"
    text = (
        f"import os, antigravity\nos.system('touch {tmp_path / 'sprung'}')\nexec({trap!r})\n{trap}\n{HEAD}"
        f"@{trap}\nclass Meta(type):\n    {trap}\n"
        f"class A(nn.Module, metaclass={trap}):\n    {trap}\n    value = {trap}\n"
        f"    def __init__(self, given={trap}):\n        super().__init__()\n        {trap}\n"
        f"        eval({trap!r})\n        self.a = nn.Linear(4, 4)\n"
        f"    def forward(self, x):\n        {trap}\n        exec({trap!r})\n        return self.a(x)\n"
    )
    reading = read_source(text)
    assert "linear" in [node.layer for node in reading.graph]
    assert not list(tmp_path.iterdir())
