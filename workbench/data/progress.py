"""How far opening and preparing are, told to whoever listens; and the way to end them early."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from workbench.errors import DataError, Text

Progress = Callable[[float, str], object]
"""Is told a share between 0 and 1 (below 0: unknown) and one sentence."""


class CancelledError(DataError):
    """The work was ended because nobody wants it any more; nothing is left half done."""

    def __init__(self) -> None:
        super().__init__(Text("Opening the data was cancelled."), Text("Open it again to go on."))


@dataclass(frozen=True, slots=True)
class Reporting:
    """Whom to tell how far the work is, and who may end it."""

    progress: Progress
    cancelled: Callable[[], bool]


_REPORTING: ContextVar[Reporting | None] = ContextVar("reporting", default=None)


@contextmanager
def reporting(progress: Progress, cancelled: Callable[[], bool]) -> Generator[None, None, None]:
    """While entered, opening and preparing tell `progress` how far they are and end where `cancelled` says so."""
    token = _REPORTING.set(Reporting(progress, cancelled))
    try:
        yield
    finally:
        _REPORTING.reset(token)


def listener() -> Reporting | None:
    """Returns who listens now, for threads that have no context of their own."""
    return _REPORTING.get()


def go_on() -> None:
    """Ends work that is no longer wanted; called now and then by whatever has nothing to tell of its progress.

    Raises:
        CancelledError: The work is no longer wanted.
    """
    listening = _REPORTING.get()
    if listening is not None and listening.cancelled():
        raise CancelledError


def report(share: float, sentence: str) -> None:
    """Tells whoever listens how far the work is.

    Args:
        share: Between 0 and 1; below 0 where it is not known.
        sentence: What is being done, with a count.

    Raises:
        CancelledError: The work is no longer wanted.
    """
    listening = _REPORTING.get()
    if listening is None:
        return
    if listening.cancelled():
        raise CancelledError
    listening.progress(share, sentence)
