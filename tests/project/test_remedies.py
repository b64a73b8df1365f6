from __future__ import annotations

from dataclasses import replace

import pytest

from workbench.data.open import open_dataset
from workbench.graph import edit
from workbench.project.check import check
from workbench.project.project import Choice, Project
from workbench.project.remedies import REMEDIES, finding_fixes, learning_rate, remedies_for
from workbench.project.starters import STARTERS


@pytest.fixture
def digits() -> Project:
    return STARTERS["digits-cnn"].make()


@pytest.mark.parametrize("name", REMEDIES)
@pytest.mark.parametrize("node", ["", "relu1", "linear1", "no-such-node"])
def test_a_remedy_is_pure_and_leaves_a_project_that_can_be_trained(digits: Project, name: str, node: str) -> None:
    before = replace(digits)
    mended = REMEDIES[name].edit(digits, node)
    assert digits == before
    assert check(mended, open_dataset("sample:digits")).ok
    assert REMEDIES[name].name == name
    assert REMEDIES[name].label and REMEDIES[name].help


@pytest.mark.parametrize("name", [name for name, remedy in REMEDIES.items() if remedy.live])
def test_a_live_remedy_sends_what_the_edit_writes(digits: Project, name: str) -> None:
    remedy = REMEDIES[name]
    assert remedy.live is not None
    mended = remedy.edit(digits, "")
    for change in remedy.live(digits):
        value: object = mended
        for part in change.setting.split("."):
            value = value.params[part] if isinstance(value, Choice) else getattr(value, part)
        assert value == change.value


def test_every_remedy_that_the_doctor_names_exists() -> None:
    import inspect
    import re

    from workbench.training import doctor

    source = inspect.getsource(doctor)
    named = {name for group in re.findall(r"remedies=\(([^)]*)\)", source) for name in re.findall(r'"([a-z-]+)"', group)}
    assert named
    assert named <= REMEDIES.keys()


def test_the_rate_goes_down_and_up(digits: Project) -> None:
    assert learning_rate(REMEDIES["halve-learning-rate"].edit(digits, "")) == learning_rate(digits) / 2
    assert learning_rate(REMEDIES["raise-learning-rate"].edit(digits, "")) == learning_rate(digits) * 3
    plain = replace(digits, recipe=replace(digits.recipe, optimizer=Choice("sgd")))
    assert learning_rate(REMEDIES["lower-learning-rate"].edit(plain, "")) == pytest.approx(0.03)


def test_an_activation_is_put_before_the_second_linear_layer(digits: Project) -> None:
    graph, first = edit.insert_before(digits.graph, "linear1", "input", "linear", {"units": 32})
    flat = replace(digits, graph=graph)
    mended = REMEDIES["insert-activation"].edit(flat, "linear1")
    (wire,) = mended.graph.incoming("linear1")
    assert mended.graph[wire.source.node].layer == "relu"
    assert mended.graph.incoming(wire.source.node)[0].source.node == first


def test_the_rectifier_at_or_after_a_node_is_replaced_and_no_other(digits: Project) -> None:
    for node in ("relu1", "batch_norm1"):
        graph = REMEDIES["replace-relu"].edit(digits, node).graph
        assert (graph["relu1"].layer, graph["relu2"].layer) == ("gelu", "relu")
    graph = REMEDIES["replace-relu-by-silu"].edit(digits, "").graph
    assert (graph["relu1"].layer, graph["relu2"].layer) == ("silu", "silu")


def test_normalisation_is_added_where_there_is_none(digits: Project) -> None:
    assert not REMEDIES["add-normalisation"].applies(digits)
    bare = replace(digits, graph=edit.remove_nodes(digits.graph, ["batch_norm1", "batch_norm2"], reconnect=True))
    graph = REMEDIES["add-normalisation"].edit(bare, "conv2").graph
    assert [node.layer for node in graph].count("batch_norm2d") == 1
    assert check(replace(bare, graph=graph), open_dataset("sample:digits")).ok


def test_a_finding_gets_the_remedies_that_change_something(digits: Project) -> None:
    names = ("clip-gradients", "no-such-remedy", "add-normalisation", "check-labels")
    assert [remedy.name for remedy in remedies_for(names, digits)] == ["clip-gradients", "check-labels"]
    clipped = finding_fixes(names, digits)[0].apply(digits)
    assert clipped.recipe.clip_norm == 1.0
    assert finding_fixes(names, clipped) == ()
