"""The rules of the doctor, each on a run that has the disease, and silent on one that is well."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from tests.training.conftest import Session, small_project, with_recipe
from workbench.graph.graph import Edge, Graph, Node
from workbench.objectives import Chance
from workbench.project.project import Choice, Project
from workbench.project.remedies import REMEDIES
from workbench.training.doctor import DeadUnits, LossWatch, missing_activations
from workbench.training.engine import Engine
from workbench.training.events import Failed, Finding, Finished

STEPS = 14


def rules(session: Session) -> list[str]:
    return [finding.rule for finding in session.of(Finding)]


def chain(*layers: str) -> Graph:
    nodes = {f"n{index}": Node(f"n{index}", layer, f"{layer}{index}") for index, layer in enumerate(layers)}
    edges = tuple(Edge.between(f"n{index}", f"n{index + 1}") for index in range(len(layers) - 1))
    return Graph(nodes, edges)


def spoil(path: str, value: float, from_step: int) -> Any:
    """Makes one module of the engine's model give a bad number from a step on."""

    def before(engine: Engine) -> None:
        train = engine._train

        def with_hook() -> None:
            def hook(_module: torch.nn.Module, _inputs: object, output: torch.Tensor) -> torch.Tensor:
                return output + value if engine.step >= from_step else output

            engine.model.get_submodule(path).register_forward_hook(hook)
            train()

        engine._train = with_hook  # type: ignore[method-assign]

    return before


def test_a_sound_run_has_no_findings(session: Session, project: Project) -> None:
    session.run(with_recipe(project, epochs=8))
    assert rules(session) == []


@pytest.mark.parametrize(("path", "value", "kind"), [("conv1", float("nan"), "NaN"), ("linear1", float("inf"), "infinite")])
@pytest.mark.parametrize("sees", [True, False], ids=["every step", "once a block"])
def test_the_first_bad_node_is_named(session: Session, project: Project, path: str, value: float, kind: str, sees: bool) -> None:
    names = [node.name for node in project.graph]
    path = next(name for name in names if name.startswith(path.rstrip("1")))

    def before(engine: Engine) -> None:
        spoil(path, value, 9)(engine)
        train = engine._train

        def blind() -> None:
            engine.stepper._sees_losses = sees
            train()

        engine._train = blind  # type: ignore[method-assign]

    run = session.run(project, before=before)
    (finding,) = session.of(Finding)
    assert (finding.rule, finding.step, finding.evidence["node"]) == ("nan", 10, path)
    assert finding.node == project.graph.named(path).id and kind in finding.message  # type: ignore[union-attr]
    assert isinstance(session.outcome, Failed) and "step 10" in session.outcome.message
    assert run.last() is not None and run.last().step <= 9


def test_an_update_that_overflows_is_named_at_its_node(session: Session, project: Project) -> None:
    """Seen one step late, when the loss is NaN and the weights are spoilt; going back and looking at every step says where."""
    wild = with_recipe(project, optimizer=Choice("sgd", {"learning_rate": 1e10, "momentum": 0.0}), schedule=Choice("constant"))
    run = session.run(wild)
    (finding,) = [finding for finding in session.of(Finding) if finding.rule == "nan"]
    assert isinstance(session.outcome, Failed) and session.outcome.message == finding.message
    assert finding.node in [node.id for node in project.graph]
    assert run.last() is not None and run.last().step < finding.step


def test_a_gradient_that_overflows_is_named_at_its_node(session: Session, project: Project) -> None:
    linear = next(node for node in project.graph if node.layer == "linear")

    def before(engine: Engine) -> None:
        train = engine._train

        def with_bad_gradient() -> None:
            def hook(gradient: torch.Tensor) -> torch.Tensor:
                return gradient * float("nan") if engine.step == 6 else gradient

            engine.model.get_submodule(linear.name).weight.register_hook(hook)
            train()

        engine._train = with_bad_gradient  # type: ignore[method-assign]

    session.run(project, before=before)
    (finding,) = session.of(Finding)
    assert (finding.rule, finding.step, finding.node) == ("nan", 7, linear.id)
    assert "gradient" in finding.message


def test_bad_data_is_named_by_field_and_row(session: Session, project: Project) -> None:
    rows = session.prepared.rows("train")

    def before(engine: Engine) -> None:
        train = engine._train

        def with_bad_row() -> None:
            following, bad = engine.supply.following, int(rows[5])

            def spoilt(batches: Any, position: int) -> Any:
                batch_of = following(batches, position)

                def batch(wanted: torch.Tensor) -> Any:
                    found = batch_of(wanted)
                    found.values["image"][wanted == bad] = float("nan")
                    return found

                return batch

            engine.supply.following = spoilt  # type: ignore[method-assign]
            train()

        engine._train = with_bad_row  # type: ignore[method-assign]

    session.run(project, before=before)
    (finding,) = session.of(Finding)
    assert (finding.rule, finding.evidence["field"], finding.evidence["rows"]) == ("nan", "image", [int(rows[5])])


