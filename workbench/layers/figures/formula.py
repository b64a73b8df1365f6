"""Sets formulas: reads the linear notation of `Layer.formula` and lays it out with fractions, scripts, roots and sums.

The notation is that of plain text: ` / ` with spaces makes a fraction of the tight groups beside it, `_` and `^` (or small letters of Unicode)
make scripts, `√` takes what follows, `Σ_i` has its index below, `; ` begins a new line.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

from workbench.layers.figures.picture import Item, Label, Path, Picture, Tone, width_of

Measure = Callable[[str, float, bool], float]

_SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢₖₗₘₙₒₚₛₜᵤₓⱼ", "0123456789+−aehiklmnopstuxj", strict=True))
_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ˣᵀⁿ", "0123456789+−xTn", strict=True))
_FENCES = {"(": ")", "[": "]", "⌊": "⌋", "⌈": "⌉", "{": "}"}
_CLOSING = frozenset(_FENCES.values())
_SIGNS = frozenset("=+−·/∗×∈→≤<>")
_SCRIPT = 0.7
_FLOOR_PX = 8.0


@dataclass(frozen=True, slots=True)
class Run:
    """Letters, digits or signs as they are."""

    text: str
    italic: bool = False


@dataclass(frozen=True, slots=True)
class Space:
    """A gap between groups."""


@dataclass(frozen=True, slots=True)
class Script:
    """What stands small beside, or for sums below, its base."""

    base: Node
    below: Row | None
    above: Row | None


@dataclass(frozen=True, slots=True)
class Fraction:
    """One row over another."""

    top: Row
    bottom: Row


@dataclass(frozen=True, slots=True)
class Root:
    """A square root."""

    body: Row


@dataclass(frozen=True, slots=True)
class Fence:
    """Brackets that grow with what they hold."""

    opening: str
    body: Row
    closing: str


Node = Run | Space | Script | Fraction | Root | Fence
Row = tuple[Node, ...]


def parse(text: str) -> list[Row]:
    """Returns the lines of a formula as trees."""
    return [_Reader(line).row() for line in _lines(text)]


def _lines(text: str) -> list[str]:
    depth, start, found = 0, 0, []
    for at, letter in enumerate(text):
        depth += (letter in _FENCES) - (letter in _CLOSING)
        if depth == 0 and letter in ";；" and at > start:
            found.append(text[start:at].strip())
            start = at + 1
    return [*found, text[start:].strip()]


class _Reader:
    """Reads one line from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def row(self, closing: str = "") -> Row:
        """Returns the nodes up to a closing bracket or the end."""
        nodes: list[Node] = []
        while self._peek() and not (closing and self._peek() == closing):
            if self.text.startswith(" / ", self.at):
                self.at += 3
                nodes = [*_without_group(nodes), Fraction(_bare(_group(nodes)), _bare(self._tight()))]
            elif self._peek() == " ":
                self.at += 1
                nodes.append(Space())
            else:
                nodes.append(self._scripted())
        self.at += bool(self._peek())
        return tuple(nodes)

    def _tight(self) -> Row:
        nodes: list[Node] = []
        while self._peek() and self._peek() not in " ,;，；" and self._peek() not in _CLOSING:
            nodes.append(self._scripted())
            if isinstance(nodes[-1], Script) and nodes[-1].base == Run("Σ") and self._peek() == " ":
                self.at += 1
        return tuple(nodes)

    def _scripted(self) -> Node:
        base = self._atom()
        below: Row | None = None
        above: Row | None = None
        while True:
            letter = self._peek()
            if letter == "_":
                below = self._marked()
            elif letter == "^":
                above = self._marked()
            elif letter in _SUBSCRIPTS and letter:
                below = self._small(_SUBSCRIPTS)
            elif letter in _SUPERSCRIPTS and letter:
                above = self._small(_SUPERSCRIPTS)
            else:
                return Script(base, below, above) if below or above else base

    def _marked(self) -> Row:
        self.at += 1
        if self._peek() == "(":
            self.at += 1
            return self.row(")")
        found = re.compile(r"[^\W_]+|.").match(self.text, self.at)
        word = found.group() if found else ""
        self.at += len(word)
        return tuple(Run(letter, not letter.isdigit()) for letter in word) if len(word) < 3 else (Run(word),)

    def _small(self, table: dict[str, str]) -> Row:
        start = self.at
        while self._peek() and self._peek() in table:
            self.at += 1
        return tuple(Run(table[letter], table[letter].isalpha() and table[letter] != "T") for letter in self.text[start : self.at])

    def _atom(self) -> Node:
        letter = self._peek()
        if letter in _FENCES:
            self.at += 1
            return Fence(letter, self.row(_FENCES[letter]), _FENCES[letter])
        if letter == "√":
            self.at += 1
            body = self._atom()
            return Root(_bare((body,)))
        found = re.compile(r"\d+(?:\.\d+)?|[A-Za-z]+'?|[\u4e00-\u9fff]+|.").match(self.text, self.at)
        word = found.group() if found else letter
        self.at += len(word)
        return Run(word, _is_variable(word))


