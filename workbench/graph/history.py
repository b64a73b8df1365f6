"""Undo and redo over frozen values: the values themselves are kept, capped by the bytes that they alone hold."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from itertools import compress
from operator import is_not
from typing import Any, Generic, TypeVar

T = TypeVar("T")

DEFAULT_LIMIT_BYTES = 64 * 2**20
_ENTRY_BYTES = 104
"""What one key of a dict costs, its share of the table included (CPython 3.11, 64 bit)."""


@dataclass(frozen=True, slots=True)
class _Step(Generic[T]):
    """One way out of the present value.

    Attributes:
        label: What the step did.
        value: The value on its other side.
        cost: The bytes that `value` holds and its neighbour towards the present does not.
    """

    label: str
    value: T
    cost: int


class History(Generic[T]):
    """A value and the values it had and may have again.

    Args:
        value: The first value.
        limit_bytes: Beyond this, the oldest steps are forgotten; the last one always stays.

    Attributes:
        listeners: Called as `listener(old, new)` after every change of the value.
        merge_key: What the last step may be merged with; "" for nothing.
    """

    def __init__(self, value: T, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        self._value = self._saved = value
        self._past: list[_Step[T]] = []
        self._future: list[_Step[T]] = []
        self._bytes = 0
        self.limit_bytes = limit_bytes
        self.merge_key = ""
        self.listeners: list[Callable[[T, T], None]] = []

    @property
    def value(self) -> T:
        """The present value."""
        return self._value

    @property
    def can_undo(self) -> bool:
        """Whether there is a step back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step forward."""
        return bool(self._future)

    @property
    def undo_label(self) -> str:
        """What `undo` would take back, or ""."""
        return self._past[-1].label if self._past else ""

    @property
    def redo_label(self) -> str:
        """What `redo` would do again, or ""."""
        return self._future[-1].label if self._future else ""

    @property
    def labels(self) -> list[str]:
        """The labels of all steps back, the oldest first."""
        return [step.label for step in self._past]

    @property
    def bytes_held(self) -> int:
        """What the steps hold beyond the present value, estimated."""
        return self._bytes

    @property
    def saved(self) -> T:
        """The value that was saved last (or the first one)."""
        return self._saved

    @property
    def modified(self) -> bool:
        """Whether the present value differs from the saved one."""
        return self._value is not self._saved and self._value != self._saved

    def mark_saved(self, value: T | None = None) -> None:
        """Says that `value`, or the present value, is on disk now."""
        self._saved = self._value if value is None else value
        self.merge_key = ""

    def apply(self, label: str, new_value: T, merge_key: str = "") -> bool:
        """Makes `new_value` the present one; steps forward are forgotten.

        Args:
            label: What the step did, for the menu.
            new_value: The value; the present one itself makes no step.
            merge_key: Steps one after another with the same key (typing in one field) become one step.

        Returns:
            Whether anything changed.
        """
        if new_value is self._value or new_value == self._value:
            return False
        old = self._value
        merges = bool(merge_key) and merge_key == self.merge_key and bool(self._past)
        self._forget_future()
        step = self._pop(self._past) if merges else None
        before = step.value if step else old
        self._value = new_value
        back_again = before is new_value or before == new_value
        if not back_again:
            self._push(self._past, step.label if step else label, before)
        self.merge_key = "" if back_again else merge_key
        self._shrink()
        self._tell(old)
        return True

    def past(self) -> list[tuple[str, T, T]]:
        """Returns every step that is remembered, the oldest first: what it did, the value before it and the value after it."""
        after = [*(step.value for step in self._past[1:]), self._value][: len(self._past)]
        return [(step.label, step.value, value) for step, value in zip(self._past, after, strict=True)]

    def undo(self) -> bool:
        """Takes the last step back; returns whether there was one."""
        return self._go(self._past, self._future)

    def redo(self) -> bool:
        """Does the last step taken back again; returns whether there was one."""
        return self._go(self._future, self._past)

    def reset(self, value: T) -> None:
        """Starts anew with another value, without steps, as saved."""
        old = self._value
        self._past.clear()
        self._future.clear()
        self._bytes, self.merge_key = 0, ""
        self._value = self._saved = value
        self._tell(old)

    def _go(self, back: list[_Step[T]], forth: list[_Step[T]]) -> bool:
        if not back:
            return False
        old = self._value
        step = self._pop(back)
        self._value = step.value
        self._push(forth, step.label, old)
        self.merge_key = ""
        self._tell(old)
        return True

    def _push(self, steps: list[_Step[T]], label: str, value: T) -> None:
        cost = bytes_beyond(value, self._value)
        steps.append(_Step(label, value, cost))
        self._bytes += cost

    def _pop(self, steps: list[_Step[T]]) -> _Step[T]:
        step = steps.pop()
        self._bytes -= step.cost
        return step

    def _forget_future(self) -> None:
        self._bytes -= sum(step.cost for step in self._future)
        self._future.clear()

    def _shrink(self) -> None:
        while self._bytes > self.limit_bytes and len(self._past) > 1:
            self._bytes -= self._past.pop(0).cost

    def _tell(self, old: T) -> None:
        for listener in tuple(self.listeners):
            listener(old, self._value)


def bytes_beyond(value: Any, other: Any) -> int:
    """Returns about how many bytes `value` holds that it does not share with `other`.

    Shared parts are seen by identity, place for place, so that a step in a large drawing costs one pass over its nodes.
    """
    if value is other:
        return 0
    if is_dataclass(value):
        names = _field_names(type(value))
        return sys.getsizeof(value) + sum(bytes_beyond(getattr(value, name), getattr(other, name, None)) for name in names)
    if isinstance(value, Mapping):
        there: Mapping[Any, Any] = other if isinstance(other, Mapping) else {}
        others = compress(value, map(is_not, value.values(), map(there.get, value)))
        own = sum(bytes_beyond(value[key], there.get(key)) for key in others)
        return sys.getsizeof(value) + _ENTRY_BYTES * len(value) + own
    if isinstance(value, (tuple, list)):
        return sys.getsizeof(value) + _items_beyond(value, other)
    return sys.getsizeof(value)


def _items_beyond(value: tuple[Any, ...] | list[Any], other: Any) -> int:
    there: tuple[Any, ...] | list[Any] = other if isinstance(other, (tuple, list)) else ()
    shared = set(map(id, there))
    same_length = len(there) == len(value)
    others = [index for index, key in enumerate(map(id, value)) if key not in shared]
    return sum(bytes_beyond(value[index], there[index] if same_length else None) for index in others)


@lru_cache(maxsize=256)
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))
