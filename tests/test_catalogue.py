"""What a catalogue says of wrong names and wrong parameters: one sentence each, in our own words."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from workbench.errors import CatalogueError
from workbench.layers import LAYERS
from workbench.text import Text


@pytest.mark.parametrize(("layer", "params", "message", "hint"), [
    ("conv2d", {"kernel": 0}, "Conv2d: kernel cannot be 0.", "It must be at least 1."),
    ("dropout", {"rate": 1.0}, "Dropout: rate cannot be 1.0.", "It must be below 1.0."),
    ("conv2d", {"filters": 1.5}, "Conv2d: filters cannot be 1.5.", "A whole number is needed."),
    ("conv2d", {"padding": "x"}, "Conv2d: padding cannot be 'x'.", "It must be one of 'same', 'valid'."),
    ("dropout", {"rat": 0.5}, "Dropout: rat cannot be 0.5.", "There is no such parameter."),
    ("softmax", {"axis": 3}, "Softmax: axis cannot be 3.", "A text is needed."),
    ("conv2d", {"bias": "maybe"}, "Conv2d: bias cannot be 'maybe'.", "It must be true or false."),
    ("dropout", {"rate": float("nan")}, "Dropout: rate cannot be nan.", "A finite number is needed."),
])
def test_a_wrong_parameter_is_one_sentence_that_can_be_translated(layer: str, params: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        LAYERS[layer].parse(params)
    assert (caught.value.message, caught.value.hint) == (message, hint)
    assert isinstance(caught.value.hint, Text)
    assert caught.value.hint.template != "{reason}."


def test_a_wrong_table_is_shown_as_people_write_it() -> None:
    with pytest.raises(CatalogueError) as caught:
        LAYERS["dropout"].parse({"params": MappingProxyType({"rate": 9})})
    assert caught.value.message == "Dropout: params cannot be {'rate': 9}."


def test_capitals_are_near() -> None:
    with pytest.raises(CatalogueError) as caught:
        LAYERS["CONV2D"]
    assert "conv2d" in caught.value.hint


def test_an_unknown_name_names_the_nearest() -> None:
    with pytest.raises(CatalogueError) as caught:
        LAYERS["conv2"]
    assert caught.value.message == "There is no layer called 'conv2'."
    assert "conv2d" in caught.value.hint
