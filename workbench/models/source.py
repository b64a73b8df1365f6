"""The plan as plain PyTorch that runs without this program: the same submodules, the same calls, the same state keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.graph.graph import Graph, PortRef
from workbench.graph.shape import Shape
from workbench.models.plan import InputSpec, Plan, plan
from workbench.models.printing import definitions
from workbench.models.steps import Loop, Step
from workbench.models.tying import singular, tie_lines
from workbench.models.variables import Names, is_through

_WIDTH = 120
Body = tuple[Step | Loop, ...]


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
    names = Names.of_plan(planned)
    page = _Page()
    imports, bodies = definitions(dict.fromkeys(target for step in planned.steps for target in _needed(step)))
    for line in _import_lines(imports, planned):
        page.add(line)
    for body in bodies:
        for line in ["", "", *body.split("\n")]:
            page.add(line)
    taken = {class_name, "nn", "torch", "Tensor", *re.findall(r"^(?:class|def) (\w+)", "\n".join(bodies), re.MULTILINE)}
    formulas = _print_formulas(page, planned, taken)
    blocks = _print_blocks(page, planned.body, names, taken, formulas)
    page.add()
    page.add()
    _print_class(page, planned, names, class_name, blocks)
    return page


def _needed(step: Step) -> tuple[str, ...]:
    """Returns what of our modules is printed for a step."""
    if step.call.definition:
        return step.call.needs
    return () if _is_torch(step) or step.call.expression else (step.call.target,)


def _print_formulas(page: _Page, planned: Plan, taken: set[str]) -> dict[str, str]:
    """Prints the classes that layers write themselves, equal ones once, and returns their names by what they define."""
    found: dict[str, str] = {}
    for step in planned.steps:
        text = step.call.definition
        if not text or text in found:
            continue
        found[text] = _class_name(step.path, taken)
        taken.add(found[text])
        for line in ["", "", *text.replace("{name}", found[text]).split("\n")]:
            page.add(line)
    return found


def _is_torch(step: Step) -> bool:
    return step.call.target.startswith("nn.")


def _import_lines(imports: list[str], planned: Plan) -> list[str]:
    """Returns `import ...` lines first, then one line per `from`."""
    wanted = {"from torch import Tensor", "from torch import nn", *imports}
    if any("torch." in step.call.expression + step.call.definition for step in planned.steps):
        wanted.add("import torch")
    plain = sorted(line for line in wanted if line.startswith("import "))
    grouped: dict[str, list[str]] = {}
    for line in sorted(wanted):
        if line.startswith("from "):
            module, _, name = line.removeprefix("from ").partition(" import ")
            grouped.setdefault(module, []).append(name)
    return plain + [f"from {module} import {', '.join(names)}" for module, names in grouped.items()]


def _print_blocks(page: _Page, body: Body, names: Names, taken: set[str], formulas: Mapping[str, str]) -> dict[str, str]:
    """Prints a class for one repetition of each repeated group, inner ones first, and returns the classes by group, and the given ones."""
    blocks: dict[str, str] = dict(formulas)
    for loop in (item for item in body if isinstance(item, Loop)):
        inside = names.inside(loop)
        blocks |= _print_blocks(page, loop.body, inside, taken, formulas)
        blocks[loop.path] = _block_name(loop.path, taken)
        taken.add(blocks[loop.path])
        _print_block(page, loop, names, inside, blocks)
    return blocks


def _block_name(path: str, taken: set[str]) -> str:
    return _class_name(singular(path.rpartition(".")[2]), taken)


def _class_name(path: str, taken: set[str]) -> str:
    word = "".join(part[:1].upper() + part[1:] for part in path.rpartition(".")[2].split("_"))
    name, number = word, 2
    while name in taken:
        name, number = f"{word}{number}", number + 1
    return name


def _print_block(page: _Page, loop: Loop, names: Names, inside: Names, blocks: Mapping[str, str]) -> None:
    page.add()
    page.add()
    page.add(f"class {blocks[loop.path]}(nn.Module):")
    page.add(f'"""One of the {loop.times} repetitions of {loop.path}."""', depth=1)
    page.add()
    page.add("def __init__(self) -> None:", depth=1)
    page.add("super().__init__()", depth=2)
    _print_modules(page, loop.body, inside, blocks)
    page.add()
    arguments = ["input: Tensor", *(f"{inside.value(port)}: Tensor" for port in loop.others)]
    arguments += [f"{name}: Tensor | None = None" for name in names.lengths_in(loop).values()]
    page.add(f"def forward({', '.join(['self', *arguments])}) -> Tensor:", depth=1)
    _print_steps(page, loop.body, inside)
    page.add(f"return {inside.value(loop.result)}", depth=2)


def _print_modules(page: _Page, body: Body, names: Names, blocks: Mapping[str, str]) -> None:
    """Prints the constructor's lines of one class."""
    groups: set[str] = set()
    for item in body:
        path = names.relative(item.path)
        _print_groups(page, path, groups)
        if isinstance(item, Loop):
            page.add(f"self.{path} = nn.ModuleList({blocks[item.path]}() for _ in range({item.times}))", depth=2)
        elif not item.call.expression:
            for line in _wrapped(f"self.{path} = {blocks.get(item.call.definition) or _class_of(item)}", _constructor(item)):
                page.add(line, item.node, 2)


