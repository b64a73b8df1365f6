"""What layers say of themselves is true of their modules and their shapes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.layers.cases import HERE, apply, generated, inputs_of
from workbench.data.base import FieldKind
from workbench.graph.shape import Shape
from workbench.layers import LAYERS
from workbench.layers.base import UNRANKED, Family, Layer, LayerProblem
from workbench.models.build import make

NAMES = LAYERS.names()
NOT_HELD_YET = {"audio", "series"}


def width(shape: Shape) -> Any:
    """The channels or features of a shape, or None."""
    return shape.get("channel") or shape.get("feature")


def first(layer: Layer, inputs: dict[str, Shape]) -> Shape | None:
    """What goes into the first input."""
    return next(iter(inputs.values()), None)


def given(name: str, count: int = 20) -> list[tuple[Layer, Any, dict[str, Shape]]]:
    return [case for case in generated(name, count) if case[0].inputs]


@pytest.mark.parametrize("name", NAMES)
def test_inputs_alone_read_fields(name: str) -> None:
    layer = LAYERS[name]
    assert bool(layer.reads) == (layer.role == "input")
    assert not layer.reads or layer.reads in {*FieldKind, *NOT_HELD_YET}


@pytest.mark.parametrize("name", [name for name in NAMES if LAYERS[name].role == "input"])
def test_an_input_takes_the_size_that_it_is_told(name: str) -> None:
    for layer, params, _ in generated(name, 6):
        wanted = layer.input_shape(params)
        assert wanted is not None
        assert layer.input_shape(layer.parse(dict(layer.sized(wanted)))) == wanted


@pytest.mark.parametrize("name", NAMES)
def test_the_width_stays_where_it_is_said_to(name: str) -> None:
    for layer, params, inputs in given(name):
        outputs = list(layer.shape(params, inputs, HERE).values())
        before = first(layer, inputs)
        if layer.keeps_width and outputs and before is not None:
            assert width(outputs[0]) == width(before), (params, inputs)


@pytest.mark.parametrize("name", [name for name in NAMES if LAYERS[name].width_param])
def test_the_width_is_set_by_its_parameter(name: str) -> None:
    for layer, params, inputs in given(name, 8):
        values, needed = params.model_dump(), {port.name for port in layer.input_ports(params) if not port.optional}
        inputs = {port: shape for port, shape in inputs.items() if port in needed}
        for factor in (2, 3):
            more = layer.parse({**values, layer.width_param: values[layer.width_param] * factor})
            now, then = (width(layer.shape(each, inputs, HERE)["output"]) for each in (params, more))
            assert then == now * factor
            assert not layer.weighs or now == values[layer.width_param]


@pytest.mark.parametrize("name", [name for name in NAMES if LAYERS[name].inner_widths])
def test_inner_widths_cost_weights(name: str) -> None:
    for layer, params, inputs in given(name, 4):
        for inner in layer.inner_widths:
            wide, wider = (layer.parse({**params.model_dump(), inner: size}) for size in (16, 32))
            assert layer.parameter_count(wide, inputs) < layer.parameter_count(wider, inputs)


def shifted_sums(name: str) -> list[float]:
    """How far f(a) + f(b) - f(0) is from f(a + b), for each case, in parts of the largest result."""
    found: list[float] = []
    for layer, params, inputs in given(name, 6):
        if not all(shape.dtype.startswith("float") for shape in inputs.values()):
            continue
        module = moved(make(layer.call(params, inputs)).double().eval())
        one, two = inputs_of(layer, params, inputs), inputs_of(layer, params, inputs)
        one, two = ({key: 2 * value.double() for key, value in values.items()} for values in (one, two))
        sums, none = {key: one[key] + two[key] for key in one}, {key: torch.zeros_like(one[key]) for key in one}
        with torch.no_grad():
            results = [list(apply(module, layer, params, inputs, values).values()) for values in (one, two, none, sums)]
        for left, right, base, both in zip(*results, strict=True):
            found.append(float((left + right - base - both).abs().max() / (both.abs().max() + 1e-6)))
    return found


def moved(module: nn.Module) -> nn.Module:
    """Gives every parameter another value, so that what begins as nothing shows."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    return module


@pytest.mark.parametrize("name", [name for name in NAMES if not LAYERS[name].role])
def test_what_bends_nothing_is_a_sum_and_a_shift(name: str) -> None:
    distances = shifted_sums(name)
    if not LAYERS[name].bends:
        assert distances and max(distances) < 1e-6, distances
    elif distances:
        assert max(distances) > 1e-4, distances


@pytest.mark.parametrize("name", [name for name in NAMES if LAYERS[name].weighs])
def test_what_weighs_has_weights_and_bends_nothing(name: str) -> None:
    for layer, params, inputs in given(name, 5):
        assert any(key.endswith("weight") for key in layer.parameters(params, inputs)) and not layer.bends


