"""What theory demands of attributions, on models small enough to know the answer, and agreement with captum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from workbench.data.base import FieldKind
from workbench.errors import GraphError
from workbench.explain import METHODS
from workbench.explain.evidence import evidence_of
from workbench.explain.method import Watch
from workbench.explain.occlusion import windows
from workbench.explain.results import HeatMap, TokenScores
from workbench.explain.subject import Subject

H, W = 6, 5
QUICK = {"faithfulness": False}


class Pixels(nn.Module):
    """An image model of any function of `(N, 2, H, W)`."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function if isinstance(function, nn.Module) else nn.Module()
        self.run = function

    def call(self, values: dict[str, Tensor], lengths: dict[str, Tensor]) -> dict[str, Tensor]:
        run = self.function if len(list(self.function.parameters())) else self.run
        return {"output": run(values["image"])}


class Words(nn.Module):
    """A linear text model: the mean of one learned vector per token, then a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(12, 3), nn.Linear(3, 2)

    def call(self, values: dict[str, Tensor], lengths: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"output": self.head(self.embed(values["text"]).mean(1))}


def image_subject(model: nn.Module, target: int = 0) -> Subject:
    image = torch.rand(1, 2, H, W, generator=torch.Generator().manual_seed(5))
    blank = (torch.zeros(1, 2, H, W), torch.ones(1, 2, H, W))
    return Subject(model, {"image": image}, input="image", target=target, blank=blank)


def curved() -> nn.Module:
    """A network with biases and curved activations, whose completeness says something."""
    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(2, 4, 3), nn.GELU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 6), nn.Tanh(), nn.Linear(6, 3))


def test_linear_models_are_explained_exactly() -> None:
    weights = torch.randn(2, H, W, generator=torch.Generator().manual_seed(2))
    subject = image_subject(Pixels(lambda image: (image * weights).sum((1, 2, 3))[:, None] + 3))
    exact = (subject.values["image"][0] * weights).sum(0).numpy()
    for name in ("input_x_gradient", "integrated_gradients"):
        np.testing.assert_allclose(METHODS[name].run(subject, QUICK).values, exact, atol=1e-6)
    np.testing.assert_allclose(METHODS["saliency"].run(subject, QUICK).values, weights.abs().amax(0).numpy(), atol=1e-6)
    single = METHODS["occlusion"].run(subject, {**QUICK, "window": 1, "stride": 1}).values
    np.testing.assert_allclose(single, exact, atol=1e-5)


def test_integrated_gradients_add_up() -> None:
    model = Pixels(curved())
    subject = image_subject(model, target=2)
    result = METHODS["integrated_gradients"].run(subject, {**QUICK, "tolerance": 1e-4})
    with torch.no_grad():
        there, nothing = (float(model.function(value)[0, 2]) for value in (subject.values["image"], subject.blank[0]))
    assert abs(result.values.sum() - (there - nothing)) <= 2e-4 * abs(there - nothing) + 1e-6
    assert result.facts.residual is not None and result.facts.residual <= 1e-4
    assert abs(there - nothing) > 1e-3


def test_the_residual_is_reported_where_steps_do_not_suffice() -> None:
    steep = Pixels(lambda image: torch.sigmoid(200 * (image.sum((1, 2, 3)) - 7.3))[:, None])
    result = METHODS["integrated_gradients"].run(image_subject(steep), {**QUICK, "most_steps": 2, "tolerance": 1e-6})
    assert result.facts.residual is not None and result.facts.residual > 0.01


def test_a_pixel_that_does_not_matter_gets_nothing() -> None:
    model = curved()
    blind = Pixels(lambda image: model(torch.cat([torch.zeros_like(image[:, :, :1]), image[:, :, 1:]], 2)))
    for name in ("saliency", "input_x_gradient", "integrated_gradients"):
        values = METHODS[name].run(image_subject(blind), QUICK).values
        assert np.all(values[0] == 0), name
        assert np.abs(values[1:]).max() > 0, name
    values = METHODS["occlusion"].run(image_subject(blind), {**QUICK, "window": 1, "stride": 1}).values
    assert np.abs(values[0]).max() <= 1e-7


def test_pixels_that_do_the_same_get_the_same() -> None:
    both = Pixels(lambda image: torch.tanh(image[:, 0, 0, 0] + image[:, 0, 3, 3])[:, None])
    subject = image_subject(both)
    subject.values["image"][0, 0, 3, 3] = subject.values["image"][0, 0, 0, 0]
    for name in ("saliency", "input_x_gradient", "integrated_gradients"):
        values = METHODS[name].run(subject, QUICK).values
        assert values[0, 0] == pytest.approx(values[3, 3], rel=1e-5) and values[0, 0] != 0


def test_gradients_agree_with_captum_and_with_differences() -> None:
    from captum.attr import InputXGradient, Saliency

    net = curved()
    subject = image_subject(Pixels(net), target=1)
    image = subject.values["image"]
    theirs = Saliency(net).attribute(image.clone().requires_grad_(), target=1).amax(1)[0].numpy()
    np.testing.assert_allclose(METHODS["saliency"].run(subject, QUICK).values, theirs, atol=1e-6)
    theirs = InputXGradient(net).attribute(image.clone().requires_grad_(), target=1).sum(1)[0].detach().numpy()
    np.testing.assert_allclose(METHODS["input_x_gradient"].run(subject, QUICK).values, theirs, atol=1e-6)
    steps = torch.eye(image.numel(), dtype=torch.float64).reshape(-1, *image.shape[1:]) * 1e-5
    double = net.double()
    with torch.no_grad():
        slopes = (double(image.double() + steps) - double(image.double() - steps))[:, 1] / 2e-5
    net.float()
    with evidence_of(subject, Watch()) as evidence:
        ours = evidence.gradients()[0].flatten().double()
    torch.testing.assert_close(ours, slopes, rtol=1e-4, atol=1e-6)


def test_occlusion_agrees_with_captum() -> None:
    from captum.attr import Occlusion

    net = curved()
    subject = image_subject(Pixels(net), target=0)
    theirs = Occlusion(net).attribute(subject.values["image"], (2, 2, 2), strides=(2, 1, 1), target=0, baselines=0)
    ours = METHODS["occlusion"].run(subject, {**QUICK, "window": 2, "stride": 1}).values
    np.testing.assert_allclose(ours, theirs[0, 0].numpy(), atol=1e-5)


def test_windows_cover_everything_and_end_at_the_border() -> None:
    for shape, side, step in (((7, 5), 3, 2), ((8, 8), 2, 1), ((5,), 1, 1), ((1, 1), 3, 1), ((9,), 4, 4)):
        masks = windows(shape, side, step)
        assert masks.any(0).all()
        assert set(masks.sum(1)) == {int(np.prod([min(side, size) for size in shape]))}


def test_linear_texts_are_explained_exactly() -> None:
    torch.manual_seed(4)
    model = Words()
    ids = torch.tensor([[5, 7, 2, 5, 9]])
    subject = Subject(model, {"text": ids}, {"text": torch.tensor([5])}, "text", FieldKind.TEXT, target=1, tokens=tuple("abcde"))
    with torch.no_grad():
        exact = ((model.embed(ids) - model.embed.weight[0]) @ model.head.weight[1] / 5)[0].numpy()
    result = METHODS["integrated_gradients"].run(subject, QUICK)
    assert isinstance(result, TokenScores) and result.tokens == tuple("abcde")
    np.testing.assert_allclose(result.values, exact, atol=1e-6)
    np.testing.assert_allclose(METHODS["occlusion"].run(subject, QUICK).values, exact, atol=1e-6)
    assert result.values[0] == pytest.approx(result.values[3])


def test_texts_without_an_embedding_have_no_gradient_but_can_be_covered() -> None:
    class Counting(nn.Module):
        def call(self, values: dict[str, Tensor], lengths: dict[str, Tensor]) -> dict[str, Tensor]:
            return {"output": values["text"].float().sum(1, keepdim=True)}

    subject = Subject(Counting(), {"text": torch.tensor([[5, 7, 2]])}, {"text": torch.tensor([3])}, "text", FieldKind.TEXT, tokens=tuple("abc"))
    with pytest.raises(GraphError, match="no embedding"):
        METHODS["saliency"].run(subject, QUICK)
    assert METHODS["occlusion"].run(subject, QUICK).values.tolist() == [5, 7, 2]


def test_padding_is_not_explained() -> None:
    torch.manual_seed(4)
    ids = torch.tensor([[5, 7, 2, 0, 0]])
    subject = Subject(Words(), {"text": ids}, {"text": torch.tensor([3])}, "text", FieldKind.TEXT, tokens=tuple("abc"))
    for name in ("saliency", "input_x_gradient", "integrated_gradients", "occlusion"):
        assert METHODS[name].run(subject, QUICK).values.shape == (3,)


def test_the_image_is_shown_as_the_model_sees_it() -> None:
    subject = image_subject(Pixels(curved()))
    result = METHODS["saliency"].run(subject, QUICK)
    assert isinstance(result, HeatMap)
    expected = (subject.values["image"][0].permute(1, 2, 0) * 255).round().byte().numpy()
    np.testing.assert_array_equal(result.image, expected)
