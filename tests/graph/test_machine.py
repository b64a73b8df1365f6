"""Random edits: no step raises, inference that reuses equals inference from scratch, undoing all gives the first value."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.graph.stand_ins import LAYERS
from workbench.graph import edit
from workbench.graph.block import block_of, expose, exposed_of, insert_block, read_block
from workbench.graph.bypass import bypass
from workbench.graph.drawing import drawn
from workbench.graph.file import dumps, loads
from workbench.graph.following import follow
from workbench.graph.graph import Edge, Graph, PortRef
from workbench.graph.grouping import fold, group_paths, members_of, rename_group
from workbench.graph.history import History
from workbench.graph.infer import Inferred, infer
from workbench.graph.layout import layout
from workbench.graph.names import taken_names
from workbench.graph.remarks import KINDS, add_remark, change_remark, remarks_of, remove_remark
from workbench.graph.repeat import repeated_paths, set_repeat, steps_of
from workbench.graph.repetitions import written_out

NAMES = st.sampled_from([*sorted(LAYERS.keys() - {"broken"}), "no_such_layer"])
PLACE = st.integers(0, 10_000)


def said(result: Inferred) -> tuple:
    problems = [
        (each.kind, str(each.message), each.node, str(each.reason), each.port, each.severity, [str(fix.label) for fix in each.fixes])
        for each in result.problems
    ]
    nodes = result.graph.nodes
    return (
        problems, dict(result.shapes), result.order, [result.params(node) for node in nodes],
        [dict(result.input_shapes(node)) for node in nodes],
    )


class Editing(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.first = Graph()
        self.history = History(self.first)
        self.inferred = infer(self.first, LAYERS)

    @property
    def graph(self) -> Graph:
        return self.history.value

    def pick(self, place: int) -> str:
        ids = list(self.graph.nodes)
        return ids[place % len(ids)]

    def do(self, graph: Graph):
        self.history.apply("edit", graph)

    @rule(layer=NAMES, group=st.sampled_from(["", "a", "a.b"]))
    def add(self, layer, group):
        if len(self.graph) < 14:
            self.do(edit.add_node(self.graph, layer, group=group)[0])

    @precondition(lambda self: len(self.graph))
    @rule(a=PLACE, b=PLACE, out=st.sampled_from(["output", "output", "rest"]), into=st.sampled_from(["input", "inputs", "by"]))
    def connect(self, a, b, out, into):
        self.do(edit.connect(self.graph, Edge(PortRef(self.pick(a), out), PortRef(self.pick(b), into)), replacing=a % 3 == 0))

    @precondition(lambda self: self.graph.edges)
    @rule(a=PLACE)
    def disconnect(self, a):
        self.do(edit.disconnect(self.graph, self.graph.edges[a % len(self.graph.edges)]))

    @precondition(lambda self: len(self.graph))
    @rule(a=PLACE, b=PLACE, reconnect=st.booleans())
    def remove(self, a, b, reconnect):
        self.do(edit.remove_nodes(self.graph, {self.pick(a), self.pick(b)}, reconnect))

    @precondition(lambda self: len(self.graph))
    @rule(a=PLACE, name=st.sampled_from(["kernel", "filters", "channels", "height", "nonsense"]), value=st.sampled_from([0, 1, 3, 40, "x"]))
    def set_param(self, a, name, value):
        self.history.apply("type", edit.set_params(self.graph, self.pick(a), **{name: value}), merge_key=f"{a}.{name}")

    @precondition(lambda self: len(self.graph))
    @rule(a=PLACE, bypassed=st.booleans())
    def bypass(self, a, bypassed):
        self.do(bypass(self.graph, (self.pick(a),), bypassed))

    @precondition(lambda self: len(self.graph))
    @rule(a=PLACE, layer=NAMES)
    def replace(self, a, layer):
        self.do(edit.replace_layer(self.graph, self.pick(a), layer))

    @precondition(lambda self: len(self.graph))
    @rule(a=PLACE, name=st.sampled_from(["stem", "relu1", "conv1", "forward", "a"]))
    def break_name(self, a, name):
        self.do(edit.change_node(self.graph, self.pick(a), name=name))

    @precondition(lambda self: len(self.graph))
    @rule(a=PLACE, b=PLACE)
    def tie(self, a, b):
        if self.pick(a) != self.pick(b):
            self.do(edit.tie(self.graph, self.pick(a), "weight", self.pick(b)))

    @precondition(lambda self: self.graph.edges)
    @rule(a=PLACE, layer=NAMES)
    def insert(self, a, layer):
        self.do(edit.insert_on_edge(self.graph, self.graph.edges[a % len(self.graph.edges)], layer)[0])

    @precondition(lambda self: len(self.graph))
    @rule(a=PLACE, layer=NAMES, before=st.booleans())
    def insert_beside(self, a, layer, before):
        node = self.pick(a)
        self.do(edit.insert_before(self.graph, node, "input", layer)[0] if before else edit.insert_after(self.graph, node, layer)[0])

    @precondition(lambda self: len(self.graph))
    @rule(a=PLACE, b=PLACE)
    def group(self, a, b):
        self.do(edit.group(self.graph, {self.pick(a), self.pick(b)}, "block")[0])

    @precondition(lambda self: any(node.group for node in self.graph))
    @rule(a=PLACE, rename=st.booleans())
    def ungroup(self, a, rename):
        paths = sorted({node.group for node in self.graph if node.group})
        path = paths[a % len(paths)]
        self.do(rename_group(self.graph, path, "renamed") if rename else edit.ungroup(self.graph, path))
        assert rename or not members_of(self.graph, path) or any(node.group.startswith(path) for node in self.graph)

    @precondition(lambda self: any(node.group for node in self.graph))
    @rule(a=PLACE, folded=st.booleans())
    def fold(self, a, folded):
        paths = group_paths(self.graph)
        self.do(fold(self.graph, paths[a % len(paths)], folded))

    @precondition(lambda self: any(node.group for node in self.graph))
    @rule(a=PLACE, times=st.sampled_from([1, 2, 3, 1000]), shared=st.booleans(), passed=st.sampled_from(["", "conv1.input"]))
    def repeat(self, a, times, shared, passed):
        paths = group_paths(self.graph)
        self.do(set_repeat(self.graph, paths[a % len(paths)], times, shared, passed))

    @precondition(lambda self: repeated_paths(self.graph))
    @rule(a=PLACE)
    def write_out(self, a):
        paths = repeated_paths(self.graph)
        if steps_of(self.graph) < 40:
            self.do(written_out(self.graph, [paths[a % len(paths)]]))

    @precondition(lambda self: 0 < len(self.graph) < 10)
    @rule(a=PLACE, b=PLACE, copy=st.booleans())
    def duplicate(self, a, b, copy):
        ids = {self.pick(a), self.pick(b)}
        graph, new = (
            edit.paste_fragment(self.graph, edit.copy_fragment(self.graph, ids), (0.0, 0.0)) if copy else edit.duplicate(self.graph, ids)
        )
        assert len(new) == len(ids)
        self.do(graph)

    @rule(a=PLACE, b=PLACE)
    def fix(self, a, b):
        fixes = [fix for problem in self.inferred.problems for fix in problem.fixes]
        if fixes and len(self.graph) < 20:
            self.do(fixes[(a + b) % len(fixes)].apply(self.graph))

    @rule(some=st.sets(PLACE, max_size=4), whole=st.booleans())
    def arrange(self, some, whole):
        before = self.graph
        chosen = None if whole or not len(before) else {self.pick(place) for place in some}
        after = follow(before, edit.move(before, layout(before, chosen)))
        assert len(remarks_of(after)) == len(remarks_of(before))
        self.do(after)

    @rule(x=PLACE, y=PLACE, kind=st.sampled_from(KINDS))
    def remark(self, x, y, kind):
        if len(remarks_of(self.graph)) < 4:
            self.do(add_remark(self.graph, kind, (x / 20.0, y / 20.0, 300.0, 200.0), "words")[0])

    @precondition(lambda self: remarks_of(self.graph))
    @rule(a=PLACE, gone=st.booleans())
    def change_remark(self, a, gone):
        remarks = remarks_of(self.graph)
        chosen = remarks[a % len(remarks)].id
        self.do(remove_remark(self.graph, chosen) if gone else change_remark(self.graph, chosen, text=str(a), colour="red"))

    @precondition(lambda self: any(node.group for node in self.graph))
    @rule(a=PLACE, b=PLACE)
    def expose(self, a, b):
        path = group_paths(self.graph)[a % len(group_paths(self.graph))]
        member = self.graph[members_of(self.graph, path)[b % len(members_of(self.graph, path))]]
        self.do(expose(self.graph, path, ((member.path[len(path) + 1:], "filters"),)))

    @precondition(lambda self: any(node.group for node in self.graph) and len(self.graph) < 12)
    @rule(a=PLACE, x=PLACE)
    def insert_block(self, a, x):
        paths = group_paths(self.graph)
        block = read_block(block_of(self.graph, paths[a % len(paths)]).dumps())
        graph, new, path = insert_block(self.graph, block, (float(x % 500), 0.0))
        assert members_of(graph, path) == list(new)
        self.do(graph)

    @precondition(lambda self: len(self.graph))
    @rule(a=PLACE, name=st.sampled_from(["stem", "head", "a", "conv1"]))
    def rename(self, a, name):
        node = self.graph[self.pick(a)]
        if name not in taken_names(self.graph, node.group, (node.id,)):
            exposed = {path: len(exposed_of(self.graph, path)) for path in group_paths(self.graph)}
            self.do(edit.rename(self.graph, node.id, name))
            assert exposed == {path: len(exposed_of(self.graph, path)) for path in group_paths(self.graph)}

    @precondition(lambda self: len(self.graph.edges) > 1)
    @rule(a=PLACE, b=PLACE)
    def reorder(self, a, b):
        edges = list(self.graph.edges)
        edges.insert(b % len(edges), edges.pop(a % len(edges)))
        self.do(replace(self.graph, edges=tuple(edges)))

    @rule()
    def undo_all_and_redo_all(self):
        last, steps = self.graph, 0
        while self.history.undo():
            steps += 1
        assert self.graph is self.first
        for _ in range(steps):
            self.history.redo()
        assert self.graph is last

    @rule(times=st.integers(1, 4), forward=st.booleans())
    def back_and_forth(self, times, forward):
        for _ in range(times):
            _ = self.history.redo() if forward else self.history.undo()

    @invariant()
    def inference_that_reuses_equals_inference_from_scratch(self):
        self.inferred = infer(self.graph, LAYERS, previous=self.inferred)
        assert said(self.inferred) == said(infer(self.graph, LAYERS))

    @invariant()
    def every_node_shows_once(self):
        whole = drawn(self.graph)
        assert sorted(whole.members(whole.nodes)) == sorted(self.graph.nodes)
        for path in group_paths(self.graph):
            inner = drawn(self.graph, path)
            assert sorted(inner.members(inner.nodes.keys() - inner.outside)) == sorted(members_of(self.graph, path))

    @invariant()
    def the_file_gives_it_back(self):
        assert loads(dumps(self.graph)) == self.graph

    @invariant()
    def wires_by_node_are_those_of_the_edges(self):
        by_target, by_source = self.graph.wires_by_target(), self.graph.wires_by_source()
        assert by_target == {key: tuple(e for e in self.graph.edges if e.target.node == key) for key in {e.target.node for e in self.graph.edges}}
        assert by_source == {key: tuple(e for e in self.graph.edges if e.source.node == key) for key in {e.source.node for e in self.graph.edges}}

    def teardown(self):
        self.undo_all_and_redo_all()


TestEditing = Editing.TestCase
TestEditing.settings = settings(max_examples=120, stateful_step_count=50, deadline=None)
