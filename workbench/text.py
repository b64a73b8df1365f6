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
