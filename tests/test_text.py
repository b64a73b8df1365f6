"""Sentences that can be translated after they were written."""

from __future__ import annotations

import pickle

from workbench.text import Text

CHINESE = {"Remove {node}": "移除 {node}", "Try: {fix}.": "试试: {fix}。", "dead": "失活"}


def _lookup(template: str) -> str:
    return CHINESE.get(template, template)


def test_a_sentence_is_a_string_and_can_be_said_otherwise() -> None:
    text = Text("Try: {fix}.", fix=Text("Remove {node}", node="dead"))
    assert text == "Try: Remove dead."
    assert text.translated(_lookup) == "试试: 移除 dead。"
    assert pickle.loads(pickle.dumps(text)).translated(_lookup) == text.translated(_lookup)


def test_braces_without_values_are_left_alone() -> None:
    assert Text("a set {1, 2}") == "a set {1, 2}"
    assert Text("a set {1, 2}").translated(_lookup) == "a set {1, 2}"
