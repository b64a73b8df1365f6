"""Texts in trouble: empty, broken by a wrong encoding, full of control characters, very long or very short."""

from __future__ import annotations

import re

import numpy as np

from workbench.data.base import DataProblem, Field, FieldKind
from workbench.data.findings.base import Finder, Look, called
from workbench.text import Text

_BROKEN = re.compile("\ufffd|Ã[\u0080-\u00bf©¨¤¶¼±³]|â€[\u0099\u009c\u009d\u0093\u0094™œ]|Â[\u00a0-\u00bf]|ï»¿|锟斤拷|æ[\u0080-\u00bf]{2}")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_MANY = 50
_TIMES = 12


class EmptyTexts(Finder):
    """Texts with nothing in them."""

    name = "empty-text"
    label = "Empty texts"
    summary = "Texts without a letter in them."
    aliases = ("blank", "空文本")

    def find(self, look: Look) -> list[DataProblem]:
        found = []
        for field in look.fields(FieldKind.TEXT):
            rows = look.usable[[not text.strip() for text in look.values(field.name)]]
            if len(rows):
                found.append(DataProblem(
                    self.name, Text("{count} texts in {field} are empty.", count=len(rows), field=called(field)), look.names(rows),
                    Text("There is nothing in them to learn from; they count as one unknown token."),
                ))
        return found


class Encoding(Finder):
    """Letters broken by a wrong encoding, and control characters."""

    name = "encoding"
    label = "Broken letters"
    summary = "Texts that were read in a wrong encoding, or that hold control characters."
    aliases = ("mojibake", "encoding", "乱码", "编码")

    def find(self, look: Look) -> list[DataProblem]:
        fields = look.fields(FieldKind.TEXT)
        return [problem for field in fields for problem in look.kept(self.name, [field], lambda field=field: self._of(look, field))]

    def _of(self, look: Look, field: Field) -> list[DataProblem]:
        texts = look.values(field.name)
        broken = look.usable[[bool(_BROKEN.search(text)) for text in texts]]
        control = look.usable[[bool(_CONTROL.search(text)) for text in texts]]
        found = []
        if len(broken):
            found.append(DataProblem(
                self.name, Text("{count} texts in {field} hold letters broken by a wrong encoding.", count=len(broken), field=called(field)),
                look.names(broken), Text("The model learns the broken letters, and does not know the right ones later."),
            ))
        if len(control):
            found.append(DataProblem(
                "control-characters", Text("{count} texts in {field} hold invisible control characters.", count=len(control), field=called(field)),
                look.names(control), Text("What people cannot see, the model reads all the same."),
            ))
        return found


class Lengths(Finder):
    """Texts many times as long as most others."""

    name = "lengths"
    label = "Extreme lengths"
    summary = "Texts many times as long as most."
    aliases = ("length outliers", "长度异常")

    def find(self, look: Look) -> list[DataProblem]:
        found = []
        for field in look.fields(FieldKind.TEXT):
            lengths = np.array([len(text) for text in look.values(field.name)])
            if len(lengths) < _MANY:
                continue
            usual = float(np.median(lengths))
            rows = look.usable[lengths > _TIMES * max(usual, 10.0)]
            if len(rows):
                found.append(DataProblem(
                    self.name,
                    Text("{count} texts in {field} are more than {times} times as long as the usual {usual} characters.",
                         count=len(rows), field=called(field), times=_TIMES, usual=round(usual)),
                    look.names(rows), Text("Long rows are cut off, and each makes its whole batch slow."),
                ))
        return found


__all__ = ["EmptyTexts", "Encoding", "Lengths"]