def test_a_run_that_diverges_is_told(session: Session, project: Project) -> None:
    wild = with_recipe(project, epochs=10, optimizer=Choice("sgd", {"learning_rate": 30.0, "momentum": 0.0, "weight_decay": 0.0}),
                       schedule=Choice("one_cycle", {"start": 0.0001}))
    session.run(wild)
    assert "diverging" in rules(session)


def test_loss_watch_knows_running_away_from_noise() -> None:
    well, ill = LossWatch(None, 1000), LossWatch(None, 1000)
    noise = torch.rand(600, generator=torch.Generator().manual_seed(1)).tolist()
    assert not any(well.take(step, 2.3 * 0.99**step + 0.3 * noise[step]) for step in range(600))
    found = [ill.take(step, 2.3 if step < 100 else 2.3 * 1.05 ** (step - 100)) for step in range(300)]
    fired = [finding for finding in found if finding is not None]
    assert [finding.rule for finding in fired] == ["diverging"] and 100 < fired[0].step < 180


def test_a_run_that_stays_at_chance_is_told_and_one_that_learns_is_not(session: Session, project: Project) -> None:
    still = with_recipe(project, epochs=10, optimizer=Choice("sgd", {"learning_rate": 1e-9, "momentum": 0.0}))
    session.run(still)
    assert "stuck-at-chance" in rules(session)
    watch = LossWatch(Chance(0.1, 2.3), 1000)
    assert not any(watch.take(step, 2.35 if step < 60 else 1.0) for step in range(1000))


def test_dead_rectifiers_are_found_with_their_node(session: Session, project: Project) -> None:
    relu = next(node for node in project.graph if node.layer == "relu")
    norm = next(node for node in project.graph if node.layer == "batch_norm2d")

    def before(engine: Engine) -> None:
        train = engine._train

        def with_dead_units() -> None:
            module = engine.model.get_submodule(norm.name)
            module.bias.data[:3] = -100.0
            train()

        engine._train = with_dead_units  # type: ignore[method-assign]

    session.run(with_recipe(project, epochs=2), before=before)
    dead = [finding for finding in session.of(Finding) if finding.rule == "dead-units"]
    assert [(finding.node, finding.evidence["dead"], finding.evidence["units"]) for finding in dead] == [(relu.id, 3, 4)]


def test_looking_for_dead_units_leaves_no_hook() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU())
    watch = DeadUnits(model, {"1": "node"})
    model[0].weight.data.zero_()
    model[0].bias.data.copy_(torch.tensor([1.0, -1.0, -1.0, -1.0]))
    with watch.looking():
        model(torch.ones(5, 3))
    (finding,) = watch.findings(7)
    assert (finding.node, finding.step, finding.evidence["dead"]) == ("node", 7, 3)
    assert not any(module._forward_hooks for module in model.modules())


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        (("image_input", "conv2d", "relu", "flatten", "linear", "output"), []),
        (("image_input", "conv2d", "flatten", "linear", "output"), ["n3"]),
        (("image_input", "flatten", "linear", "dropout", "linear", "relu", "linear", "output"), ["n4"]),
        (("image_input", "conv2d", "batch_norm2d", "conv2d", "output"), ["n3"]),
        (("image_input", "conv2d", "max_pool2d", "conv2d", "output"), []),
    ],
)
def test_two_linear_layers_without_activation(layers: tuple[str, ...], found: list[str]) -> None:
    assert [finding.node for finding in missing_activations(chain(*layers))] == found


def test_a_missing_activation_is_told_when_a_run_begins(session: Session) -> None:
    project = small_project(epochs=1)
    graph = project.graph
    relu = next(node for node in graph if node.layer == "relu")
    from workbench.graph import edit

    bare = edit.remove_nodes(graph, [relu.id], reconnect=True)
    pool = next(node for node in bare if node.layer == "max_pool2d")
    session.run(replace(project, graph=edit.replace_layer(bare, pool.id, "average_pool2d", {})))
    assert "no-activation" in rules(session)
    assert isinstance(session.outcome, Finished)


def test_every_remedy_exists(session: Session) -> None:
    import inspect
    import re

    from workbench.training import autopsy, doctor

    named = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', inspect.getsource(doctor) + inspect.getsource(autopsy)))
    rule_names = {"dead-units", "no-activation", "stuck-at-chance"}
    known = set(REMEDIES) if not hasattr(REMEDIES, "names") else set(REMEDIES.names())
    assert named - rule_names <= known
