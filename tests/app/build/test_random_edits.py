"""Random edits of a drawing with groups: the canvas always equals one drawn afresh, and undoing all gives the first drawing."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from workbench.graph.graph import Edge, PortRef
from workbench.graph.grouping import group_paths
from workbench.graph.remarks import KINDS

STEPS = 60


def act(bench: Any, random: Random) -> None:
    page, commands, graph = bench.page, bench.page.commands, bench.graph
    nodes, paths = list(graph.nodes), group_paths(graph)
    some = tuple(random.sample(nodes, min(len(nodes), random.randint(1, 3))))
    acts = [
        lambda: commands.group(some), lambda: commands.ungroup(some), lambda: commands.bypass(some), lambda: commands.duplicate(some[:1]),
        lambda: commands.delete(some[:1], reconnect=True), lambda: commands.add("relu", (random.randint(0, 400), random.randint(0, 400))),
        lambda: commands.nudge(some, 16, 16), lambda: commands.add_after("relu", some[0]), lambda: page.go_to(some[0]), page.levels.leave,
        bench.session.undo, bench.session.redo, lambda: commands.set_param(some[0], "filters", random.randint(0, 9)),
    ]
    place = (random.randint(0, 600), random.randint(0, 600))
    acts += [
        lambda: page.lay_out(), lambda: commands.add_remark(random.choice(KINDS), (*map(float, place), 300.0, 200.0)),
        lambda: commands.add("from_the_future", place), lambda: bench.scene.select((), bench.graph.edges[:2]),
        lambda: commands.move({some[0]: place}), lambda: commands.replace_layer(some[0], random.choice(("relu", "add", "lstm", "nowhere"))),
        lambda: commands.rename(some[0], f"named{random.randint(0, 3)}"),
    ]
    if graph.edges:
        wire = random.choice(graph.edges)
        acts += [
            lambda: commands.add_on_edge("dropout", wire), lambda: commands.disconnect((wire,)), lambda: commands.reorder_wire(wire, 1),
            lambda: commands.connect(Edge(wire.source, PortRef(some[0], "input"))),
            lambda: commands.connect(Edge(wire.source, PortRef(some[0], "inputs"))),
        ]
    fixes = [fix for problem in bench.session.inferred.problems for fix in problem.fixes]
    if fixes and len(nodes) < 40:
        acts.append(lambda: commands.take_repair("fix", random.choice(fixes).apply(graph)))
    if paths:
        path = random.choice(paths)
        acts += [
            lambda: commands.repeat(path, times=random.choice((1, 2, 3)), shared=random.choice((True, False))), lambda: commands.write_out(path),
            lambda: commands.fold(path), lambda: commands.fold(path, False), lambda: page.levels.enter(path),
            lambda: commands.rename_group(path, random.choice(("stem", "head"))), lambda: commands.dissolve(path),
        ]
    if len(nodes) > 2:
        random.choice(acts)()
    else:
        bench.session.undo()


def shown(scene: Any) -> tuple[dict[str, tuple[object, ...]], set[tuple[object, ...]], dict[str, object]]:
    cards = {
        key: (card.rect.getRect(), card.title, card.subtitle, card.inputs, card.outputs, card.count, card.times, card.faint, card.state, card.colour)
        for key, card in scene.cards.items()
    }
    wires = {
        (wire.edge, wire.source.id, wire.leaves, wire.target.id, wire.enters,
         wire.line.p1().toTuple(), wire.line.p2().toTuple(), wire.text, wire.reason, wire.gathers)
        for wire in scene.wires
    }
    return cards, wires, {scene.borders.title(path) + path: box.getRect() for path, box in scene.borders.boxes.items()}


def indexed(scene: Any) -> None:
    """Checks that whatever stands on the canvas is found where it stands."""
    for card in scene.cards.values():
        assert card in scene.cards_in(card.rect)
    for wire in scene.wires:
        assert wire in scene.wires_in(wire.rect())
        assert scene.wire_of(wire.edge) is wire
    assert all(card in scene.cards for card in scene.selected)


@pytest.mark.parametrize("seed", range(6))
def test_the_canvas_equals_one_drawn_afresh(bench: Any, seed: int) -> None:
    random, first = Random(seed), bench.graph
    for _ in range(STEPS):
        act(bench, random)
        bench.page.motion.finish()
        fresh = type(bench.scene)()
        fresh.show_graph(bench.graph, bench.session.inferred, bench.page.commands.layers, bench.page.levels.inside)
        fresh.show_problems(bench.session.inferred.problems)
        assert shown(bench.scene) == shown(fresh)
        indexed(bench.scene)
        fresh.deleteLater()
    while bench.session.history.can_undo:
        bench.session.undo()
    assert bench.graph is first
    assert bench.page.levels.inside == ""


def test_the_entered_group_outlives_a_rebuild(bench: Any) -> None:
    path = bench.page.commands.group(("conv1", "relu1"))
    bench.page.levels.enter(path)
    state = bench.page.page_state()
    bench.page.levels.leave()
    bench.page.restore_state(state)
    assert bench.page.levels.inside == path
