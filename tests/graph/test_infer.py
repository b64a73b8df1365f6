"""Shape inference: what it says, what it keeps, how it says that something is wrong."""

from __future__ import annotations

import pytest

from tests.graph.stand_ins import LAYERS, StandIn
from workbench.graph import edit
from workbench.graph.graph import Edge, Graph, Node, PortRef, Tie
from workbench.graph.infer import infer
from workbench.graph.problem import Severity
from workbench.graph.shape import Shape
from workbench.layers import LAYERS as REAL


def drawing(*wires: str, **layers: str) -> Graph:
    """Returns nodes `name=layer` and wires such as `a b` or `a.rest b.by`; ids are the names."""
    nodes = {name: Node(name, layer, name) for name, layer in layers.items()}
    edges = []
    for wire in wires:
        (source, _, out), (target, _, into) = (end.partition(".") for end in wire.split())
        port = into or ("inputs" if layers.get(target) == "add" else "input")
        edges.append(Edge.between(source, target, out or "output", port))
    return Graph(edges=tuple(edges)).with_nodes(nodes)


def chain() -> Graph:
    return drawing("image conv", "conv relu", "relu out", image="image_input", conv="conv1d", relu="relu", out="output")


def kinds(graph: Graph) -> list[tuple[str, str]]:
    return [(problem.kind, problem.node) for problem in infer(graph, LAYERS).problems]


def test_a_chain_has_shapes_and_no_problem():
    result = infer(chain(), LAYERS)
    assert result.problems == () and result.ok
    assert result.order == ["image", "conv", "relu", "out"]
    assert str(result.shapes[PortRef("relu", "output")]) == "N × 4 × 6"
    assert result.input_shapes("conv")["input"] is result.output_shapes("image")["output"]
    assert result.params("conv").kernel == 3
    assert len(result.shapes) == 4


def test_several_inputs_and_outputs():
    graph = drawing(
        "a split", "split.output sum", "split.rest sum", "sum one", "b two",
        a="image_input", b="text_input", split="split", sum="add", one="output", two="output",
    )
    graph = edit.set_params(graph, "a", channels=6)
    result = infer(graph, LAYERS)
    assert result.problems == ()
    assert list(result.input_shapes("sum")) == ["inputs.0", "inputs.1"]
    assert result.output_shapes("two")["output"].ragged


def test_one_cause_is_one_message():
    graph = edit.set_params(chain(), "conv", kernel=0)
    (problem,) = infer(graph, LAYERS).problems
    assert (problem.kind, problem.node) == ("params.invalid", "conv")
    assert problem.message == "conv: kernel cannot be 0."
    assert infer(graph, LAYERS).output_shapes("relu") == {}


@pytest.mark.parametrize(("params", "labels", "repaired"), [
    ({"kernel": 0}, ["Set kernel to 1", "Set kernel back to its default"], {"kernel": 1}),
    ({"kernel": 30}, ["Set kernel to 9", "Set kernel back to its default"], {"kernel": 9}),
    ({"filters": "many"}, ["Set filters back to its default"], {}),
    ({"colour": 3}, ["Remove colour"], {}),
])
def test_bad_parameters_come_with_repairs(params, labels, repaired):
    graph = edit.set_params(chain(), "conv", **params)
    (problem,) = infer(graph, LAYERS).problems
    assert [fix.label for fix in problem.fixes] == labels
    fixed = [fix.apply(graph) for fix in problem.fixes]
    assert dict(fixed[0]["conv"].params) == repaired
    assert all(infer(each, LAYERS).ok or each["conv"].params.get("kernel") == 9 for each in fixed)


def test_each_bad_parameter_is_named():
    graph = edit.set_params(chain(), "conv", kernel=0, stride=0)
    assert [str(problem.message) for problem in infer(graph, LAYERS).problems] == [
        "conv: kernel cannot be 0.", "conv: stride cannot be 0.",
    ]


def test_nothing_left_of_an_axis():
    graph = edit.set_params(chain(), "conv", kernel=9)
    (problem,) = infer(graph, LAYERS).problems
    assert (problem.kind, str(problem.message)) == ("shape.empty", "conv: height would be 0.")


