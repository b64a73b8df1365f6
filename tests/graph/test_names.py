"""Names of nodes against what torch modules use themselves."""

from __future__ import annotations

import pytest

from workbench.graph.edit import add_node
from workbench.graph.graph import MODULE_ATTRIBUTES, Graph, is_name
from workbench.graph.names import free_name, node_name, stem, taken_names


def test_module_attributes_are_those_of_torch():
    import torch

    public = {name for name in {*dir(torch.nn.Module), *vars(torch.nn.Module())} if not name.startswith("_")}
    assert public <= MODULE_ATTRIBUTES
    assert MODULE_ATTRIBUTES - public == {"self", "torch", "nn", "math", "super", "lengths", "call", "plan", "path_of"}


@pytest.mark.parametrize("name", [*sorted(MODULE_ATTRIBUTES), "class", "1a", "a b", "", "_x", "层", "a-b", "a\n"])
def test_names_that_cannot_be(name):
    assert not is_name(name)


@pytest.mark.parametrize("name", ["conv1", "Stem", "a_b", "x"])
def test_names_that_can_be(name):
    assert is_name(name)


@pytest.mark.parametrize(("layer", "name"), [
    ("conv2d", "conv1"), ("max_pool2d", "max_pool1"), ("image_input", "image"), ("output", "output"), ("lstm", "lstm1"),
    ("2d thing!", "layer_2d_thing1"), ("type", "type1"), ("层", "layer1"),
])
def test_nodes_are_named_after_their_layer(layer, name):
    assert node_name(Graph(), layer) == name
    assert is_name(name)


def test_names_are_free_in_their_group_and_between_nodes_and_groups():
    graph, _ = add_node(Graph(), "relu", group="block")
    graph, _ = add_node(graph, "relu")
    assert taken_names(graph, "") == {"block", "relu1"}
    assert taken_names(graph, "block") == {"relu1"}
    assert free_name("block", taken_names(graph, "")) == "block1"


def test_free_names_are_possible_names():
    for wanted in ("train", "", "9", "层", "a-b", "class"):
        assert is_name(free_name(wanted, ()))
    assert stem("batch_norm2d") == "batch_norm"
