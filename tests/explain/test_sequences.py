"""Attention and states of every layer that has them: what looks at what, under its own names."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from tests.export.test_attention import DRAWINGS, IMAGE, OTHER, QUESTIONS, TEXT, WORDS, drawn
from workbench.data.base import FieldKind
from workbench.errors import GraphError
from workbench.explain import METHODS
from workbench.explain.capture import capture
from workbench.explain.picture import render
from workbench.explain.results import AttentionMaps, StateTrace
from workbench.explain.subject import Subject
from workbench.graph.graph import Graph
from workbench.models.build import build

SAID = ("the", "cat", "sat", "down")
ASKED = ("who", "did", "it")


def subject(graph: Graph) -> Subject:
    """One row with four words of text, padded to six, three of the other text, and an image."""
    torch.manual_seed(0)
    model = build(graph).eval()
    values, lengths = dict[str, torch.Tensor](), dict[str, torch.Tensor]()
    for spec in model.plan.inputs:
        words = {"text": SAID, "other": ASKED}.get(spec.name)
        values[spec.name] = torch.randint(2, 11, (1, 6)) if words else torch.randn(1, 8, 3, 4)
        if words:
            lengths[spec.name] = torch.tensor([len(words)])
    preprocessors = {"other": SimpleNamespace(words=lambda ids: list(ASKED[: len(ids)]))}
    prepared = SimpleNamespace(preprocessors=preprocessors)
    return Subject(model, values, lengths, "text", FieldKind.TEXT, tokens=SAID, output=model.plan.outputs[0].name, prepared=prepared)


@pytest.mark.parametrize("name", DRAWINGS)
def test_every_attention_is_shown_without_padding_and_equals_the_fused_path(name: str) -> None:
    explained = subject(DRAWINGS[name])
    result = METHODS["attention"].run(explained)
    assert isinstance(result, AttentionMaps) and METHODS["attention"].fits(explained.model.plan)
    for index, maps in enumerate(result.maps):
        queries, keys = result.names_of(index)
        assert maps.shape[1:] == (len(queries), len(keys)), result.layers[index]
        np.testing.assert_allclose(maps.sum(-1), 1, atol=1e-5)
    with capture(explained.model, list(result.layers)) as captured, torch.no_grad():
        captured.model.call(dict(explained.values), dict(explained.lengths))
        for path in result.layers:
            args, kwargs = captured.inputs[path]
            explicit, _ = captured.model.get_submodule(path).explicit(*args, **kwargs)
            torch.testing.assert_close(captured.outputs[path], explicit, atol=1e-5, rtol=1e-5)
    assert render(result).width > 100


def names(explained: Subject, node: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    result = METHODS["attention"].run(explained, {"node": node})
    assert isinstance(result, AttentionMaps) and len(result.layers) == 1
    return result.queries, result.keys


def test_queries_and_keys_have_the_names_of_their_own_inputs() -> None:
    texts, modal = subject(DRAWINGS["two texts"]), subject(DRAWINGS["image and text"])
    pixels = tuple(f"{row},{column}" for row in (1, 2, 3) for column in (1, 2, 3, 4))
    assert names(texts, "bahdanau") == (ASKED, SAID)
    assert names(texts, "luong") == (ASKED, SAID)
    assert names(texts, "cross") == (ASKED, SAID)
    assert names(texts, "blocks.blocks.0.attention") == (ASKED, ASKED)
    assert names(texts, "blocks.blocks.1.cross") == (ASKED, SAID)
    assert names(modal, "look") == (pixels, pixels)
    assert names(modal, "both.first") == (pixels, SAID)
    assert names(modal, "both.second") == (SAID, pixels)
    assert names(modal, "pooled") == (("1",), pixels)


def test_a_node_may_hold_several_attentions() -> None:
    result = METHODS["attention"].run(subject(DRAWINGS["two texts"]), {"node": "blocks"})
    assert isinstance(result, AttentionMaps)
    assert result.layers == tuple(f"blocks.blocks.{index}.{part}" for index in (0, 1) for part in ("attention", "cross"))
    assert result.names_of(0) != result.names_of(1) and (result.queries, result.keys) == result.names_of(0)


def test_a_vector_that_looks_is_called_by_its_port() -> None:
    graph = drawn(
        TEXT, WORDS, ("memory", "gru", {"units": 5}, {"input": "words"}),
        ("look", "additive_attention", {}, {"keys": "memory", "query": "memory:hidden"}),
    )
    assert names(subject(graph), "look") == (("query",), SAID)


def test_planted_words_are_looked_at() -> None:
    """A query that equals one key looks at that key most."""
    graph = drawn(
        TEXT, WORDS, OTHER, ("asked", "embedding", {"width": 8}, {"input": "other"}),
        ("look", "dot_product_attention", {"scaled": False}, {"query": "asked", "keys": "words"}),
    )
    explained = subject(graph)
    explained.values["text"][0, :4] = torch.tensor([2, 3, 4, 5])  # type: ignore[index]
    explained.values["other"][0, :3] = torch.tensor([5, 3, 2])  # type: ignore[index]
    directions = torch.nn.functional.normalize(explained.model.words.weight.data, dim=1)
    explained.model.words.weight.data, explained.model.asked.weight.data = directions, directions * 40
    result = METHODS["attention"].run(explained)
    assert isinstance(result, AttentionMaps)
    assert result.maps[0][0].argmax(1).tolist() == [3, 1, 0]


def test_rollout_follows_self_attention_alone() -> None:
    rollout = METHODS["attention_rollout"]
    assert rollout.fits(subject(DRAWINGS["self"]).model.plan)
    explained = subject(DRAWINGS["two texts"])
    with pytest.raises(GraphError, match="look at each other"):
        rollout.run(explained, {"faithfulness": False})
    cross = drawn(TEXT, OTHER, WORDS, QUESTIONS, ("look", "cross_attention", {"heads": 2}, {"input": "words", "memory": "questions"}))
    picture = drawn(IMAGE, ("look", "image_attention", {}, {"input": "image"}))
    assert not rollout.fits(build(cross).plan) and not rollout.fits(build(picture).plan)
    values = rollout.run(subject(DRAWINGS["self"]), {"faithfulness": False}).values
    assert values.shape == (4,) and values.sum() == pytest.approx(1, abs=1e-5)


GATES = {
    "rnn": {"hidden", "from the input", "from the memory"},
    "gru": {"hidden", "reset gate", "update gate", "candidate state"},
    "lstm": {"hidden", "cell", "input gate", "forget gate", "cell candidate", "output gate"},
}


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("reverse", [False, True])
def test_states_are_what_the_layer_computed_also_from_a_state_to_begin_with(kind: str, reverse: bool) -> None:
    params: dict[str, Any] = {"units": 4, "bidirectional": True, "layers": 2}
    begun = {"hidden": "encoder:hidden"} | ({"cell": "encoder:cell"} if kind == "lstm" else {})
    graph = drawn(
        TEXT, OTHER, WORDS, QUESTIONS, ("encoder", kind, params, {"input": "words"}), ("decoder", kind, params, {"input": "questions", **begun}),
    )
    explained = subject(graph)
    for node, tokens in (("encoder", SAID), ("decoder", ASKED)):
        result = METHODS["states"].run(explained, {"node": node, "reverse": reverse})
        assert isinstance(result, StateTrace) and set(result.traces) == GATES[kind] and result.tokens == tokens
        with capture(explained.model, [node]) as captured, torch.no_grad():
            captured.model.call(dict(explained.values), dict(explained.lengths))
            output = captured.outputs[node][0][0, : len(tokens), slice(4, 8) if reverse else slice(0, 4)]
        np.testing.assert_allclose(result.traces["hidden"], output.numpy(), atol=1e-6)
