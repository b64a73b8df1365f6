"""The contract of every method over every family, planted evidence, attention and states."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from tests.explain.conftest import built, chain, labels_of_rows, text_chain, trained
from workbench.data.prepare import Prepared
from workbench.errors import CatalogueError, GraphError
from workbench.explain import METHODS
from workbench.explain.attention import rollout
from workbench.explain.capture import capture
from workbench.explain.picture import render
from workbench.explain.results import AttentionMaps, FeatureMaps, HeatMap, StateTrace, TokenScores
from workbench.explain.subject import Subject, subject_from_raw, subject_of
from workbench.models.build import Model


def subject_for(family: str, request: pytest.FixtureRequest) -> Subject:
    prepared = request.getfixturevalue("reviews" if family in ("lstm_model", "transformer_model") else "shapes")
    return subject_of(request.getfixturevalue(family), prepared, int(prepared.splits["validation"][3]))


@pytest.mark.parametrize("family", ["shapes_model", "norm_model", "lstm_model", "transformer_model"])
@pytest.mark.parametrize("name", METHODS.names())
def test_contract(name: str, family: str, request: pytest.FixtureRequest) -> None:
    method, subject = METHODS[name], subject_for(family, request)
    assert method.label and method.summary and method.category and method.aliases and method.result
    if not method.fits(subject.model.plan):
        return
    result = method.run(subject)
    kind = {"HeatMap": (HeatMap, TokenScores)}.get(method.result, ())
    assert type(result).__name__ == method.result or isinstance(result, kind)
    facts = result.facts
    assert facts.method == name and facts.passes > 0 and facts.seconds > 0
    assert len(facts.model_hash) == len(facts.input_hash) == 12
    assert (facts.faithfulness is not None) == method.attribution
    for item in dataclasses.fields(result):
        value = getattr(result, item.name)
        arrays = value if isinstance(value, tuple) else value.values() if isinstance(value, dict) else [value]
        assert not any(isinstance(array, torch.Tensor) for array in arrays)
        assert all(np.isfinite(array).all() for array in arrays if isinstance(array, np.ndarray))
    again = method.run(subject).facts
    assert dataclasses.replace(again, seconds=0) == dataclasses.replace(facts, seconds=0)
    picture = render(result)
    assert picture.width > 100 and picture.height > 60
    assert len(picture.resize((64, 64)).getcolors(4096) or []) > 3


def test_methods_fit_the_family(
    shapes_model: Model, lstm_model: Model, transformer_model: Model,
) -> None:
    everywhere = {"saliency", "input_x_gradient", "integrated_gradients", "occlusion"}
    fitting = {name: {method.name for method in METHODS if method.fits(model.plan)} for name, model in (
        ("image", shapes_model), ("lstm", lstm_model), ("transformer", transformer_model),
    )}
    assert fitting == {
        "image": everywhere | {"feature_maps"}, "lstm": everywhere | {"states"},
        "transformer": everywhere | {"attention", "attention_rollout"},
    }


@pytest.mark.parametrize(("name", "pointing", "mass"), [
    ("integrated_gradients", 0.9, 0.4), ("input_x_gradient", 0.85, 0.4), ("occlusion", 0.85, 0.4), ("saliency", 0.0, 0.25),
])
def test_planted_pixels_are_found(name: str, pointing: float, mass: float, shapes: Prepared, shapes_model: Model) -> None:
    rows = shapes.splits["validation"][:40]
    hits, shares, areas = [], [], []
    for row, label in zip(rows, labels_of_rows(shapes, rows), strict=True):
        subject = subject_of(shapes_model, shapes, int(row), target=int(label))
        values = METHODS[name].run(subject, {"faithfulness": False}).values
        deciding = shapes.dataset.deciding(int(row))
        hits.append(deciding.reshape(-1)[values.argmax()])
        shares.append(np.abs(values)[deciding].sum() / np.abs(values).sum())
        areas.append(deciding.mean())
    assert np.mean(areas) < 0.2
    assert np.mean(hits) >= pointing and np.mean(shares) >= mass, (np.mean(hits), np.mean(shares))


def test_planted_pixels_make_faithful_pictures(shapes: Prepared, shapes_model: Model) -> None:
    subjects = [subject_of(shapes_model, shapes, int(row)) for row in shapes.splits["validation"][:12]]
    shares = [METHODS["integrated_gradients"].run(subject).facts.faithfulness for subject in subjects]
    assert np.mean(shares) >= 0.65


def test_planted_words_are_found(reviews: Prepared, vocabulary: int) -> None:
    model = trained(built(text_chain(("lstm", {"units": 16}), vocabulary=vocabulary)), reviews, "text", epochs=4)
    hits, by_chance = [], []
    for row in reviews.splits["validation"][:30]:
        deciding = np.asarray(reviews.dataset.deciding(int(row)))
        subject = subject_of(model, reviews, int(row))
        words = deciding[deciding < len(subject.tokens)]
        if not len(words):
            continue
        values = np.abs(METHODS["integrated_gradients"].run(subject, {"faithfulness": False}).values)
        hits.append(values.argmax() in words)
        by_chance.append(len(words) / len(values))
    assert np.mean(hits) >= 0.6 and np.mean(by_chance) < 0.4, (np.mean(hits), np.mean(by_chance))


def test_attention_rows_add_up_and_equal_the_fused_path(transformer_model: Model, reviews: Prepared) -> None:
    subject = subject_of(transformer_model, reviews, int(reviews.splits["validation"][1]))
    result = METHODS["attention"].run(subject)
    assert isinstance(result, AttentionMaps)
    assert len(result.layers) == len(result.maps) == 2
    for maps in result.maps:
        assert maps.shape == (4, len(subject.tokens), len(subject.tokens))
        np.testing.assert_allclose(maps.sum(-1), 1, atol=1e-5)
        assert maps.std() > 0
    with capture(transformer_model, list(result.layers)) as captured, torch.no_grad():
        captured.model.call(dict(subject.values), dict(subject.lengths))
        for path in result.layers:
            args, kwargs = captured.inputs[path]
            explicit, _ = captured.model.get_submodule(path).explicit(*args, **kwargs)
            torch.testing.assert_close(captured.outputs[path], explicit, atol=1e-5, rtol=0)


def test_attention_of_one_layer_only(transformer_model: Model, reviews: Prepared) -> None:
    subject = subject_of(transformer_model, reviews, 5)
    every = METHODS["attention"].run(subject)
    one = METHODS["attention"].run(subject, {"node": every.layers[1]})
    assert one.layers == every.layers[1:]
    np.testing.assert_array_equal(one.maps[0], every.maps[1])
    with pytest.raises(GraphError, match="no attention layer nothing"):
        METHODS["attention"].run(subject, {"node": "nothing"})


def test_rollout_equals_the_plain_product() -> None:
    random = np.random.default_rng(0)
    maps = tuple(weights / weights.sum(-1, keepdims=True) for weights in random.random((3, 2, 5, 5)))
    expected = np.eye(5)
    for weights in maps:
        expected = (weights.mean(0) / 2 + np.eye(5) / 2) @ expected
    np.testing.assert_allclose(rollout(maps), expected, atol=1e-12)
    np.testing.assert_allclose(rollout(maps).sum(1), 1, atol=1e-12)
    np.testing.assert_allclose(rollout((np.eye(4)[None],)), np.eye(4))


def test_states_are_what_the_layer_computed(lstm_model: Model, reviews: Prepared) -> None:
    subject = subject_of(lstm_model, reviews, int(reviews.splits["validation"][2]))
    result = METHODS["states"].run(subject)
    assert isinstance(result, StateTrace)
    assert set(result.traces) == {"hidden", "cell", "input gate", "forget gate", "cell candidate", "output gate"}
    assert result.tokens == subject.tokens
    with capture(lstm_model, [result.node]) as captured, torch.no_grad():
        captured.model.call(dict(subject.values), dict(subject.lengths))
        output = captured.outputs[result.node][0][0, :, :8].numpy()
    np.testing.assert_allclose(result.traces["hidden"], output, atol=1e-6)
    backwards = METHODS["states"].run(subject, {"reverse": True}).traces["hidden"]
    assert not np.allclose(backwards, output)


def test_feature_maps_are_the_node_output(norm_model: Model, shapes: Prepared) -> None:
    subject = subject_of(norm_model, shapes, 7)
    for node in ("conv1", "max_pool1" if "max_pool1" in dict(norm_model.named_modules()) else "pool1"):
        result = METHODS["feature_maps"].run(subject, {"node": node})
        assert isinstance(result, FeatureMaps) and result.node == node and result.maps.shape[0] == 4
    first = METHODS["feature_maps"].run(subject)
    conv = norm_model.get_submodule("conv1")
    with torch.no_grad():
        np.testing.assert_allclose(first.maps, conv(subject.values["image"])[0].numpy(), atol=1e-6)
    ordered = METHODS["feature_maps"].run(subject, {"ordered": True})
    strength = np.abs(ordered.maps).mean((1, 2))
    assert (np.diff(strength) <= 0).all() and sorted(strength) == pytest.approx(sorted(np.abs(first.maps).mean((1, 2))), rel=1e-4)


def test_dead_channels_are_marked(shapes: Prepared) -> None:
    model = built(chain(
        ("image_input", {"channels": 1, "height": 32, "width": 32}), ("conv2d", {"filters": 3}), ("relu", {}), ("flatten", {}),
        ("linear", {"units": 4}), ("output", {}),
    ))
    with torch.no_grad():
        model.get_submodule("conv1").bias[1] = -1e4
    result = METHODS["feature_maps"].run(subject_of(model, shapes, 0), {"node": "relu1"})
    assert result.dead.tolist() == [False, True, False]


def test_what_gives_no_maps_is_refused(norm_model: Model, shapes: Prepared) -> None:
    subject = subject_of(norm_model, shapes, 0)
    with pytest.raises(GraphError, match="no feature maps"):
        METHODS["feature_maps"].run(subject, {"node": "linear1"})
    with pytest.raises(GraphError, match="no node called"):
        METHODS["feature_maps"].run(subject, {"node": "absent"})
    with pytest.raises(CatalogueError):
        METHODS["saliency"].run(subject, {"seed": -1})


def test_a_drawn_image_and_a_typed_text_are_explained_like_rows(
    shapes_model: Model, shapes: Prepared, lstm_model: Model, reviews: Prepared,
) -> None:
    row = int(shapes.splits["test"][0])
    from_row = subject_of(shapes_model, shapes, row)
    drawn = subject_from_raw(shapes_model, shapes, shapes.dataset.column("image", np.array([row]))[0])
    np.testing.assert_allclose(drawn.logits, from_row.logits, rtol=1e-5, atol=1e-5)
    assert drawn.target_name == from_row.target_name in from_row.labels
    typed = subject_from_raw(lstm_model, reviews, reviews.dataset.column("text", np.array([4]))[0])
    same = subject_of(lstm_model, reviews, 4)
    np.testing.assert_allclose(typed.logits, same.logits, rtol=1e-5, atol=1e-6)
    assert typed.tokens == same.tokens and typed.row == -1 and same.row == 4
    assert METHODS["integrated_gradients"].run(typed).values.shape == (len(typed.tokens),)
    assert subject_from_raw(lstm_model, reviews, "").tokens


def test_models_of_numbers_alone_share_the_decision_out_on_their_columns() -> None:
    from tests.export.conftest import make_model

    model, prepared = make_model("numbers")
    subject = subject_of(model, prepared, 0)
    fitting = {method.name for method in METHODS if method.fits(model.plan)}
    assert subject.logits.shape == (1,) and fitting == {"saliency", "input_x_gradient", "integrated_gradients", "occlusion"}
    scores = METHODS["integrated_gradients"].run(subject)
    assert scores.tokens == tuple(spec.field for spec in model.plan.inputs) and scores.facts.residual < 0.01
