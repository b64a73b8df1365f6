"""Sizes: against integer arithmetic, against torch, and where two of them differ."""

from __future__ import annotations

import pickle
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.graph.dim import Dim, Floor, Symbol, always_equal, counter_example

T = Symbol("T", maximum=4000, ragged=True)
STEPS = st.lists(st.tuples(st.integers(1, 7), st.integers(1, 4), st.integers(0, 3), st.integers(1, 3)), min_size=1, max_size=6)


def window(size, kernel, stride, padding, dilation):
    """The size after a convolution or pooling, for ints and Dims alike."""
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


@given(STEPS, st.integers(1, 3000))
def test_a_chain_of_windows_is_integer_arithmetic(steps, length):
    size, number = Dim.of(T), length
    for step in steps:
        size, number = window(size, *step), window(number, *step)
    assert size.evaluate({"T": length}) == number


@given(STEPS)
def test_a_chain_of_windows_leaves_one_floor(steps):
    size = Dim.of(T)
    for step in steps:
        size = window(size, *step)
    atoms = [atom for monomial, _ in size.terms for atom in monomial]
    floors = [atom for atom in atoms if isinstance(atom, Floor)]
    inner = [atom for floor in floors for monomial, _ in floor.numerator.terms for atom in monomial]
    assert len(floors) <= 1
    assert not any(isinstance(atom, Floor) for atom in inner)


CHAIN = [(3, 1, 1, 1), (5, 2, 2, 1), (3, 2, 0, 2), (2, 2, 0, 1)]


@pytest.mark.parametrize("length", [32, 33, 47, 64, 101])
def test_torch_agrees(length):
    import torch
    from torch import nn

    size = Dim.of(T)
    x = torch.zeros(1, 1, length)
    for kernel, stride, padding, dilation in CHAIN:
        x = nn.Conv1d(1, 1, kernel, stride, padding, dilation)(x)
        size = window(size, kernel, stride, padding, dilation)
        assert size.evaluate({"T": length}) == x.shape[-1]
    x = nn.MaxPool1d(3, 2, 1)(x)
    assert window(size, 3, 2, 1, 1).evaluate({"T": length}) == x.shape[-1]


def test_lengths_of_a_batch_are_evaluated_at_once():
    import torch

    lengths = torch.tensor([50, 7, 33])
    size = window(window(Dim.of(T), 3, 2, 1, 1), 2, 2, 0, 1)
    assert size.evaluate({"T": lengths}).tolist() == [size.evaluate({"T": each}) for each in (50, 7, 33)]


DIMS = st.recursive(
    st.one_of(st.integers(-9, 9).map(Dim.of), st.sampled_from([Dim.of(T), Dim.of(Symbol("U")), Dim.of(Symbol("E", multiple_of=2))])),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda two: two[0] + two[1]), st.tuples(inner, inner).map(lambda two: two[0] - two[1]),
        st.tuples(inner, st.integers(-3, 3)).map(lambda two: two[0] * two[1]),
        st.tuples(inner, st.integers(1, 6)).map(lambda two: two[0] // two[1]),
    ),
    max_leaves=6,
)
VALUES = st.fixed_dictionaries({"T": st.integers(1, 99), "U": st.integers(1, 99), "E": st.integers(1, 49).map(lambda half: 2 * half)})


@given(DIMS, DIMS, DIMS, VALUES, st.integers(1, 7))
def test_the_algebra_holds(a, b, c, values, divisor):
    def value(dim):
        return dim.evaluate(values)

    assert a + b == b + a
    assert a * b == b * a
    assert (a + b) + c == a + (b + c)
    assert a * (b + c) == a * b + a * c
    assert a - a == 0
    assert value(a + b) == value(a) + value(b)
    assert value(a * b) == value(a) * value(b)
    assert value(a // divisor) == value(a) // divisor
    assert (a + divisor * b) // divisor == a // divisor + b
    assert hash(a + b) == hash(b + a)
    assert pickle.loads(pickle.dumps(a)) == a


@settings(max_examples=60)
@given(DIMS, DIMS)
def test_a_counter_example_is_one(a, b):
    example = counter_example(a, b)
    if example is not None:
        assert a.evaluate(example.values) == example.left != example.right == b.evaluate(example.values)
        return
    for t, u, e in product((1, 2, 3, 12, 31), (1, 4), (2, 6)):
        values = {"T": t, "U": u, "E": e}
        assert a.evaluate(values) == b.evaluate(values)


def test_a_counter_example_reads_well():
    length = Dim.of(T)
    assert str(counter_example(length // 2 * 2, length)) == "length 5 gives 4 and 5"
    assert str(counter_example(6, 7)) == "6 is not 7"
    rows, columns = Dim.of(Symbol("H")), Dim.of(Symbol("W"))
    assert str(counter_example(rows, columns)) == "H = 5, W = 6 gives 5 and 6"


def test_a_counter_example_stays_within_the_symbol():
    even = Dim.of(Symbol("E", minimum=3, maximum=9, multiple_of=2))
    assert counter_example(even // 2 * 2, even) is None
    assert counter_example(even // 4 * 4, even).values["E"] in (6,)
    assert counter_example(Dim.of(Symbol("S", maximum=3)) // 4, 0) is None


def test_rare_differences_are_found():
    length = Dim.of(T)
    assert counter_example(length // 97, (length + 1) // 97).values == {"T": 193}
    assert counter_example(length * length - length * length, 0) is None


def test_equal_sizes_of_different_form_are_equal():
    length = Dim.of(T)
    assert length - length // 2 != (length + 1) // 2
    assert always_equal(length - length // 2, (length + 1) // 2)
    assert not always_equal(length, length + 1)


def test_normal_forms():
    length = Dim.of(T)
    assert (3 * length) // 2 == length + length // 2
    assert (2 * length + 1) // 4 == length // 2
    assert length // 2 // 3 == length // 6
    assert str(length - length // 2) == "T - ⌊T/2⌋"
    assert str(2 * length * length - 1) == "2·T·T - 1"
    assert Dim.of(Symbol("E", multiple_of=4)) // 4 * 4 == Dim.of(Symbol("E", multiple_of=4))


def test_numbers_are_numbers():
    assert Dim.of(7) == 7 and int(Dim.of(7)) == 7 and hash(Dim.of(7)) == hash(7)
    with pytest.raises(ValueError, match="before the data"):
        int(Dim.of(T))
    with pytest.raises(ValueError, match="positive"):
        _ = Dim.of(T) // 0
    assert Dim.of(T).ragged and not Dim.of(Symbol("N")).ragged


def test_truth_is_a_number_as_it_is_elsewhere() -> None:
    size = Dim.of(True)
    assert size == 1 and type(size.constant) is int and type(int(size)) is int