def _is_variable(word: str) -> bool:
    plain = word.rstrip("'")
    return len(plain) == 1 and plain.isalpha() and plain not in "ΣΦℝ∈∗" and unicodedata.east_asian_width(plain) not in "WF"


def _group(nodes: list[Node]) -> Row:
    start = max((at + 1 for at, node in enumerate(nodes) if isinstance(node, Space)), default=0)
    return tuple(nodes[start:])


def _without_group(nodes: list[Node]) -> list[Node]:
    return nodes[: len(nodes) - len(_group(nodes))]


def _bare(row: Row) -> Row:
    return row[0].body if len(row) == 1 and isinstance(row[0], Fence) and row[0].opening == "(" else row


@dataclass(slots=True)
class Block:
    """A laid-out piece: what to draw with the baseline at y = 0.

    Attributes:
        above: Height over the baseline, px.
        below: Depth under it, px.
    """

    width: float = 0.0
    above: float = 0.0
    below: float = 0.0
    items: list[Item] = field(default_factory=list)

    def put(self, other: Block, x: float, y: float) -> None:
        """Adds another piece at a place."""
        self.items += [_moved(item, x, y) for item in other.items]
        self.above, self.below = max(self.above, other.above - y), max(self.below, other.below + y)
        self.width = max(self.width, x + other.width)


def _moved(item: Item, x: float, y: float) -> Item:
    if isinstance(item, Label):
        return Label(item.x + x, item.y + y, item.text, item.size, item.tone, item.align, item.italic, serif=True)
    assert isinstance(item, Path)
    return Path(tuple((a + x, b + y) for a, b in item.points), item.stroke, item.line)


class _Setter:
    """Lays out trees with a way to measure text."""

    def __init__(self, measure: Measure) -> None:
        self.measure = measure

    def row(self, row: Row, size: float) -> Block:
        block = Block(0, size * 0.72, size * 0.2)
        for node in row:
            block.put(self.node(node, size), block.width, 0)
        return block

    def node(self, node: Node, size: float) -> Block:
        if isinstance(node, Run):
            return self._run(node.text, size, node.italic)
        if isinstance(node, Space):
            return Block(size * 0.28, 0, 0)
        if isinstance(node, Script):
            return self._script(node, size)
        if isinstance(node, Fraction):
            return self._fraction(node, size)
        return self._root(node, size) if isinstance(node, Root) else self._fence(node, size)

    def _run(self, text: str, size: float, italic: bool = False) -> Block:
        big = size * 1.45 if text == "Σ" else size
        label = Label(0, -0.36 * size, text, big, align="start", italic=italic, serif=True)
        return Block(self.measure(text, big, italic), 0.36 * size + 0.5 * big, 0.5 * big - 0.36 * size, [label])

    def _script(self, node: Script, size: float) -> Block:
        small = max(_FLOOR_PX, size * _SCRIPT)
        base = self.node(node.base, size)
        if node.base == Run("Σ") and node.below:
            return self._sum(base, self.row(node.below, small))
        block = Block()
        block.put(base, 0, 0)
        for row, y in ((node.above, -max(base.above - 0.3 * size, 0.42 * size)), (node.below, max(base.below - 0.1 * size, 0.22 * size))):
            if row:
                block.put(self.row(row, small), base.width + 0.5, y)
        return block

    @staticmethod
    def _sum(base: Block, index: Block) -> Block:
        block, width = Block(), max(base.width, index.width)
        block.put(base, (width - base.width) / 2, 0)
        block.put(index, (width - index.width) / 2, base.below + index.above * 0.9)
        block.width = width + 2
        return block

    def _fraction(self, node: Fraction, size: float) -> Block:
        part = size * 0.92
        top, bottom = self.row(node.top, part), self.row(node.bottom, part)
        width, middle = max(top.width, bottom.width) + 6, -0.3 * size
        block = Block()
        block.put(top, (width - top.width) / 2, middle - top.below - 2.5)
        block.put(bottom, (width - bottom.width) / 2, middle + bottom.above + 2.5)
        block.items.append(Path(((1, middle), (width - 1, middle)), Tone.TEXT, 1.0))
        block.width = width
        return block

    def _root(self, node: Root, size: float) -> Block:
        body = self.row(node.body, size)
        lead, top, foot = 0.62 * size, -body.above - 2, body.below
        block = Block()
        block.put(body, lead, 0)
        points = ((0, foot - 0.5 * size), (0.16 * size, foot - 0.56 * size), (0.34 * size, foot), (lead - 1, top), (lead + body.width + 1, top))
        block.items.append(Path(points, Tone.TEXT, 1.0))
        block.above, block.width = body.above + 4, lead + body.width + 2
        return block

    def _fence(self, node: Fence, size: float) -> Block:
        body = self.row(node.body, size)
        if body.above + body.below < 1.6 * size:
            opening, closing = self._run(node.opening, size), self._run(node.closing, size)
        else:
            opening, closing = _grown(node.opening, body, size), _grown(node.closing, body, size)
        block = Block()
        for piece in (opening, body, closing):
            block.put(piece, block.width, 0)
        return block


