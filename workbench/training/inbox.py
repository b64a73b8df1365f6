"""Where the engine finds its commands: a queue inside one process, the run folder from outside, or both."""

from __future__ import annotations

import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from workbench.training.events import Command

if TYPE_CHECKING:
    from workbench.project.runs import RunFolder


class Inbox:
    """Commands from other threads of this process. `put` may be called from anywhere, also from a signal handler."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Command] = SimpleQueue()

    def put(self, command: Command) -> None:
        """Hands over a command."""
        self._queue.put(command)

    def pending(self) -> bool:
        """Whether something may be waiting. Asked after every step, so it costs next to nothing."""
        return not self._queue.empty()

    def take(self) -> list[Command]:
        """Returns what has come, oldest first, without waiting."""
        taken: list[Command] = []
        while not self._queue.empty():
            taken.append(self._queue.get())
        return taken

    def wait(self, seconds: float) -> list[Command]:
        """Returns what has come; where nothing has, waits for it this long."""
        try:
            return [self._queue.get(timeout=seconds), *self.take()]
        except Empty:
            return []


class FolderInbox(Inbox):
    """Also reads the `inbox/` of a run folder, a few times a second.

    Args:
        run: The run.
        seconds: How often the folder is looked at.
    """

    def __init__(self, run: RunFolder, seconds: float = 0.25) -> None:
        super().__init__()
        self._run, self._seconds = run, seconds
        self._next_look = 0.0

    def pending(self) -> bool:
        return not self._queue.empty() or time.monotonic() >= self._next_look

    def take(self) -> list[Command]:
        commands = super().take()
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + self._seconds
            commands += self._run.read_inbox()
        return commands

    def wait(self, seconds: float) -> list[Command]:
        return super().wait(min(seconds, self._seconds)) or self.take()
