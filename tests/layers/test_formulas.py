"""The language of formulas: what it reads, what it refuses and how it says so, and that nothing is ever evaluated."""

from __future__ import annotations

import ast
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.layers.cases import HERE, run, tensor
from tests.layers.cases_formulas import FORMULAS, IMAGE, STEPS, VECTOR, WORDS
from workbench.graph import edit
from workbench.graph.dim import Symbol
from workbench.graph.graph import Edge, Graph
from workbench.graph.infer import infer
from workbench.graph.shape import Shape
from workbench.layers import LAYERS
from workbench.layers.base import LayerProblem
from workbench.layers.expressions.grammar import FUNCTIONS, parsed, tensors
from workbench.layers.modules import expression as module

LAYER = LAYERS["expression"]
SHAPES = {"x": IMAGE, "y": WORDS, "z": VECTOR, "steps": STEPS}


def params(text: str, parameters: str = "") -> Any:
    return LAYER.parse({"expression": text, "parameters": parameters})


def computed(text: str, parameters: str = "", **inputs: torch.Tensor) -> torch.Tensor:
    """What the built module of a formula gives."""
    names = [(), ("feature",), ("time", "feature"), ("channel", "height", "width")]
    shapes = {name: Shape.of(**dict(zip(names[value.ndim - 1], value.shape[1:], strict=True))) for name, value in inputs.items()}
    LAYER.shape(params(text, parameters), shapes, HERE)
    return run(LAYER, params(text, parameters), shapes, inputs)[1]["output"]


def refusal(text: str, parameters: str = "", **inputs: Shape) -> LayerProblem:
    """What is said to a formula that does not fit."""
    with pytest.raises(LayerProblem) as caught:
        LAYER.shape(params(text, parameters), inputs or {"x": IMAGE}, HERE)
    return caught.value


def test_every_function_stands_in_a_case() -> None:
    used = {node.func.id for text, _, _ in FORMULAS for node in ast.walk(parsed(text).tree) if isinstance(node, ast.Call)}
    assert used == set(FUNCTIONS)


@pytest.mark.parametrize("text", [text for text, _, _ in FORMULAS])
def test_the_inputs_are_the_free_names(text: str) -> None:
    (parameters, inputs), = [(parameters, inputs) for one, parameters, inputs in FORMULAS if one == text]
    names = [port.name for port in LAYER.input_ports(params(text, parameters))]
    assert names == list(dict.fromkeys(name.id for name in tensors(parsed(text).tree) if name.id in inputs))
    assert set(names) == set(inputs)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x * sigmoid(z)", lambda x, z: x * torch.sigmoid(z)),
        ("-x ** 2", lambda x, z: -(x**2)),
        ("(-x) ** 2", lambda x, z: (-x) ** 2),
        ("2 ** -x", lambda x, z: 2**-x),
        ("x - (z - x) - 1", lambda x, z: x - (z - x) - 1),
        ("x / (z / 2) / 3", lambda x, z: x / (z / 2) / 3),
        ("1 - x * (1 - z)", lambda x, z: 1 - x * (1 - z)),
        ("x * sqrt(64) + pi - 2 ** 3 + 0 * z", lambda x, z: x * 8 + math.pi - 8),
        ("where(x > z and not z < 0 or x == z, x, -1)", lambda x, z: torch.where((x > z) & ~(z < 0) | (x == z), x, -1.0)),
        ("var(x, feature, keep=True) + 0 * z", lambda x, z: x.var(1, keepdim=True) + 0 * z),
        ("normalise(x, feature) + norm(z, feature, order=1, keep=True)",
         lambda x, z: torch.nn.functional.normalize(x, dim=1) + z.abs().sum(1, keepdim=True)),
        ("roll(x, feature, 2) + flip(z, feature)", lambda x, z: x.roll(2, 1) + z.flip(1)),
        ("x[..., ::2] * z[:, 1::2]", lambda x, z: x[:, ::2] * z[:, 1::2]),
        ('einsum("nf,nf->n", x, z) * x[..., 0] + x[..., 0]', None),
    ],
)
def test_it_computes_what_it_says(text: str, expected: Any) -> None:
    x, z = torch.randn(3, 8), torch.randn(3, 8)
    if expected is None:
        assert "keep an axis" in refusal(text, x=VECTOR, z=VECTOR).message
        return
    torch.testing.assert_close(computed(text, x=x, z=z), expected(x, z))