def _print_class(page: _Page, planned: Plan, names: Names, class_name: str, blocks: Mapping[str, str]) -> None:
    page.add(f"class {class_name}(nn.Module):")
    for line in _docstring(planned):
        page.add(line, depth=1)
    page.add()
    page.add("def __init__(self) -> None:", depth=1)
    page.add("super().__init__()", depth=2)
    _print_modules(page, planned.body, names, blocks)
    for line in tie_lines(planned):
        page.add(line, depth=2)
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
    """Returns the field of the data that feeds an input, where that has another name, its rate, and whether the model writes it itself."""
    field_name = f", field {spec.field}" if spec.field != spec.name else ""
    rate = f", {spec.rate} samples per second" if spec.rate else ""
    return field_name + rate + (", written by the model" if spec.decoder else "")


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
    return [] if step.call.definition else [f"{key}={_literal(value)}" for key, value in step.call.arguments.items()]


def _literal(value: Any) -> str:
    return repr(tuple(value)) if isinstance(value, list | tuple) else repr(value)


def _wrapped(head: str, arguments: list[str]) -> list[str]:
    """Returns a call on one line, or on three where it would be too long."""
    line = f"{head}({', '.join(arguments)})"
    return [line] if len(line) <= _WIDTH else [f"{head}(", f"    {', '.join(arguments)}", ")"]


def _print_forward(page: _Page, planned: Plan, names: Names) -> None:
    arguments = [f"{spec.name}: Tensor" for spec in planned.inputs] + [
        f"{spec.parameter}: Tensor | None = None" for spec in planned.lengths
    ]
    result = "Tensor" if len(planned.outputs) == 1 else f"tuple[{', '.join('Tensor' for _ in planned.outputs)}]"
    page.add(f"def forward({', '.join(['self', *arguments])}) -> {result}:", depth=1)
    for size, name in names.lengths.items():
        if size.symbols() and name not in {spec.parameter for spec in planned.lengths}:
            page.add(names.derived(size, name), depth=2)
    _print_steps(page, planned.body, names)
    page.add(f"return {', '.join(names.value(PortRef(spec.node, 'output')) for spec in planned.outputs)}", depth=2)


def _print_steps(page: _Page, body: Body, names: Names) -> None:
    """Prints the calls of one forward; a loop calls its block once for every repetition."""
    for item in body:
        if isinstance(item, Loop):
            result, one = names.value(item.result), names.spare(singular(item.path.rpartition(".")[2]))
            passed = [result, *(names.value(port) for port in item.others), *names.lengths_in(item).values()]
            page.add(f"{result} = {names.value(item.source)}", depth=2)
            page.add(f"for {one} in self.{names.relative(item.path)}:", depth=2)
            page.add(f"{result} = {one}({', '.join(passed)})", depth=3)
        elif not is_through(item):
            page.add(f"{_statement(item, names)}  # {_shapes(item)}", item.node, 2)


def _shapes(step: Step) -> str:
    """Returns the shapes of the results; the names of axes too where the step gives new ones."""
    sizes = ", ".join(_sizes(step.outputs[port]) for port in step.call.outputs)
    before = {axis for shape in step.inputs.values() for axis in shape.axes}
    first = step.outputs[step.call.outputs[0]].axes if step.call.outputs else ()
    return f"{sizes} as {', '.join(first)}" if step.call.expression and before and not before.issuperset(first) else sizes


def _statement(step: Step, names: Names) -> str:
    results = ", ".join(names.value(PortRef(step.node, port)) for port in step.call.outputs)
    if step.call.expression:
        return f"{results} = {step.call.expression.format_map(_operands(step, names))}"
    return f"{results} = self.{names.relative(step.path)}({', '.join(_passed(step, names))})"


def _passed(step: Step, names: Names) -> list[str]:
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


def _operands(step: Step, names: Names) -> Mapping[str, _Operand]:
    operands: dict[str, _Operand] = {}
    for wired in step.wiring:
        parts = tuple(names.argument(wired))
        operand = _Operand(f"[{', '.join(parts)}]" if wired.variadic else parts[0])
        operand.parts = parts
        operands[wired.parameter] = operand
    return operands
