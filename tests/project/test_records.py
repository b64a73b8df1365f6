"""Events as lines of JSON: nothing is lost, and sentences can still be said in another language."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from workbench.project.events import EpochEnded, Finding, RunState, StateChanged
from workbench.project.records import from_line, to_line
from workbench.text import Text


def _finding(**values: Any) -> Finding:
    message = Text("The loss is running away: {now:.3g} now, {lowest:.3g} at its lowest.", **values)
    return Finding("diverging", message, Text("Shorter steps do not overshoot."), 12, remedies=("lower-rate",))


@pytest.mark.parametrize("event", [
    StateChanged(RunState.PAUSED, 3), EpochEnded(1, 40, {"loss/val": 0.5}, True, 2.5), _finding(now=8.25, lowest=0.5),
])
def test_what_is_written_is_read(event: Any) -> None:
    assert from_line(to_line(event)) == event


def test_sentences_keep_template_and_values() -> None:
    read = from_line(to_line(_finding(now=8.25, lowest=0.5)))
    assert isinstance(read.message, Text)
    assert read.message.translated(lambda template: template.replace("The loss is running away", "损失正在失控")).startswith("损失正在失控: 8.25")


def test_values_that_json_cannot_hold_leave_the_english() -> None:
    event = _finding(now=math.nan, lowest=0.5)
    read = from_line(to_line(event))
    assert read.message == "The loss is running away: nan now, 0.5 at its lowest."
    assert not isinstance(read.message, Text)


def test_lines_written_before_are_still_read() -> None:
    record = json.loads(to_line(_finding(now=1.0, lowest=0.5)))
    del record["sentences"]
    assert from_line(json.dumps(record)) == _finding(now=1.0, lowest=0.5)