def test_axes_meet_by_name() -> None:
    picture, gate = torch.randn(2, 4, 3, 5), torch.randn(2, 4)
    shapes = {"x": Shape.of(channel=4, height=3, width=5), "gate": Shape.of(channel=4)}
    found = run(LAYER, params("gate * x + row", "row: height = 1"), shapes, {"x": picture, "gate": gate})[1]["output"]
    torch.testing.assert_close(found, gate[:, :, None, None] * picture + 1)


def test_a_vector_of_channels_is_a_vector_of_features() -> None:
    assert LAYER.shape(params("mean(x, height, width)"), {"x": IMAGE}, HERE)["output"] == Shape.of(feature=4)


@pytest.mark.parametrize("start", ["zeros", "ones", "0.5", "normal(0.5)", "uniform(2)", "xavier", "kaiming"])
def test_parameters_begin_as_declared(start: str) -> None:
    torch.manual_seed(0)
    given = params("x @ weight", f"weight: feature, unit 400 = {start}")
    weight = run(LAYER, given, {"x": VECTOR}, {"x": torch.randn(2, 8)})[0].get_parameter("weight")
    wanted = {"zeros": (0, 0), "ones": (1, 0), "0.5": (0.5, 0), "normal(0.5)": (0, 0.5), "uniform(2)": (0, 2 / math.sqrt(3))}.get(start)
    assert weight.shape == (8, 400)
    if wanted is not None:
        assert weight.mean().item() == pytest.approx(wanted[0], abs=0.05) and weight.std().item() == pytest.approx(wanted[1], abs=0.05)
    else:
        assert 0 < weight.abs().max() < 1


REFUSED = [
    ("", "expression.empty", "no formula yet"),
    ("x +", "expression.syntax", "missing at the end"),
    ("(x", "expression.syntax", "bracket )"),
    ("y = x", "expression.syntax", "equals sign"),
    ("x; y", "expression.syntax", "';'"),
    ("x.shape", "expression.syntax", "x.shape"),
    ("x if x else x", "expression.syntax", "x if x else x"),
    ("[x]", "expression.syntax", "[x]"),
    ("x % 2", "expression.syntax", "'%'"),
    ("x // 2", "expression.syntax", "no meaning"),
    ("0 < x < 1", "expression.syntax", "two things at a time"),
    ("meen(x, channel)", "expression.function", "near: mean"),
    ("cat(x, x, channel)", "expression.function", "near: concatenate"),
    ("exp * x", "expression.function", "exp is a function"),
    ("softmax(x)", "expression.arguments", "softmax takes (x, axis)"),
    ("mean(x)", "axis.missing", "mean(x, width)"),
    ("mean(x, batch)", "axis.batch", "mix the rows"),
    ("mean(x, 0)", "axis.batch", "mix the rows"),
    ("mean(x, time)", "axis.missing", "'time'"),
    ("x[0]", "axis.batch", "out of a batch"),
    ("x[..., 7]", "expression.sizes", "none at 7"),
    ("x[..., 5:]", "expression.sizes", "nothing is left of width"),
    ("x + 'a'", "expression.syntax", "a number or a name"),
    ("x > 0", "expression.result", "true and false"),
    ("(x > 0) + x", "expression.truth", "use where"),
    ("2 + 2", "expression.no-input", "names no input"),
    ("x ** 65", "expression.wrong", "at most 64"),
    ("x / 0 * 1 + 1 / 0", "expression.wrong", "divides by zero"),
    ("x * 1e31", "expression.wrong", "too large"),
    ("expand(unsqueeze(x, time), time=2000000)", "expression.sizes", "size 2000000"),
    ("sum(x, channel, height, width)", "expression.result", "keep=True"),
    ("x @ x", "expression.sizes", "width 5 of the first meets height 6"),
    ('einsum("nchw,cd->nd", x)', "expression.wrong", "2 tensors"),
    ('einsum("nch->nc", x)', "expression.axes", "names 3 axes"),
    ('einsum("nchw->cnhw", x)', "axis.batch", "in front"),
    ("permute(x, channel, height)", "expression.axes", "every axis"),
    ("unflatten(x, channel, a=3, b=2)", "expression.sizes", "3 × 2 are 6"),
    ("reshape(x, feature=7)", "expression.sizes", "holds 120 numbers"),
    ("lengths + x", "expression.name", "lengths cannot be"),
    ("pi", "expression.no-input", "names no input"),
]


@pytest.mark.parametrize(("text", "kind", "words"), REFUSED, ids=[text or "nothing" for text, _, _ in REFUSED])
def test_mistakes_are_named(text: str, kind: str, words: str) -> None:
    found = refusal(text)
    assert found.kind == kind and words in found.message, found.message