@pytest.mark.parametrize("name", [name for name in NAMES if LAYERS[name].family == Family.ACTIVATION])
def test_rectifiers_pass_nothing_below_zero(name: str) -> None:
    layer = LAYERS[name]
    dead = True
    for level in (-0.5, -2.0, -5.0):
        shape = {"input": Shape.of(feature=4)}
        params = layer.parse({})
        value = torch.full((2, 4), level, requires_grad=True)
        result: Tensor = apply(make(layer.call(params, shape)), layer, params, shape, {"input": value})["output"]
        (result * torch.arange(1.0, result.shape[1] + 1)).sum().backward()
        dead = dead and not result.any() and value.grad is not None and not value.grad.any()
    assert dead == layer.rectifies


@pytest.mark.parametrize("name", [name for name in NAMES if LAYERS[name].saturates])
def test_what_levels_off_is_flat_at_both_ends(name: str) -> None:
    layer, shape = LAYERS[name], {"input": Shape.of(feature=2)}
    value = torch.tensor([[-40.0, 40.0]], requires_grad=True)
    result: Tensor = apply(make(layer.call(layer.parse({}), shape)), layer, layer.parse({}), shape, {"input": value})["output"]
    result.sum().backward()
    assert value.grad is not None and float(value.grad.abs().max()) < 1e-3 and float((result[0, 1] - result[0, 0]).detach()) > 0.9


@pytest.mark.parametrize("name", [name for name in NAMES if LAYERS[name].family == Family.ACTIVATION])
def test_shares_of_one_of_a_single_number_are_the_same(name: str) -> None:
    layer, shape = LAYERS[name], {"input": Shape.of(feature=4)}
    params, value = layer.parse({}), torch.randn(3, 4)
    one, more = (apply(make(layer.call(params, shape)), layer, params, shape, {"input": each})["output"] for each in (value, value + 1.5))
    assert torch.allclose(one, more, atol=1e-5) == layer.shares_one


@pytest.mark.parametrize("name", [name for name in NAMES if LAYERS[name].takes_last])
def test_what_takes_the_last_place_sees_no_other(name: str) -> None:
    for layer, params, inputs in generated(name, 5):
        values = inputs_of(layer, params, inputs)["input"]
        results = [
            apply(make(layer.call(params, inputs)), layer, params, inputs, {"input": value})["output"] for value in (values, values[:, -1:])
        ]
        assert torch.equal(*results)


@pytest.mark.parametrize("name", NAMES)
def test_rows_mix_in_batch_normalisation_alone(name: str) -> None:
    for layer, params, inputs in generated(name, 3):
        modules = make(layer.call(params, inputs)).modules()
        assert any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in modules) == layer.mixes_rows


@pytest.mark.parametrize("name", [name for name in NAMES if LAYERS[name].family == Family.ATTENTION])
def test_a_layer_that_is_blind_to_order_gives_the_same_in_another(name: str) -> None:
    for layer, params, inputs in given(name, 12):
        shape = inputs.get("input")
        if shape is None or len(inputs) > 1 or shape.rank < 3 or list(layer.shape(params, inputs, HERE).values()) != [shape]:
            continue
        module, values = moved(make(layer.call(params, inputs)).eval()), inputs_of(layer, params, inputs)
        axis = shape.sequence_axis or 3
        turned = values["input"].flip(axis)
        with torch.no_grad():
            plain, other = (apply(module, layer, params, inputs, {"input": value})["output"] for value in (values["input"], turned))
        same = torch.allclose(plain.flip(axis), other, atol=1e-5)
        assert same or not layer.order_blind(params), params
        assert not (same and layer.marks_positions), params


@pytest.mark.parametrize("name", [name for name in NAMES if LAYERS[name].causal_by])
def test_its_parameters_make_it_causal(name: str) -> None:
    assert {layer.causal(params) for layer, params, _ in generated(name, 30)} >= {False}
    for layer, params, _ in generated(name, 10):
        assert layer.causal(layer.parse({**params.model_dump(), **layer.causal_by}))


@pytest.mark.parametrize("name", NAMES)
def test_the_usual_normalisation_fits(name: str) -> None:
    layer = LAYERS[name]
    norm = LAYERS[layer.usual_norm] if layer.usual_norm else None
    for _, params, inputs in generated(name, 6) if norm is not None else ():
        assert norm is not None and norm.family == Family.NORMALISATION
        shape = next(iter(layer.shape(params, inputs, HERE).values()))
        norm.shape(norm.parse({}), {"input": shape}, HERE)


def takes(following: Layer, shape: Shape) -> bool:
    """Whether a layer with its usual parameters takes a shape; one that needs several inputs is not asked."""
    params = following.parse({})
    ports = following.input_ports(params)
    if sum(not port.optional for port in ports) > 1 or ports[0].variadic:
        return True
    try:
        following.shape(params, {ports[0].name: shape}, HERE)
    except LayerProblem:
        return False
    return True


@pytest.mark.parametrize("name", [name for name in NAMES if LAYERS[name].outputs])
def test_what_usually_follows_exists_and_fits(name: str) -> None:
    layer = LAYERS[name]
    following = [LAYERS[other] for other in layer.usually_next]
    shapes = [next(iter(layer.shape(params, inputs, HERE).values())) for _, params, inputs in generated(name, 20)]
    assert following and all(other.role != "input" for other in following)
    assert any(takes(other, shape) for other in following for shape in shapes)


def test_the_layers_used_most_have_a_place() -> None:
    assert LAYERS["image_input"].prominence == 1 and LAYERS["mish"].prominence == UNRANKED
