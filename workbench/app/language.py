"""The language of the window. English templates are the keys; `resources/translations/LANGUAGE.json` holds the rest."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from PySide6.QtCore import QLocale, QObject, Signal

from workbench.errors import WorkbenchError
from workbench.resources import resource
from workbench.text import Text, translated

LANGUAGES = {"en": "English", "zh_CN": "简体中文"}


class LanguageSignals(QObject):
    """Says that the language is another one.

    Signals:
        changed: After the new words are there; the window rebuilds its widgets in place.
    """

    changed = Signal()


class _State:
    language: str = "en"
    choice: str = "system"
    words: dict[str, str] = {}


@cache
def signals() -> LanguageSignals:
    """Returns the one object that says when the language changes."""
    return LanguageSignals()


def language() -> str:
    """Returns the language in use: `en` or `zh_CN`."""
    return _State.language


def choice() -> str:
    """Returns what the person chose: `en`, `zh_CN` or `system`."""
    return _State.choice


def set_language(choice: str) -> None:
    """Takes a language: `en`, `zh_CN`, or `system` for what the desktop says."""
    _State.choice = choice
    chosen = choice if choice in LANGUAGES else _system_language()
    if chosen == _State.language and (_State.words or chosen == "en"):
        return
    _State.language, _State.words = chosen, words_of(chosen)
    QLocale.setDefault(QLocale("en_US" if chosen == "en" else chosen))
    signals().changed.emit()


def words_of(name: str) -> dict[str, str]:
    """Returns the translations of a language by English template; empty for English."""
    path = resource("translations", f"{name}.json")
    return json.loads(path.read_text(encoding="utf-8")) if name != "en" and path.exists() else {}


def _system_language() -> str:
    return "zh_CN" if any(name.startswith("zh") for name in QLocale.system().uiLanguages()[:1]) else "en"


def _lookup(template: str) -> str:
    return _State.words.get(template, template)


def tr(template: str, /, **values: Any) -> str:
    """Returns a sentence of the window in the language in use.

    Call it with a literal template, so that the translation check finds it.

    Args:
        template: The English template.
        **values: What its braces name; a `Text` among them is translated too, plain strings stay as they are.
    """
    if not values:
        return _lookup(template)
    return _lookup(template).format(**{name: translated(value, _lookup) for name, value in values.items()})


def say(text: str) -> str:
    """Returns a sentence, a label or a help line from below the window in the language in use."""
    return text.translated(_lookup) if isinstance(text, Text) else _lookup(text)


def say_own(words: str) -> str:
    """Returns words that may be somebody's own, such as the name of a column: only a `Text` is translated."""
    return str(translated(words, _lookup))


def say_choice(value: str) -> str:
    """Returns one of several values in the language in use. Its key is `value (choice)`: the same word may be a unit elsewhere."""
    return _State.words.get(f"{value} (choice)", value)


def say_error(error: BaseException) -> str:
    """Returns what went wrong and what to do about it in the language in use."""
    if isinstance(error, WorkbenchError):
        return f"{say(error.message)} {say(error.hint)}".strip()
    return str(error)
