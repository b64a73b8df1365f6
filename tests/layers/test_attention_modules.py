"""Attention modules: the fused path is the explicit one, against torch and against the papers' formulas."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from workbench.graph.dim import Symbol
from workbench.graph.shape import Shape
from workbench.layers import LAYERS
from workbench.layers.base import Context, LayerProblem
from workbench.layers.modules.attention import CrossAttention, SelfAttention, distance_slopes
from workbench.layers.modules.content_attention import AdditiveAttention, DotProductAttention
from workbench.layers.modules.image_attention import CrossModalAttention, ImageAttention
from workbench.layers.modules.positions import LearnedImagePositions, SinusoidalImagePositions, rotated
from workbench.layers.modules.transformer import DecoderBlock, EncoderBlock, TransformerDecoder

LENGTHS = torch.tensor([6, 1, 4, 9])
VALID = torch.arange(9) < LENGTHS[:, None]


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def rows(steps: int = 9, width: int = 8) -> Tensor:
    return torch.randn(4, steps, width)


OPTIONS = [
    {"causal": causal, "positions": positions, "key_heads": key_heads}
    for causal in (False, True)
    for positions in ("none", "rotary", "alibi")
    for key_heads in (0, 1, 2)
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_self_attention_fused_is_explicit(options: dict[str, Any], lengths: Tensor | None) -> None:
    attention, given = SelfAttention(8, 4, dropout=0.3, **options).eval(), rows()
    output, weights = attention.explicit(given, lengths)
    torch.testing.assert_close(attention(given, lengths), output, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(weights.sum(3), torch.ones(4, 4, 9))
    if lengths is not None:
        assert not weights.permute(0, 3, 1, 2)[~VALID].any()
    assert not options["causal"] or not weights.triu(1).any()


FORMS = {"rows": (4, 7, 8), "image": (4, 8, 3, 2), "vector": (4, 8)}


@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["cross", "grouped", "dot", "luong", "additive"])
def test_attention_to_another_input_fused_is_explicit(kind: str, form: str, lengths: Tensor | None) -> None:
    attention = {
        "cross": CrossAttention(8, 2, dropout=0.3), "grouped": CrossAttention(8, 4, key_heads=2), "dot": DotProductAttention(dropout=0.3),
        "luong": DotProductAttention(scaled=False), "additive": AdditiveAttention(8, 5, 8, dropout=0.3),
    }[kind].eval()
    query, keys = torch.randn(FORMS[form]), rows()
    named = {"keys" if "key" in str(type(attention).forward.__annotations__) else "memory": keys, "lengths": lengths}
    named |= {"query" if "keys" in named else "input": query}
    output, weights = attention.explicit(**named)
    torch.testing.assert_close(attention(**named), output, rtol=1e-5, atol=1e-5)
    assert output.shape == query.shape and weights.shape[2:] == ({"rows": 7, "image": 6, "vector": 1}[form], 9)
    torch.testing.assert_close(weights.sum(3), torch.ones(weights.shape[:3]))
    if lengths is not None:
        assert not weights.permute(0, 3, 1, 2)[~VALID].any()


def test_padding_of_the_memory_changes_nothing() -> None:
    query, keys = rows(7), rows()
    other = torch.where(VALID[:, :, None], keys, 1e3)
    for attention in (CrossAttention(8, 2), AdditiveAttention(8, 5, 8), DotProductAttention()):
        first, second = ({"memory": each} if isinstance(attention, CrossAttention) else {"keys": each} for each in (keys, other))
        name = "input" if isinstance(attention, CrossAttention) else "query"
        torch.testing.assert_close(attention(**{name: query}, **first, lengths=LENGTHS), attention(**{name: query}, **second, lengths=LENGTHS))


def test_cross_attention_is_torch_attention() -> None:
    ours, plain = CrossAttention(8, 2, 6).eval(), nn.MultiheadAttention(8, 2, kdim=6, vdim=6, batch_first=True).eval()
    query, keys = rows(7), rows(width=6)
    key, value = ours.kv.weight.chunk(2)
    plain.load_state_dict({
        "q_proj_weight": ours.query.weight, "k_proj_weight": key, "v_proj_weight": value,
        "in_proj_bias": torch.cat([ours.query.bias, ours.kv.bias]), "out_proj.weight": ours.out.weight, "out_proj.bias": ours.out.bias,
    })
    output, weights = plain(query, keys, keys, key_padding_mask=~VALID, average_attn_weights=False)
    torch.testing.assert_close(ours(query, keys, LENGTHS), output, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(ours.attention_weights(query, keys, LENGTHS), weights, rtol=1e-5, atol=1e-6)


def test_grouped_queries_are_full_attention_with_repeated_keys() -> None:
    grouped, full, given = SelfAttention(8, 4, key_heads=2).eval(), SelfAttention(8, 4).eval(), rows()
    query, key, value = grouped.qkv.weight.split((8, 4, 4))
    repeated = [part.unflatten(0, (2, 2)).repeat_interleave(2, 0).flatten(0, 1) for part in (key, value)]
    biases = grouped.qkv.bias.split((8, 4, 4))
    repeated_biases = [part.unflatten(0, (2, 2)).repeat_interleave(2, 0).flatten() for part in biases[1:]]
    full.load_state_dict({
        "qkv.weight": torch.cat([query, *repeated]), "qkv.bias": torch.cat([biases[0], *repeated_biases]),
        "out.weight": grouped.out.weight, "out.bias": grouped.out.bias,
    })
    torch.testing.assert_close(grouped(given), full(given))


def test_rotary_products_depend_on_the_distance_alone_and_follow_the_formula() -> None:
    one, other = torch.randn(8), torch.randn(8)
    left, right = rotated(one.expand(20, 8)), rotated(other.expand(20, 8))
    products = left @ right.T
    for distance in (0, 3, 7):
        torch.testing.assert_close(products.diagonal(distance), products[0, distance].expand(20 - distance), rtol=1e-4, atol=1e-5)
    pairs = torch.complex(one[:4].double(), one[4:].double())
    angles = torch.arange(20, dtype=torch.float64)[:, None] * 10000.0 ** (-torch.arange(4, dtype=torch.float64) / 4)
    turned = pairs * torch.polar(torch.ones_like(angles), angles)
    torch.testing.assert_close(left, torch.cat([turned.real, turned.imag], 1).float(), rtol=1e-5, atol=1e-5)


def test_alibi_slopes_are_those_of_the_paper() -> None:
    torch.testing.assert_close(distance_slopes(8).flatten(), 2.0 ** -torch.arange(1, 9))
    expected = [2.0 ** -(2 * index) for index in range(1, 5)] + [2.0**-1, 2.0**-3]
    torch.testing.assert_close(distance_slopes(6).flatten(), torch.tensor(expected))
    attention = SelfAttention(8, 2, positions="alibi").eval()
    attention.qkv.weight.data.zero_()
    attention.qkv.bias.data.zero_()
    weights = attention.attention_weights(rows())
    assert weights[0, 0, 0].argmax() == 0 and (weights[0, 0, 0].diff() < 0).all() and not attention.state_dict().get("slopes")


def test_dot_product_attention_is_that_of_torch() -> None:
    query, keys, values = rows(7), rows(), rows(width=3)
    expected = nn.functional.scaled_dot_product_attention(query, keys, values, attn_mask=VALID[:, None])
    torch.testing.assert_close(DotProductAttention()(query, keys, values, LENGTHS), expected)
    plain = (query @ keys.transpose(1, 2)).softmax(2) @ keys
    torch.testing.assert_close(DotProductAttention(scaled=False)(query, keys), plain, rtol=1e-5, atol=1e-5)
    causal = DotProductAttention(causal=True)
    torch.testing.assert_close(causal(keys, keys, values)[:, 0], values[:, 0])


def test_additive_attention_is_the_formula() -> None:
    attention, query, keys, values = AdditiveAttention(8, 5, 6).eval(), torch.randn(4, 6), rows(), rows(width=3)
    state = dict(attention.named_parameters())
    for row in range(4):
        count = int(LENGTHS[row])
        energy = torch.stack([
            state["score.weight"][0] @ torch.tanh(state["from_keys.weight"] @ key + state["from_keys.bias"] + state["from_query.weight"] @ query[row])
            for key in keys[row, :count]
        ])
        expected = energy.softmax(0) @ values[row, :count]
        torch.testing.assert_close(attention(keys, query, values, LENGTHS)[row], expected, rtol=1e-5, atol=1e-6)
    pooled = AdditiveAttention(8, 5).eval()(keys, lengths=LENGTHS)
    assert pooled.shape == (4, 8)
    torch.testing.assert_close(pooled[1], keys[1, 0])


@pytest.mark.parametrize("pre_norm", [True, False])
@pytest.mark.parametrize("activation", ["gelu", "relu"])
def test_decoder_block_is_torch_decoder_layer(pre_norm: bool, activation: str) -> None:
    ours = DecoderBlock(8, 2, 16, 8, pre_norm=pre_norm, activation=activation).eval()
    plain = nn.TransformerDecoderLayer(8, 2, 16, 0.0, activation, batch_first=True, norm_first=pre_norm).eval()
    names = {"norm2": "norm3", "norm3": "norm2", "attention.qkv.": "self_attn.in_proj_", "attention.out": "self_attn.out_proj",
             "cross.out": "multihead_attn.out_proj"}
    state: dict[str, Tensor] = {}
    for key, value in ours.state_dict().items():
        old = next((name for name in names if key.startswith(name)), "")
        if not key.startswith(("cross.query", "cross.kv")):
            state[names.get(old, "") + key.removeprefix(old)] = value
    for part in ("weight", "bias"):
        own = ours.state_dict()
        state[f"multihead_attn.in_proj_{part}"] = torch.cat([own[f"cross.query.{part}"], own[f"cross.kv.{part}"]])
    plain.load_state_dict(state)
    given, memory = rows(7), rows()
    mask = nn.Transformer.generate_square_subsequent_mask(7)
    expected = plain(given, memory, tgt_mask=mask, tgt_is_causal=True, memory_key_padding_mask=~VALID)
    torch.testing.assert_close(ours(given, None, memory, LENGTHS), expected, rtol=1e-5, atol=1e-5)


def test_swiglu_is_the_formula() -> None:
    block, given = EncoderBlock(8, 2, 12, activation="swiglu").eval(), rows()
    assert block.gate is not None
    looked = given + block.attention(block.norm1(given))
    inner = block.norm2(looked)
    expected = looked + block.linear2(nn.functional.silu(block.linear1(inner)) * block.gate(inner))
    torch.testing.assert_close(block(given), expected)


def test_a_decoder_alone_has_no_cross_attention_and_does_not_look_ahead() -> None:
    decoder = TransformerDecoder(8, 2, 16, layers=2).eval()
    given = rows()
    assert not [name for name, _ in decoder.named_parameters() if "cross" in name or "norm3" in name]
    later = torch.cat([given[:, :5], rows(4)], 1)
    torch.testing.assert_close(decoder(given)[:, :5], decoder(later)[:, :5])


@pytest.mark.parametrize("positions", ["none", "sinusoidal", "learned"])
def test_image_attention_is_self_attention_over_positions(positions: str) -> None:
    layer, image = ImageAttention(8, 2, 3, 5, positions).eval(), torch.randn(2, 8, 3, 5)
    placed = layer.positions(image).flatten(2).transpose(1, 2)
    gathered = layer.attention(layer.norm(placed)).transpose(1, 2).reshape(image.shape)
    torch.testing.assert_close(layer(image), image + gathered)
    shuffled = image.flatten(2)[:, :, torch.randperm(15)].reshape(image.shape)
    same = torch.allclose(layer(image).flatten(2).sum(2), layer(shuffled).flatten(2).sum(2), atol=1e-4)
    assert same == (positions == "none")


def test_image_positions_tell_rows_and_columns_apart() -> None:
    waves = SinusoidalImagePositions(6, 4, 5)(torch.zeros(1, 6, 4, 5))[0]
    assert torch.equal(waves[:3, :, 0], waves[:3, :, 4]) and torch.equal(waves[3:, 0], waves[3:, 3])
    assert len({tuple(vector.tolist()) for vector in waves.flatten(1).T}) == 20
    learned = LearnedImagePositions(6, 4, 5)
    torch.testing.assert_close(learned(torch.zeros(1, 6, 4, 5))[0, :, 2, 3], learned.rows[:, 2, 0] + learned.columns[:, 0, 3])


def test_cross_modal_attention_masks_each_side() -> None:
    module, image, words = CrossModalAttention(8, 6, 2).eval(), torch.randn(4, 8, 3, 2), rows(width=6)
    first, second = module(image, words, None, LENGTHS)
    assert first.shape == image.shape and second.shape == words.shape
    for row, length in enumerate(LENGTHS.tolist()):
        alone = module(image[row : row + 1], words[row : row + 1, :length])
        torch.testing.assert_close(first[row : row + 1], alone[0], rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(second[row : row + 1, :length], alone[1], rtol=1e-5, atol=1e-5)


def test_empty_rows_count_as_one_position() -> None:
    lengths, given = torch.tensor([0, 3, 9, 1]), rows()
    for positions in ("none", "rotary", "alibi"):
        assert SelfAttention(8, 2, positions=positions)(given, lengths).isfinite().all()
    assert CrossAttention(8, 2)(given, given, lengths).isfinite().all()
    assert AdditiveAttention(8, 4)(given, lengths=lengths).isfinite().all()
    assert DotProductAttention()(given, given, lengths=lengths).isfinite().all()


def _sequence(width: int, steps: int | None = None) -> Shape:
    return Shape.of(time=steps, feature=width) if steps else Shape.of(token=Symbol("T", maximum=9, ragged=True), feature=width)


IMAGE = Shape.of(channel=6, height=3, width=4)
REFUSED: list[tuple[str, dict[str, Any], dict[str, Shape], str, str, str]] = [
    ("self_attention", {"heads": 4, "key_heads": 3}, {"input": _sequence(8)}, "attention.key-heads", "input", "Use 2 key heads"),
    ("self_attention", {"heads": 4, "positions": "rotary"}, {"input": _sequence(12)}, "attention.rotary-odd", "input", "Use 3 heads"),
    ("cross_attention", {"heads": 4}, {"input": _sequence(6), "memory": IMAGE}, "attention.heads", "input", "Use 3 heads"),
    ("cross_attention", {}, {"input": _sequence(8), "memory": Shape.of("int64", 5, token=4)}, "dtype.needs-numbers", "memory", "Add an Embedding"),
    ("image_attention", {"heads": 4}, {"input": IMAGE}, "attention.heads", "input", "Use 3 heads"),
    ("image_attention", {}, {"input": _sequence(8)}, "shape.needs-image", "input", "Remove subject"),
    ("dot_product_attention", {}, {"query": _sequence(6), "keys": _sequence(8)}, "attention.widths", "query", "Project query to 8 features first"),
    ("dot_product_attention", {}, {"query": IMAGE, "keys": _sequence(8)}, "attention.widths", "query",
     "Bring query to 8 channels with a 1×1 convolution"),
    ("dot_product_attention", {"causal": True}, {"query": _sequence(8, 3), "keys": _sequence(8, 4)}, "attention.causal-positions", "keys",
     "Let every query see all keys"),
    ("additive_attention", {}, {"keys": _sequence(8, 4), "values": _sequence(8, 5)}, "attention.values", "values", ""),
    ("additive_attention", {}, {"keys": Shape.of(feature=8)}, "shape.needs-sequence", "keys", "Remove subject"),
    ("cross_modal_attention", {"heads": 4}, {"first": IMAGE, "second": _sequence(8)}, "attention.heads", "first", "Use 3 heads"),
    ("transformer_decoder", {"heads": 4}, {"input": _sequence(6)}, "attention.heads", "input", "Use 3 heads"),
    ("rotary_positions", {}, {"input": _sequence(7)}, "positions.odd-width", "input", "Project to 8 features first"),
    ("image_positions", {}, {"input": _sequence(7)}, "shape.needs-image", "input", "Remove subject"),
]


@pytest.mark.parametrize(("name", "raw", "inputs", "kind", "port", "fix"), REFUSED)
def test_what_does_not_fit_is_named_and_mended(
    name: str, raw: dict[str, Any], inputs: dict[str, Shape], kind: str, port: str, fix: str
) -> None:
    layer = LAYERS[name]
    with pytest.raises(LayerProblem) as caught:
        layer.shape(layer.parse(raw), inputs, Context("id", "subject"))
    assert (caught.value.kind, caught.value.port) == (kind, port)
    assert "subject" in caught.value.message
    assert (str(caught.value.fixes[0].label) if caught.value.fixes else "") == fix


def test_order_that_comes_in_twice_is_a_warning() -> None:
    layer = LAYERS["self_attention"]
    here = Context("id", "look", {"input": "places"}, {"input": "positional_encoding"})
    (problem,) = layer.warnings(layer.parse({"positions": "alibi"}), {"input": _sequence(8)}, here)
    assert problem.kind == "positions.twice" and "look" in problem.message and "places" in problem.message
    assert not layer.warnings(layer.parse({}), {"input": _sequence(8)}, here)


def test_a_decoder_is_causal_from_its_input_alone() -> None:
    for name in ("cross_attention", "transformer_decoder"):
        layer = LAYERS[name]
        assert layer.causal_from(layer.parse({}), "input") and not layer.causal_from(layer.parse({}), "memory")
