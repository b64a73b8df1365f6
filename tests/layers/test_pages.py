"""Every layer has a page: words in both languages, a picture that fits, a formula that sets, an example that is true."""

from __future__ import annotations

import json
import re
from math import isfinite
from pathlib import Path
from typing import Any

import pytest
import torch

from workbench.graph.shape import Shape
from workbench.layers import LAYERS
from workbench.layers.base import Context
from workbench.layers.figures.curve import Curve
from workbench.layers.figures.formula import Fraction, Script, parse, typeset
from workbench.layers.figures.picture import Box, Label, Picture, bounds
from workbench.layers.figures.picture import Path as Line
from workbench.layers.figures.svg import to_svg
from workbench.layers.guide import example_of, growth_of, page_example, picture_of, rule_of, shown_params, steps_of, words_of
from workbench.models.build import make

NAMES = LAYERS.names()
ROOT = Path(__file__).parents[2]
CHINESE: dict[str, str] = json.loads((ROOT / "resources/translations/zh_CN.json").read_text(encoding="utf-8"))
HERE = Context("id", "node")
STEPS_DRAWN = 5


def pictures(name: str) -> list[Picture]:
    """The first moments of the picture of a layer, in both languages."""
    layer = LAYERS[name]
    example = page_example(layer)
    assert example is not None
    drawn = [picture for step in range(min(STEPS_DRAWN, steps_of(layer))) if (picture := picture_of(layer, None, example.inputs, step)) is not None]
    return drawn + [picture.translated(lambda text: CHINESE.get(text, text)) for picture in drawn]


@pytest.mark.parametrize("name", NAMES)
def test_there_are_words_in_both_languages(name: str) -> None:
    english, chinese = ((ROOT / f"resources/help/layers/{language}/{name}.md").read_text(encoding="utf-8") for language in ("en", "zh_CN"))
    assert words_of(name, "en") == english and words_of(name, "zh_CN") == chinese
    assert "**Use it**" in english and "**Rather not**" in english and 45 <= len(english.split()) <= 160
    assert "**适合**" in chinese and "**不适合**" in chinese and len(re.findall("[\u4e00-\u9fff]", chinese)) >= 60
    assert not re.search("[\u4e00-\u9fff]", english)


