"""Pages, columns, colours, language, undo, the command palette."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from workbench.app import language, theme
from workbench.app.actions import ACTIONS
from workbench.app.language import say, tr

if TYPE_CHECKING:
    from workbench.app.command_palette import PaletteEntry
    from workbench.app.window import Window


class ViewCommands(QObject):
    """What the View and Edit menus do."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window

    def show_data(self) -> None:
        """Shows the Data page."""
        self._window.show_page("data")

    def show_build(self) -> None:
        """Shows the Build page."""
        self._window.show_page("build")

    def show_train(self) -> None:
        """Shows the Train page."""
        self._window.show_page("train")

    def show_inspect(self) -> None:
        """Shows the Inspect page."""
        self._window.show_page("inspect")

    def show_deploy(self) -> None:
        """Shows the Deploy page."""
        self._window.show_page("deploy")

    def toggle_left(self) -> None:
        """Folds or unfolds the left column."""
        self._toggle("left")

    def toggle_right(self) -> None:
        """Folds or unfolds the right column."""
        self._toggle("right")

    def _toggle(self, name: str) -> None:
        if self._window.page is not None:
            self._window.page.toggle_column(name)

    def reset_columns(self) -> None:
        """Brings the columns of this page back."""
        if self._window.page is not None:
            self._window.page.reset_columns()

    def use_light(self) -> None:
        """Takes the light theme."""
        self._use_theme("light")

    def use_dark(self) -> None:
        """Takes the dark theme."""
        self._use_theme("dark")

    def use_system_theme(self) -> None:
        """Follows the desktop."""
        self._use_theme("system")

    def _use_theme(self, choice: str) -> None:
        theme.set_theme(choice)
        self._window.keep(theme=choice)

    def use_english(self) -> None:
        """Shows the window in English."""
        self._use_language("en")

    def use_chinese(self) -> None:
        """Shows the window in Simplified Chinese."""
        self._use_language("zh_CN")

    def switch_language(self) -> None:
        """Shows the window in the other language."""
        self._use_language("en" if language.language() == "zh_CN" else "zh_CN")

    def _use_language(self, choice: str) -> None:
        language.set_language(choice)
        self._window.keep(language=choice)

    def toggle_full_screen(self) -> None:
        """Takes the whole screen, or gives it back."""
        window = self._window
        if window.isFullScreen():
            window.showNormal()
        else:
            window.showFullScreen()

    def undo(self) -> None:
        """Takes the last step back."""
        self._window.session.undo()

    def redo(self) -> None:
        """Does it again."""
        self._window.session.redo()

    def undo_text(self) -> str:
        """Returns what the Undo line says."""
        label = self._window.session.history.undo_label
        return tr("Undo: {label}", label=say(label)) if label else tr("Undo")

    def redo_text(self) -> str:
        """Returns what the Redo line says."""
        label = self._window.session.history.redo_label
        return tr("Redo: {label}", label=say(label)) if label else tr("Redo")

    def show_palette(self) -> None:
        """Opens the command palette."""
        from workbench.app.command_palette import CommandPalette

        CommandPalette(self._window, self.palette_entries()).open()

    def palette_entries(self) -> list[PaletteEntry]:
        """Returns every action that can be done now, and the recent projects."""
        from workbench.app.command_palette import PaletteEntry

        window = self._window
        entries = [
            PaletteEntry(
                tr(row.label).replace("...", "…"), row.shown_keys, " ".join((row.label, row.help, *row.aliases)),
                lambda row=row: window.perform(row), tr(row.help),
            )
            for row in ACTIONS if window.slot_of(row) is not None and row.id != "view.palette"
        ]
        recent = [Path(folder) for folder in window.settings.recent]
        return entries + [
            PaletteEntry(tr("Open {name}", name=path.name), "", str(path), lambda path=path: window.files.open_path(path), str(path))
            for path in recent
        ]
