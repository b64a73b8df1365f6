"""Sources that mean harm, or are broken: read in a bounded number of steps or refused in a sentence; never run."""

from __future__ import annotations

import ast
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.foreign import CLASSES, HEAD
from tests.models.known import KNOWN
from workbench.errors import GraphError
from workbench.models.reading import read_source
from workbench.models.reading.expressions import Expressions

SOURCES = [HEAD + CLASSES[name].source for name in ("lenet", "bilstm", "siamese-class", "module-dict", "in-place", "upsampled")]
SOURCES += [HEAD + KNOWN[name].source for name in ("gpt-masked", "cross-attention", "packed", "senet", "choices")]
WORDS = (
    "self", "x", "None", "()", "[]", "{}", "0", "-1", "1e999", "10**9", "nn", "torch", "forward", "lambda q: q", "*x", "x.shape", "nn.Linear",
    "nn.Sequential()", "super()", "print", "...", "slice(None)", "range(10**9)", "float('nan')", "'%999999999d' % 1", "True", "b''", "1j",
)


def read(text: str) -> None:
    """Reads a source, which either becomes a drawing or is refused in one sentence."""
    try:
        reading = read_source(text)
    except GraphError as error:
        assert error.message and "\n" not in error.message
        return
    assert all(problem.message for problem in reading.problems)
    assert all(node.name for node in reading.graph)


