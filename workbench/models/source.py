"""The plan as plain PyTorch that runs without this program: the same submodules, the same calls, the same state keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.graph.dim import Atom, Dim, Symbol
from workbench.graph.graph import Graph, PortRef
from workbench.graph.shape import Shape
from workbench.models.plan import InputSpec, Plan, Step, Wired, plan
from workbench.models.printing import definitions

_WIDTH = 120


def source(drawing: Graph | Plan, class_name: str = "Network") -> str:
    """Returns the source of a drawing. The last class of the file is the model; it takes no arguments.

    Raises:
        GraphError: The drawing has a mistake.
    """
    return "\n".join(_printed(drawing, class_name).lines) + "\n"


def source_lines(drawing: Graph | Plan, class_name: str = "Network") -> dict[str, tuple[int, ...]]:
    """Returns for every node id the numbers of the lines that it became, counted from 1."""
    return {node: tuple(numbers) for node, numbers in _printed(drawing, class_name).places.items()}


@dataclass
class _Page:
    """Lines being written, and which node each belongs to."""

    lines: list[str] = field(default_factory=list)
    places: dict[str, list[int]] = field(default_factory=dict)

    def add(self, line: str = "", node: str = "", depth: int = 0) -> None:
        self.lines.append("    " * depth + line if line else "")
        if node:
            self.places.setdefault(node, []).append(len(self.lines))


def _printed(drawing: Graph | Plan, class_name: str) -> _Page:
    planned = drawing if isinstance(drawing, Plan) else plan(drawing)
    names = _Names(planned)
    page = _Page()
    targets = dict.fromkeys(step.call.target for step in planned.steps if not _is_torch(step) and not step.call.expression)
    imports, bodies = definitions(targets)
    for line in _import_lines(imports, planned):
        page.add(line)
    for body in bodies:
        for line in ["", "", *body.split("\n")]:
            page.add(line)
    page.add()
    page.add()
    _print_class(page, planned, names, class_name)
    return page


def _is_torch(step: Step) -> bool:
    return step.call.target.startswith("nn.")


def _import_lines(imports: list[str], planned: Plan) -> list[str]:
    """Returns `import ...` lines first, then one line per `from`."""
    wanted = {"from torch import Tensor", "from torch import nn", *imports}
    if any("torch." in step.call.expression for step in planned.steps):
        wanted.add("import torch")
    plain = sorted(line for line in wanted if line.startswith("import "))
    grouped: dict[str, list[str]] = {}
    for line in sorted(wanted):
        if line.startswith("from "):
            module, _, name = line.removeprefix("from ").partition(" import ")
            grouped.setdefault(module, []).append(name)
    return plain + [f"from {module} import {', '.join(names)}" for module, names in grouped.items()]


def _print_class(page: _Page, planned: Plan, names: _Names, class_name: str) -> None:
    page.add(f"class {class_name}(nn.Module):")
    for line in _docstring(planned):
        page.add(line, depth=1)
    page.add()
    page.add("def __init__(self) -> None:", depth=1)
    page.add("super().__init__()", depth=2)
    groups: set[str] = set()
    for step in planned.steps:
        _print_groups(page, step.path, groups)
        if not step.call.expression:
            for line in _wrapped(f"self.{step.path} = {_class_of(step)}", _constructor(step)):
                page.add(line, step.node, 2)
    for shared in planned.shared:
        page.add(f"self.{shared.path} = self.{shared.owner}", depth=2)
    page.add()
    _print_forward(page, planned, names)


def _docstring(planned: Plan) -> list[str]:
    given = [f"{spec.name}: {_described(spec.shape)}{_fed(spec)}." for spec in planned.inputs]
    given += [
        f"{spec.parameter}: valid {spec.symbol.name} of every row, (N,) int64; None where no row is padded."
        for spec in planned.lengths
    ]
    results = [f"{spec.name} {_sizes(spec.shape)}" for spec in planned.outputs]
    return [
        '"""Takes:',
        *(f"    {line}" for line in given),
        "",
        f"Returns {', '.join(results)}.",
        '"""',
    ]


