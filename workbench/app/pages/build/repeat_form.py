"""How often a group is repeated, as a form under its name."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.app.form import ParamsForm
from workbench.app.language import tr
from workbench.app.widgets import Heading
from workbench.catalogue import Params, param
from workbench.graph.graph import Graph
from workbench.graph.repeat import MAX_TIMES, entries, repeat_of


class RepeatParams(Params):
    """What the form shows."""

    times: int = param(1, label="Repeat", help="How often the group stands there, one after the other.", ge=1, le=MAX_TIMES)
    shared: bool = param(False, label="Same weights", help="Every repetition has the weights of the first; else each learns its own.")


class PassedParams(RepeatParams):
    """The same for a group that several layers outside lead into."""

    passed: str = param("", label="Handed on into", help="The input that takes the result of the repetition before. All others stay the same.")


class RepeatForm(QWidget):
    """The form of one group.

    Attributes:
        form: The controls.
        edited: Called with the path of the group, a field and its value.
    """

    def __init__(self, edited: Callable[[str, str, object], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("build.repeat")
        self.form: ParamsForm | None = None
        self._edited, self._path, self._entries = edited, "", [""]
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(Heading(tr("Repetition")))
        self.setVisible(False)

    def show_group(self, graph: Graph, path: str) -> None:
        """Shows how a group is repeated; "" shows nothing."""
        self.setVisible(bool(path))
        if not path:
            return
        self._path = path
        names = [name for name, _ in entries(graph, path)]
        if self.form is None or names != self._entries:
            self._make(names)
        repeat = repeat_of(graph, path)
        values: dict[str, object] = {"times": repeat.times, "shared": repeat.shared}
        if len(names) > 1:
            values["passed"] = repeat.passed if repeat.passed in names else names[0]
        if self.form is not None:
            self.form.set_values(values)

    def _make(self, names: list[str]) -> None:
        if self.form is not None:
            self.form.hide()
            self.form.deleteLater()
        self._entries = names
        self.form = ParamsForm(PassedParams if len(names) > 1 else RepeatParams, self, "build.repeat")
        if len(names) > 1:
            self.form.set_choices("passed", names)
        self.form.edited.connect(self._changed)
        self._layout.addWidget(self.form)

    def _changed(self, field: str, value: object) -> None:
        first = field == "passed" and self._entries and value == self._entries[0]
        self._edited(self._path, field, "" if first else value)

    def edit_times(self) -> None:
        """Puts the cursor into the number."""
        if self.form is not None:
            self.form.fields["times"].setFocus(Qt.FocusReason.ShortcutFocusReason)
