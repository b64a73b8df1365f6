"""Enter always has a layer to add, and it fits."""

from __future__ import annotations

from tests.layers.cases import drawing, generated
from workbench.app.pages.build.linking import Linking
from workbench.app.pages.build.suggest import usual_next
from workbench.graph import edit
from workbench.graph.graph import Graph, PortRef
from workbench.graph.infer import infer
from workbench.layers import LAYERS


def added_after(name: str) -> list[tuple[str, bool]]:
    """What Enter adds after a layer in two drawings, and whether it fits."""
    found: list[tuple[str, bool]] = []
    for layer, params, inputs in generated(name, 2):
        graph = drawing(name, params.model_dump(), inputs)
        inferred = infer(graph, LAYERS)
        source = PortRef(next(node.id for node in graph if node.name == "subject"), layer.output_ports(params)[0].name)
        following = usual_next(graph, inferred, LAYERS, source.node, source.port)
        found.append((following, following != "" and Linking(graph, inferred, LAYERS).verdict_for_layer(source, LAYERS[following]).fits))
    return found


def test_enter_adds_something_that_fits_after_every_layer() -> None:
    """One test for all layers: with the window's libraries loaded, what pytest does around each would take longer than the test."""
    found = {name: added_after(name) for name in LAYERS.names() if LAYERS[name].outputs}
    assert {name: added for name, added in found.items() if not all(fits for _, fits in added)} == {}


def test_a_stack_can_be_typed_from_image_to_output() -> None:
    graph, node = edit.add_node(Graph(), "image_input", params={"height": 8, "width": 8})
    typed = []
    while graph[node].layer != "output":
        following = usual_next(graph, infer(graph, LAYERS), LAYERS, node)
        graph, node = edit.insert_after(graph, node, following)
        typed.append(following)
        assert len(typed) < 12, typed
    assert typed[:3] == ["conv2d", "relu", "max_pool2d"] and typed[-4:] == ["linear", "relu", "linear", "output"]
    assert infer(graph, LAYERS).ok