def _described(shape: Shape) -> str:
    axes = ", ".join(shape.axes)
    ids = f" ids below {shape.vocabulary}" if shape.vocabulary else ""
    limits = {symbol.name: symbol.maximum for dim in shape.dims for symbol in dim.symbols() if symbol.maximum is not None}
    longest = "".join(f", {name} up to {maximum}" for name, maximum in limits.items())
    return f"{_sizes(shape)} {shape.dtype}{ids} ({axes}){longest}"


def _fed(spec: InputSpec) -> str:
    """Returns the field of the data that feeds an input, where that has another name, and whether the model writes it itself."""
    return (f", field {spec.field}" if spec.field != spec.name else "") + (", written by the model" if spec.decoder else "")


def _sizes(shape: Shape) -> str:
    sizes = [str(dim) for dim in shape.dims]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


def _print_groups(page: _Page, path: str, groups: set[str]) -> None:
    parts = path.split(".")[:-1]
    for count in range(1, len(parts) + 1):
        group = ".".join(parts[:count])
        if group not in groups:
            groups.add(group)
            page.add(f"self.{group} = nn.Module()", depth=2)


def _class_of(step: Step) -> str:
    return step.call.target if _is_torch(step) else step.call.target.rpartition(".")[2]


def _constructor(step: Step) -> list[str]:
    return [f"{key}={_literal(value)}" for key, value in step.call.arguments.items()]


def _literal(value: Any) -> str:
    return repr(tuple(value)) if isinstance(value, list | tuple) else repr(value)


def _wrapped(head: str, arguments: list[str]) -> list[str]:
    """Returns a call on one line, or on three where it would be too long."""
    line = f"{head}({', '.join(arguments)})"
    return [line] if len(line) <= _WIDTH else [f"{head}(", f"    {', '.join(arguments)}", ")"]


def _print_forward(page: _Page, planned: Plan, names: _Names) -> None:
    arguments = [f"{spec.name}: Tensor" for spec in planned.inputs] + [
        f"{spec.parameter}: Tensor | None = None" for spec in planned.lengths
    ]
    result = "Tensor" if len(planned.outputs) == 1 else f"tuple[{', '.join('Tensor' for _ in planned.outputs)}]"
    page.add(f"def forward({', '.join(['self', *arguments])}) -> {result}:", depth=1)
    for size, name in names.lengths.items():
        if size.symbols() and name not in {spec.parameter for spec in planned.lengths}:
            page.add(names.derived(size, name), depth=2)
    for step in planned.steps:
        if not _is_through(step):
            page.add(f"{_statement(step, names)}  # {_shapes(step)}", step.node, 2)
    page.add(f"return {', '.join(names.value(PortRef(spec.node, 'output')) for spec in planned.outputs)}", depth=2)


def _is_through(step: Step) -> bool:
    """Whether the step hands on what it is given, so that nothing is printed."""
    return step.call.expression == "{input}"


def _shapes(step: Step) -> str:
    """Returns the shapes of the results; the names of axes too where the step gives new ones."""
    sizes = ", ".join(_sizes(step.outputs[port]) for port in step.call.outputs)
    before = {axis for shape in step.inputs.values() for axis in shape.axes}
    first = step.outputs[step.call.outputs[0]].axes if step.call.outputs else ()
    return f"{sizes} as {', '.join(first)}" if step.call.expression and before and not before.issuperset(first) else sizes


def _statement(step: Step, names: _Names) -> str:
    results = ", ".join(names.value(PortRef(step.node, port)) for port in step.call.outputs)
    if step.call.expression:
        return f"{results} = {step.call.expression.format_map(_operands(step, names))}"
    return f"{results} = self.{step.path}({', '.join(_passed(step, names))})"


