"""Sentences for people that can still be translated after they were written.

Everything below `app/` speaks English; `app/` translates at the edge. A `Text` is an ordinary `str` (so logs, the command
line and tests just use it) that remembers the template and the values it was made from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Text(str):
    """An English sentence made from a template with named values.

    Call it with a literal template, so that the translation check finds it: `Text("{node} needs {count} inputs.", node=name, count=2)`.

    Attributes:
        template: The English template; also the key of the translation.
        values: The values by name. Values that are `Text` are translated too; plain strings are somebody's own words and stay.
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, /, **values: Any) -> Text:
        self = super().__new__(cls, template.format(**values) if values else template)
        self.template = template
        self.values = values
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.template, self.values)

    def translated(self, lookup: Callable[[str], str]) -> str:
        """Returns this sentence in another language.

        Args:
            lookup: Maps an English template to the translated one, or returns it unchanged.
        """
        values = {name: translated(value, lookup) for name, value in self.values.items()}
        template = lookup(self.template)
        return template.format(**values) if values else template


def _restore(template: str, values: dict[str, Any]) -> Text:
    return Text(template, **values)


def translated(value: Any, lookup: Callable[[str], str]) -> Any:
    """Translates `value` where it is a `Text`; anything else passes through, also names that happen to be words of the window."""
    return value.translated(lookup) if isinstance(value, Text) else value


def kept(sentence: str) -> Any:
    """Returns a sentence as a JSON value that still can be translated when it is read again."""
    return [sentence.template, {name: kept(value) if isinstance(value, str) else value for name, value in sentence.values.items()}] \
        if isinstance(sentence, Text) else sentence


def recalled(value: Any) -> str:
    """Returns the sentence that `kept` wrote down; anything else as it is spelled."""
    try:
        template, values = value if isinstance(value, list) else (None, {})
        if isinstance(template, str):
            return Text(template, **{str(name): recalled(part) if isinstance(part, (str, list)) else part for name, part in values.items()})
    except (ValueError, KeyError, IndexError, AttributeError, TypeError):
        pass
    return str(value)
