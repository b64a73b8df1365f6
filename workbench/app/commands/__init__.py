"""What the actions of the window do, by subject."""

from __future__ import annotations

from workbench.app.commands.data import DataCommands
from workbench.app.commands.files import FileCommands
from workbench.app.commands.helping import HelpCommands
from workbench.app.commands.running import RunCommands
from workbench.app.commands.sources import SourceCommands
from workbench.app.commands.studying import StudyCommands
from workbench.app.commands.view import ViewCommands

__all__ = ["DataCommands", "FileCommands", "HelpCommands", "RunCommands", "SourceCommands", "StudyCommands", "ViewCommands"]
