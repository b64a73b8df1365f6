"""Our own torch modules against independent computations."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from workbench.graph.shape import Shape
from workbench.layers import LAYERS
from workbench.layers.convolution import Conv2dParams
from workbench.layers.modules.attention import SelfAttention
from workbench.layers.modules.over_time import LastOverTime, MaxOverTime, MeanOverTime
from workbench.layers.modules.pooling import MinPool2d
from workbench.layers.modules.positions import LearnedPositions, SinusoidalPositions
from workbench.layers.modules.recurrent import LSTM
from workbench.layers.modules.transformer import EncoderBlock, TransformerEncoder
from workbench.models.build import make

LENGTHS = torch.tensor([6, 1, 4, 9])
GATES = {"hidden", "cell", "input_gate", "forget_gate", "cell_candidate", "output_gate"}


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def rows(width: int = 8) -> Tensor:
    """Four rows of nine steps."""
    return torch.randn(4, 9, width)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("layer", [0, 1, 2])
@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_lstm_trace_is_the_lstm(layer: int, reverse: bool, lengths: Tensor | None) -> None:
    lstm = LSTM(8, 5, num_layers=3, bidirectional=True).eval()
    given = rows()
    below = LSTM(8, 5, num_layers=layer + 1, bidirectional=True).eval()
    below.load_state_dict({key: value for key, value in lstm.state_dict().items() if key in below.state_dict()})
    output, hidden, cell = below(given, lengths)
    trace = lstm.trace(given, lengths, layer=layer, reverse=reverse)
    own = slice(5, 10) if reverse else slice(0, 5)
    torch.testing.assert_close(trace["hidden"], output[:, :, own], rtol=1e-5, atol=1e-6)
    last = torch.zeros(4, dtype=torch.int64) if reverse else (torch.full((4,), 9) if lengths is None else lengths) - 1
    torch.testing.assert_close(trace["cell"][torch.arange(4), last], cell[:, own], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(trace["hidden"][torch.arange(4), last], hidden[:, own], rtol=1e-5, atol=1e-6)


def test_lstm_trace_obeys_the_equations_and_is_zero_in_the_padding() -> None:
    lstm = LSTM(8, 5).eval()
    trace = lstm.trace(rows(), LENGTHS)
    assert set(trace) == GATES and all(value.shape == (4, 9, 5) for value in trace.values())
    before = torch.cat([torch.zeros(4, 1, 5), trace["cell"][:, :-1]], 1)
    valid = torch.arange(9) < LENGTHS[:, None]
    cell = trace["forget_gate"] * before + trace["input_gate"] * trace["cell_candidate"]
    torch.testing.assert_close(trace["cell"], cell * valid[:, :, None])
    torch.testing.assert_close(trace["hidden"], trace["output_gate"] * trace["cell"].tanh())
    assert all(not value[~valid].any() for value in trace.values())
    assert not any(value.requires_grad for value in trace.values())


def test_lstm_without_lengths_is_torch_lstm() -> None:
    ours, plain = LSTM(8, 5, 2, bidirectional=True).eval(), nn.LSTM(8, 5, 2, bidirectional=True, batch_first=True).eval()
    plain.load_state_dict(ours.state_dict())
    given = rows()
    output, (hidden, cell) = plain(given)
    mine = ours(given)
    assert torch.equal(mine[0], output)
    assert torch.equal(mine[1], torch.cat([hidden[2], hidden[3]], 1)) and torch.equal(mine[2], torch.cat([cell[2], cell[3]], 1))
    assert not output.isnan().any()


def test_an_empty_row_counts_as_one_step() -> None:
    lengths = torch.tensor([0, 3, 9, 1])
    given = rows()
    for module in (LSTM(8, 4), SelfAttention(8, 2), MeanOverTime(), MaxOverTime(), LastOverTime(), TransformerEncoder(8, 2, 16)):
        result = module.eval()(given, lengths)
        for value in result if isinstance(result, tuple) else (result,):
            assert value.isfinite().all(), type(module).__name__


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_fused_attention_is_explicit_attention(causal: bool, lengths: Tensor | None) -> None:
    attention = SelfAttention(8, 2, causal=causal, dropout=0.3).eval()
    given = rows()
    output, weights = attention.explicit(given, lengths)
    valid = torch.arange(9) < (torch.full((4,), 9) if lengths is None else lengths)[:, None]
    torch.testing.assert_close(attention(given, lengths)[valid], output[valid], rtol=1e-5, atol=1e-5)
    assert torch.equal(weights, attention.attention_weights(given, lengths))
    torch.testing.assert_close(weights.sum(3), torch.ones(4, 2, 9))
    assert not weights.transpose(2, 3).permute(0, 2, 1, 3)[~valid].any()
    if causal:
        assert not weights.triu(1).any()


def test_attention_is_torch_attention() -> None:
    ours, plain = SelfAttention(8, 2).eval(), nn.MultiheadAttention(8, 2, batch_first=True).eval()
    plain.load_state_dict(
        {
            "in_proj_weight": ours.qkv.weight,
            "in_proj_bias": ours.qkv.bias,
            "out_proj.weight": ours.out.weight,
            "out_proj.bias": ours.out.bias,
        }
    )
    given = rows()
    padded = torch.arange(9) >= LENGTHS[:, None]
    output, weights = plain(given, given, given, key_padding_mask=padded, average_attn_weights=False)
    torch.testing.assert_close(ours(given, LENGTHS)[~padded], output[~padded], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(ours.attention_weights(given, LENGTHS), weights, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("pre_norm", [True, False])
def test_encoder_block_is_torch_encoder_layer(pre_norm: bool) -> None:
    ours = EncoderBlock(8, 2, 16, pre_norm=pre_norm).eval()
    plain = nn.TransformerEncoderLayer(8, 2, 16, 0.0, "gelu", batch_first=True, norm_first=pre_norm).eval()
    names = {
        "attention.qkv.weight": "self_attn.in_proj_weight",
        "attention.qkv.bias": "self_attn.in_proj_bias",
        "attention.out.weight": "self_attn.out_proj.weight",
        "attention.out.bias": "self_attn.out_proj.bias",
    }
    plain.load_state_dict({names.get(key, key): value for key, value in ours.state_dict().items()})
    padded = torch.arange(9) >= LENGTHS[:, None]
    given = rows()
    torch.testing.assert_close(
        ours(given, LENGTHS)[~padded], plain(given, src_key_padding_mask=padded)[~padded], rtol=1e-5, atol=1e-5
    )


def test_dropout_of_attention_works_in_training_alone() -> None:
    attention, given = SelfAttention(8, 2, dropout=0.5), rows()
    assert not torch.equal(attention(given), attention(given))
    attention.eval()
    assert torch.equal(attention(given), attention(given))


def test_sinusoidal_positions_follow_the_formula() -> None:
    added = SinusoidalPositions(6, 20)(torch.zeros(1, 20, 6))[0]
    for position in (0, 1, 19):
        for pair in range(3):
            angle = position / 10000 ** (2 * pair / 6)
            assert added[position, 2 * pair].item() == pytest.approx(math.sin(angle), abs=1e-6)
            assert added[position, 2 * pair + 1].item() == pytest.approx(math.cos(angle), abs=1e-6)
    assert not SinusoidalPositions(6, 20).state_dict()
    assert SinusoidalPositions(5, 20)(torch.zeros(2, 3, 5)).shape == (2, 3, 5)


def test_learned_positions_are_added() -> None:
    module, given = LearnedPositions(8, 20), rows()
    assert torch.equal(module(given), given + module.weight[:9])


def test_pooling_over_time_counts_valid_positions_only() -> None:
    given = rows()
    given[torch.arange(9) >= LENGTHS[:, None]] = 1e6
    expected = [given[row, :length] for row, length in enumerate(LENGTHS.tolist())]
    torch.testing.assert_close(MeanOverTime()(given, LENGTHS), torch.stack([row.mean(0) for row in expected]))
    assert torch.equal(MaxOverTime()(given, LENGTHS), torch.stack([row.amax(0) for row in expected]))
    assert torch.equal(LastOverTime()(given, LENGTHS), torch.stack([row[-1] for row in expected]))


def test_min_pool_is_the_minimum_of_each_window() -> None:
    image = torch.randn(2, 3, 6, 6)
    windows = image.unfold(2, 2, 2).unfold(3, 2, 2)
    assert torch.equal(MinPool2d(2)(image), windows.amin((4, 5)))


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize(("kernel", "dilation"), [((2, 2), 1), ((4, 3), 1), ((2, 5), 3), ((4, 1), 2)])
def test_even_windows_are_padded_as_torch_does(kernel: tuple[int, int], dilation: int) -> None:
    params = Conv2dParams(filters=4, kernel=kernel[0], kernel_width=kernel[1], dilation=dilation)
    image = torch.randn(2, 3, 9, 8)
    ours = make(LAYERS["conv2d"].call(params, {"input": Shape.of(channel=3, height=9, width=8)}))
    plain = nn.Conv2d(3, 4, kernel, padding="same", dilation=dilation)
    plain.load_state_dict(ours.state_dict())
    torch.testing.assert_close(ours(image), plain(image))
    assert list(ours.state_dict()) == ["weight", "bias"]


def test_padding_that_is_not_a_number_does_not_spread() -> None:
    given = rows()
    given[torch.arange(9) >= LENGTHS[:, None]] = float("nan")
    for module in (MeanOverTime(), MaxOverTime(), LastOverTime(), LSTM(8, 4)):
        result = module(given, LENGTHS)
        for value in result if isinstance(result, tuple) else (result,):
            assert value.isfinite().all(), type(module).__name__
