"""Every method looks into a model that is made of formulas, and finds the same as in the same model made of layers."""

from __future__ import annotations

import numpy as np
import pytest

from tests.explain.conftest import built, chain, text_chain
from workbench.data.prepare import Prepared
from workbench.explain import METHODS
from workbench.explain.subject import subject_of
from workbench.models.build import Model

GATED = {"expression": "input * sigmoid(gain * input)", "parameters": "gain: channel = ones"}
MEAN = {"expression": "mean(input, height, width)"}
WEIGHED = {"expression": "input + sum(input * softmax(input @ score, token), token, keep=True)", "parameters": "score: inner 16, feature 16 = xavier"}


def pictures(*middle: tuple[str, dict[str, str]]) -> Model:
    image = ("image_input", {"channels": 1, "height": 32, "width": 32})
    graph = chain(image, ("conv2d", {"filters": 6}), *middle, ("linear", {"units": 4}), ("output", {}))
    return built(graph).eval()


@pytest.mark.parametrize("name", METHODS.names())
def test_every_method_works_on_formulas(name: str, shapes: Prepared, reviews: Prepared, vocabulary: int) -> None:
    texts = built(text_chain(("expression", WEIGHED), vocabulary=vocabulary)).eval()
    for model, prepared in ((pictures(("expression", GATED), ("expression", MEAN)), shapes), (texts, reviews)):
        method = METHODS[name]
        if method.fits(model.plan):
            facts = method.run(subject_of(model, prepared, int(prepared.splits["validation"][3]))).facts
            assert facts.passes > 0


@pytest.mark.parametrize("name", ["saliency", "input_x_gradient", "integrated_gradients", "occlusion"])
def test_a_formula_is_explained_as_the_layer_that_computes_the_same(name: str, shapes: Prepared) -> None:
    layers = pictures(("silu", {}), ("global_average_pool", {}))
    formulas = pictures(("expression", {"expression": "input * sigmoid(input)"}), ("expression", MEAN))
    assert all((one == two).all() for one, two in zip(layers.parameters(), formulas.parameters(), strict=True))
    row = int(shapes.splits["validation"][5])
    one, two = (METHODS[name].run(subject_of(model, shapes, row), {"faithfulness": False}).values for model in (layers, formulas))
    np.testing.assert_allclose(one, two, atol=1e-5)
