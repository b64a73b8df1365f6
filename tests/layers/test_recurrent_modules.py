"""Recurrent modules against torch and against their own replay."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from workbench.graph.shape import Shape
from workbench.layers import LAYERS
from workbench.layers.base import Context, LayerProblem
from workbench.layers.modules.recurrent import GRU, LSTM, RNN

LENGTHS = torch.tensor([6, 1, 4, 9])
FORMS: list[tuple[type[Any], type[Any], dict[str, Any]]] = [
    (RNN, nn.RNN, {}),
    (RNN, nn.RNN, {"nonlinearity": "relu"}),
    (GRU, nn.GRU, {}),
    (LSTM, nn.LSTM, {}),
]


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def begun(kind: type[Any], width: int) -> dict[str, Tensor]:
    """Random states to begin with."""
    return {name: torch.randn(4, width) for name in (("hidden", "cell") if kind is LSTM else ("hidden",))}


@pytest.mark.parametrize(("kind", "plain", "more"), FORMS)
def test_it_is_the_layer_of_torch(kind: type[Any], plain: type[Any], more: dict[str, Any]) -> None:
    ours = kind(8, 5, 2, bidirectional=True, **more).eval()
    theirs = plain(8, 5, 2, bidirectional=True, batch_first=True, **more).eval()
    theirs.load_state_dict(ours.state_dict())
    rows, states = torch.randn(4, 9, 8), begun(kind, 10)
    full = [torch.stack([value[:, :5], value[:, 5:]] * 2) for value in states.values()]
    output, last = theirs(rows, tuple(full) if kind is LSTM else full[0])
    mine = ours(rows, None, **states)
    torch.testing.assert_close(mine[0], output)
    for own, other in zip(mine[1:], last if kind is LSTM else (last,), strict=True):
        torch.testing.assert_close(own, torch.cat([other[2], other[3]], 1))
    assert torch.equal(ours(rows)[0], theirs(rows)[0])


@pytest.mark.parametrize(("kind", "plain", "more"), FORMS)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("given_states", [False, True])
def test_the_replay_is_the_layer(
    kind: type[Any], plain: type[Any], more: dict[str, Any], reverse: bool, layer: int, lengths: Tensor | None, given_states: bool
) -> None:
    whole = kind(8, 5, 2, bidirectional=True, **more).eval()
    below = kind(8, 5, layer + 1, bidirectional=True, **more).eval()
    below.load_state_dict({key: value for key, value in whole.state_dict().items() if key in below.state_dict()})
    rows, states = torch.randn(4, 9, 8), begun(kind, 10) if given_states else {}
    output, *last = below(rows, lengths, **states)
    trace = whole.trace(rows, lengths, **states, layer=layer, reverse=reverse)
    own = slice(5, 10) if reverse else slice(0, 5)
    torch.testing.assert_close(trace["hidden"], output[:, :, own], rtol=1e-5, atol=1e-6)
    end = torch.zeros(4, dtype=torch.int64) if reverse else (torch.full((4,), 9) if lengths is None else lengths) - 1
    for name, value in zip(("hidden", "cell"), last, strict=False):
        torch.testing.assert_close(trace[name][torch.arange(4), end], value[:, own], rtol=1e-5, atol=1e-6)


def test_gru_gates_obey_the_equations_and_are_zero_in_the_padding() -> None:
    trace = GRU(8, 5).eval().trace(torch.randn(4, 9, 8), LENGTHS)
    assert set(trace) == {"hidden", "reset_gate", "update_gate", "candidate"}
    before = torch.cat([torch.zeros(4, 1, 5), trace["hidden"][:, :-1]], 1)
    valid = torch.arange(9) < LENGTHS[:, None]
    hidden = trace["update_gate"] * before + (1 - trace["update_gate"]) * trace["candidate"]
    torch.testing.assert_close(trace["hidden"], hidden * valid[:, :, None])
    assert all(not value[~valid].any() and not value.requires_grad for value in trace.values())


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_rnn_parts_add_up(nonlinearity: str) -> None:
    trace = RNN(8, 5, nonlinearity=nonlinearity).eval().trace(torch.randn(4, 9, 8))
    total = trace["from_input"] + trace["from_memory"]
    torch.testing.assert_close(trace["hidden"], total.tanh() if nonlinearity == "tanh" else total.relu())


@pytest.mark.parametrize(("kind", "plain", "more"), FORMS)
def test_empty_rows_and_padding_that_is_not_a_number(kind: type[Any], plain: type[Any], more: dict[str, Any]) -> None:
    rows, lengths = torch.randn(4, 9, 8), torch.tensor([0, 3, 9, 1])
    rows[torch.arange(9) >= lengths.clamp(min=1)[:, None]] = float("nan")
    assert all(value.isfinite().all() for value in kind(8, 4, bidirectional=True, **more)(rows, lengths))


HERE = Context("id", "decoder", {"input": "embed", "hidden": "encoder"}, {"input": "embedding", "hidden": "lstm"})


@pytest.mark.parametrize(
    ("state", "kind", "labels"),
    [
        (Shape.of(feature=12), "recurrent.state-size", ["Use 6 units", "Project the state to 8 features first"]),
        (Shape.of(feature=7), "recurrent.state-size", ["Project the state to 8 features first"]),
        (Shape.of(time=5, feature=8), "recurrent.state-axes", ["Average over time first", "Take the last position first"]),
        (Shape.of(channel=8, height=4, width=4), "recurrent.state-axes", ["Average over the image first"]),
    ],
)
def test_a_state_that_does_not_fit_is_named(state: Shape, kind: str, labels: list[str]) -> None:
    layer = LAYERS["gru"]
    with pytest.raises(LayerProblem) as caught:
        layer.shape(layer.parse({"units": 4, "bidirectional": True}), {"input": Shape.of(time=5, feature=3), "hidden": state}, HERE)
    assert (caught.value.kind, caught.value.port) == (kind, "hidden")
    assert "decoder" in caught.value.message and "encoder" in caught.value.message
    assert [str(fix.label) for fix in caught.value.fixes][: len(labels)] == labels


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_kept_activations_are_those_of_torch(kind: str) -> None:
    from workbench.models.build import make

    layer, inputs = LAYERS[kind], {"input": Shape.of(time=32, feature=32)}
    params = layer.parse({"units": 64})
    module, rows, kept = make(layer.call(params, inputs)), torch.randn(4, 32, 32, requires_grad=True), dict[int, int]()
    others = {rows.untyped_storage().data_ptr(), *(value.untyped_storage().data_ptr() for value in module.parameters())}

    def keep(value: Tensor) -> Tensor:
        kept[value.untyped_storage().data_ptr()] = value.untyped_storage().nbytes()
        return value

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value):
        module(rows, torch.full((4,), 32))
    real = sum(size for place, size in kept.items() if place not in others) / 4 / 4
    assert layer.cost(params, inputs, layer.shape(params, inputs, HERE)).inside == pytest.approx(real, rel=0.15)
