"""A torch program as the source of a small class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workbench.layers.expressions.resolve import Resolved
from workbench.layers.expressions.value import Code

_RANKS = {"<": 1, "<=": 1, ">": 1, ">=": 1, "==": 1, "!=": 1, "+": 2, "-": 2, "*": 3, "/": 3, "@": 3, "**": 5}
_TIGHT = 6
_STARTS = {
    "zeros": "torch.zeros({each})",
    "ones": "torch.ones({each})",
    "full": "torch.full({sizes}, {number})",
    "normal": "torch.empty({each}).normal_(0.0, {number})",
    "uniform": "torch.empty({each}).uniform_(-{number}, {number})",
    "xavier": "nn.init.xavier_uniform_(torch.empty({each}))",
    "kaiming": "nn.init.kaiming_uniform_(torch.empty({each}))",
}
HELPERS = ("masked", "masked_mean", "masked_variance")


def text_of(code: Code) -> str:
    """Returns a program as Python source."""
    return _written(code)[0]


def _written(code: Code) -> tuple[str, int]:
    """Returns the text and how tightly it holds together."""
    if not isinstance(code, tuple):
        text = 'float("-inf")' if code == float("-inf") else 'float("inf")' if code == float("inf") else repr(code)
        return text, 4 if text.startswith("-") else _TIGHT
    kind, *parts = code
    if kind == "name":
        return parts[0], _TIGHT
    if kind == "self":
        return f"self.{parts[0]}", _TIGHT
    if kind == "tuple":
        inner = ", ".join(text_of(part) for part in parts)
        return f"({inner},)" if len(parts) == 1 else f"({inner})", _TIGHT
    if kind == "call":
        given = [text_of(part) for part in parts[1]] + [f"{key}={text_of(value)}" for key, value in parts[2]]
        return f"{parts[0]}({', '.join(given)})", _TIGHT
    if kind == "index":
        return f"{_held(parts[0], _TIGHT)}[{', '.join(_part(part) for part in parts[1])}]", _TIGHT
    if kind == "neg":
        return f"-{_held(parts[0], 4)}", 4
    rank = _RANKS[kind]
    left, right = (rank + 1, rank) if kind == "**" else (rank, rank + 1)
    return f"{_held(parts[0], left)} {kind} {_held(parts[1], right)}", rank


def _held(code: Code, least: int) -> str:
    text, rank = _written(code)
    return text if rank >= least else f"({text})"


def _part(part: Any) -> str:
    if not isinstance(part, tuple):
        return repr(part)
    start, stop, step = ("" if one is None else str(one) for one in part)
    return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"


def helpers_of(code: Code) -> Iterator[str]:
    """Yields our own functions that a program calls."""
    if isinstance(code, tuple):
        if code[:1] == ("call",) and code[1] in HELPERS:
            yield code[1]
        for part in code:
            yield from helpers_of(part)


def class_text(text: str, parameters: str, found: Resolved) -> str:
    """Returns the class of a formula, with `{name}` for its name; its docstring is the formula and what it learns, word for word."""
    about = [*text.split("\n"), *(["", *parameters.split("\n")] if parameters else [])]
    lines = ["class {name}(nn.Module):"]
    if len(about) == 1 and not text.endswith('"'):
        lines += [f'    """{text}"""', ""]
    else:
        lines += [f'    """{about[0]}', *(f"    {line}" if line else "" for line in about[1:]), '    """', ""]
    if found.parameters:
        lines += ["    def __init__(self) -> None:", "        super().__init__()"]
        for one, sizes in found.parameters:
            start = _STARTS[one.start].format(sizes=_sizes(sizes), each=", ".join(map(str, sizes)) or "()", number=one.number)
            lines.append(f"        self.{one.name} = nn.Parameter({start})")
        lines.append("")
    given = [f"{name}: Tensor" for name in found.names] + [f"{name}: Tensor | None = None" for name in found.lengths]
    lines += [f"    def forward({', '.join(['self', *given])}) -> Tensor:", f"        return {text_of(found.program)}"]
    return "\n".join(lines)


def _sizes(sizes: tuple[int, ...]) -> str:
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(map(str, sizes))})"
