"""Where the program starts: without arguments the window, with arguments the command line."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the program and ends the process with its status."""
    arguments = sys.argv[1:]
    if not arguments:
        from workbench.cli.window import open_window

        sys.exit(open_window(arguments))
    from workbench.cli import app

    app(prog_name="workbench")


if __name__ == "__main__":
    main()