def test_no_words_are_left_over() -> None:
    for language in ("en", "zh_CN"):
        assert sorted(path.stem for path in (ROOT / f"resources/help/layers/{language}").glob("*.md")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_stays_within_its_bounds(name: str) -> None:
    drawn = pictures(name)
    assert drawn
    for picture in drawn:
        assert picture.items and 60 <= picture.height <= 260
        for item in picture.items:
            left, top, right, bottom = bounds(item)
            assert all(isfinite(value) for value in (left, top, right, bottom))
            assert left >= -1 and top >= -1 and right <= picture.width + 1 and bottom <= picture.height + 1, item


@pytest.mark.parametrize("name", NAMES)
def test_no_label_lies_on_another(name: str) -> None:
    for picture in pictures(name):
        places = [(label, bounds(label)) for label in picture.labels()]
        for at, (label, first) in enumerate(places):
            for other, second in places[at + 1 :]:
                apart = first[0] >= second[2] - 1 or second[0] >= first[2] - 1 or first[1] >= second[3] - 1.5 or second[1] >= first[3] - 1.5
                assert apart, (label.text, other.text)


@pytest.mark.parametrize("name", NAMES)
def test_the_words_of_pictures_are_translated(name: str) -> None:
    from workbench.text import Text

    for label in (label for picture in pictures(name) for label in picture.labels()):
        assert not isinstance(label.text, Text) or label.text.template in CHINESE, label.text


@pytest.mark.parametrize("name", NAMES)
def test_the_formula_is_set(name: str) -> None:
    formula = LAYERS[name].formula
    picture = typeset(formula, 16, 540)
    letters = "".join(label.text for label in picture.labels())
    assert picture.width <= 600 and picture.height > 10
    kept = set(re.findall(r"[A-Za-z0-9Σαβγμσε]", formula))
    assert kept <= set(letters), formula
    for item in picture.items:
        left, top, _, bottom = bounds(item)
        assert left >= -1 and top >= -2 and bottom <= picture.height + 2, item


@pytest.mark.parametrize("name", NAMES)
def test_the_example_is_true(name: str) -> None:
    layer = LAYERS[name]
    example = page_example(layer)
    assert example is not None
    assert dict(layer.shape(example.params, example.inputs, HERE)) == dict(example.outputs)
    assert example.cost == layer.cost(example.params, example.inputs, example.outputs, 20)
    rule = rule_of(layer, example)
    if rule is not None:
        given = {axis: dim for shape in example.inputs.values() for axis, dim in zip(shape.axes, shape.dims, strict=True)}
        values = {"T": given.get("time", given.get("token", 0)), "H": given.get("height", 0), "W": given.get("width", 0), "D": given.get("depth", 0)}
        known = {name: int(size) for name, size in values.items()}
        for port, shape in rule.outputs.items():
            assert [int(dim.evaluate(known)) for dim in shape.dims[1:]] == [int(dim) for dim in example.outputs[port].dims[1:]]


@pytest.mark.parametrize(
    ("name", "axes", "expected"),
    [
        ("linear", ("feature",), {"macs": 2}), ("conv2d", ("height", "width"), {"parameters": 1, "macs": 4, "kept": 4}),
        ("dot_product_attention", ("token",), {"parameters": 1, "macs": 4}), ("relu", ("height", "width"), {"parameters": 1, "macs": 1, "kept": 4}),
    ],
)
def test_costs_grow_as_is_known(name: str, axes: tuple[str, ...], expected: dict[str, float]) -> None:
    example = page_example(LAYERS[name])
    assert example is not None
    grown = {growth.axes: growth for growth in growth_of(LAYERS[name], example)}
    assert {key: getattr(grown[axes], key) for key in expected} == expected


@pytest.mark.parametrize("name", NAMES)
def test_neighbours_exist(name: str) -> None:
    layer = LAYERS[name]
    assert all(other in LAYERS and other != name for other in layer.related), layer.related
    assert len(layer.related) >= 1 and layer.parse(dict(layer.example)) == shown_params(layer)


@pytest.mark.parametrize("name", [name for name in NAMES if isinstance(LAYERS[name].figure, Curve)])
def test_curves_are_those_of_the_modules(name: str) -> None:
    layer = LAYERS[name]
    figure = layer.figure
    assert isinstance(figure, Curve)
    shape = {"input": Shape.of(feature=81)}
    params = layer.Params()
    module = make(layer.call(params, shape))
    xs = torch.linspace(-figure.reach, figure.reach, 81)
    drawn = torch.tensor([figure.function(float(x), params) for x in xs])
    torch.testing.assert_close(module(xs[None])[0].detach(), drawn, rtol=1e-4, atol=1e-5)


def drawn_with(name: str, **params: Any) -> Picture:
    """The first moment of a picture with these parameters."""
    picture = picture_of(LAYERS[name], params)
    assert picture is not None
    return picture


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("conv2d", {"kernel": 5}), ("conv2d", {"stride": 2}), ("conv2d", {"dilation": 2}), ("conv2d", {"padding": "valid"}),
        ("conv1d", {"padding": "causal"}), ("conv_transpose2d", {"kernel": 3}), ("max_pool2d", {"kernel": 3}), ("self_attention", {"causal": True}),
        ("self_attention", {"key_heads": 2}), ("self_attention", {"positions": "alibi"}), ("lstm", {"bidirectional": True}), ("gru", {"layers": 2}),
        ("transformer_encoder", {"norm": "post"}), ("transformer_encoder", {"activation": "swiglu"}), ("elu", {"alpha": 0.5}),
        ("dropout", {"rate": 0.8}), ("group_norm", {"groups": 2}), ("layer_norm", {"over": "row"}), ("pixel_shuffle", {"factor": 3}),
        ("upsample", {"mode": "bilinear"}), ("slice", {"axis": "channel", "start": 3}), ("select", {"index": 2}), ("split", {"parts": 3}),
        ("reduce", {"how": "max"}), ("mel_spectrogram", {"bands": 8}), ("spectrogram", {"scale": "power"}), ("image_to_sequence", {"steps": "rows"}),
        ("positional_encoding", {"kind": "learned", "maximum_length": 9}), ("residual_block", {"stride": 2}), ("dense_block", {"layers": 2}),
        ("adaptive_max_pool2d", {"size": 2}), ("linear", {"units": 2}), ("expression", {"expression": "input + 1"}), ("conv3d", {"stride": 2}),
    ],
)
def test_a_parameter_changes_the_picture(name: str, params: dict[str, Any]) -> None:
    assert drawn_with(name, **params) != drawn_with(name)


