"""F1, the tour, shortcuts, about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QWidget

if TYPE_CHECKING:
    from workbench.app.help import HelpViewer
    from workbench.app.tour import Tour
    from workbench.app.window import Window


def layer_at(widget: QWidget | None, place: QPoint) -> tuple[str, dict[str, Any] | None]:
    """Returns the help page and the parameters of the layer at a place of the screen, as the widgets there say; "" where there is none.

    A widget that shows layers has `layer_page_at(place) -> (topic, parameters or None)`.
    """
    while widget is not None:
        asked = getattr(widget, "layer_page_at", None)
        if asked is not None:
            return asked(place)
        widget = widget.parentWidget()
    return "", None


class HelpCommands(QObject):
    """What the Help menu does."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self.viewer: HelpViewer | None = None
        self.tour: Tour | None = None

    def show_help(self) -> None:
        """Opens the help at what has the pointer or the focus: a layer of the drawing or of the palette, else a page of the window."""
        from workbench.app.help import topic_of

        subject = self._subject()
        topic, params = layer_at(subject, QCursor.pos())
        if topic:
            self.show_layer(topic, params)
        else:
            self.show_topic(topic_of(subject, self._window.current_page))

    def _subject(self) -> QWidget | None:
        under = QApplication.widgetAt(QCursor.pos())
        return under if under is not None and under.window() is self._window else QApplication.focusWidget()

    def show_topic(self, topic: str, words: str = "") -> None:
        """Opens one page of the help."""
        self._opened().show_topic(topic, words)

    def show_layer(self, topic: str, params: Mapping[str, Any] | None = None) -> None:
        """Opens the page of a layer, `layer:conv2d`; with the parameters of a node, its picture shows those."""
        viewer = self._opened()
        viewer.show_topic("layers")
        viewer.show_page(topic, params)

    def show_layers(self) -> None:
        """Opens the list of all layers."""
        self.show_topic("layers")

    def _opened(self) -> HelpViewer:
        from workbench.app.help import HelpViewer

        if self.viewer is None:
            self.viewer = HelpViewer(self._window)
            self.viewer.destroyed.connect(self._viewer_gone)
        return self.viewer

    def _viewer_gone(self) -> None:
        self.viewer = None

    def show_shortcuts(self) -> None:
        """Lists every shortcut."""
        self.show_topic("shortcuts")

    def start_tour(self) -> None:
        """Starts the tour; one that is under way begins anew."""
        from workbench.app.tour import Tour

        self.end_tour()
        self.tour = Tour(self._window)
        self.tour.ended.connect(self._tour_ended)
        self.tour.begin()

    def end_tour(self) -> None:
        """Ends the tour where it stands."""
        if self.tour is not None:
            self.tour.leave()

    def _tour_ended(self) -> None:
        tour, self.tour = self.tour, None
        if tour is not None:
            tour.deleteLater()

    def show_about(self) -> None:
        """Says version, licences and where the log lies."""
        from workbench.app.help import show_about

        show_about(self._window)
