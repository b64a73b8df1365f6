"""What the Build page does with the user's own layers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from workbench.app.jobs import run_job
from workbench.app.language import say, tr
from workbench.app.pages.build.own.strip import OwnLayersStrip
from workbench.app.pages.build.own.watch import LayersWatch
from workbench.errors import WorkbenchError
from workbench.layers import LAYERS
from workbench.layers.own import OWN, Listed, OwnState, trust
from workbench.settings import layers_folder

if TYPE_CHECKING:
    from workbench.app.pages.build.own.editor import OwnLayerEditor
    from workbench.app.pages.build.own.wizard import OwnLayerWizard


class OwnLayersDesk:
    """The part of the page that lists, trusts, makes and edits own layers."""

    session: Any
    canvas: Any
    source: Any
    palette_panel: Any
    say: Any
    own_strip: OwnLayersStrip
    _later: Any
    _show_drawing: Any

    def start_own_layers(self) -> None:
        """Connects strip, watcher and palette; called once the page is built."""
        assert isinstance(self, QWidget)
        self._watch = LayersWatch(self)
        self._watch.changed.connect(self.reload_layers)
        self.own_strip.look_wanted.connect(lambda listed: self.edit_layer_file(listed.path, listed.state is OwnState.READY))
        self.own_strip.trust_wanted.connect(self.trust_layer)
        self.session.layers_changed.connect(self._layers_changed)
        self.palette_panel.edit_wanted.connect(self.edit_layer)
        self.palette_panel.new_wanted.connect(self.new_layer)
        LAYERS.names()
        self.own_strip.show_files(OWN.listed)

    def reload_layers(self) -> None:
        """Reads the own layers anew and draws everything that depends on them."""
        self.session.reload_layers()

    def _layers_changed(self) -> None:
        self._watch.follow()
        self.own_strip.show_files(OWN.listed)
        self.palette_panel.refresh()
        self.canvas.forget()
        self.source.forget()
        self._show_drawing()
        self._later.start()

    def open_layers_folder(self) -> None:
        """Shows the folder of own layers in the system's file manager, made where it was not there."""
        layers_folder().mkdir(parents=True, exist_ok=True)
        self._watch.follow()
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(layers_folder())))

    def new_layer(self) -> OwnLayerWizard:
        """Asks for name, kind and parameters, writes the first file, and shows it while it is checked."""
        from workbench.app.pages.build.own.wizard import OwnLayerWizard

        assert isinstance(self, QWidget)
        wizard = OwnLayerWizard(self)
        wizard.accepted.connect(lambda: self._take_new(wizard.path))
        wizard.open()
        return wizard

    def _take_new(self, path: Path | None) -> None:
        if path is not None:
            self.reload_layers()
            self.edit_layer_file(path).check()

    def edit_layer(self, name: str) -> None:
        """Shows the file of one of the own layers."""
        file = OWN.source_of(name)
        if file is not None:
            self.edit_layer_file(file.path)

    def edit_layer_file(self, path: Path, is_trusted: bool = True) -> OwnLayerEditor:
        """Shows a file with the checks."""
        from workbench.app.pages.build.own.editor import OwnLayerEditor

        assert isinstance(self, QWidget)
        editor = OwnLayerEditor(path, self, is_trusted=is_trusted)
        editor.trusted.connect(self.reload_layers)
        editor.show()
        return editor

    def trust_layer(self, listed: Listed) -> None:
        """Trusts a file as it was listed, once it has loaded in a process of its own: one that hangs must not hang the window."""
        from workbench.export.checking.file import check_file

        self.own_strip.set_busy(listed.path, True)
        run_job(
            self.own_strip, lambda _progress, cancelled: check_file(listed.path, cancelled=cancelled, only_load=True),
            lambda checked: self._take_tried(listed, checked), lambda error: self._miss_tried(listed, error),
        )

    def _take_tried(self, listed: Listed, checked: Any) -> None:
        self.own_strip.set_busy(listed.path, False)
        wrong = next((outcome for outcome in checked.outcomes if not outcome.ok), None)
        if wrong is not None:
            self.own_strip.set_failure(listed, wrong.message, wrong.hint)
            return
        try:
            trust(listed.path, listed.digest)
        except (WorkbenchError, OSError) as error:
            self.say(say(getattr(error, "message", str(error))))
            return
        self.reload_layers()
        self.say(tr("{name} is in the palette now, under My layers.", name=", ".join(checked.layers) or listed.path.stem))

    def _miss_tried(self, listed: Listed, error: Exception) -> None:
        self.own_strip.set_busy(listed.path, False)
        if not isinstance(error, WorkbenchError):
            raise error
        self.own_strip.set_failure(listed, error.message, error.hint)