def test_sizes_that_differ_are_named_by_axis() -> None:
    found = refusal("x + y", x=IMAGE, y=IMAGE.with_dim("height", 7))
    assert "height 6 against 7" in found.message and "at character 1" in found.reason
    assert "feature of" in refusal("x + z", x=IMAGE, z=VECTOR).message
    swapped = Shape.of(channel=4, width=5, height=6)
    assert "another order" in refusal("x + y", x=IMAGE, y=swapped).message


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ("weight", "declares no parameter"),
        ("weight: channel = many", "no way to begin"),
        ("weight: channel = xavier", "two axes or more"),
        ("weight: channel, channel", "names of their own"),
        ("weight: batch", "every row of a batch"),
        ("weight: channel 0", "size 0"),
        ("weight: channel 99999999", "size 99999999"),
        ("weight: stuff", "needs a size"),
        ("weight: a 1000000, b 1000000", "1,000,000,000,000 numbers"),
        ("weight: channel\nweight: height", "two parameters"),
        ("forward: channel", "cannot be the name"),
        ("weight: channel\nother: channel", "other stands nowhere"),
        ("weight: channel = normal(-1)", "no way to begin"),
        ("\n".join(f"p{index}: channel" for index in range(17)), "17 parameters"),
    ],
)
def test_mistakes_in_parameters_are_named(parameters: str, words: str) -> None:
    assert words in refusal("x * weight", parameters).message


def test_rows_of_different_length_are_refused_where_padding_would_count() -> None:
    cutting = ("y[:, 1:]", "select(y, token, 0)", "flip(y, token)")
    for text in (*cutting, "concatenate(y, y, token)", "pad(y, token, 1, 1)", "unflatten(y, token, a=2, b=2)"):
        found = refusal(text, y=WORDS)
        assert found.kind == "axis.padded" and found.fixes, text
    assert "rows differ in length" in refusal("y * weight", "weight: token", y=WORDS).message


def test_an_axis_that_stands_twice_is_counted() -> None:
    found = refusal("softmax(y @ transpose(y, token, feature), token)", y=WORDS)
    assert found.kind == "axis.unclear"
    graph, node = drawn("softmax(y @ transpose(y, token, feature), token)")
    assert found.fixes[0].label == "Write -1"
    problem = next(problem for problem in infer(graph, LAYERS).problems if problem.node == node)
    mended = problem.fixes[0].apply(graph)
    assert mended[node].params["expression"] == "softmax(y @ transpose(y, token, feature), -1)"
    assert not infer(mended, LAYERS).problems_of(node)


def drawn(text: str) -> tuple[Graph, str]:
    """A formula over words."""
    graph, words = edit.add_node(Graph(), "text_input", params={"vocabulary": 17, "maximum_length": 9})
    graph, embedded = edit.add_node(graph, "embedding", params={"width": 8})
    graph, node = edit.add_node(graph, "expression", params={"expression": text})
    graph = edit.connect(graph, Edge.between(words, embedded))
    graph = edit.connect(graph, Edge.between(embedded, node, target_port="y"))
    return graph, node


def test_a_word_that_was_meant_is_offered() -> None:
    graph, node = drawn("1 + sofmax(y, feature)")
    (problem,) = [problem for problem in infer(graph, LAYERS).problems if problem.node == node and problem.kind == "expression.function"]
    assert problem.fixes[0].label == "Write softmax"
    assert problem.fixes[0].apply(graph)[node].params["expression"] == "1 + softmax(y, feature)"


def test_wires_keep_their_ports_while_a_formula_is_broken() -> None:
    assert [port.name for port in LAYER.input_ports(params("x * sigmoid(gate"))] == ["x", "gate"]
    assert all(port.optional for port in LAYER.input_ports(params("x * sigmoid(gate")))
    graph, node = drawn("sigmoid(y")
    assert {problem.kind for problem in infer(graph, LAYERS).problems_of(node)} == {"expression.syntax"}


def test_lines_and_spaces_do_not_matter() -> None:
    assert params("  x *\n\n   2  ").expression == "x *\n2"
    assert LAYER.shape(params("x *\n 2"), {"x": IMAGE}, HERE)["output"] == IMAGE


def test_nothing_is_evaluated() -> None:
    folder = Path(module.__file__).parents[1]
    for path in [*(folder / "expressions").glob("*.py"), folder / "expression.py", Path(module.__file__)]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Name):
                assert node.id not in ("eval", "exec", "compile", "__import__"), path.name


