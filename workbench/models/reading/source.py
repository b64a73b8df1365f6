"""Reads a class: its constructor first, then its forward, with the size of the input found on the way."""

from __future__ import annotations

import ast
import re
from contextlib import suppress
from dataclasses import replace
from itertools import islice, product
from types import MappingProxyType
from typing import Any

from workbench.errors import GraphError
from workbench.graph.graph import Graph, PortRef
from workbench.graph.problem import Severity
from workbench.models.reading import inputs
from workbench.models.reading.drawing import Drawing
from workbench.models.reading.file import SourceFile
from workbench.models.reading.inputs import Given
from workbench.models.reading.operations import joins_rows, settled, turned, unturned
from workbench.models.reading.reading import BROKEN, NotDrawableError, Reading, WrongSizeError
from workbench.models.reading.repeating import Folding, Row, rows_of_blocks
from workbench.models.reading.statements import Reader
from workbench.models.reading.values import Blank, Container, Definition, Instance, Module, Side, Tensor, Unknown, Weight, place
from workbench.text import Text

_MOST_TRIALS = 120


def read_source(text: str, class_name: str = "") -> Reading:
    """Reads a class of plain PyTorch as a drawing. Nothing of the source is imported or run.

    Args:
        text: The source of one file, or of one class.
        class_name: The class to read; "" takes the last one that comes from `nn.Module`.

    Raises:
        GraphError: There is nothing to read: no Python, no such class, no forward.
    """
    try:
        file = SourceFile(text)
        return _ClassReading(file, _chosen(file, class_name)).reading()
    except (RecursionError, MemoryError):
        raise GraphError(
            Text("This source is nested too deeply, or its loops run too often, to be drawn."),
            Text("Write the class with fewer repetitions."),
        ) from None
    except BROKEN as error:
        raise GraphError(
            Text("This source cannot be drawn: {reason}.", reason=f"{type(error).__name__} {error}".replace("\n", " ")[:200]),
            Text("Run it once in Python: it may hold a mistake."),
        ) from error


def _chosen(file: SourceFile, class_name: str) -> Definition:
    modules = file.modules()
    names = ", ".join(definition.name for definition in modules)
    if class_name:
        found = next((definition for definition in modules if definition.name == class_name), None)
        if found is None:
            raise GraphError(
                Text("There is no class {name} of nn.Module in this source.", name=class_name),
                Text("There are: {names}.", names=names) if names else Text("A class that is drawn begins with `class NAME(nn.Module):`."),
            )
        return found
    if not modules:
        raise GraphError(
            Text("There is no class of nn.Module in this source."), Text("A class that is drawn begins with `class NAME(nn.Module):`.")
        )
    return modules[-1]


class _Groups(Reader):
    """A reader that knows the groups of the class it reads."""

    known: tuple[str, ...] = ()

    def groups(self) -> list[str]:
        return list(self.known)


