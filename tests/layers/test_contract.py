"""What every layer of the catalogue promises."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.layers.cases import CASES, LONGEST, generated, inputs_of, run
from workbench.export.checking import checks, traits, words
from workbench.export.checking.sampling import trials_of
from workbench.export.checking.trials import Trial
from workbench.graph.shape import SEQUENCE_AXES
from workbench.layers import LAYERS
from workbench.layers.base import Family

NAMES = LAYERS.names()
ROOT = Path(__file__).parents[2]


def test_every_layer_has_generated_inputs() -> None:
    assert sorted(CASES) == NAMES


def trials(name: str, count: int) -> list[Trial]:
    """Returns generated trials of a layer."""
    return [Trial(*case) for case in generated(name, count)]


@pytest.mark.parametrize("name", NAMES)
def test_predicted_shape_is_the_real_shape(name: str) -> None:
    checks.check_shapes(trials(name, 40))


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_those_of_the_module(name: str) -> None:
    checks.check_parameters(trials(name, 15))


@pytest.mark.parametrize("name", NAMES)
def test_macs_agree_with_torch(name: str) -> None:
    checks.check_macs(trials(name, 8))


@pytest.mark.parametrize("name", NAMES)
def test_gradients_reach_every_parameter_and_input(name: str) -> None:
    checks.check_gradients(trials(name, 6))


@pytest.mark.parametrize("name", NAMES)
def test_a_row_gives_the_same_alone_and_padded(name: str) -> None:
    tried = trials(name, 30)
    checks.check_rows(tried)
    even = [trial for trial in tried if all(shape.ragged and shape.axes[1] in SEQUENCE_AXES for shape in trial.inputs.values())]
    assert even or not any(shape.ragged for trial in tried for shape in trial.inputs.values())


@pytest.mark.parametrize("name", NAMES)
def test_ordinary_numbers_give_numbers(name: str) -> None:
    """The checks take a result that is no number for equal to itself, as a logarithm of one's own may give; the catalogue gives none."""
    for layer, params, inputs in generated(name, 15):
        lengths = torch.tensor([LONGEST - 2, 1, 4])
        _, results = run(layer, params, inputs, inputs_of(layer, params, inputs), lengths)
        assert not any(value.isnan().any() for value in results.values()), (params, inputs)


@pytest.mark.parametrize("name", NAMES)
def test_lengths_are_asked_for_where_positions_mix(name: str) -> None:
    checks.check_lengths(trials(name, 20))


@pytest.mark.parametrize("name", NAMES)
def test_causal_layers_do_not_look_ahead(name: str) -> None:
    checks.check_causal(trials(name, 30))


@pytest.mark.parametrize("name", NAMES)
def test_running_changes_nothing_but_the_result(name: str) -> None:
    checks.check_purity(trials(name, 6))


@pytest.mark.parametrize("name", NAMES)
def test_what_it_says_of_itself_is_true(name: str) -> None:
    traits.check_traits(trials(name, 12))


@pytest.mark.parametrize("name", NAMES)
def test_any_layer_can_be_tried_without_knowing_it(name: str) -> None:
    """What `check-layer` draws from ports and ranges alone fits every layer; the words hold for all."""
    layer = LAYERS[name]
    words.check_words(layer)
    words.check_ranges(layer)
    assert layer.role or len(trials_of(layer, 4)) >= 2


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
