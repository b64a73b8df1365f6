"""A drawing of 8,000 layers: the first view, an edit far up, folding."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPointF

from workbench.graph import edit
from workbench.graph.graph import Edge, Graph, Node, PortRef


def tower(count: int) -> Graph:
    """Returns residual steps of six layers each, one below the other."""
    nodes = {"image": Node("image", "image_input", "image", {"channels": 3, "height": 32, "width": 32})}
    edges: list[Edge] = []
    last, first = "image", "image"
    for index in range(count - 1):
        kind = "add" if index % 7 == 6 else ("conv2d", "batch_norm2d", "relu")[index % 7 % 3]
        node = Node(f"n{index}", kind, f"{kind}_{index}", {"filters": 8} if kind == "conv2d" else {}, (0.0, 72.0 * (index + 1)))
        nodes[node.id] = node
        port = "inputs" if kind == "add" else "input"
        edges.append(Edge(PortRef(last, "output"), PortRef(node.id, port)))
        if kind == "add":
            edges.append(Edge(PortRef(first, "output"), PortRef(node.id, port)))
        first = node.id if index % 7 == 0 else first
        last = node.id
    return Graph(nodes, tuple(edges))


@pytest.fixture(scope="module")
def large() -> Graph:
    return tower(8000)


def test_the_first_view_of_8000_layers_holds_them_all(make_bench: Any, large: Graph) -> None:
    bench = make_bench(large)
    bench.view.viewport().repaint()
    assert len(bench.scene.cards) == 8000
    assert len(list(bench.scene.wires)) == len(large.edges)


def test_what_slides_ends_up_where_it_would_be_drawn_afresh(make_bench: Any, large: Graph) -> None:
    bench = make_bench(large)
    bench.page.commands.add_after("relu", "n20")
    lanes = {wire.edge: wire.lane for wire in bench.scene.wires}
    lines = {wire.edge: (wire.line.p1(), wire.line.p2()) for wire in bench.scene.wires}
    fresh = type(bench.scene)()
    fresh.show_graph(bench.graph, bench.session.inferred, bench.page.commands.layers)
    assert lines == {wire.edge: (wire.line.p1(), wire.line.p2()) for wire in fresh.wires}
    assert lanes == {wire.edge: wire.lane for wire in fresh.wires}
    probe = QPointF(0, 72 * 4000 + 10)
    assert {card.id for card in fresh.cards_in(fresh.bounds())} == {card.id for card in bench.scene.cards_in(bench.scene.bounds())}
    assert getattr(fresh.card_at(probe), "id", "") == getattr(bench.scene.card_at(probe), "id", "")
    fresh.deleteLater()


def test_folding_a_thousand_layers(make_bench: Any, large: Graph) -> None:
    bench = make_bench(large)
    path = bench.page.commands.group(tuple(f"n{index}" for index in range(1000, 2000)))
    assert len(bench.scene.cards) == 7001
    assert bench.scene.cards[f"group:{path}"].count == 1000
    assert bench.graph["n2000"].position[1] < large["n2000"].position[1]
    assert edit.fold(bench.graph, path, False)["n2000"].position == large["n2000"].position