class _ClassReading:
    """One class on its way to a drawing."""

    def __init__(self, file: SourceFile, definition: Definition) -> None:
        self.file, self.definition = file, definition
        forward = definition.methods.get("forward")
        if forward is None:
            raise GraphError(Text("{name} has no forward.", name=definition.name), Text("What forward does is what is drawn."))
        self.forward = forward
        self.unwired: dict[str, str] = {}
        self.rows: list[Row] = []
        self.docstring = ast.get_docstring(definition.node) or ""
        self.described = inputs.described(self.docstring) if self.docstring.startswith("Takes:") else []

    def reading(self) -> Reading:
        """Returns the drawing with what could not be drawn."""
        givens = self.described or self._found_inputs()
        drawing = Drawing()
        self._read(drawing, givens)
        for given in givens:
            if given.assumed:
                drawing.say(
                    "source.input",
                    Text("{name} is drawn as {shape}; the source does not say its size.", name=given.name, shape=given.shape.named()),
                    Text("Change the input if yours is another."),
                    error=False,
                )
        graph, names, zeros = self._folded(drawing)
        problems = (problem if problem.node in graph else replace(problem, node="") for problem in drawing.problems)
        return Reading(graph, tuple(problems), MappingProxyType(names), self.definition.name, zeros)

    def _folded(self, drawing: Drawing) -> tuple[Graph, dict[str, tuple[str, ...]], tuple[str, ...]]:
        """Returns the drawing with blocks of one kind as repeated groups, and the keys of its model."""
        from workbench.graph.edit import move
        from workbench.graph.layout import layout

        graph = drawing.graph()
        folding = Folding(graph)
        folding.fold(self.rows)
        if folding.graph is not graph:
            graph = move(folding.graph, layout(folding.graph))
        names = {key: tuple(map(folding.key, own)) for key, own in drawing.names.items()}
        return graph, names, tuple(map(folding.key, drawing.zeros))

    def _made(self, drawing: Drawing | None) -> tuple[_Groups, Instance | Module]:
        """Returns a reader and the object that it made, with the paths of its modules."""
        reader = _Groups(self.file)
        root = reader.made(self.definition, [], {}, self.definition.node.lineno)
        place(root, "")
        reader.drawing = drawing
        reader.printed = bool(self.described)
        reader.known = tuple(sorted(_groups(root), key=len, reverse=True))
        return reader, root

    def _arguments(self) -> list[str]:
        """Returns the arguments of forward that have no default."""
        arguments = self.forward.args
        names = [argument.arg for argument in [*arguments.posonlyargs, *arguments.args]][1:]
        return names[: len(names) - len(arguments.defaults)] if arguments.defaults else names

    def _found_inputs(self) -> list[Given]:
        """Returns the inputs with which no layer is given another size than it was made for; else the likeliest."""
        names = self._arguments()
        met = self._met(names)
        names = [name for name in names if name not in self.unwired]
        if not names:
            raise GraphError(
                Text("forward of {name} takes nothing.", name=self.definition.name), Text("A model is given at least one tensor.")
            )
        shown = inputs.examples(self.file.tree, self.file.text)
        longest = self._longest()
        ways = [list(islice(inputs.proposed(name, *met[name], shown, longest), _MOST_TRIALS)) for name in names]
        if not all(ways):
            raise GraphError(Text("No input of the catalogue fits what {name} is given.", name=self.definition.name))
        tied = len(names) > 1 and len({tuple(way[0].shape.axes) for way in ways}) == 1
        rounds = (list(each) for each in (zip(*ways, strict=False) if tied else product(*ways)))
        best, fewest = [way[0] for way in ways], -1
        for givens in islice(rounds, _MOST_TRIALS):
            drawing = Drawing(strict=True)
            try:
                self._read(drawing, givens)
            except WrongSizeError:
                continue
            wrong = sum(problem.severity == Severity.ERROR for problem in drawing.problems)
            if fewest < 0 or wrong < fewest:
                best, fewest = givens, wrong
            if not wrong or len(givens) < len(names):
                break
        likeliest = [way[0] for way in ways]
        other = [given.shape.axes for given in best] != [given.shape.axes for given in likeliest]
        return likeliest if fewest > 0 and other else best

    def _longest(self) -> int:
        """Returns how many positions the class knows, where it has learned ones; else the usual length."""
        _, root = self._made(None)
        found = [
            value.sizes[1]
            for value in _values(root)
            if isinstance(value, Weight)
            and value.sizes
            and len(value.sizes) == 3
            and value.sizes[0] == 1
            and isinstance(value.sizes[1], int)
        ]
        tables = [value for value in _values(root) if isinstance(value, Module) and value.target == "nn.Embedding"]
        sizes = [table.arguments.get("num_embeddings") for table in tables[1:] if any("pos" in path or "wpe" in path for path in table.paths)]
        return next((size for size in [*found, *sizes] if isinstance(size, int) and size > 0), 64)

    def _met(self, names: list[str]) -> dict[str, tuple[Module | None, bool]]:
        """Returns what each argument of forward comes to first, and whether its axes are moved before."""
        drawing = Drawing()
        drawing.probing = True
        reader, root = self._made(drawing)
        given = {name: Tensor(PortRef(name, "output")) for name in names}
        with suppress(NotDrawableError, WrongSizeError):
            reader.forward(root, list(given.values()), {})
        found: dict[str, tuple[Module | None, bool]] = {}
        self.unwired = {name: drawing.unwired[given[name].port] for name in names if given[name].port in drawing.unwired}
        for name in names:
            hits = [(module, viewed) for port, module, viewed in drawing.met if port == given[name].port]
            telling = [hit for hit in hits if hit[0].arguments] or hits
            found[name] = telling[0] if telling else (None, given[name].port in drawing.viewed)
        return found

    def _read(self, drawing: Drawing, givens: list[Given]) -> None:
        """Draws the class for these inputs."""
        reader, root = self._made(drawing)
        self.rows = rows_of_blocks(_values(root))
        values = [_input(drawing, given) for given in givens]
        try:
            if self.unwired:
                named = dict(zip([given.name for given in givens], values, strict=True))
                result = reader.forward(root, [], {**named, **{name: Blank(kind) for name, kind in self.unwired.items()}})
            else:
                result = reader.forward(root, values, {})
        except NotDrawableError as error:
            raise GraphError(Text("{name} cannot be drawn: {reason}", name=self.definition.name, reason=error.reason)) from None
        drawing.line = self.forward.end_lineno or 0
        self._outputs(reader, drawing, result)
        for blank in (value for value in _values(root) if isinstance(value, Blank)):
            drawing.names |= {path: () for path in blank.paths if path not in drawing.names}
        for module in dict.fromkeys(value for value in _values(root) if isinstance(value, Module) and value.ties):
            for own, (other, name) in module.ties.items():
                if module.nodes and other.nodes:
                    drawing.tie(module.nodes[0], own, other.nodes[0], name)

    def _outputs(self, reader: Reader, drawing: Drawing, result: Any) -> None:
        values = list(result.values()) if isinstance(result, dict) else list(result) if isinstance(result, tuple | list) else [result]
        named = [str(key) for key in result] if isinstance(result, dict) else _result_names(self.docstring) if self.described else []
        drawing.group = ""
        for index, value in enumerate(values):
            value = value.states.tensor if isinstance(value, Side) and value.states.directions == 1 else value
            if not isinstance(value, Tensor):
                if not isinstance(value, Unknown | type(None)) or len(values) == 1:
                    drawing.say(
                        "source.result",
                        Text("Line {line}: result {number} of forward is no tensor of the drawing.", line=drawing.line, number=index + 1),
                    )
                continue
            try:
                port = settled(reader, _apart(drawing, value))[0]
            except NotDrawableError as error:
                port = drawing.placeholder("view", {}, [value], error.reason)[0].port
            drawing.add("output", {}, [("input", port)], named[index] if index < len(named) else "output", "")


