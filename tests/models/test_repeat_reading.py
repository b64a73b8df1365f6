"""Loops over blocks are read as repeated groups: our own print word for word, and blocks of one kind in foreign classes."""

from __future__ import annotations

import pytest
import torch

from tests.models.test_repeat import DRAWINGS
from tests.models.test_source import executed, values_of
from workbench.graph.graph import Graph
from workbench.graph.repeat import Repeat, repeats
from workbench.models.build import build
from workbench.models.reading import read_source
from workbench.models.reading.weights import load_foreign
from workbench.models.source import source


def shape_of(graph: Graph) -> tuple[object, ...]:
    """Returns everything but ids and positions."""
    path = {node.id: node.path for node in graph}
    nodes = {
        node.path: (node.layer, dict(node.params), {(tie.parameter, path[tie.node], tie.other) for tie in node.ties}) for node in graph
    }
    wires = {
        node.path: [(path[edge.source.node], edge.source.port, edge.target.port) for edge in graph.incoming(node.id)] for node in graph
    }
    return nodes, wires, repeats(graph)


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_printed_loop_comes_back_as_it_was(name: str) -> None:
    graph = DRAWINGS[name]
    reading = read_source(source(graph))
    assert not reading.problems
    assert source(reading.graph) == source(graph)
    nodes, wires, found = shape_of(reading.graph)
    expected = shape_of(graph)
    assert (wires, found) == expected[1:]
    ours, theirs = ([(path, layer, ties) for path, (layer, _, ties) in each.items()] for each in (nodes, expected[0]))
    assert ours == theirs
    assert all(own == (key,) for key, own in reading.names.items())


HEAD = """
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width, rate=0.1):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, 2 * width)
        self.act = nn.GELU()
        self.down = nn.Linear(2 * width, width)
        self.drop = nn.Dropout(rate)

    def forward(self, x):
        return x + self.drop(self.down(self.act(self.up(self.norm(x)))))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(5, 8)
"""
TAIL = """
        self.last = nn.Linear(8, 3)

    def forward(self, x):
        x = self.first(x)
{run}
        return self.last(x)
"""
WAYS = {
    "sequential": ("self.blocks = nn.Sequential(*[Block(8) for _ in range(4)])", "x = self.blocks(x)"),
    "module list": ("self.blocks = nn.ModuleList([Block(8) for _ in range(4)])", "for block in self.blocks:\n            x = block(x)"),
    "generator": ("self.blocks = nn.ModuleList(Block(8) for _ in range(4))", "for index in range(4):\n            x = self.blocks[index](x)"),
    "appended": (
        "self.blocks = nn.ModuleList()\n        for _ in range(4):\n            self.blocks.append(Block(8))",
        "for block in self.blocks: x = block(x)",
    ),
}


def foreign(made: str, run: str) -> str:
    return f"{HEAD}        {made}{TAIL.format(run='        ' + run)}"


@pytest.mark.parametrize("way", WAYS)
def test_blocks_of_one_kind_become_a_repeated_group(way: str) -> None:
    text = foreign(*WAYS[way])
    reading = read_source(text)
    assert repeats(reading.graph) == {"blocks": Repeat(4)}
    theirs, ours = executed(text).eval(), build(reading.graph).eval()
    moved = load_foreign(ours, theirs.state_dict(), reading.names)
    assert not moved.left
    assert not moved.missing
    inputs, _ = values_of(ours)
    assert torch.allclose(ours(*inputs), theirs(*(value.flatten(1) for value in inputs)), atol=1e-6)


@pytest.mark.parametrize(
    ("made", "run"),
    [
        ("self.blocks = nn.Sequential(*[Block(8, 0.1 * k) for k in range(4)])", "x = self.blocks(x)"),
        ("self.blocks = nn.ModuleList([Block(8) for _ in range(3)])", "x = self.blocks[0](x) + self.blocks[2](self.blocks[1](x))"),
        ("self.blocks = nn.ModuleList([Block(8) for _ in range(2)])", "y = self.blocks[0](x)\n        x = y + self.blocks[1](y)"),
        ("self.blocks = nn.ModuleList([Block(8) for _ in range(2)])", "x = self.blocks[0](torch.relu(x))\n        x = self.blocks[1](torch.relu(x))"),
        (
            "self.blocks = nn.ModuleList([Block(8) for _ in range(2)])\n        self.blocks[1].up.weight = self.blocks[0].up.weight",
            "for block in self.blocks: x = block(x)",
        ),
        ("one = Block(8)\n        self.blocks = nn.ModuleList([one, one])", "for block in self.blocks: x = block(x)"),
    ],
    ids=["other rates", "branches", "a result read twice", "something between", "one weight shared", "one object"],
)
def test_blocks_that_differ_or_stand_apart_stay_groups_of_their_own(made: str, run: str) -> None:
    text = foreign(made, run)
    reading = read_source(text)
    assert not repeats(reading.graph)
    theirs, ours = executed(text).eval(), build(reading.graph).eval()
    load_foreign(ours, theirs.state_dict(), reading.names)
    inputs, _ = values_of(ours)
    assert torch.allclose(ours(*inputs), theirs(*(value.flatten(1) for value in inputs)), atol=1e-6)
