"""Catalogues: collections of named classes, one class per module entry, found by listing a package.

A layer, a data format, an objective, an optimizer, a schedule, an explanation method: each is one class with everything
about it in one place. Palette, forms, files, help, search, command line and tests read it from here.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticUndefined

from workbench.errors import CatalogueError
from workbench.text import Text


class Params(BaseModel):
    """What a person may set on a catalogue entry. Forms, validation and the file format come from the fields.

    Declare fields with `param(...)`, so that each carries a label, a help sentence, a unit and a range.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, protected_namespaces=(), allow_inf_nan=False)


def param(
    default: Any = PydanticUndefined, *, label: str, help: str, unit: str = "", main: bool = True, log: bool = False,
    choices: tuple[Any, ...] = (), code: bool = False, **limits: Any,
) -> Any:
    """Declares one field of a `Params` model.

    Args:
        default: The default; left out, the field is required.
        label: A word or two for the form, in the field's own terms.
        help: One sentence for the tooltip.
        unit: Shown behind the value (`channels`, `rows`).
        main: Whether it stands in the short form; the rest folds under "More".
        log: Whether sliders and searches move on a log scale.
        choices: The values to choose from, where the type alone does not say.
        code: Whether it is a text of several lines, shown in letters of one width.
        **limits: Passed on to `pydantic.Field` (`ge`, `gt`, `le`, `lt`, `min_length`, ...).
    """
    extra: dict[str, Any] = {"unit": unit, "main": main, "log": log, "choices": list(choices), "code": code}
    return Field(default, title=label, description=help, json_schema_extra=extra, **limits)


class Entry:
    """What every catalogue entry has. Subclasses fill in the class attributes; an instance holds no state.

    Attributes:
        name: The stable id, as written in files (`conv2d`). Subclasses without a name are abstract and not listed.
        label: What people call it (`Conv2d`).
        category: The group in lists and the palette.
        summary: One plain sentence.
        aliases: Other names that a search should find: Keras, TensorFlow, ONNX, Chinese.
        origin: The file it comes from where it is the user's own; "" for what the program brings.
        Params: What a person may set.
    """

    name: ClassVar[str] = ""
    label: ClassVar[str] = ""
    category: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()
    origin: ClassVar[str] = ""
    Params: ClassVar[type[Params]] = Params

    def parse(self, raw: dict[str, Any]) -> Params:
        """Returns `raw` as checked parameters.

        Raises:
            CatalogueError: A field is unknown or out of range; the message names it.
        """
        from pydantic import ValidationError

        try:
            return self.Params(**raw)
        except (ValidationError, TypeError) as error:
            raise CatalogueError(*explain_validation(Text(self.label or self.name), error)) from error


def explain_validation(owner: str, error: Exception) -> tuple[Text, Text]:
    """Turns pydantic's report into one sentence and a hint."""
    errors = getattr(error, "errors", None)
    if errors is None:
        return Text("{owner}: {reason}.", owner=owner, reason=str(error)), Text("Check the parameters of this entry.")
    first = errors()[0]
    field = str(first["loc"][0]) if first["loc"] else "?"
    return (
        Text("{owner}: {field} cannot be {value}.", owner=owner, field=field, value=_shown(first.get("input"))),
        reason_of(first),
    )


def _shown(value: Any) -> str:
    """Returns a value as people write it, cut short."""
    return repr(dict(value) if isinstance(value, Mapping) else value)[:80]


def reason_of(found: Mapping[str, Any]) -> Text:
    """Says what one item of pydantic's report means; in pydantic's words where it is none of the usual."""
    kind, limits = str(found["type"]), found.get("ctx") or {}
    for key, words in _LIMITS.items():
        if key in limits and kind.startswith(("greater", "less")):
            return Text(words.template, low=limits[key], high=limits[key])
    if kind == "literal_error":
        return Text("It must be one of {names}.", names=str(limits.get("expected", "")).replace(" or ", ", "))
    words = next((words for start, words in _REASONS.items() if kind.startswith(start)), None)
    return words or Text("{reason}.", reason=found["msg"])


