"""What is wrong with a drawing, said in one sentence, with ranked fixes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class Severity(StrEnum):
    """How bad it is: an error cannot run, a warning runs but hardly does what was meant."""

    ERROR = "error"
    WARNING = "warning"


# Without slots: `Fix[Graph](...)` of a frozen generic with slots raises on Python 3.11.
@dataclass(frozen=True)
class Fix(Generic[T]):
    """One repair: a label for its button and a pure function.

    Attributes:
        label: What the button says; a verb first.
        apply: Returns the repaired value; never changes the one it is given.
    """

    label: str
    apply: Callable[[T], T]


@dataclass(frozen=True)
class Problem(Generic[T]):
    """One mistake.

    Attributes:
        kind: A stable id (`merge.channels-differ`), so that tests, help and silencing can name it.
        message: One sentence that names node, axis and cause.
        node: The id of the node it belongs to, or "" for the whole.
        reason: Why that is a mistake, for the quieter second half of the line.
        port: The input port concerned, where there is one.
        severity: Whether it stops the build.
        fixes: Repairs, best first.
    """

    kind: str
    message: str
    node: str = ""
    reason: str = ""
    port: str = ""
    severity: Severity = Severity.ERROR
    fixes: tuple[Fix[T], ...] = ()
