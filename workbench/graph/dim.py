"""Sizes that may be symbols: integer polynomials over symbols and floor(Dim / int), in normal form.

`Dim` answers two questions without torch: are these two sizes always equal, and if not, for which length do they differ?
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, product
from math import gcd, lcm
from types import MappingProxyType
from typing import Any, Union

from workbench.text import Text

_TRIALS = 4096
_SHOWN_FROM = 5


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
        return _number(value if type(value) is int else int(value))  # True counts as 1, and must not stay True

    def __reduce__(self) -> tuple[Any, ...]:
        return Dim, (self.terms,)  # without the hash, which holds in one process only

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, int):
            return self.constant == other
        return isinstance(other, Dim) and self.terms == other.terms

    def __hash__(self) -> int:
        return self._hash if self.constant is None else hash(self.constant)

    def __add__(self, other: Dim | int) -> Dim:
        number = other if isinstance(other, int) else other.constant
        if number is not None and self.constant is not None:
            return _number(self.constant + number)
        return self if number == 0 else _collect([*self.terms, *Dim.of(other).terms])

    __radd__ = __add__

    def __neg__(self) -> Dim:
        return Dim(frozenset((monomial, -factor) for monomial, factor in self.terms))

    def __sub__(self, other: Dim | int) -> Dim:
        return self + -other

    def __rsub__(self, other: int) -> Dim:
        return -self + other

    def __mul__(self, other: Dim | int) -> Dim:
        other = Dim.of(other)
        if self.constant is not None and other.constant is not None:
            return _number(self.constant * other.constant)
        return _collect([
            (tuple(sorted(left + right, key=repr)), a * b) for left, a in self.terms for right, b in other.terms
        ])

    __rmul__ = __mul__

    def __floordiv__(self, divisor: int) -> Dim:
        if divisor < 1:
            raise ValueError(f"a Dim can be divided by a positive integer only, not by {divisor}")
        if self.constant is not None:
            return _number(self.constant // divisor)
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


@lru_cache(maxsize=8192)
def _number(value: int) -> Dim:
    return Dim(frozenset({((), value)}) if value else frozenset())


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
    """Pulls whole multiples out of the floor, cancels common factors and merges nested floors, so that a chain leaves one atom."""
    base = _collect([(monomial, factor // divisor) for monomial, factor in value.terms])
    rest = _collect([(monomial, factor % divisor) for monomial, factor in value.terms])
    if rest.constant is not None:
        return base
    offset = sum(factor for monomial, factor in rest.terms if not monomial)
    varying = [(monomial, factor) for monomial, factor in rest.terms if monomial]
    common = gcd(divisor, *(factor for _, factor in varying))
    if common > 1:
        reduced = [(monomial, factor // common) for monomial, factor in varying]
        return base + _collect([*reduced, ((), offset // common)]) // (divisor // common)
    if len(varying) == 1 and varying[0][1] == 1 and len(varying[0][0]) == 1 and isinstance(varying[0][0][0], Floor):
        inner = varying[0][0][0]
        return base + (inner.numerator + offset * inner.divisor) // (inner.divisor * divisor)
    return base + Dim(frozenset({((Floor(rest, divisor),), 1)}))


def _written(dim: Dim) -> str:
    if dim.constant is not None:
        return str(dim.constant)
    parts = [_term(monomial, factor) for monomial, factor in sorted(dim.terms, key=_reading_order)]
    text = parts[0]
    for part in parts[1:]:
        text += f" - {part[1:]}" if part.startswith("-") else f" + {part}"
    return text


def _reading_order(term: tuple[Monomial, int]) -> tuple[bool, bool, str]:
    monomial = term[0]
    return not monomial, any(isinstance(atom, Floor) for atom in monomial), repr(monomial)


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


@dataclass(frozen=True, slots=True)
class CounterExample:
    """Values for which two sizes are not the same.

    Attributes:
        values: The values by symbol name.
        left: The first size there.
        right: The second size there.
        ragged: Whether the one symbol is a length.
    """

    values: Mapping[str, int]
    left: int
    right: int
    ragged: bool = False

    @property
    def sentence(self) -> Text:
        """`length 7 gives 6 and 7`, or `H = 3, W = 4 gives 12 and 9`."""
        if self.ragged and len(self.values) == 1:
            (length,) = self.values.values()
            return Text("length {length} gives {left} and {right}", length=length, left=self.left, right=self.right)
        if not self.values:
            return Text("{left} is not {right}", left=self.left, right=self.right)
        where = ", ".join(f"{name} = {value}" for name, value in self.values.items())
        return Text("{where} gives {left} and {right}", where=where, left=self.left, right=self.right)

    def __str__(self) -> str:
        return str(self.sentence)


def counter_example(left: Dim | int, right: Dim | int) -> CounterExample | None:
    """Returns values for which the two sizes differ, or None where they are equal for every value tried.

    With one symbol, as many values are tried as decide the matter: a polynomial with floors over a common divisor P, of degree d,
    is one polynomial on each residue class modulo P, and d + 1 equal values on a class make it zero there. Only where that were more
    than 4096 values, and with several symbols, None means "not found". Values where both sizes are positive come first.
    """
    left, right = Dim.of(left), Dim.of(right)
    if left == right:
        return None
    symbols = sorted((left.symbols() | right.symbols()), key=lambda symbol: symbol.name)
    second: CounterExample | None = None
    for point in _points(symbols, left - right):
        values = {symbol.name: value for symbol, value in zip(symbols, point, strict=True)}
        a, b = int(left.evaluate(values)), int(right.evaluate(values))
        if a != b:
            found = CounterExample(MappingProxyType(values), a, b, len(symbols) == 1 and symbols[0].ragged)
            if a > 0 and b > 0:
                return found
            second = second or found
    return second


def always_equal(left: Dim | int, right: Dim | int) -> bool:
    """Whether two sizes are equal for every length, also where their normal forms differ."""
    return counter_example(left, right) is None


def _points(symbols: list[Symbol], difference: Dim) -> Iterator[tuple[int, ...]]:
    if not symbols:
        return iter([()])
    if len(symbols) == 1:
        needed = _period(difference) * (_degree(difference) + 1)
        return ((value,) for value in islice(_values(symbols[0]), min(needed + _SHOWN_FROM, _TRIALS)))
    each = max(2, round(_TRIALS ** (1 / len(symbols))))
    return islice(product(*(list(islice(_values(symbol), each)) for symbol in symbols)), _TRIALS)


def _values(symbol: Symbol) -> Iterator[int]:
    """Yields what a symbol can be: values from 5 up first, because they read better than 1, then the few below."""
    step = symbol.multiple_of
    least = -(-symbol.minimum // step) * step
    start = min(max(least, -(-_SHOWN_FROM // step) * step), max(least, (symbol.maximum or _SHOWN_FROM) // step * step))
    shown = 0
    value = start
    below = iter(range(least, start, step))
    while shown < _TRIALS and (symbol.maximum is None or value <= symbol.maximum):
        yield value
        value, shown = value + step, shown + 1
        if shown == 2 * _SHOWN_FROM:
            yield from below
    yield from below


def _period(dim: Dim) -> int:
    period = 1
    for monomial, _ in dim.terms:
        for atom in monomial:
            if isinstance(atom, Floor):
                period = lcm(period, atom.divisor * _period(atom.numerator))
    return period


def _degree(dim: Dim) -> int:
    degrees = [sum(_degree(atom.numerator) if isinstance(atom, Floor) else 1 for atom in monomial) for monomial, _ in dim.terms]
    return max(degrees, default=0)