def test_an_unknown_layer_keeps_its_parameters_and_is_offered_a_near_one():
    graph = edit.set_params(edit.change_node(chain(), "conv", layer="conv1"), "conv", kernel=2)
    (problem,) = infer(graph, LAYERS).problems
    assert (problem.kind, problem.node) == ("layer.unknown", "conv")
    assert problem.fixes[0].label == "Make it conv1d"
    fixed = problem.fixes[0].apply(graph)
    assert infer(fixed, LAYERS).ok and fixed["conv"].params["kernel"] == 2
    assert infer(problem.fixes[-1].apply(graph), LAYERS).ok


def test_missing_input_is_named_and_wired():
    graph = edit.disconnect(chain(), Edge.between("image", "conv"))
    (problem,) = infer(graph, LAYERS).problems
    assert (problem.kind, problem.node, problem.port) == ("port.missing", "conv", "input")
    assert problem.message == "conv has nothing connected to its input."
    assert problem.fixes[0].label == "Connect it to image"
    assert problem.fixes[0].apply(graph) == edit.connect(graph, Edge.between("image", "conv"))


def test_optional_ports_may_stay_empty():
    graph = drawing("i g", "g o", i="image_input", g="gate", o="output")
    assert infer(graph, LAYERS).ok
    graph = edit.connect(graph, Edge.between("i", "g", target_port="by"))
    assert list(infer(graph, LAYERS).input_shapes("g")) == ["input", "by"]


def test_two_wires_into_one_port():
    graph = edit.connect(chain(), Edge.between("image", "relu"))
    (problem,) = infer(graph, LAYERS).problems
    assert (problem.kind, problem.node) == ("port.two-wires", "relu")
    assert problem.message == "relu has 2 wires into its input: from conv, image."
    assert [fix.label for fix in problem.fixes] == ["Keep only the wire from image", "Add them first", "Keep only the wire from conv"]
    assert infer(problem.fixes[2].apply(graph), LAYERS).ok
    merged = infer(problem.fixes[1].apply(graph), LAYERS)
    assert [problem.kind for problem in merged.problems] == ["merge.differ"]


def test_a_cycle_is_named_around_and_can_be_cut():
    graph = edit.connect(edit.disconnect(chain(), Edge.between("image", "conv")), Edge.between("relu", "conv"))
    problems = infer(graph, LAYERS).problems
    assert [problem.kind for problem in problems] == ["graph.cycle"]
    assert "conv → relu → conv" in problems[0].message or "relu → conv → relu" in problems[0].message
    assert infer(problems[0].fixes[0].apply(graph), LAYERS).ok, "the input that lost its wire feeds it again"
    cut = problems[0].fixes[1].apply(graph)
    assert [problem.kind for problem in infer(cut, LAYERS).problems] == ["port.missing"]


def test_two_cycles_are_two_problems():
    graph = drawing("a b", "b a", "c d", "d c", "i o", a="relu", b="relu", c="relu", d="relu", i="image_input", o="output")
    assert [kind for kind, _ in kinds(graph)] == ["graph.cycle", "graph.cycle"]


def test_a_node_wired_to_itself():
    graph = drawing("a a", "i o", a="relu", i="image_input", o="output")
    assert kinds(graph) == [("graph.cycle", "a")]


def test_dangling_edges():
    graph = drawing("image conv", "ghost relu", "conv out", image="image_input", conv="conv1d", relu="relu", out="output")
    result = infer(graph, LAYERS)
    assert [(problem.kind, problem.node) for problem in result.problems] == [("edge.dangling", "relu")]
    assert "ghost" in result.problems[0].message
    fixed = result.problems[0].fixes[0].apply(graph)
    assert kinds(fixed) == [("port.missing", "relu")]


def test_ports_that_do_not_exist():
    graph = drawing("image conv.left", "conv.right out", image="image_input", conv="conv1d", out="output")
    first = infer(graph, LAYERS).problems
    assert [problem.kind for problem in first] == ["edge.no-such-port", "port.missing"]
    graph = first[0].fixes[0].apply(graph)
    (second,) = infer(graph, LAYERS).problems
    assert (second.kind, second.node) == ("edge.no-such-port", "out")
    assert infer(second.fixes[0].apply(graph), LAYERS).ok


