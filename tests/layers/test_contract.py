"""What every layer of the catalogue promises."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from tests.layers.cases import CASES, HERE, LONGEST, ROWS, apply, generated, inputs_of, run, sizes, tensor
from workbench.graph.shape import SEQUENCE_AXES
from workbench.layers import LAYERS
from workbench.layers.base import Family, FromLengths
from workbench.models.build import make

NAMES = LAYERS.names()
ROOT = Path(__file__).parents[2]


@pytest.fixture
def countable_lstm() -> Iterator[None]:
    """Has LSTMs computed by matrix products that torch's counter sees, not by one oneDNN call."""
    enabled = torch._C._get_mkldnn_enabled()
    torch._C._set_mkldnn_enabled(False)
    yield
    torch._C._set_mkldnn_enabled(enabled)


def test_every_layer_has_generated_inputs() -> None:
    assert sorted(CASES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_predicted_shape_is_the_real_shape(name: str) -> None:
    for layer, params, inputs in generated(name, 40):
        predicted = layer.shape(params, inputs, HERE)
        _, results = run(layer, params, inputs, inputs_of(layer, params, inputs), torch.tensor([LONGEST - 2, 1, 4]))
        assert list(results) == list(predicted)
        for port, result in results.items():
            assert list(result.shape) == sizes(predicted[port]), (params, inputs)
            assert str(result.dtype) == f"torch.{predicted[port].dtype}"


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_those_of_the_module(name: str) -> None:
    for layer, params, inputs in generated(name, 15):
        real = {key: tuple(value.shape) for key, value in make(layer.call(params, inputs)).named_parameters()}
        predicted = dict(layer.parameters(params, inputs))
        assert predicted == real
        assert list(predicted) == list(real)
        outputs = layer.shape(params, inputs, HERE)
        expected = 0 if layer.role else sum(torch.Size(shape).numel() for shape in real.values())
        assert layer.cost(params, inputs, outputs).parameters == expected


@pytest.mark.parametrize("name", NAMES)
def test_macs_agree_with_torch(name: str, countable_lstm: None) -> None:
    length = LONGEST - 2
    for layer, params, inputs in generated(name, 8):
        module = make(layer.call(params, inputs)).eval()
        values = inputs_of(layer, params, inputs, rows=1, length=length)
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
            apply(module, layer, params, inputs, values)
        outputs = layer.shape(params, inputs, HERE)
        assert layer.cost(params, inputs, outputs, length).macs == pytest.approx(counter.get_total_flops() / 2, rel=0.01)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_reach_every_parameter_and_input(name: str) -> None:
    for layer, params, inputs in generated(name, 6):
        values = {
            key: value.requires_grad_() if value.is_floating_point() else value
            for key, value in inputs_of(layer, params, inputs).items()
        }
        module, results = run(layer, params, inputs, values)
        loss = sum((value * torch.randn_like(value)).sum() for value in results.values() if value.is_floating_point())
        if not isinstance(loss, torch.Tensor) or not loss.requires_grad:
            assert not layer.differentiable
            continue
        loss.backward()
        for key, parameter in module.named_parameters():
            assert parameter.grad is not None and parameter.grad.isfinite().all() and parameter.grad.any(), key
        assert all(value.grad is not None for value in values.values() if value.is_floating_point()) or not layer.differentiable


@pytest.mark.parametrize("name", NAMES)
def test_a_row_gives_the_same_alone_and_padded(name: str) -> None:
    lengths = [LONGEST - 2, 1, 4]
    tried = 0
    for layer, params, inputs in generated(name, 30):
        if not inputs or not all(shape.ragged and shape.axes[1] in SEQUENCE_AXES for shape in inputs.values()):
            continue
        tried += 1
        values = inputs_of(layer, params, inputs)
        module, together = run(layer, params, inputs, values, torch.tensor(lengths))
        for row, length in enumerate(lengths):
            alone = apply(module, layer, params, inputs, {key: value[row : row + 1, :length] for key, value in values.items()})
            for port, shape in layer.shape(params, inputs, HERE).items():
                axis = shape.sequence_axis
                padded = together[port][row : row + 1]
                padded = padded if axis is None else padded.narrow(axis, 0, sizes(shape, 1, length)[axis])
                torch.testing.assert_close(padded, alone[port], rtol=1e-5, atol=1e-6)
    assert tried or not _takes_ragged(name)


def _takes_ragged(name: str) -> bool:
    return any(shape.ragged for _, _, inputs in generated(name, 30) for shape in inputs.values())


@pytest.mark.parametrize("name", NAMES)
def test_lengths_are_asked_for_where_positions_mix(name: str) -> None:
    """A layer that lets positions of a ragged row see later ones must take the lengths, or refuse the row."""
    for layer, params, inputs in generated(name, 20):
        if not any(shape.ragged for shape in inputs.values()) or layer.causal(params):
            continue
        assert any(isinstance(origin, FromLengths) for origin in layer.call(params, inputs).inputs.values())


@pytest.mark.parametrize("name", NAMES)
def test_causal_layers_do_not_look_ahead(name: str) -> None:
    for layer, params, inputs in generated(name, 30):
        predicted = layer.shape(params, inputs, HERE)
        watched = [port for port, shape in predicted.items() if shape.ragged and shape.sequence_axis is not None]
        before = inputs_of(layer, params, inputs)
        module, first = run(layer, params, inputs, before)
        for changed, shape in inputs.items():
            if not shape.ragged or not watched:
                continue
            later = torch.cat([before[changed][:, :3], tensor(shape, ROWS)[:, 3:]], 1)
            second = apply(module, layer, params, inputs, {**before, changed: later})
            axes = {port: predicted[port].sequence_axis or 0 for port in watched}
            same = all(torch.allclose(first[port].narrow(axis, 0, 3), second[port].narrow(axis, 0, 3), atol=1e-6) for port, axis in axes.items())
            expected = layer.causal_from(params, changed.partition(".")[0])
            steady = any(not other.ragged for other in inputs.values())  # then it may show in a result that has no later positions
            assert same or not expected, (params, changed)
            assert expected or steady or not same, (params, changed)


@pytest.mark.parametrize("name", NAMES)
def test_words(name: str) -> None:
    layer = LAYERS[name]
    assert layer.label and layer.formula and layer.category == layer.family.value
    assert layer.summary.endswith(".") and len(layer.summary) < 130
    assert len(layer.aliases) >= 3 and any(re.search("[\u4e00-\u9fff]", alias) for alias in layer.aliases)
    for key, field in layer.Params.model_fields.items():
        extra = field.json_schema_extra
        assert field.title and field.description and field.description[-1] in ".)", key
        assert isinstance(extra, dict) and set(extra) >= {"unit", "main", "log", "choices"}, key
        if field.annotation in (int, float):
            assert {type(limit).__name__ for limit in field.metadata} & {"Ge", "Gt"}, key
            assert {type(limit).__name__ for limit in field.metadata} & {"Le", "Lt"}, key
    assert isinstance(layer.summary_line(layer.Params()), str)


def test_labels_are_unique_and_families_are_used() -> None:
    assert len({layer.label for layer in LAYERS}) == len(LAYERS)
    assert {layer.family for layer in LAYERS} == set(Family)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Dense", "linear"),
        ("卷积", "conv2d"),
        ("GlobalAveragePooling2D", "global_average_pool"),
        ("MultiHeadAttention", "self_attention"),
        ("BiLSTM", "lstm"),
        ("Gather", "embedding"),
        ("残差", "add"),
        ("位置编码", "positional_encoding"),
    ],
)
def test_other_names_find_a_layer(words: str, name: str) -> None:
    assert name in [layer.name for layer in LAYERS.search(words)]


def test_entries_load_without_torch() -> None:
    code = (
        "import sys; from workbench.layers import LAYERS; [e.Params() for e in LAYERS]; "
        "import workbench.models.plan, workbench.models.source, "
        "workbench.models.cost; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_our_modules_import_torch_and_each_other_alone_and_have_names_of_their_own() -> None:
    seen: dict[str, str] = {}
    for path in sorted((ROOT / "workbench/layers/modules").glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
                assert all(re.match(r"(torch|typing|__future__|workbench\.layers\.modules)\b", name) for name in names), path.name
            elif isinstance(node, ast.ClassDef | ast.FunctionDef):
                assert node.name not in seen, f"{node.name} stands in {path.name} and {seen[node.name]}"
                seen[node.name] = path.name


def test_defaults_are_accepted_by_every_form() -> None:
    for layer in LAYERS:
        raw = layer.Params().model_dump(mode="json")
        assert layer.parse(raw) == layer.Params()