def _apart(drawing: Drawing, value: Tensor) -> Tensor:
    """Returns a result with its rows first, apart from its positions and with one axis behind them, and says where the class has another form."""
    if joins_rows(value):
        message = Text("Line {line}: a result joins all positions of all rows; the drawing keeps them apart.", line=drawing.line)
    elif turned(value) and (value.layout or ((0,),))[0] != (0,):
        message = Text("Line {line}: a result has its rows on a later axis; the drawing has them first.", line=drawing.line)
    elif value.shape is not None and value.shape.rank == 2 and value.layout == ((0,),):
        message = Text("Line {line}: a result is one number per row; the drawing keeps it as an axis of size 1.", line=drawing.line)
    else:
        return value
    drawing.say("source.rows", message, Text("The numbers are the same."), error=False)
    return unturned(value)


def _input(drawing: Drawing, given: Given) -> Tensor:
    from workbench.graph.ports import Context
    from workbench.layers import LAYERS

    node = drawing.add(given.layer, given.params, (), given.name, "")
    layer = LAYERS[given.layer]
    shape = layer.shape(layer.parse(dict(given.params)), {}, Context(node, given.name))["output"]
    port = PortRef(node, "output")
    drawing.shapes[port] = shape
    return Tensor(port, shape, given.view)


def _result_names(docstring: str) -> list[str]:
    """Returns the names of the outputs that our own print describes."""
    _, _, after = docstring.rpartition("Returns ")
    return re.findall(r"(\w+) \([^)]*\)", after)


def _values(root: Any) -> list[Any]:
    """Returns everything that an object holds."""
    found: list[Any] = []
    waiting, seen = [root], set[int]()
    while waiting:
        value = waiting.pop(0)
        if id(value) in seen:
            continue
        seen.add(id(value))
        found.append(value)
        parts = value.attributes if isinstance(value, Instance) else value.items if isinstance(value, Container) else {}
        waiting += list(parts.values())
    return found


def _groups(root: Any) -> list[str]:
    return [path for value in _values(root) if isinstance(value, Instance) and value.definition is None for path in value.paths if path]


__all__ = ["read_source"]
