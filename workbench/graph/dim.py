"""Sizes that may be symbols: integer polynomials over symbols and floor(Dim / int), in normal form.

`Dim` answers two questions without torch: are these two sizes always equal, and if not, for which length do they differ?
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Union


@dataclass(frozen=True, slots=True)
class Symbol:
    """A size that is not known before the data is (batch, time).

    Attributes:
        name: As shown (`N`, `T`).
        minimum: The smallest value it takes.
        maximum: The largest, or None.
        multiple_of: Every value is a multiple of this.
        ragged: Rows of a batch differ in this size; each row has its own length.
    """

    name: str
    minimum: int = 1
    maximum: int | None = None
    multiple_of: int = 1
    ragged: bool = False


@dataclass(frozen=True, slots=True)
class Floor:
    """floor(numerator / divisor), an atom of a `Dim`."""

    numerator: Dim
    divisor: int


Atom = Union[Symbol, Floor]
Monomial = tuple[Atom, ...]


class Dim:
    """An integer polynomial over atoms, in normal form: equal values have equal terms wherever that can be decided.

    Supports `+`, `-`, `*` with Dims and ints and `//` by a positive int. Immutable and hashable.

    Attributes:
        terms: Coefficients by monomial.
    """

    __slots__ = ("_hash", "constant", "terms")

    terms: frozenset[tuple[Monomial, int]]
    constant: int | None

    def __init__(self, terms: frozenset[tuple[Monomial, int]]) -> None:
        self.terms = terms
        self._hash = hash(terms)
        self.constant = _constant(terms)

    @classmethod
    def of(cls, value: Dim | Symbol | int) -> Dim:
        """Returns `value` as a Dim; a symbol that is a multiple of m becomes m times an atom."""
        if isinstance(value, Dim):
            return value
        if isinstance(value, Symbol):
            return cls(frozenset({((value,), value.multiple_of)}))
        return cls(frozenset({((), value)}) if value else frozenset())

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, int):
            return self.constant == other
        return isinstance(other, Dim) and self.terms == other.terms

    def __hash__(self) -> int:
        return self._hash if self.constant is None else hash(self.constant)

    def __add__(self, other: Dim | int) -> Dim:
        other = Dim.of(other)
        if self.constant is not None and other.constant is not None:
            return Dim.of(self.constant + other.constant)
        return _collect([*self.terms, *other.terms])

    __radd__ = __add__

    def __neg__(self) -> Dim:
        return Dim(frozenset((monomial, -factor) for monomial, factor in self.terms))

    def __sub__(self, other: Dim | int) -> Dim:
        return self + -Dim.of(other)

    def __rsub__(self, other: int) -> Dim:
        return -self + other

    def __mul__(self, other: Dim | int) -> Dim:
        other = Dim.of(other)
        if self.constant is not None and other.constant is not None:
            return Dim.of(self.constant * other.constant)
        return _collect([
            (tuple(sorted(left + right, key=repr)), a * b) for left, a in self.terms for right, b in other.terms
        ])

    __rmul__ = __mul__

    def __floordiv__(self, divisor: int) -> Dim:
        if divisor < 1:
            raise ValueError(f"a Dim can be divided by a positive integer only, not by {divisor}")
        if self.constant is not None:
            return Dim.of(self.constant // divisor)
        return self if divisor == 1 else _floor(self, divisor)

    def __int__(self) -> int:
        if self.constant is None:
            raise ValueError(f"{self} is not a number before the data is known")
        return self.constant

    def __repr__(self) -> str:
        return f"Dim({self})"

    def __str__(self) -> str:
        return _written(self)

    def symbols(self) -> frozenset[Symbol]:
        """Returns every symbol this size depends on."""
        found: set[Symbol] = set()
        for monomial, _ in self.terms:
            for atom in monomial:
                found |= {atom} if isinstance(atom, Symbol) else atom.numerator.symbols()
        return frozenset(found)

    @property
    def ragged(self) -> bool:
        """Whether rows of a batch differ in this size."""
        return self.constant is None and any(symbol.ragged for symbol in self.symbols())

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Returns the size where symbols have these values (ints, numpy arrays or integer tensors) by name."""
        total: Any = 0
        for monomial, factor in self.terms:
            product: Any = factor
            for atom in monomial:
                product = product * _atom_value(atom, values)
            total = total + product
        return total


def _atom_value(atom: Atom, values: Mapping[str, Any]) -> Any:
    if isinstance(atom, Symbol):
        value = values[atom.name]
        return value if atom.multiple_of == 1 else value // atom.multiple_of
    return atom.numerator.evaluate(values) // atom.divisor


def _constant(terms: frozenset[tuple[Monomial, int]]) -> int | None:
    if not terms:
        return 0
    if len(terms) == 1:
        ((monomial, factor),) = terms
        return factor if not monomial else None
    return None


def _collect(terms: list[tuple[Monomial, int]]) -> Dim:
    totals: dict[Monomial, int] = {}
    for monomial, factor in terms:
        totals[monomial] = totals.get(monomial, 0) + factor
    return Dim(frozenset((monomial, factor) for monomial, factor in totals.items() if factor))


def _floor(value: Dim, divisor: int) -> Dim:
    """Pulls whole multiples out of the floor and merges nested floors, so that one atom is left at most per chain."""
    outside: list[tuple[Monomial, int]] = []
    inside: list[tuple[Monomial, int]] = []
    for monomial, factor in value.terms:
        whole = factor // divisor if factor % divisor == 0 or not monomial else 0
        outside.append((monomial, whole))
        inside.append((monomial, factor - whole * divisor))
    base, rest = _collect(outside), _collect(inside)
    if rest.constant is not None:
        return base
    offset = sum(factor for monomial, factor in rest.terms if not monomial)
    varying = [(monomial, factor) for monomial, factor in rest.terms if monomial]
    if len(varying) == 1 and varying[0][1] == 1 and len(varying[0][0]) == 1 and isinstance(varying[0][0][0], Floor):
        inner = varying[0][0][0]
        return base + (inner.numerator + offset * inner.divisor) // (inner.divisor * divisor)
    return base + Dim(frozenset({((Floor(rest, divisor),), 1)}))


def _written(dim: Dim) -> str:
    if dim.constant is not None:
        return str(dim.constant)
    parts = [_term(monomial, factor) for monomial, factor in sorted(dim.terms, key=lambda term: (not term[0], repr(term[0])))]
    text = parts[0]
    for part in parts[1:]:
        text += f" - {part[1:]}" if part.startswith("-") else f" + {part}"
    return text


def _term(monomial: Monomial, factor: int) -> str:
    if not monomial:
        return str(factor)
    atoms = []
    for atom in monomial:
        if isinstance(atom, Floor):
            inner = str(atom.numerator)
            atoms.append(f"⌊({inner})/{atom.divisor}⌋" if " " in inner else f"⌊{inner}/{atom.divisor}⌋")
            continue
        if atom.multiple_of > 1 and factor % atom.multiple_of == 0:
            factor //= atom.multiple_of
            atoms.append(atom.name)
        else:
            atoms.append(atom.name if atom.multiple_of == 1 else f"({atom.name}/{atom.multiple_of})")
    body = "·".join(atoms)
    return body if factor == 1 else f"-{body}" if factor == -1 else f"{factor}·{body}"
