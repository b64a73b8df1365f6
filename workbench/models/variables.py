"""The local variables of a printed forward: one for every value, and for every size that a step needs the lengths of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from workbench.graph.dim import Atom, Dim, Symbol
from workbench.graph.graph import PortRef
from workbench.models.plan import Plan
from workbench.models.steps import Loop, Step, Wired


def steps_in(body: Iterable[Step | Loop]) -> Iterator[Step]:
    """Returns the steps of one repetition of everything, in order."""
    for item in body:
        if isinstance(item, Loop):
            yield from steps_in(item.body)
        else:
            yield item


def is_through(step: Step) -> bool:
    """Whether the step hands on what it is given, so that nothing is printed."""
    return step.call.expression == "{input}"


class Names:
    """The variables of one forward.

    Args:
        body: What it runs.
        taken: Names that stand for something else.
        symbols: The arguments that give row lengths, by symbol.
        lengths: The variables of sizes that are known from outside.
        prefix: The path of the repeated group whose forward it is, and a dot; "" for the model's own.
        values: The variables of ports outside.
    """

    def __init__(
        self, body: tuple[Step | Loop, ...], taken: Iterable[str], symbols: Mapping[str, str], lengths: Mapping[Dim, str] | None = None,
        prefix: str = "", values: Mapping[PortRef, str] | None = None,
    ) -> None:
        self.prefix = prefix
        self._symbols, self._taken, self._values = symbols, {"self", "torch", "nn", "Tensor", *taken}, dict(values or {})
        self.lengths: dict[Dim, str] = dict(lengths or {})
        if lengths is None:
            for step in steps_in(body):
                self._name_lengths(step)
        for item in body:
            if isinstance(item, Loop):
                self._values[item.result] = self._free(self.relative(item.path).replace(".", "_"))
            else:
                self._name_results(item)

    @classmethod
    def of_plan(cls, planned: Plan) -> Names:
        """Returns the variables of the model's forward."""
        symbols = {spec.symbol.name: spec.parameter for spec in planned.lengths}
        return cls(planned.body, (*symbols.values(), *(spec.name for spec in planned.inputs)), symbols)

    def inside(self, loop: Loop) -> Names:
        """Returns the variables of the forward of one repetition, whose arguments are called as what is passed."""
        lengths = self.lengths_in(loop)
        others = {port: name if name != "input" else "other_input" for port in loop.others for name in (self.value(port),)}
        names = {**others, loop.source: "input"}
        return Names(loop.body, (*names.values(), *lengths.values()), self._symbols, lengths, f"{loop.path}.", names)

    def lengths_in(self, loop: Loop) -> dict[Dim, str]:
        """Returns the variables of the lengths that a loop asks for."""
        wanted = dict.fromkeys(wired.lengths for step in steps_in(loop.body) for wired in step.wiring if wired.lengths is not None)
        return {size: self.lengths[size] for size in wanted}

    def relative(self, path: str) -> str:
        """Returns a path as seen from the class whose forward this is."""
        return path.removeprefix(self.prefix)

    def _name_lengths(self, step: Step) -> None:
        for wired in step.wiring:
            size = wired.lengths
            if size is not None and size not in self.lengths:
                symbols = {symbol.name for symbol in size.symbols()}
                plain = next(iter(symbols)) if len(symbols) == 1 else ""
                same = plain and any(size == Dim.of(symbol) for symbol in size.symbols())
                self.lengths[size] = self._symbols[plain] if same else self._free(f"lengths_of_{step.path.replace('.', '_')}")

    def _name_results(self, step: Step) -> None:
        base = self.relative(step.path).replace(".", "_")
        if is_through(step):
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

    def spare(self, wanted: str) -> str:
        """Returns a free name for a variable of a loop."""
        return self._free(wanted)

    def value(self, port: PortRef) -> str:
        """Returns the variable of a port."""
        return self._values[port]

    def argument(self, wired: Wired) -> list[str]:
        """Returns what is passed for an argument."""
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


__all__ = ["Names", "is_through", "steps_in"]