def test_a_window_of_real_numbers() -> None:
    """With a kernel of edges, every output cell is the sum that the drawn input and kernel give."""
    picture = drawn_with("conv2d", padding="valid")
    numbers = [int(label.text.replace("−", "-")) for label in picture.labels() if re.fullmatch(r"−?\d+", label.text)]
    image = torch.tensor(numbers[:25], dtype=torch.float32).reshape(1, 1, 5, 5)
    kernel = torch.tensor(numbers[25:34], dtype=torch.float32).reshape(1, 1, 3, 3)
    assert torch.conv2d(image, kernel).flatten().tolist() == numbers[34:]


@pytest.mark.parametrize(("name", "pool"), [("max_pool2d", torch.max_pool2d), ("average_pool2d", torch.nn.functional.avg_pool2d)])
def test_a_pooling_of_real_numbers(name: str, pool: Any) -> None:
    numbers = [float(label.text) for label in drawn_with(name).labels() if re.fullmatch(r"\d+(\.\d+)?", label.text)]
    side = next(side for side in range(4, 10) if side * side + (side // 2) ** 2 == len(numbers))
    image = torch.tensor(numbers[: side * side]).reshape(1, 1, side, side)
    torch.testing.assert_close(pool(image, 2).flatten(), torch.tensor(numbers[side * side :]), atol=0.051, rtol=0)


def test_extreme_parameters_still_fit() -> None:
    for name, params in (
        ("conv2d", {"kernel": 1024}), ("conv2d", {"stride": 900, "dilation": 50}), ("conv1d", {"kernel": 99, "padding": "causal"}),
        ("self_attention", {"heads": 64}), ("split", {"parts": 60}), ("transformer_encoder", {"layers": 96}),
        ("max_pool2d", {"kernel": 9, "stride": 1}),
        ("dense_block", {"layers": 40}), ("conv_transpose2d", {"kernel": 30, "stride": 9}), ("pixel_shuffle", {"factor": 8}),
        ("expression", {"expression": "softmax(" * 9 + "input" + ", feature)" * 9}), ("adaptive_average_pool2d", {"size": 500}),
    ):
        picture = drawn_with(name, **params)
        for item in picture.items:
            left, top, right, bottom = bounds(item)
            assert left >= -1 and top >= -1 and right <= picture.width + 1 and bottom <= picture.height + 1, (name, item)


def test_the_notation_of_formulas() -> None:
    ((*_, fraction),) = parse("y = (a + b) / √c")
    assert isinstance(fraction, Fraction) and len(fraction.top) == 5
    ((script,),) = parse("x_(i+1)²")
    assert isinstance(script, Script) and script.below and script.above
    assert len(parse("a = b; c = [d; e]")) == 2
    ((*_, share),) = parse("e^x / Σ_j e^(x_j)")
    assert isinstance(share, Fraction) and len(share.bottom) == 2


def test_svg_is_well_formed() -> None:
    from xml.etree import ElementTree

    for name in ("conv2d", "lstm", "self_attention", "relu", "transformer_decoder"):
        text = to_svg(drawn_with(name), title="a < b & c")
        root = ElementTree.fromstring(text)
        assert root.tag.endswith("svg") and len(list(root)) > 10
        assert "prefers-color-scheme:dark" in text


def test_an_example_follows_given_shapes() -> None:
    found = example_of(LAYERS["conv2d"], {"filters": 8, "stride": 2}, {"input": Shape.of(channel=3, height=10, width=12)})
    assert found is not None and str(found.outputs["output"]) == "N × 8 × 5 × 6"
    assert {type(item) for item in drawn_with("max_pool2d").items} == {Box, Line, Label}