_LIMITS = {
    "ge": Text("It must be at least {low}."), "gt": Text("It must be above {low}."),
    "le": Text("It must be at most {high}."), "lt": Text("It must be below {high}."),
}
_REASONS = {
    "int": Text("A whole number is needed."), "float": Text("A number is needed."), "finite": Text("A finite number is needed."),
    "string": Text("A text is needed."), "bool": Text("It must be true or false."), "extra_forbidden": Text("There is no such parameter."),
    "missing": Text("It must be given."),
}
T = TypeVar("T", bound="Entry")


class Catalogue(Generic[T]):
    """The entries of one package, by name, in the order of category and label.

    Args:
        package: The dotted name of the package whose modules hold the entries.
        base: The base class of the entries.
        kind: What an entry is called in messages (`layer`).
        own: Returns the user's own entries; asked once, with the first look into the catalogue. `set_own` exchanges them later.
        why_absent: Says of a name that is not here why, where something is known.
    """

    def __init__(self, package: str, base: type[T], kind: str, own: Callable[[Catalogue[T]], Iterable[T]] | None = None,
                 why_absent: Callable[[str], Text | None] | None = None) -> None:
        self.package, self.base, self.kind, self._find_own, self._why_absent = package, base, kind, own, why_absent

    @cached_property
    def _entries(self) -> dict[str, T]:
        return self._with(self._find_own(self) if self._find_own is not None else ())

    def _with(self, own: Iterable[T]) -> dict[str, T]:
        entries = dict(self.packaged)
        for entry in own:
            self._add(entries, entry)
        return dict(sorted(entries.items(), key=lambda item: (item[1].category, item[1].label)))

    @cached_property
    def packaged(self) -> Mapping[str, T]:
        """The entries that the program brings, by name."""
        package = importlib.import_module(self.package)
        entries: dict[str, T] = {}
        for module in pkgutil.iter_modules(package.__path__, self.package + "."):
            if module.ispkg:
                continue
            for value in vars(importlib.import_module(module.name)).values():
                if self._is_entry(value, module.name):
                    self._add(entries, value())
        return entries

    def _is_entry(self, value: Any, module: str) -> bool:
        return isinstance(value, type) and issubclass(value, self.base) and value.__module__ == module and bool(vars(value).get("name"))

    def _add(self, entries: dict[str, T], entry: T) -> None:
        if entry.name in entries:
            raise ValueError(f"two {self.kind} entries are called {entry.name!r}: {type(entries[entry.name])} and {type(entry)}")
        entries[entry.name] = entry

    def set_own(self, own: Iterable[T]) -> None:
        """Exchanges all of the user's own entries, in one step: who reads meanwhile sees the old ones or the new ones.

        Raises:
            ValueError: A name stands twice; nothing is changed.
        """
        self.__dict__["_entries"] = self._with(own)

    def why_absent(self, name: str) -> Text | None:
        """Returns why an entry that somebody asks for is not here, where that is known."""
        return self._why_absent(name) if self._why_absent is not None else None

    def own(self) -> list[T]:
        """Returns the user's own entries."""
        return [entry for entry in self if entry.origin]

    def __getitem__(self, name: str) -> T:
        if name in self._entries:
            return self._entries[name]
        near = difflib.get_close_matches(name.lower(), self._entries, 3, 0.5) or sorted(self._entries)[:8]
        raise CatalogueError(
            Text("There is no {kind} called {name}.", kind=Text(self.kind), name=repr(name)),
            Text("Nearest: {names}.", names=", ".join(near)),
        )

    def get(self, name: str) -> T | None:
        """Returns the entry, or None where there is none of that name."""
        return self._entries.get(name)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[T]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def names(self) -> list[str]:
        """Returns all names, sorted."""
        return sorted(self._entries)

    def search(self, words: str) -> list[T]:
        """Returns the entries whose name, label, category or aliases hold all words, best first.

        A match at the start of the label ranks first, then in the label or name, then in an alias.
        """
        parts = words.casefold().split()
        ranked = [(rank, entry.label, entry) for entry in self if (rank := _rank(entry, parts)) is not None]
        return [entry for _, _, entry in sorted(ranked, key=lambda item: item[:2])]


def _rank(entry: Entry, parts: list[str]) -> int | None:
    label, name = entry.label.casefold(), entry.name.casefold()
    hay = " ".join((label, name, entry.category.casefold(), *(alias.casefold() for alias in entry.aliases)))
    if not all(part in hay for part in parts):
        return None
    whole = " ".join(parts)
    return 0 if label.startswith(whole) else 1 if whole in label or whole in name else 2