def test_names_that_clash():
    graph = edit.change_node(chain(), "relu", name="conv")
    (problem,) = infer(graph, LAYERS).problems
    assert (problem.kind, problem.node) == ("name.duplicate", "relu")
    assert problem.fixes[0].apply(graph)["relu"].name == "conv1"
    assert infer(problem.fixes[0].apply(graph), LAYERS).ok


def test_a_node_called_like_a_group():
    graph = edit.change_node(chain(), "relu", group="conv")
    (problem,) = infer(graph, LAYERS).problems
    assert (problem.kind, problem.node) == ("name.duplicate", "conv")
    assert infer(problem.fixes[0].apply(graph), LAYERS).ok


@pytest.mark.parametrize("name", ["forward", "class", "层", "a-b"])
def test_names_that_cannot_be(name):
    graph = edit.change_node(chain(), "relu", name=name)
    (problem,) = infer(graph, LAYERS).problems
    assert problem.kind == "name.impossible"
    assert infer(problem.fixes[0].apply(graph), LAYERS).ok


def test_a_group_that_cannot_be():
    graph = edit.change_node(chain(), "relu", group="a.train")
    (problem,) = infer(graph, LAYERS).problems
    assert problem.kind == "name.group-impossible"
    assert infer(problem.fixes[0].apply(graph), LAYERS).ok


def test_an_empty_drawing_lacks_both_ends_and_fixes_them():
    problems = infer(Graph(), LAYERS).problems
    assert [problem.kind for problem in problems] == ["graph.no-input", "graph.no-output"]
    graph = problems[0].fixes[0].apply(Graph())
    (problem,) = infer(graph, LAYERS).problems
    assert infer(problem.fixes[0].apply(graph), LAYERS).problems == ()


def test_a_missing_input_node_is_wired_to_what_needs_it():
    graph = edit.remove_nodes(chain(), ["image"])
    problems = {problem.kind: problem for problem in infer(graph, LAYERS).problems}
    assert set(problems) == {"graph.no-input", "port.missing"}
    assert infer(problems["graph.no-input"].fixes[0].apply(graph), LAYERS).ok


def test_an_unused_branch_is_a_warning():
    graph = drawing("i o", "i a", "a b", i="image_input", o="output", a="relu", b="relu")
    result = infer(graph, LAYERS)
    assert [(problem.kind, problem.node, problem.severity) for problem in result.problems] == [("graph.unused", "b", Severity.WARNING)]
    assert result.ok
    assert list(result.problems[0].fixes[0].apply(graph).nodes) == ["i", "o"]


def test_ties():
    graph = drawing("i a", "a b", "b o", i="image_input", a="conv1d", b="conv1d", o="output")
    graph = edit.set_params(graph, "i", channels=4)
    assert infer(edit.tie(graph, "b", "weight", "a"), LAYERS).ok
    lost = edit.change_node(graph, "b", ties=(Tie("weight", "gone", "weight"),))
    circle = edit.tie(edit.tie(graph, "b", "weight", "a"), "a", "weight", "b")
    for wrong, count in ((lost, 1), (circle, 2)):
        problems = infer(wrong, LAYERS).problems
        assert [problem.kind for problem in problems] == ["tie.lost"] * count
        assert infer(problems[0].fixes[0].apply(wrong), LAYERS).ok


def test_a_layer_problem_and_its_counter_example():
    graph = drawing(
        "t parts", "parts.output sum", "parts.rest sum", "sum o", t="text_input", parts="split", sum="add", o="output",
    )
    (problem,) = infer(graph, LAYERS).problems
    assert (problem.kind, problem.node, problem.port) == ("merge.differ", "sum", "inputs.1")
    assert problem.message == "sum: token of parts differs: length 5 gives 2 and 3."


