"""Wires follow the ports of a node whose names change."""

from __future__ import annotations

from workbench.graph import edit
from workbench.graph.graph import Edge, Graph
from workbench.graph.rewiring import follow_ports


def wired(*ports: str) -> tuple[Graph, str]:
    """A node with a wire from a node of its own into each port."""
    graph, node = edit.add_node(Graph(), "expression")
    for port in ports:
        graph, source = edit.add_node(graph, "relu", name=f"from_{port}")
        graph = edit.connect(graph, Edge.between(source, node, target_port=port))
    return graph, node


def ends(graph: Graph, node: str) -> dict[str, str]:
    return {edge.target.port: graph[edge.source.node].name for edge in graph.incoming(node)}


def test_a_renamed_port_keeps_its_wire() -> None:
    graph, node = wired("x", "gat")
    assert ends(follow_ports(graph, node, ["x", "gate"]), node) == {"x": "from_x", "gate": "from_gat"}


def test_ports_that_stay_keep_theirs_and_the_order_of_the_rest_decides() -> None:
    graph, node = wired("a", "b", "c")
    assert ends(follow_ports(graph, node, ["left", "b", "right"]), node) == {"left": "from_a", "b": "from_b", "right": "from_c"}


def test_a_port_that_is_gone_for_good_keeps_its_wire_for_inference_to_name() -> None:
    graph, node = wired("x", "y")
    assert follow_ports(graph, node, ["x"]) is graph
    assert ends(follow_ports(graph, node, ["x", "z"]), node) == {"x": "from_x", "z": "from_y"}


def test_other_nodes_keep_their_wires() -> None:
    graph, node = wired("x")
    graph, other = edit.add_node(graph, "add")
    graph = edit.connect(graph, Edge.between(node, other, target_port="x"))
    changed = follow_ports(graph, node, ["y"])
    assert ends(changed, other) == ends(graph, other) and ends(changed, node) == {"y": "from_x"}
