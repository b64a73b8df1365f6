"""Looking never changes what is looked at: no hook, no buffer, no gradient, no random number; also after errors and cancels."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch

from tests.explain.conftest import built, text_chain
from workbench.data.prepare import Prepared
from workbench.explain import METHODS, Cancelled
from workbench.explain.capture import capture, frozen_copy
from workbench.explain.subject import subject_of
from workbench.models.build import Model


def hooks_of(model: torch.nn.Module) -> int:
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) + len(module._backward_hooks) for module in model.modules())


def state_of(model: torch.nn.Module) -> dict[str, Any]:
    tensors = {f"state/{name}": value.clone() for name, value in model.state_dict().items()}
    tensors |= {f"grad/{name}": value.grad.clone() for name, value in model.named_parameters() if value.grad is not None}
    modes = {name: module.training for name, module in model.named_modules()}
    needs = {name: value.requires_grad for name, value in model.named_parameters()}
    return {"tensors": tensors, "modes": modes, "needs": needs, "hooks": hooks_of(model)}


def assert_same(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert before["tensors"].keys() == after["tensors"].keys()
    for name, value in before["tensors"].items():
        assert torch.equal(value, after["tensors"][name]), name
    assert {key: before[key] for key in ("modes", "needs", "hooks")} == {key: after[key] for key in ("modes", "needs", "hooks")}


def with_gradients(model: Model, prepared: Prepared, field: str) -> Model:
    batch = prepared.batch(prepared.rows("train")[:8])
    model.train()
    output = next(iter(model.call({field: batch.values[field]}, {k: v for k, v in batch.lengths.items() if k == field}).values()))
    output.square().sum().backward()
    return model


@pytest.mark.parametrize("name", METHODS.names())
@pytest.mark.parametrize("family", ["norm_model", "lstm_model", "transformer_model"])
def test_every_method_leaves_the_model_untouched(name: str, family: str, request: pytest.FixtureRequest) -> None:
    field = "image" if family == "norm_model" else "text"
    prepared = request.getfixturevalue("shapes" if field == "image" else "reviews")
    model = with_gradients(request.getfixturevalue(family), prepared, field)
    if not METHODS[name].fits(model.plan):
        return
    subject = subject_of(model, prepared, int(prepared.splits["validation"][0]))
    before, generators = state_of(model), (torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy())
    METHODS[name].run(subject)
    assert_same(before, state_of(model))
    assert torch.equal(generators[0], torch.get_rng_state())
    assert generators[1] == random.getstate()
    assert np.array_equal(generators[2], np.random.get_state()[1])


def test_training_is_bitwise_the_same_with_and_without_looking(reviews: Prepared, vocabulary: int) -> None:
    def train(looking: bool) -> dict[str, torch.Tensor]:
        model = built(text_chain(("lstm", {"units": 6}), ("dropout", {"rate": 0.3}), vocabulary=vocabulary), seed=3)
        optimizer = torch.optim.AdamW(model.parameters(), 0.01)
        for step, part in enumerate(reviews.rows("train")[:160].split(16)):
            torch.manual_seed(step)
            batch = reviews.batch(part)
            model.train()
            optimizer.zero_grad()
            logits = model(batch.values["text"], lengths=batch.lengths["text"])
            torch.nn.functional.cross_entropy(logits, batch.values["label"]).backward()
            if looking:
                subject = subject_of(model, reviews, int(part[0]), target=1)
                for name in ("integrated_gradients", "states", "occlusion"):
                    METHODS[name].run(subject)
            optimizer.step()
        return model.state_dict()

    plain, watched = train(looking=False), train(looking=True)
    assert all(torch.equal(plain[name], watched[name]) for name in plain)


def test_hooks_are_gone_after_an_error_inside(norm_model: Model) -> None:
    kept: list[torch.nn.Module] = []
    with pytest.raises(RuntimeError, match="inside"), capture(norm_model, ["conv1"]) as captured:
        kept.append(captured.model)
        assert hooks_of(captured.model) == 1
        raise RuntimeError("inside")
    assert hooks_of(kept[0]) == 0


def test_cancelling_ends_a_long_method(norm_model: Model, shapes: Prepared) -> None:
    subject = subject_of(norm_model, shapes, 0, target=0)
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 3

    before = state_of(norm_model)
    with pytest.raises(Cancelled):
        METHODS["occlusion"].run(subject, cancelled=cancelled)
    assert len(asked) == 4
    assert_same(before, state_of(norm_model))


def test_hooks_of_others_are_not_copied(norm_model: Model) -> None:
    seen: list[int] = []

    class Watcher:
        def __call__(self, *_: Any) -> None:
            seen.append(1)

        def __deepcopy__(self, memo: dict[int, Any]) -> Watcher:
            raise AssertionError("whoever watches the model was copied with it")

    handle = norm_model.get_submodule("conv1").register_forward_hook(Watcher())
    try:
        copied = frozen_copy(norm_model)
        copied.call({"image": torch.zeros(1, 1, 32, 32)}, {})
    finally:
        handle.remove()
    assert not seen
    assert not any(module.training for module in copied.modules())


def test_gradients_work_inside_inference_mode(norm_model: Model, shapes: Prepared) -> None:
    subject = subject_of(norm_model, shapes, 0, target=1)
    outside = METHODS["saliency"].run(subject).values
    with torch.inference_mode():
        inside = METHODS["saliency"].run(subject).values
    assert np.array_equal(outside, inside)


def test_a_model_exchanged_in_place_is_what_the_copy_runs(norm_model: Model) -> None:
    copied = frozen_copy(norm_model)
    with torch.no_grad():
        copied.get_submodule("linear1").weight.zero_()
        copied.get_submodule("linear1").bias.fill_(2.0)
        output = copied.call({"image": torch.ones(1, 1, 32, 32)}, {})
    assert torch.equal(next(iter(output.values())), torch.full((1, 4), 2.0))
    assert float(norm_model.get_submodule("linear1").weight.detach().abs().sum()) > 0
