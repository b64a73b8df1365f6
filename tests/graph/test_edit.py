"""Edits: what each changes, and that it leaves everything else, the old drawing included, alone."""

from __future__ import annotations

import copy
import pickle

import pytest

from tests.graph.stand_ins import LAYERS
from tests.graph.test_infer import chain, drawing
from workbench.errors import GraphError
from workbench.graph import edit
from workbench.graph.fragment import insert
from workbench.graph.graph import Edge, Graph, PortRef, frozen
from workbench.graph.grouping import members_of, rename_group
from workbench.graph.infer import infer
from workbench.graph.order import find_cycle, find_cycles, part, reachable_from, reaching, topological


def wires(graph: Graph) -> list[tuple[str, str]]:
    return [(graph[edge.source.node].name, graph[edge.target.node].name) for edge in graph.edges]


def test_the_old_drawing_stays():
    graph = chain()
    before = copy.deepcopy(graph)
    edit.add_node(graph, "relu")
    edit.remove_nodes(graph, ["relu"], reconnect=True)
    edit.set_params(graph, "conv", kernel=1)
    edit.insert_on_edge(graph, graph.edges[0], "relu")
    edit.group(graph, ["conv", "relu"])
    assert graph == before


def test_no_change_gives_the_same_object():
    graph = edit.set_params(chain(), "conv", kernel=1)
    assert edit.set_params(graph, "conv", kernel=1) is graph
    assert edit.connect(graph, graph.edges[0]) is graph
    assert edit.disconnect(graph, Edge.between("a", "b")) is graph
    assert edit.move(graph, {"conv": graph["conv"].position, "gone": (1, 1)}) is graph
    assert edit.rename(graph, "conv", "conv") is graph
    assert edit.remove_nodes(graph, ["gone"]) is graph
    assert edit.ungroup(graph, "gone") is graph
    assert edit.group(graph, []) == (graph, "")


def test_new_nodes_are_named_and_placed():
    graph = Graph()
    for _ in range(2):
        graph, new = edit.add_node(graph, "conv2d", params={"kernel": [3, 3]})
    assert [node.name for node in graph] == ["conv1", "conv2"]
    assert graph[new].position == (0.0, edit.LAYER_PITCH_PX)
    assert graph[new].params["kernel"] == (3, 3)
    assert edit.add_node(graph, "relu", name="conv1")[0].named("conv3") is not None
    assert edit.add_node(graph, "relu", id="mine")[1] == "mine"
    with pytest.raises(ValueError, match="in use"):
        edit.add_node(graph, "relu", id=new)


def test_ids_are_never_reused():
    graph, first = edit.add_node(Graph(), "relu")
    assert edit.add_node(edit.remove_nodes(graph, [first]), "relu")[1] != first


def test_removing_takes_wires_and_ties_along():
    graph = edit.tie(chain(), "relu", "weight", "conv")
    removed = edit.remove_nodes(graph, ["conv"])
    assert wires(removed) == [("relu", "out")]
    assert removed["relu"].ties == ()


def test_removing_can_close_the_gap():
    graph = edit.remove_nodes(chain(), ["conv", "relu"], reconnect=True)
    assert wires(graph) == [("image", "out")]
    assert wires(edit.remove_nodes(chain(), ["image"], reconnect=True)) == [("conv", "relu"), ("relu", "out")]
    ring = drawing("a b", "b a", "b o", a="relu", b="relu", o="output")
    assert edit.remove_nodes(ring, ["a", "b"], reconnect=True).edges == ()


def test_wires_replace_or_join():
    graph = edit.connect(chain(), Edge.between("image", "relu"), replacing=True)
    assert wires(graph) == [("image", "conv"), ("relu", "out"), ("image", "relu")]
    with pytest.raises(ValueError, match="no node"):
        edit.connect(graph, Edge.between("image", "gone"))


def test_inserting_on_a_wire_keeps_the_order_of_wires_and_makes_room():
    graph = drawing("a sum", "b sum", a="image_input", b="image_input", sum="add")
    graph = edit.move(graph, {"sum": (0, 72)})
    graph, new = edit.insert_on_edge(graph, graph.edges[0], "relu")
    assert [edge.source.node for edge in graph.incoming("sum")] == [new, "b"]
    assert graph[new].position == (0.0, 72.0) and graph["sum"].position == (0.0, 144.0)
    with pytest.raises(ValueError, match="no wire"):
        edit.insert_on_edge(graph, Edge.between("a", "b"), "relu")


def test_inserting_after_and_before():
    graph, after = edit.insert_after(chain(), "conv", "relu")
    assert [edge.source.node for edge in graph.incoming("relu")] == [after]
    graph, before = edit.insert_before(graph, "conv", "input", "relu")
    assert [edge.source.node for edge in graph.incoming("conv")] == [before]
    assert infer(graph, LAYERS).ok
    graph, first = edit.insert_before(graph, "image", "input", "relu")
    assert graph.outgoing(first)[0].target == PortRef("image", "input")