def _passed(step: Step, names: _Names) -> list[str]:
    """Returns the arguments of a call: by position, and by name from the first one on that is left out."""
    given = {wired.parameter: wired for wired in step.wiring}
    passed: list[str] = []
    left_out = False
    for parameter in step.call.inputs:
        if parameter not in given:
            left_out = True
            continue
        written = names.argument(given[parameter])
        passed += [f"{parameter}={text}" for text in written] if left_out else written
    return passed


class _Operand(str):
    """The operands of an expression: `{inputs}` prints a list where there are several, `{inputs:+}` a sum."""

    parts: tuple[str, ...]

    def __format__(self, sign: str) -> str:
        return f" {sign} ".join(self.parts) if sign else str(self)


def _operands(step: Step, names: _Names) -> Mapping[str, _Operand]:
    operands: dict[str, _Operand] = {}
    for wired in step.wiring:
        parts = tuple(names.argument(wired))
        operand = _Operand(f"[{', '.join(parts)}]" if wired.variadic else parts[0])
        operand.parts = parts
        operands[wired.parameter] = operand
    return operands


class _Names:
    """The local variables of forward: one for every value and for every size that a step needs the lengths of."""

    def __init__(self, planned: Plan) -> None:
        self._symbols = {spec.symbol.name: spec.parameter for spec in planned.lengths}
        self._taken = {"self", "torch", "nn", "Tensor", *self._symbols.values(), *(spec.name for spec in planned.inputs)}
        self._values: dict[PortRef, str] = {}
        self.lengths: dict[Dim, str] = {}
        for step in planned.steps:
            self._name_lengths(step)
            self._name_results(step)

    def _name_lengths(self, step: Step) -> None:
        for wired in step.wiring:
            size = wired.lengths
            if size is not None and size not in self.lengths:
                symbols = {symbol.name for symbol in size.symbols()}
                plain = next(iter(symbols)) if len(symbols) == 1 else ""
                same = plain and any(size == Dim.of(symbol) for symbol in size.symbols())
                self.lengths[size] = self._symbols[plain] if same else self._free(f"lengths_of_{step.path.replace('.', '_')}")

    def _name_results(self, step: Step) -> None:
        base = step.path.replace(".", "_")
        if _is_through(step):
            (wired,) = step.wiring
            self._values[PortRef(step.node, "output")] = self.argument(wired)[0]
            return
        given = next((wired.given for wired in step.wiring if wired.given), "")
        for index, port in enumerate(step.call.outputs):
            self._values[PortRef(step.node, port)] = given or self._free(base if index == 0 else f"{base}_{port}")

    def _free(self, wanted: str) -> str:
        while wanted in self._taken:
            wanted += "_"
        self._taken.add(wanted)
        return wanted

    def value(self, port: PortRef) -> str:
        return self._values[port]

    def argument(self, wired: Wired) -> list[str]:
        if wired.lengths is not None:
            return [self.lengths[wired.lengths]]
        return [self._values[port] for port in wired.ports] or [wired.given]

    def derived(self, size: Dim, name: str) -> str:
        """Returns the line that computes the lengths of a size from the lengths that are given."""
        needed = sorted(self._symbols[symbol.name] for symbol in size.symbols() if symbol.name in self._symbols)
        missing = " or ".join(f"{parameter} is None" for parameter in needed)
        return f"{name} = None if {missing} else {_arithmetic(size, self._symbols)}"


def _arithmetic(size: Dim, symbols: Mapping[str, str]) -> str:
    """Returns a size as Python arithmetic on the lengths that are given."""
    terms = []
    for monomial, factor in sorted(size.terms, key=lambda term: (not term[0], repr(term[0]))):
        atoms = [_atom(atom, symbols) for atom in monomial]
        terms.append(" * ".join(([str(factor)] if factor != 1 or not atoms else []) + atoms))
    return " + ".join(terms).replace("+ -", "- ")


def _atom(atom: Atom, symbols: Mapping[str, str]) -> str:
    if isinstance(atom, Symbol):
        return symbols[atom.name] if atom.multiple_of == 1 else f"({symbols[atom.name]} // {atom.multiple_of})"
    return f"(({_arithmetic(atom.numerator, symbols)}) // {atom.divisor})"