def _grown(sign: str, body: Block, size: float) -> Block:
    """Returns a bracket as high as what it holds, drawn by hand."""
    top, foot, wide = -body.above, body.below, 0.34 * size
    left = sign in _FENCES
    inner, outer = (wide - 1.5, 1.5) if left else (1.5, wide - 1.5)
    middle, bend = (top + foot) / 2, 0.16 * (foot - top)
    points = {
        "(": ((inner, top), ((inner + outer) / 2 - (0.6 if left else -0.6), top + bend / 2), (outer, middle - bend), (outer, middle + bend),
              ((inner + outer) / 2 - (0.6 if left else -0.6), foot - bend / 2), (inner, foot)),
        "[": ((inner, top), (outer, top), (outer, foot), (inner, foot)),
        "⌊": ((outer, top), (outer, foot), (inner, foot)),
        "⌈": ((inner, top), (outer, top), (outer, foot)),
    }[{")": "(", "]": "[", "⌋": "⌊", "⌉": "⌈", "{": "(", "}": "("}.get(sign, sign)]
    return Block(wide, body.above, body.below, [Path(points, Tone.TEXT, 1.1)])


def typeset(text: str, size: float = 15.0, width: float = 620.0, measure: Measure | None = None) -> Picture:
    """Returns a formula as a picture.

    Args:
        text: In the linear notation.
        size: Height of its letters, px.
        width: Where long lines break, px.
        measure: Returns the width of a text at a size, upright or italic; without one, widths are estimated.
    """
    setter = _Setter(measure or (lambda word, pixels, _italic: width_of(word, pixels) * 1.04))
    whole, y, indent = Block(), 0.0, 1.6 * size
    for row in parse(text):
        for at, piece in enumerate(_broken(setter, row, size, width)):
            y += piece.above + (0.5 * size if y else 2)
            whole.put(piece, 2 + (indent if at else 0), y)
            y += piece.below
    return Picture(whole.width + 4, y + 3, tuple(whole.items))


def _broken(setter: _Setter, row: Row, size: float, width: float) -> list[Block]:
    """Breaks a line at gaps so that it fits; after an equals sign or a comma where there is one."""
    found: list[Block] = []
    line = setter.row((), size)
    for part in _parts(row):
        block = setter.row(part, size)
        if line.width and line.width + block.width > width - 2 * size:
            found.append(line)
            line = setter.row((), size)
        line.put(block, line.width + (size * 0.28 if line.width else 0), 0)
    return [*found, line]


def _parts(row: Row) -> list[Row]:
    """Cuts a row at its gaps; signs stay with what follows them, and so do sums."""
    parts: list[list[Node]] = [[]]
    for node in row:
        if isinstance(node, Space):
            if _goes_on(parts[-1]):
                parts[-1].append(node)
            else:
                parts.append([])
        else:
            parts[-1].append(node)
    return [tuple(part) for part in parts if part]


def _goes_on(part: list[Node]) -> bool:
    last = part[-1] if part else None
    is_sum = isinstance(last, Script) and last.base == Run("Σ")
    return is_sum or (isinstance(last, Run) and last.text in _SIGNS and (len(part) == 1 or isinstance(part[-2], Space)))