def test_inserting_before_one_wire_of_several():
    graph = drawing("a sum", "b sum", a="image_input", b="image_input", sum="add")
    graph, new = edit.insert_before(graph, "sum", "inputs.1", "relu")
    assert [edge.source.node for edge in graph.incoming("sum")] == ["a", new]
    assert edit.wires_into(graph, "sum", "inputs.7") == ()


def test_replacing_a_layer_renames_what_was_named_after_it():
    graph = edit.rename(chain(), "conv", "conv1")
    assert edit.replace_layer(graph, "conv", "relu")["conv"].name == "relu1"
    assert edit.replace_layer(edit.rename(graph, "conv", "stem"), "conv", "relu")["conv"].name == "stem"


def test_renaming():
    assert edit.rename(chain(), "conv", "stem")["conv"].name == "stem"
    for name in ("relu", "forward", "a b"):
        with pytest.raises(ValueError, match=r"taken|cannot"):
            edit.rename(chain(), "conv", name)


def test_params_and_ties_go_back():
    graph = edit.set_params(chain(), "conv", kernel=1, filters=2)
    assert dict(edit.unset_params(graph, "conv", "kernel")["conv"].params) == {"filters": 2}
    tied = edit.tie(graph, "relu", "weight", "conv", "kernel")
    assert edit.untie(tied, "relu", "weight") == graph
    with pytest.raises(ValueError, match="cannot share"):
        edit.tie(graph, "conv", "weight", "conv")


def test_copies_have_own_ids_names_and_wires():
    graph = edit.tie(chain(), "relu", "weight", "conv")
    for doubled, new in (edit.duplicate(graph, ["conv", "relu"]), edit.paste_fragment(graph, edit.copy_fragment(graph, ["conv", "relu"]))):
        assert [doubled[each].name for each in new] == ["conv1", "relu1"]
        assert doubled.edges[-1] == Edge.between(*new)
        assert doubled[new[1]].ties[0].node == new[0]
        assert doubled.edges[:3] == graph.edges


def test_a_fragment_goes_where_it_is_dropped():
    graph = edit.move(chain(), {"conv": (0, 0), "relu": (100, 50)})
    pasted, (conv, relu) = edit.paste_fragment(graph, edit.copy_fragment(graph, ["conv", "relu"]), (1000, 1000))
    assert pasted[conv].position == (950, 975) and pasted[relu].position == (1050, 1025)
    assert len(edit.paste_fragment(Graph(), edit.copy_fragment(graph, ["conv"]))[0]) == 1


@pytest.mark.parametrize("text", ["", "hello", "[]", '{"nodes": []}', '{"workbench_fragment": 1, "nodes": [1]}'])
def test_what_is_no_fragment_is_refused(text):
    with pytest.raises(GraphError):
        edit.paste_fragment(chain(), text)


def test_a_group_is_made_copied_renamed_and_dissolved():
    graph, path = edit.group(chain(), ["conv", "relu"], "stem")
    assert path == "stem" and graph["conv"].path == "stem.conv"
    graph, inner = edit.group(graph, ["relu"], "stem")
    assert inner == "stem.stem"
    assert members_of(graph, "stem") == ["conv", "relu"]
    doubled, new = edit.duplicate(graph, ["conv", "relu"])
    assert [doubled[each].path for each in new] == ["stem1.conv", "stem1.stem.relu"]
    assert rename_group(graph, "stem", "image")["relu"].path == "image1.stem.relu"
    flat = edit.ungroup(edit.ungroup(graph, "stem"), "stem")
    assert flat == chain()


def test_dissolving_renames_what_clashes():
    graph, path = edit.group(chain(), ["conv"], "stem")
    graph, _ = edit.add_node(graph, "conv1d", name="conv")
    assert edit.ungroup(graph, path)["conv"].name == "conv1"


def test_inserting_a_drawing_as_a_block():
    graph, new = insert(chain(), chain(), group="block")
    assert [graph[each].path for each in new] == ["block.image", "block.conv", "block.relu", "block.out"]


def test_orders():
    graph = drawing("a c", "b c", "c d", d="output", c="add", b="relu", a="relu", x="relu")
    assert topological(graph) == ["b", "a", "c", "d", "x"]
    assert reachable_from(graph, ["a"]) == {"a", "c", "d"}
    assert reaching(graph, ["c"]) == {"a", "b", "c"}
    assert part(graph, ["c", "d"]).edges == (graph.edges[2],)
    assert find_cycle(graph) is None
    ring = edit.connect(graph, Edge.between("d", "a"))
    assert sorted(find_cycle(ring)) == ["a", "c", "d"] and len(find_cycles(ring)) == 1
    cycle = find_cycle(ring)
    assert all((a, b) in wires(ring) for a, b in zip(cycle, [*cycle[1:], cycle[0]], strict=True))


def test_drawings_travel_between_processes():
    graph = edit.set_params(chain(), "conv", kernel=[1, {"a": [2]}])
    assert pickle.loads(pickle.dumps(graph)) == graph == copy.deepcopy(graph)
    assert frozen({"a": [1, [2]]})["a"] == (1, (2,))
    with pytest.raises(TypeError):
        graph["conv"].params["kernel"] = 2