class _Changed(ast.NodeTransformer):
    """Puts something else in the place of some expressions."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def visit(self, node: ast.AST) -> ast.AST:
        node = self.generic_visit(node)
        if isinstance(node, ast.expr) and not isinstance(getattr(node, "ctx", None), ast.Store | ast.Del) and self.chance.random() < 0.03:
            word = self.chance.choice(WORDS)
            return ast.copy_location(ast.parse(f"f({word})", mode="eval").body.args[0], node)  # type: ignore[attr-defined]
        if isinstance(node, ast.Call) and node.args and self.chance.random() < 0.05:
            node.args = node.args[::-1] if self.chance.random() < 0.5 else node.args[1:]
        if isinstance(node, ast.FunctionDef) and len(node.body) > 1 and self.chance.random() < 0.1:
            node.body.pop(self.chance.randrange(len(node.body)))
        return node


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(range(len(SOURCES))), st.integers(0, 2**32))
def test_changed_expressions(index: int, seed: int) -> None:
    tree = _Changed(random.Random(seed)).visit(ast.parse(SOURCES[index]))
    try:
        text = ast.unparse(ast.fix_missing_locations(tree))
    except (ValueError, AttributeError, TypeError):
        return
    read(text)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(range(len(SOURCES))), st.data())
def test_changed_characters(index: int, data: st.DataObject) -> None:
    text = SOURCES[index]
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        end = min(len(text), at + data.draw(st.integers(0, 12)))
        text = text[:at] + data.draw(st.text("abx01 \n().,[]=:*'\"\\\0é😀", max_size=6)) + text[end:]
    read(text)


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=400))
def test_any_text(text: str) -> None:
    read(text)
    read("import torch\nfrom torch import nn\nclass A(nn.Module):\n    def forward(self, x):\n        return " + text)


def net(init: str, forward: str, before: str = "") -> str:
    return f"{HEAD}{before}\nclass A(nn.Module):\n    def __init__(self):\n        super().__init__()\n{init}\n    def forward(self, x):\n{forward}\n"


LINE, REST = "        self.a = nn.Linear(4, 4)", "        return self.a(x)"
HARMS = {
    "made of itself": net("        self.a = A()", REST),
    "made of each other": net("        self.a = B()", REST, "class B(nn.Module):\n    def __init__(self):\n        self.b = A()\n"),
    "is its own child": net("        self.a = self", REST),
    "list of itself": net("        a = []\n        a.append(a)\n        self.a = nn.ModuleList(a)", REST),
    "endless while": net("        while True:\n            pass\n" + LINE, REST),
    "endless while in forward": net(LINE, "        while True:\n            x = self.a(x)\n        return x"),
    "huge range": net("        self.a = nn.Sequential(*[nn.Linear(4, 4) for _ in range(10 ** 12)])", REST),
    "many layers": net("        self.a = nn.Sequential(*[nn.Linear(4, 4) for _ in range(9999)])", REST),
    "loops in loops": net(
        LINE, "        for i in range(9999):\n            for j in range(9999):\n                x = x\n        return x"
    ),
    "doubling list": net("        a = [0]\n        for i in range(200):\n            a = a + a\n" + LINE, REST),
    "doubling by extend": net("        a = [0]\n        for i in range(200):\n            a.extend(a)\n" + LINE, REST),
    "doubling by +=": net("        a = [0]\n        for i in range(200):\n            a += a\n" + LINE, REST),
    "doubling text": net("        a = 'x'\n        for i in range(200):\n            a = f'{a}{a}'\n" + LINE, REST),
    "wide format": net("        a = '%999999999d' % 1\n        b = '%*d' % (10 ** 9, 1)\n        c = f'{1:>999999999}'\n" + LINE, REST),
    "wide numbers": net("        a = 7\n        for i in range(500):\n            a = a * a\n" + LINE, REST),
    "round": net("        a = round(5, -10 ** 9)\n        b = int('9' * 5000)\n" + LINE, REST),
    "doubling functions": net(
        LINE, "        return f29(x)", "f0 = lambda x: x\n" + "".join(f"f{i} = lambda x: f{i - 1}(f{i - 1}(x))\n" for i in range(1, 30))
    ),
    "doubling graph": net(LINE, "        for i in range(100):\n            x = x + self.a(x) + self.a(self.a(x))\n        return x"),
    "deep call": net(LINE, "        return " + "self.a(" * 200 + "x" + ")" * 200),
    "inherits itself": HEAD + "class A(A, nn.Module):\n    def forward(self, x):\n        return x\n",
    "inherits in a ring": HEAD + "class A(B):\n    pass\nclass B(A, nn.Module):\n    def forward(self, x):\n        return x\n",
    "diamonds": HEAD + "class C0(nn.Module):\n    def forward(self, x):\n        return x\n"
    + "".join(f"class C{i}(C{i - 1}, C{i - 1}):\n    pass\n" for i in range(1, 40)),
    "constants in a ring": "a = b\nb = a\n" + net("        self.a = nn.Linear(a, b)", REST),
    "constants in a tree": "a0 = 1\n" + "".join(f"a{i} = a{i - 1} + a{i - 1}\n" for i in range(1, 60))
    + net("        self.a = nn.Linear(a59, 4)", REST),
    "property of itself": net(LINE, "        return self.p(x)\n    @property\n    def p(self):\n        return self.p"),
    "huge layer": net("        self.a = nn.Linear(4, 10 ** 15)", REST),
    "negative layer": net("        self.a = nn.Linear(-4, 0)", REST),
    "many arguments": net(LINE, REST).replace("nn.Linear(4, 4)", f"nn.Linear({', '.join(['4'] * 3000)})"),
    "star of a tensor": net(LINE, "        return self.a(*x)"),
    "nine megabytes": "x = '" + "a" * 9_000_000 + "'\n" + net(LINE, REST),
    "one long line": net(LINE, "        return " + "+".join(["x"] * 20_000)),
}


@pytest.mark.parametrize("name", HARMS)
def test_harm(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends after a bounded number of steps, counted and not timed."""
    steps = 0
    value = Expressions.value

    def counted(reader: Expressions, node: ast.AST, scope: dict[str, object]) -> object:
        nonlocal steps
        steps += 1
        assert steps < 3_000_000
        return value(reader, node, scope)

    monkeypatch.setattr(Expressions, "value", counted)
    read(HARMS[name])


def test_nothing_of_a_known_network_is_run(tmp_path: Path) -> None:
    trap = f"__import__('pathlib').Path({str(tmp_path / 'sprung')!r}).touch()"
    for source in SOURCES:
        read(source.replace("super().__init__()", f"{trap}; super().__init__()").replace("return", f"{trap}; return") + f"\n{trap}\n")
    assert not list(tmp_path.iterdir())