HOSTILE = (
    "__import__('os').system('true')", "().__class__.__bases__[0]", "(lambda: 1)()", "9**9**9**9", "'a'*10**10", "[y for y in x]", "x.__class__",
    "f'{x}'", "(x := 1)", "1e999", "-" * 1500 + "x", "(" * 500 + "x" + ")" * 500, "x" + "+x" * 900, "not " * 400 + "x", "2**64**64",
    "expand(unsqueeze(x, q), q=10**9)", "pad(pad(x, width, 10**6, 10**6), height, 10**6, 10**6)",
    "x[" + "0," * 300 + "]", "\0", "\\", "x\n;y", "await x", "yield", "*x",
    "x[...,...]", "exp(*x)", "exp(**x)", "mean(x, keep=1)", "1j * x", "True + x", "None", "...", "x @ 2", "0x" + "f" * 500 + " * x", "einsum(x, x)",
    'einsum("", x)', 'einsum("->", x)', 'einsum("a" * 9, x)', "size(x, 99)", "x[::0]", "x[..., 1e9:]", "rsqrt(0)*x", "log(-1)*x",
    "unflatten(x, channel)",
    "permute()", "where(1, 2, 3)", "clamp(x, 2, 1)", "clamp(1, 2)", "max(1)", "roll(x, width, 10**30)", "x[..., 10**20]", '"""x"""', "x and x",
    "mean(x, width, width)", "x(1)", "1(x)", "x[1](2)", "expand(x, channel=4, channel=4)", "lambda: " + "-" * 900 + "1",
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_formulas_are_refused(text: str) -> None:
    if len(text) <= 2000:
        assert refusal(text, x=IMAGE).message


WORDS_AND_SIGNS = (
    "x y z steps w channel token feature width batch time pi keep True 0 1 2.5 -1 1e9 ( ) [ ] , ... : + - * / ** @ < == = and not "
    '"nchw->nc" "ntf,ntf->nt"'
)
words = st.sampled_from([*FUNCTIONS, *WORDS_AND_SIGNS.split()])
operands = st.sampled_from(["x", "y", "z", "steps", "w", "2", "0.5", "pi"])
axes = st.sampled_from(["channel", "token", "feature", "width", "time", "-1", "0", "batch"])


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    signs = st.sampled_from(["+", "-", "*", "/", "**", "@", "<", "and"])
    return st.one_of(
        st.tuples(inner, signs, inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
        st.tuples(st.sampled_from(sorted(FUNCTIONS)), inner, axes).map(lambda parts: f"{parts[0]}({parts[1]}, {parts[2]})"),
        st.tuples(st.sampled_from(sorted(FUNCTIONS)), inner).map(lambda parts: f"{parts[0]}({parts[1]})"),
        st.tuples(st.sampled_from(sorted(FUNCTIONS)), inner, inner, axes).map(lambda parts: f"{parts[0]}({parts[1]}, {parts[2]}, {parts[3]})"),
        st.tuples(inner, st.sampled_from(["[..., 1:]", "[:, 0]", "[..., -1]", "[0]", "[:, :, ::2]"])).map("".join),
    )


TEXTS = st.one_of(
    st.text(max_size=40),
    st.lists(words, max_size=30).map("".join),
    st.lists(words, max_size=30).map(" ".join),
    st.recursive(operands, _larger, max_leaves=6),
)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS, st.sampled_from(["", "w: feature = ones", "w: feature, unit 3", "w: = 2", "w: channel, nothing"]))
def test_a_formula_is_refused_or_computes_what_was_predicted(text: str, parameters: str) -> None:
    given = params(text[:2000], parameters)
    names = [port.name for port in LAYER.input_ports(given)]
    LAYER.causal(given)
    LAYER.summary_line(given)
    given.complaints()
    inputs = {name: SHAPES[name] for name in names if name in SHAPES}
    try:
        predicted = LAYER.shape(given, inputs, HERE)["output"]
    except LayerProblem as problem:
        assert problem.message and problem.kind
        return
    assert LAYER.cost(given, inputs, {"output": predicted}).macs >= 0
    values = {name: tensor(shape) for name, shape in inputs.items()}
    result = run(LAYER, given, inputs, values, torch.tensor([7, 1, 4]))[1]["output"]
    real = [int(dim.evaluate({"N": 3, "T": 7})) for dim in predicted.dims]
    assert list(result.shape) == real and result.dtype == torch.float32


@pytest.mark.parametrize("text", ["mean(y, token)", "softmax(y, token)", "max(y, token, keep=True) + y", "std(y, token, correction=0) + 0"])
def test_an_unknown_length_is_no_size(text: str) -> None:
    free = Shape.of(token=Symbol("T", ragged=False), feature=8)
    found = LAYER.call(params(text), {"y": free})
    assert "masked" not in found.definition
