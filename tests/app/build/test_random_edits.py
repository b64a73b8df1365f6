"""Random edits of a drawing with groups: the canvas always equals one drawn afresh, and undoing all gives the first drawing."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from workbench.graph.grouping import group_paths

STEPS = 45


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
    if paths:
        path = random.choice(paths)
        acts += [
            lambda: commands.fold(path), lambda: commands.fold(path, False), lambda: page.levels.enter(path),
            lambda: commands.rename_group(path, random.choice(("stem", "head"))), lambda: commands.dissolve(path),
        ]
    if len(nodes) > 2:
        random.choice(acts)()


def shown(scene: Any) -> tuple[dict[str, tuple[object, ...]], set[tuple[object, ...]]]:
    cards = {
        key: (card.rect.getRect(), card.title, card.subtitle, card.inputs, card.outputs, card.count, card.faint)
        for key, card in scene.cards.items()
    }
    wires = {
        (wire.edge, wire.source.id, wire.leaves, wire.target.id, wire.enters, wire.line.p1().toTuple(), wire.line.p2().toTuple(), wire.text)
        for wire in scene.wires
    }
    return cards, wires


@pytest.mark.parametrize("seed", range(3))
def test_the_canvas_equals_one_drawn_afresh(bench: Any, seed: int) -> None:
    random, first = Random(seed), bench.graph
    for _ in range(STEPS):
        act(bench, random)
        bench.page.motion.finish()
        fresh = type(bench.scene)()
        fresh.show_graph(bench.graph, bench.session.inferred, bench.page.commands.layers, bench.page.levels.inside)
        assert shown(bench.scene) == shown(fresh)
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