def test_a_broken_rule_is_a_problem_and_not_a_crash(caplog):
    graph = drawing("i b", "b o", i="image_input", b="broken", o="output")
    (problem,) = infer(graph, LAYERS).problems
    assert (problem.kind, problem.node) == ("layer.rule-failed", "b")
    assert "ZeroDivisionError" in problem.reason
    assert "by design" in caplog.text


def test_given_shapes_replace_what_an_input_says():
    graph = chain()
    given = {"image": Shape.of(channel=1, height=40)}
    first = infer(graph, LAYERS)
    second = infer(graph, LAYERS, given, previous=first)
    assert str(second.output_shapes("out")["output"]) == "N × 4 × 38"
    assert infer(graph, LAYERS, previous=second).shapes == first.shapes


def test_fixes_survive_that_their_node_is_gone():
    graph = edit.set_params(edit.connect(chain(), Edge.between("image", "relu")), "conv", kernel=0)
    for problem in infer(graph, LAYERS).problems:
        for fix in problem.fixes:
            assert isinstance(fix.apply(Graph()), Graph)


def asked_after(graph: Graph, previous) -> int:
    before = StandIn.asked
    infer(graph, LAYERS, previous=previous)
    return StandIn.asked - before


def test_only_what_changes_is_worked_out_again():
    graph = chain()
    first = infer(graph, LAYERS)
    assert infer(graph, LAYERS, previous=first) is first
    assert asked_after(edit.move(graph, {"conv": (5, 5)}), first) == 0
    assert asked_after(edit.set_params(graph, "conv", stride=1), first) == 1
    assert asked_after(edit.set_params(graph, "conv", filters=9), first) == 3
    assert asked_after(edit.rename(graph, "conv", "stem"), first) == 2
    assert asked_after(edit.add_node(graph, "relu")[0], first) == 0


def test_params_that_are_equal_but_not_the_same_are_seen():
    graph = edit.set_params(chain(), "conv", kernel=1)
    first = infer(graph, LAYERS)
    assert not infer(edit.set_params(graph, "conv", kernel="one"), LAYERS, previous=first).ok
    assert edit.set_params(graph, "conv", kernel=True) is not graph


def test_a_lonely_layer_can_be_put_behind_the_nearest_that_fits(chain_of_real_layers: Graph) -> None:
    graph = chain_of_real_layers
    conv = graph.named("conv")
    flat = graph.named("flat")
    assert conv is not None and flat is not None
    below_flat = flat.position[0] + 300, flat.position[1] + 10
    lonely, new = edit.add_node(graph, "max_pool2d", position=below_flat)
    (problem,) = [problem for problem in infer(lonely, REAL).problems if problem.node == new]
    assert [str(fix.label) for fix in problem.fixes] == ["Connect it after conv", "Connect it after image", "Remove max_pool1"]
    mended = problem.fixes[0].apply(lonely)
    assert [edge.source.node for edge in mended.incoming(new)] == [conv.id]
    assert [edge.source.node for edge in mended.incoming(flat.id)] == [new]
    assert infer(mended, REAL).ok


def test_a_lonely_layer_beside_a_loose_end_is_offered_that_end_first(chain_of_real_layers: Graph) -> None:
    graph, free = edit.add_node(chain_of_real_layers, "relu", name="free", position=(900.0, 0.0))
    conv = graph.named("conv")
    assert conv is not None
    graph = edit.connect(graph, Edge.between(conv.id, free))
    graph, new = edit.add_node(graph, "relu", name="lonely", position=(900.0, 72.0))
    (problem,) = [problem for problem in infer(graph, REAL).problems if problem.node == new]
    assert [str(fix.label) for fix in problem.fixes] == ["Connect it to free", "Remove lonely"]


@pytest.fixture
def chain_of_real_layers() -> Graph:
    graph, last = edit.add_node(Graph(), "image_input", name="image", params={"channels": 1, "height": 8, "width": 8})
    for layer, name, params in (("conv2d", "conv", {}), ("flatten", "flat", {}), ("linear", "head", {"units": 3}), ("output", "label", {})):
        graph, last = edit.insert_after(graph, last, layer, params)
        graph = edit.rename(graph, last, name)
    return graph
