"""Where the program starts: without arguments, or with a folder or file to open, the window; with a command the command line."""

from __future__ import annotations

import sys
from pathlib import Path

USAGE = 2


def main() -> None:
    """Runs the program and ends the process with its status."""
    arguments = sys.argv[1:]
    if not arguments:
        sys.exit(open_window(arguments))
    from workbench.cli import app

    verbs = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    if len(arguments) == 1 and arguments[0] not in verbs and not arguments[0].startswith("-") and Path(arguments[0]).exists():
        sys.exit(open_window(arguments))
    app(prog_name="workbench")


def open_window(arguments: list[str]) -> int:
    """Opens the window and returns the exit status; 2 where there is no display.

    Args:
        arguments: The first may be a project folder or data to open.
    """
    from workbench.cli.display import NO_DISPLAY, has_display

    if not has_display():
        sys.stderr.write(NO_DISPLAY + "\n")
        return USAGE
    from workbench.app.main import run

    return run(arguments)


if __name__ == "__main__":
    main()
